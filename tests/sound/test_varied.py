"""A clip at another speed is heard at another pitch, backwards it is heard backwards, and blocks
join without a seam."""

from __future__ import annotations

import numpy as np
import pytest

from tests.sound.drawn_sound import click_moments, clicks
from vj.sound import RATE
from vj.sound.varied import read_at


class Drawn:
    """Sound in memory, read as that of a file."""

    def __init__(self, sound: np.ndarray) -> None:
        self.sound = np.repeat(sound[:, None], 2, axis=1)

    def read(self, begin: float, count: int) -> np.ndarray:
        first = round(begin * RATE)
        found = np.zeros((count, 2), np.float32)
        low, high = max(0, first), min(len(self.sound), first + count)
        if low < high:
            found[low - first : high - first] = self.sound[low:high]
        return found


def tone(hertz: float) -> Drawn:
    return Drawn((0.5 * np.sin(2 * np.pi * hertz * np.arange(4 * RATE) / RATE)).astype(np.float32))


def test_at_its_own_speed_no_sample_changes() -> None:
    file = Drawn(clicks([0.5], 2.0))
    assert np.array_equal(read_at(file, 0.25, 1.0, RATE), file.read(0.25, RATE))


@pytest.mark.parametrize("speed", [2.0, 0.5, -1.0, -2.5, 0.3, 3.9])
def test_blocks_are_one_sound(speed: float) -> None:
    file = Drawn(clicks([0.5, 1.1, 1.9], 4.0))
    whole = read_at(file, 2.0, speed, 9600)
    parts = [read_at(file, 2.0 + n * 1600 / RATE * speed, speed, 1600) for n in range(6)]
    assert np.allclose(np.concatenate(parts), whole, atol=2e-3)


def test_pitch_follows_the_speed() -> None:
    block = read_at(tone(400.0), 0.5, 1.5, RATE)[:, 0]
    spectrum = np.abs(np.fft.rfft(block))
    assert np.argmax(spectrum) == 600
    assert np.abs(block).max() == pytest.approx(0.5, abs=0.01)


def test_what_would_fold_back_is_left_out() -> None:
    block = read_at(tone(18_000.0), 0.5, 2.0, RATE)
    assert np.abs(block).max() < 0.02


def test_backwards_a_click_comes_when_its_place_is_passed() -> None:
    block = read_at(Drawn(clicks([1.0], 2.0)), 1.5, -1.0, RATE)
    assert click_moments(block) == pytest.approx([0.5], abs=1e-4)
    assert click_moments(read_at(Drawn(clicks([1.0], 2.0)), 0.0, 1.0, RATE + 1)) == [1.0]


def test_what_holds_is_silent() -> None:
    assert not read_at(tone(400.0), 0.5, 0.0, 480).any()
