"""What is put in at a moment is taken at that moment."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from vj.sound import RATE
from vj.sound.sound_line import SoundLine


def ramp(first: int, count: int) -> np.ndarray:
    """Samples that say which they are."""
    return np.repeat(np.arange(first, first + count, dtype=np.float32)[:, None], 2, axis=1)


def test_sound_comes_back_by_its_moment_with_silence_around_it() -> None:
    line = SoundLine(1.0)
    assert line.newest is None
    assert not line.take(5.0, 100).any()
    line.put(10.0, ramp(1, 480))
    assert line.newest == pytest.approx(10.01)
    taken = line.take(9.999, 480 + 96)
    assert not taken[:48].any()
    assert np.array_equal(taken[48:528], ramp(1, 480))
    assert not taken[528:].any()


def test_a_little_jitter_leaves_no_seam_and_a_gap_is_silence() -> None:
    line = SoundLine(1.0)
    for number, jitter in enumerate((0.0, 0.004, -0.003, 0.002)):
        line.put(3.0 + number * 0.02 + jitter, ramp(number * 960, 960))
    assert np.array_equal(line.take(3.0, 3840), ramp(0, 3840))
    line.put(3.18, ramp(7, 480))
    assert not line.take(3.08, 4800).any()
    assert np.array_equal(line.take(3.18, 480), ramp(7, 480))


def test_only_the_newest_is_kept() -> None:
    line = SoundLine(0.1)
    for number in range(40):
        line.put(number * 0.01, ramp(number * 480, 480))
    assert np.array_equal(line.take(0.3, 4800), ramp(30 * 480, 4800))
    assert not line.take(0.29, 480).any()
    line.put(0.4, ramp(0, RATE))  # more at once than it keeps
    assert np.array_equal(line.take(1.3, 4800), ramp(RATE - 4800, 4800))


def test_a_jump_far_ahead_or_back_begins_anew() -> None:
    line = SoundLine(0.5)
    line.put(1.0, ramp(1, 4800))
    line.put(100.0, ramp(5, 480))
    assert not line.take(99.9, 4800).any()
    assert np.array_equal(line.take(100.0, 480), ramp(5, 480))
    line.put(2.0, ramp(9, 480))
    assert not line.take(100.0, 480).any()
    assert np.array_equal(line.take(2.0, 480), ramp(9, 480))


def test_two_threads_share_it() -> None:
    line = SoundLine(0.5)
    done = threading.Event()

    def feed() -> None:
        for number in range(500):
            line.put(number * 0.01, ramp(number * 480 + 1, 480))
        done.set()

    thread = threading.Thread(target=feed)
    thread.start()
    while not done.is_set():
        newest = line.newest
        if newest is not None and newest > 0.05:
            taken = line.take(newest - 0.05, 2400)[:, 0]
            taken = taken[taken > 0]
            assert np.all(np.diff(taken) == 1)
    thread.join()
