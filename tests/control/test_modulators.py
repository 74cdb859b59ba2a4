"""What moves parameters by itself: macros, LFOs, envelopes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.control.harness import FPS, ControlHarness


def test_a_pedal_builds_up_and_returns_to_calm() -> None:
    controls = ControlHarness(
        start={"strength": 0.35, "noise/hold": 1.0},
        macros={
            "pedal": {
                "attack": "0.4 s",
                "release": "2 s",
                "drives": {"strength": [0.35, 0.9], "noise/hold": [1, 0.6, "s-curve"]},
            }
        },
        mappings=[{"midi": "cc 64", "to": "pedal"}],
    )
    controls.play(0.2)
    controls.midi("cc 64 ch 1", 127)
    up = controls.play(0.6)
    assert [f["strength"] for f in up] == sorted(f["strength"] for f in up)
    assert up[FPS // 5 - 1]["strength"] == pytest.approx(0.62, abs=0.05), (
        "half way after half the attack"
    )
    assert up[-1]["strength"] == pytest.approx(0.9)
    assert up[-1]["noise/hold"] == pytest.approx(0.6)
    controls.midi("cc 64 ch 1", 0)
    down = controls.play(2.2)
    assert down[FPS]["strength"] == pytest.approx(0.9 - 0.55 / 2, abs=0.03), (
        "half way after half the release"
    )
    assert down[-1]["strength"] == pytest.approx(0.35), "calm"
    assert down[-1]["noise/hold"] == 1.0


def test_a_cues_fade_of_a_macro_fades_what_it_drives() -> None:
    controls = ControlHarness(
        macros={"fader": {"drives": {"noise/hold": [1, 0]}}},
        cues=[{"name": "over", "fade": "2 s", "set": {"macro/fader": 1}}],
    )
    controls.play(0.1)
    controls.store.set("cue/fire", "over")
    frames = controls.play(2.2)
    held = [frame["noise/hold"] for frame in frames]
    assert held[30] == pytest.approx(0.5, abs=0.05)
    assert all(
        frame["noise/hold"] == pytest.approx(1 - frame["macro/fader"], abs=1e-6) for frame in frames
    )
    assert held[-1] == 0


def test_a_control_moves_what_a_macro_shifts() -> None:
    controls = ControlHarness(
        start={"noise/hold": 0.2}, macros={"push": {"drives": {"noise/hold": [0.2, 0.5]}}}
    )
    controls.store.set("macro/push", 1)
    controls.play(0.2)
    controls.store.set("noise/hold", 0.4)
    assert controls.at("noise/hold") == pytest.approx(0.7)
    controls.store.set("noise/hold", 0.9)
    assert controls.at("noise/hold") == 1.0, "clamped to its range"


def test_an_lfo_adds_on_top_of_the_control() -> None:
    controls = ControlHarness(
        start={"noise/hold": 0.5},
        modulators=[{"lfo": "sine", "rate": "1 s", "to": "noise/hold", "depth": 0.2}],
    )
    values = [frame["noise/hold"] for frame in controls.play(1)]
    assert (min(values), max(values)) == (
        pytest.approx(0.3, abs=0.005),
        pytest.approx(0.7, abs=0.005),
    )
    controls.store.set("noise/hold", 0.7)
    values = [frame["noise/hold"] for frame in controls.play(1)]
    assert (min(values), max(values)) == (
        pytest.approx(0.5, abs=0.005),
        pytest.approx(0.9, abs=0.005),
    )
    assert controls.store.get("noise/hold") == 0.7, "the base stays the hand's"
    controls.store.set("mod/sine1", 0)
    controls.play(0.2)
    assert controls.at("noise/hold") == 0.7, "and its amount can be played too"


def test_a_range_says_between_what_an_lfo_moves() -> None:
    controls = ControlHarness(
        start={"feedback/zoom": 1.0},
        modulators=[
            {"lfo": "triangle", "rate": "2 s", "to": "feedback/zoom", "range": [0.99, 1.02]}
        ],
    )
    values = [frame["feedback/zoom"] for frame in controls.play(2)]
    assert (min(values), max(values)) == (pytest.approx(0.99), pytest.approx(1.02, abs=1e-3))


def test_lfos_in_bars_follow_the_tempo() -> None:
    controls = ControlHarness(
        tempo=120,
        start={"noise/hold": 0.5},
        modulators=[{"lfo": "saw", "rate": "1 bar", "to": "noise/hold", "range": [0, 1]}],
    )
    values = [frame["noise/hold"] for frame in controls.play(4)]
    assert np.sum(np.diff(values) < -0.5) == 1, (
        "bars of two seconds: one fall in four seconds, at the second"
    )
    controls.store.set("tempo/bpm", 240)
    values = [frame["noise/hold"] for frame in controls.play(4)]
    assert np.sum(np.diff(values) < -0.5) in (3, 4)


def test_random_waves_repeat_exactly_and_differ_by_seed() -> None:
    def wave(seed: int, kind: str) -> list[float]:
        controls = ControlHarness(
            start={"noise/hold": 0.5},
            modulators=[
                {"lfo": kind, "rate": 0.2, "seed": seed, "to": "noise/hold", "range": [0, 1]}
            ],
        )
        return [frame["noise/hold"] for frame in controls.play(3)]

    for kind in ("random", "noise"):
        assert wave(1, kind) == wave(1, kind)
        assert wave(1, kind) != wave(2, kind)
        assert np.std(wave(1, kind)) > 0.1
    assert max(np.abs(np.diff(wave(1, "noise")))) < 0.5, "smooth noise has no jumps"


def test_an_envelope_is_set_off_by_a_beat_a_cue_and_a_note() -> None:
    for cause, trigger in (
        ("beat", lambda controls: None),
        ("cue hit", lambda controls: controls.store.set("cue/fire", "hit")),
        ("midi note 36", lambda controls: controls.midi("note 36 ch 10", 90)),
        ("osc /kick", lambda controls: controls.osc("/kick", 1.0)),
    ):
        controls = ControlHarness(
            tempo=120,
            start={"noise/hold": 0.0},
            cues=[{"name": "hit"}],
            modulators=[
                {"envelope": cause, "attack": 0.05, "decay": 0.2, "to": "noise/hold", "depth": 0.8}
            ],
        )
        controls.play(0.3 if cause != "beat" else 0)
        trigger(controls)
        values = [frame["noise/hold"] for frame in controls.play(0.4)]
        assert max(values) > 0.6, cause
        assert values[-1] < 0.05, cause


def test_an_envelope_may_name_a_channel() -> None:
    envelope = {
        "envelope": "midi note 36 ch 10",
        "decay": "1 s",
        "to": "picture/brightness",
        "depth": 0.5,
    }
    controls = ControlHarness(modulators=[envelope])
    controls.midi("note 36 ch 2", 100)
    assert controls.at("picture/brightness") == 0
    controls.midi("note 36 ch 10", 100)
    controls.play(0.05)
    assert controls.at("picture/brightness") > 0.3
