"""Followers of sound: from files, and from an input."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.control.harness import FPS, ControlHarness


def test_a_follower_hears_the_bass_of_a_file(tmp_path: Path) -> None:
    import wave

    rate = 48_000
    t = np.arange(rate * 2) / rate
    sound = np.where(t < 1, np.sin(2 * np.pi * 80 * t), np.sin(2 * np.pi * 5000 * t)) * 0.8
    with wave.open(str(tmp_path / "kick.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    controls = ControlHarness(
        start={"noise/hold": 0.0, "similarity": 0.0},
        modulators=[
            {"audio": "low", "input": str(tmp_path / "kick.wav"), "to": "noise/hold", "depth": 1.0},
            {
                "audio": "high",
                "input": str(tmp_path / "kick.wav"),
                "to": "similarity",
                "depth": 1.0,
            },
        ],
    )
    frames = controls.play(2)
    low, high = (
        np.array([frame[name] for frame in frames]) for name in ("noise/hold", "similarity")
    )
    assert low[10:28].min() > 0.5
    assert high[10:28].max() < 0.1
    assert high[40:].min() > 0.5
    assert low[45:].max() < 0.1
    assert [f.values for f in ControlHarness(**_same(controls)).play(1)] == [
        f.values for f in frames[:FPS]
    ], "offline it repeats"


def _same(controls: ControlHarness) -> dict[str, Any]:
    rules = [
        {"audio": m.audio, "input": m.input, "to": m.to, "depth": 1.0}
        for m in controls.show.modulators
    ]
    return {"start": {"noise/hold": 0.0, "similarity": 0.0}, "modulators": rules}


def test_an_audio_input_that_cannot_be_opened_is_logged_and_silent(tmp_path: Path) -> None:
    controls = ControlHarness(
        modulators=[{"audio": "level", "input": "nowhere.wav", "to": "noise/hold", "depth": -0.5}]
    )
    assert controls.at("noise/hold") == 1.0
    assert "no such file" in controls.messages[0]


def test_onsets_are_detected_where_something_begins(tmp_path: Path) -> None:
    """Clicks on a steady tone, every half second: the onset is at the clicks and not between
    them."""
    import wave

    from vj.control.audio import RATE, AudioFile

    t = np.arange(2 * RATE) / RATE
    clicks = np.random.default_rng(0).normal(0, 0.5, t.size) * np.exp(-((t % 0.5) / 0.02))
    with wave.open(str(tmp_path / "clicks.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(
            (np.clip(0.1 * np.sin(2 * np.pi * 220 * t) + clicks, -1, 1) * 32767)
            .astype("<i2")
            .tobytes()
        )
    track = AudioFile(tmp_path / "clicks.wav")
    onset = np.array([track.level("onset", 0.005 * i) for i in range(60, 380)])
    times = 0.005 * np.arange(60, 380)
    near = (times % 0.5) < 0.045
    assert onset[near].max() > 0.5
    assert all(onset[near & (np.abs(times - beat) < 0.1)].max() > 0.4 for beat in (0.5, 1.0, 1.5))
    assert onset[(times % 0.5) > 0.15].max() < 0.15


KICKS = (0.31, 0.77, 1.204, 1.66, 2.09, 2.583, 3.017, 3.49)


def kicks(path: Path, loud: float = 0.8) -> np.ndarray:
    """A file of eight short kicks at odd moments, (samples,) float32."""
    import wave

    t = np.arange(4 * 48_000) / 48_000
    sound = np.zeros(t.size)
    for begin in KICKS:
        since = np.clip(t - begin, 0, None)
        sound += (t >= begin) * np.sin(2 * np.pi * 70 * since) * np.exp(-since / 0.03)
    whole = (np.clip(loud * sound, -1, 1) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(whole.tobytes())
    return whole.astype(np.float32) / 32767


@pytest.mark.parametrize("fps", [12, 30, 60])
@pytest.mark.parametrize(("band", "enough"), [("onset", 0.25), ("low", 0.3)])
def test_every_kick_is_detected_however_few_frames_there_are(
    tmp_path: Path, fps: int, band: str, enough: float
) -> None:
    from vj.control.audio import AudioFile

    kicks(tmp_path / "kicks.wav")
    track = AudioFile(tmp_path / "kicks.wav")
    heard = np.array([track.level(band, number / fps) for number in range(4 * fps)])
    peaks = [
        heard[int(moment * fps) : int(moment * fps) + max(2, fps // 8) + 1].max()
        for moment in KICKS
    ]
    assert min(peaks) > enough
    assert max(peaks) - min(peaks) < 0.35 * max(peaks), "one like the other"


def test_an_input_hears_what_a_file_gives_within_one_hop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import types

    from vj.control.audio import HOP, RATE, AudioFile, AudioInput

    sound = kicks(tmp_path / "kicks.wav")

    class Stream:
        def __init__(self, callback: Any, **_: object) -> None:
            self.callback = callback

        def start(self) -> None: ...

        stop = close = start

    monkeypatch.setitem(
        __import__("sys").modules, "sounddevice", types.SimpleNamespace(InputStream=Stream)
    )
    live, track = AudioInput(""), AudioFile(tmp_path / "kicks.wav")
    pairs = []
    for hop in range(len(sound) // HOP):
        live._stream.callback(sound[hop * HOP : (hop + 1) * HOP, None], HOP, None, None)
        if hop % 3 == 2 and hop > 8:
            time_ = (hop + 1) * HOP / RATE
            pairs.append((live.level("onset", time_), track.level("onset", time_)))
    ours, theirs = np.array(pairs).T
    assert np.allclose(ours, theirs, atol=0.02)
    live.close()


@pytest.mark.parametrize("loud", [0.9, 0.12])
def test_a_gain_that_finds_itself_hears_quiet_and_loud_music_alike(
    tmp_path: Path, loud: float
) -> None:
    kicks(tmp_path / "kicks.wav", loud)
    follower = {
        "audio": "low",
        "input": str(tmp_path / "kicks.wav"),
        "gain": "auto",
        "smooth": 0,
        "to": "picture/brightness",
        "depth": 0.5,
    }
    values = [
        frame["picture/brightness"] for frame in ControlHarness(modulators=[follower]).play(3.9)
    ]
    assert max(values) == pytest.approx(0.5, abs=0.01)
    assert sum(b > 0.4 > a for a, b in itertools.pairwise(values)) == len(KICKS)
