"""What an engine tells of the frame that was played, and of the show that it plays."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.control.harness import CUES, FPS, ControlHarness
from vj.control.build import make_engine


def test_before_anything_has_happened_there_is_a_state() -> None:
    controls = ControlHarness(cues=CUES)
    state = controls.engine.live_state()
    assert (state.cue, state.next_cue, state.fade, state.timeline) == (None, "calm", None, None)
    assert (state.bpm, state.beat, state.beats_per_bar, state.running) == (120, 0, 4, True)


def test_a_cues_fade_is_seen_from_its_beginning_to_its_end() -> None:
    controls = ControlHarness(cues=CUES)
    controls.play(0.5)
    controls.store.set("cue/fire", "storm")
    fades = []
    for _ in range(round(1.9 * FPS)):
        controls.play(1 / FPS)
        fades.append(controls.engine.live_state().fade)
    assert all(fade is not None and fade[::2] == ("storm", 2.0) for fade in fades)
    progress = [fade[1] for fade in fades if fade is not None]
    assert progress == pytest.approx([(n + 1) / (2 * FPS) for n in range(len(progress))])
    state = controls.engine.live_state()
    assert (state.cue, state.next_cue) == ("storm", "after")
    controls.play(0.2)
    assert controls.engine.live_state().fade is None
    controls.store.set("cue/go", True)
    controls.play(0.2)
    assert controls.engine.live_state().fade == ("after", pytest.approx(0.2), 1.0)
    assert controls.engine.live_state().next_cue is None


def test_a_fade_in_bars_follows_the_tempo_and_panic_ends_it() -> None:
    controls = ControlHarness(
        tempo=120, cues=[{"name": "a", "fade": "2 bars", "set": {"strength": 1}}]
    )
    controls.play(0.5)
    controls.store.set("cue/fire", "a")
    controls.play(1)
    assert controls.engine.live_state().fade == ("a", pytest.approx(0.25), 4.0)
    controls.store.set("tempo/bpm", 240)
    controls.play(1 + 1 / FPS)
    assert controls.engine.live_state().fade == ("a", pytest.approx(0.75, abs=0.02), 2.0)
    controls.store.set("panic", True)
    controls.play(1 / FPS)
    assert controls.engine.live_state().fade is None


def test_a_save_keeps_the_state_and_the_fade() -> None:
    controls = ControlHarness(cues=CUES)
    controls.play(0.1)
    controls.store.set("cue/fire", "storm")
    controls.play(1)
    before = controls.engine.live_state()
    made, _ = make_engine(controls.show, controls.store, live=False, log=print)
    made.take_over(controls.engine)
    assert made.live_state() == before
    controls.store.automation = controls.engine = made
    controls.play(1 / FPS)
    assert controls.engine.live_state().fade == ("storm", pytest.approx(31 / 60), 2.0)


def test_the_beat_and_a_clock_that_stops() -> None:
    controls = ControlHarness(tempo={"bpm": 90, "beats_per_bar": 3})
    controls.play(2 + 1 / FPS)
    state = controls.engine.live_state()
    assert (state.bpm, state.beats_per_bar, state.running) == (90, 3, True)
    assert state.beat == pytest.approx(3)
    controls.engine.on_clock("stop", controls.now)
    controls.play(1)
    assert controls.engine.live_state().running is False
    assert controls.engine.live_state().beat == pytest.approx(3, abs=0.06)


def test_the_levels_of_modulators() -> None:
    controls = ControlHarness(
        modulators=[
            {"lfo": "saw", "rate": "2 s", "name": "wave", "to": "strength", "depth": 0.1},
            {"envelope": "osc /hit", "name": "hit", "decay": "1 s", "to": "strength", "depth": 0.1},
        ]
    )
    controls.play(1 + 1 / FPS)
    assert controls.engine.live_state().modulators == {
        "mod/wave": pytest.approx(0.5),
        "mod/hit": 0.0,
    }
    controls.osc("/hit", 1.0)
    controls.play(0.5)
    levels = controls.engine.live_state().modulators
    assert levels["mod/hit"] == pytest.approx(0.5, abs=0.05)
    controls.store.set("mod/wave", 0.0)
    controls.play(0.2)
    assert controls.engine.live_state().modulators["mod/wave"] == 0.0, "it is off"
    assert levels["mod/hit"] == pytest.approx(0.5, abs=0.05), "what was read stays as it was"


@pytest.fixture
def hum(tmp_path: Path) -> Path:
    """Two seconds of a low tone of a fifth of full scale."""
    path = tmp_path / "hum.wav"
    tone = 0.2 * np.sin(2 * np.pi * 93.75 * np.arange(96_000) / 48_000)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((tone * 32767).astype("<i2").tobytes())
    return path


def test_what_followers_hear_and_the_gain_that_auto_has_found(hum: Path) -> None:
    def follower(name: str, band: str, gain: float | str) -> dict[str, Any]:
        return {
            "audio": band,
            "name": name,
            "gain": gain,
            "input": str(hum),
            "to": "strength",
            "depth": 0.2,
        }

    controls = ControlHarness(
        modulators=[follower("fixed", "low", 2.0), follower("auto", "low", "auto")],
        start={"mod/auto": 0.0},
    )
    controls.play(1)
    fixed, auto = controls.engine.live_state().audio
    assert fixed == ("mod/fixed", "low", pytest.approx(0.2, abs=0.01), 2.0)
    assert (auto.name, auto.level) == ("mod/auto", pytest.approx(0.2, abs=0.01))
    assert auto.gain == pytest.approx(5, abs=0.2), "heard and measured while it is off"
    assert controls.engine.live_state().modulators["mod/auto"] == 0.0
    assert controls.engine.live_state().modulators["mod/fixed"] > 0.3


def test_a_state_that_somebody_holds_stays_that_of_its_frame() -> None:
    """So a reader on another thread needs no lock: a cue is never seen with another one's fade."""
    cues = [{"name": name, "fade": "9 s", "set": {"strength": 0.5}} for name in ("a", "b")]
    wave = {"lfo": "saw", "rate": "9 s", "name": "wave", "to": "strength", "depth": 0.1}
    controls = ControlHarness(cues=cues, modulators=[wave])
    controls.store.set("cue/fire", "a")
    controls.play(3)
    held = controls.engine.live_state()
    seen = repr(held)
    assert "fade=('a'" in seen
    controls.store.set("cue/fire", "b")
    controls.play(3)
    assert repr(held) == seen
    assert controls.engine.live_state().fade != held.fade
    assert controls.engine.live_state().modulators != held.modulators
    with pytest.raises(TypeError):
        held.modulators["mod/wave"] = 1.0  # type: ignore[index]


