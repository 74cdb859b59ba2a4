"""The sounds of a show: to the sample, at any pace, started again and again, without a click."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.sound.drawn_sound import write_sound
from vj.sound import RATE, samples
from vj.sound import track as track_module
from vj.sound.loudness import KNEE, gain, limited
from vj.sound.ramp import RAMP
from vj.sound.samples import HeldSamples, looped
from vj.sound.sound_file import SoundFile
from vj.sound.track import VOICES, Track
from vj.sound.tracks import Heard, Tracks

FRAME = RATE // 25


def two_sides(sound: np.ndarray) -> np.ndarray:
    return np.repeat(sound[:, None], 2, axis=1).astype(np.float32)


def tone(hertz: float, seconds: float) -> np.ndarray:
    """Whole cycles, so that it loops without a seam."""
    return two_sides(0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE))


def noise(count: int) -> np.ndarray:
    return two_sides(np.random.default_rng(1).uniform(-0.5, 0.5, count))


def played(
    frames: list[Heard], sound: np.ndarray, loop: bool, keeps_pitch: bool = False
) -> np.ndarray:
    """One sound, a frame after the other: (n, 2)."""
    track, tracks = Track(HeldSamples(sound), loop, keeps_pitch), Tracks()
    track.begin()
    tracks.exchange({"one": track})
    blocks = []
    for number, frame in enumerate(frames):
        tracks.frame(number * FRAME, {"one": frame})
        blocks.append(tracks.block(number * FRAME, FRAME))
    return np.concatenate(blocks)


def hertz_of(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound[:, 0] * np.hanning(len(sound))))
    return float(np.argmax(spectrum)) * RATE / len(sound)


def jumps(sound: np.ndarray) -> float:
    """The largest second difference: a click is one, a tone and a ramp are not."""
    return float(np.abs(np.diff(sound, 2, axis=0)).max())


@pytest.mark.parametrize("length", [1, 7, 959, 960])
def test_a_loop_shorter_than_a_block_is_read_once_for_it(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound, reads = noise(length), []
    read = HeldSamples.read

    def counted(held: HeldSamples, first: int, count: int) -> np.ndarray:
        reads.append(count)
        return read(held, first, count)

    monkeypatch.setattr(HeldSamples, "read", counted)
    for first in (-3, 0, 5 * length + 2):
        reads.clear()
        found = looped(HeldSamples(sound), first, 960)
        assert np.array_equal(found, sound[np.arange(first, first + 960) % length])
        assert len(reads) <= 2


def test_a_loop_joins_to_the_sample_and_does_not_drift_in_ten_minutes() -> None:
    sound = noise(RATE + 1234)
    whole = played([Heard(1, 1, 0)] * 60, sound, True)
    assert np.array_equal(whole, sound[np.arange(60 * FRAME) % len(sound)])
    for pace in (1.0, 1.37):
        late = []
        for pieces in (1, 600):  # ten minutes, at once and second by second
            track, tracks = Track(HeldSamples(sound), True), Tracks()
            track.begin()
            tracks.exchange({"one": track})
            tracks.frame(0, {"one": Heard(1, pace, 0)})
            tracks.block(0, 0)
            for _ in range(pieces):
                track.skip(600 * RATE // pieces)
            late.append(tracks.block(0, FRAME))
        assert np.array_equal(late[0], late[1])
        if pace == 1:
            assert np.array_equal(late[0], sound[(600 * RATE + np.arange(FRAME)) % len(sound)])


def test_what_is_started_begins_at_the_sample_of_its_frame_and_rings_on_when_started_again() -> (
    None
):
    sound = noise(3 * FRAME)
    plays = [0, 0, 1, 1, 2, 2, 2, 2, 2]
    whole = played([Heard(1, 1, count) for count in plays], sound, False)
    expected = np.zeros_like(whole)
    for first in (2, 4):
        expected[first * FRAME : (first + 3) * FRAME] += sound
    assert np.array_equal(whole, expected)


def test_what_was_started_while_nobody_listened_is_not_heard_late() -> None:
    sound = noise(3 * FRAME)
    one, tracks = Track(HeldSamples(sound), False), Tracks()
    tracks.exchange({"one": one})
    for number in range(10):
        tracks.frame(number * FRAME, {"one": Heard(1, 1, int(number >= 2) + int(number >= 8))})
    heard = tracks.block(9 * FRAME, 3 * FRAME)
    expected = np.concatenate([sound[FRAME:], np.zeros((FRAME, 2), np.float32)])
    assert np.array_equal(heard, expected)


def test_what_is_stopped_goes_at_once_and_can_be_started_again() -> None:
    frames = [Heard(1, 1, 0, int(n > 2)) for n in range(6)] + [Heard(1, 1, 1, 1)] * 4
    whole = played(frames, tone(200, 1.0), True)
    assert jumps(whole) < 0.5 * 3 / RAMP
    assert whole[3 * FRAME : 3 * FRAME + RAMP // 2].any()
    assert not whole[3 * FRAME + RAMP : 6 * FRAME].any()
    assert np.array_equal(whole[6 * FRAME + RAMP :], tone(200, 1.0)[RAMP : 4 * FRAME])


def test_a_sound_that_cannot_be_read_any_more_is_silent_and_the_others_play() -> None:
    class Lost(HeldSamples):
        def read(self, first: int, count: int) -> np.ndarray:
            raise OSError("the share is gone")

    lost: list[str] = []
    tracks = Tracks(lambda name, error: lost.append(f"{name}: {error}"))
    calm = tone(200, 1.0)
    both = {"lost": Track(Lost(calm), True), "calm": Track(HeldSamples(calm), True)}
    for track in both.values():
        track.begin()
    tracks.exchange(both)
    tracks.frame(0, dict.fromkeys(both, Heard(1, 1, 0)))
    assert np.array_equal(tracks.block(0, 2 * FRAME), calm[: 2 * FRAME])
    assert lost == ["lost: the share is gone"]


def test_many_starts_leave_a_few_voices_and_no_click() -> None:
    calm = tone(220, 2.0)
    whole = played([Heard(0.1, 1, count) for count in range(1, 41)], calm, False)
    assert np.abs(whole).max() <= 0.1 * 0.5 * (VOICES + 1) + 1e-6
    assert jumps(whole) < 0.1 * 0.5 * (2 * math.pi * 220 / RATE + 2 / RAMP)
    rough = played([Heard(1, 1, count // 3) for count in range(40)], tone(200, 1.03), True)
    assert jumps(rough) < 0.5 * 3 / RAMP, "what loops is started in its middle"


def test_a_level_moves_sample_by_sample_and_a_cut_takes_milliseconds() -> None:
    steady = two_sides(np.ones(RATE))
    gains = [0.0, 0.1, 0.2, 0.2, 1.0, 1.0, 0.0, 0.0]
    whole = played([Heard(one, 1, 0) for one in gains], steady, True)[:, 0]
    assert np.abs(np.diff(whole[: 4 * FRAME])).max() < 0.11 / FRAME
    assert whole[2 * FRAME - 1] == pytest.approx(0.1, abs=1e-6)
    assert np.abs(np.diff(whole)).max() < 1.05 / RAMP
    assert np.all(whole[4 * FRAME + RAMP : 6 * FRAME] == 1)
    assert not whole[6 * FRAME + RAMP :].any(), "silence is silence to the bit"


@pytest.mark.parametrize("pace", [0.1, 0.5, 2.0, 3.3, 4.0])
def test_a_pace_is_a_speed_whose_pitch_follows_or_stays(pace: float) -> None:
    sound = tone(440, 1.0)
    frames = [Heard(1, pace, 0)] * 25
    follows = played(frames, sound, True)
    assert hertz_of(follows) == pytest.approx(440 * pace, rel=0.02, abs=1.5)
    keeps = played(frames, sound, True, keeps_pitch=True)
    assert hertz_of(keeps) == pytest.approx(440, abs=1.5)
    for made in (follows, keeps):
        steepest = 0.5 * (2 * math.pi * 440 * max(1.0, pace) / RATE) ** 2
        assert jumps(made) < 1.5 * steepest + 1e-4


def test_a_rhythm_is_slower_by_the_pace_and_its_pitch_is_kept() -> None:
    beats = np.zeros((RATE, 2), np.float32)
    for at in (0, RATE // 2):
        beats[at : at + 2000] = tone(600, 1.0)[:2000] * np.linspace(1, 0, 2000)[:, None]
    made = played([Heard(1, 0.5, 0)] * 75, beats.astype(np.float32), True, keeps_pitch=True)
    loud = np.convolve(np.abs(made[:, 0]), np.ones(960) / 960, "same")
    first, second, third = (int(np.argmax(loud[n * RATE : (n + 1) * RATE])) for n in range(3))
    assert abs(second - first) < 0.02 * RATE
    assert abs(third - second) < 0.02 * RATE


def test_a_pace_that_changes_all_along_does_not_click() -> None:
    frames = [Heard(1, 1 + 0.5 * math.sin(number / 3), 0) for number in range(50)]
    for keeps in (False, True):
        made = played(frames, tone(300, 1.0), True, keeps)
        assert jumps(made) < 2 * 0.5 * (2 * math.pi * 450 / RATE) ** 2


def test_at_its_own_pace_a_kept_pitch_changes_no_sample() -> None:
    sound = noise(RATE)
    whole = played([Heard(1, 1, 0)] * 20, sound, True, keeps_pitch=True)
    assert np.array_equal(whole, sound[: 20 * FRAME])


def test_a_cross_keeps_its_power_and_a_sum_stays_within_full_scale() -> None:
    for level in np.linspace(0, 1, 11):
        assert gain(level) ** 2 + gain(1 - level) ** 2 == pytest.approx(1)
    assert (gain(0.0), gain(1.0)) == (0.0, 1.0)
    loud = tone(100, 0.1) * 5
    bent = limited(loud)
    assert np.abs(bent).max() <= 1
    quiet = np.abs(loud) <= KNEE
    assert np.array_equal(bent[quiet], loud[quiet])
    assert np.all(np.diff(bent[:120, 0]) >= 0), "it bends, it does not fold"


def test_tracks_that_stay_go_on_without_a_gap_when_others_come_and_go() -> None:
    calm = tone(200, 1.0)
    stays, goes = Track(HeldSamples(calm), True), Track(HeldSamples(tone(330, 1.0)), True)
    tracks = Tracks()
    tracks.exchange({"stays": stays, "goes": goes})
    stays.begin()
    goes.begin()
    said = {name: Heard(1, 1, 0) for name in ("stays", "goes")}
    tracks.frame(0, said)
    tracks.block(0, FRAME)
    tracks.exchange({"stays": stays})
    after = tracks.block(FRAME, FRAME)
    assert jumps(after) < 0.5 * 2 / RAMP
    assert np.array_equal(after[RAMP:], calm[FRAME + RAMP : 2 * FRAME])


@pytest.mark.parametrize("pace", [1.0, 1.7])
def test_a_long_file_is_read_as_it_plays_and_sounds_as_one_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pace: float
) -> None:
    sound = noise(RATE + 700)
    path = write_sound(tmp_path / "long.wav", sound.T, "pcm_f32le", layout="stereo")
    monkeypatch.setattr(samples, "HELD", RATE)
    monkeypatch.setattr(track_module, "HELD", RATE)
    file = SoundFile(path)
    assert file.open()
    read = samples.samples_of_file(file)
    assert isinstance(read, samples.FileSamples)
    assert read.length == len(sound)
    one, tracks = Track(read, True), Tracks()
    one.begin()
    tracks.exchange({"one": one})
    blocks = []
    for number in range(60):
        tracks.frame(number * FRAME, {"one": Heard(1, pace, number // 40)})  # it begins again
        blocks.append(tracks.block(number * FRAME, FRAME))
    held = played([Heard(1, pace, number // 40) for number in range(60)], sound, True)
    assert np.array_equal(np.concatenate(blocks), held)
    tracks.close()