# Of the show


def test_what_moves_each_parameter() -> None:
    controls = ControlHarness(
        macros={"pedal": {"drives": {"strength": [0.3, 0.9], "prompt/mix": [0, 1]}}},
        modulators=[
            {"lfo": "sine", "rate": "1 s", "name": "wave", "to": "strength", "depth": 0.1},
            {"envelope": "beat", "to": "feedback/zoom", "depth": 0.1},
            {"audio": "low", "input": "none.wav", "to": "strength", "depth": 0.1},
        ],
        curves=[{"to": "strength", "points": [[0, 0], [4, 1]]}],
    )
    assert controls.engine.moved_by() == {
        "strength": [
            {"kind": "curve", "by": ""},
            {"kind": "macro", "by": "macro/pedal"},
            {"kind": "lfo", "by": "mod/wave"},
            {"kind": "audio", "by": "mod/low3"},
        ],
        "prompt/mix": [{"kind": "macro", "by": "macro/pedal"}],
        "feedback/zoom": [{"kind": "envelope", "by": "mod/beat2"}],
    }


def test_what_each_parameter_is_mapped_to() -> None:
    controls = ControlHarness(
        macros={"pedal": {"drives": {"strength": [0.3, 0.9]}}},
        mappings=[
            {"midi": "cc 1 ch 1", "to": "strength"},
            {"osc": "/1/fader1", "to": "strength"},
            {"osc": "/1/fader1", "to": "strength", "take": 1},
            {"midi": "note 36", "to": "output/freeze", "as": "toggle"},
            {"key": "x", "to": "panic"},
            {"midi": "cc 64", "to": "pedal"},
        ],
    )
    assert controls.engine.mapped() == {
        "strength": ["cc 1 ch 1", "/1/fader1"],
        "output/freeze": ["note 36"],
        "panic": ["key x"],
        "macro/pedal": ["cc 64"],
    }


def test_the_timeline_in_seconds_at_the_present_tempo() -> None:
    controls = ControlHarness(
        tempo=120,
        cues=[{"name": "a"}],
        timeline=[{"at": 1, "cue": "a"}, {"at": "bar 9", "loop": "bar 2"}],
        curves=[{"to": "strength", "points": [[0, 0], [5, 1]]}],
    )
    entries = [{"at": 1.0, "cue": "a"}, {"at": 16.0, "loop": 2.0}]
    assert controls.engine.timeline_outline() == {"length": 16.0, "entries": entries}
    controls.store.set("tempo/bpm", 240)
    controls.play(0.1)
    assert controls.engine.timeline_outline() == {
        "length": 8.0,
        "entries": [{"at": 1.0, "cue": "a"}, {"at": 8.0, "loop": 1.0}],
    }
    drawn = ControlHarness(curves=[{"to": "strength", "points": [[0, 0], [5, 1]]}])
    assert drawn.engine.timeline_outline() == {"length": 5.0, "entries": []}
    assert ControlHarness().engine.timeline_outline() is None
