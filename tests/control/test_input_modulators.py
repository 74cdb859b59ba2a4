"""The input moves parameters: its motion, its brightness and its colour; and expressions do."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.control.harness import FPS, ControlHarness
from vj.control.build import make_engine
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.show.load import check_show


def modulated(rule: dict[str, Any], start: float = 0.5, **more: Any) -> ControlHarness:
    """A show with one modulator on noise/hold, which starts in the middle."""
    return ControlHarness(
        start={"noise/hold": start}, modulators=[{"to": "noise/hold", **rule}], **more
    )


def test_who_moves_paints_and_who_stands_is_left_alone() -> None:
    """It rises within its attack and falls in its release, by the same share of the way however
    fast the frames come."""
    controls = modulated(
        {"motion": "amount", "range": [0.2, 0.9], "floor": 0, "attack": "0.2 s", "release": "1 s"},
        start=0.2,
    )
    controls.play(0.2)
    assert controls.at("noise/hold") == pytest.approx(0.2)
    controls.features.set_motion(1.0, 0, 0, 0)
    up = [frame["noise/hold"] for frame in controls.play(0.2)]
    assert up == sorted(up)
    assert up[-1] == pytest.approx(0.2 + 0.7 * 0.95, abs=0.01)
    controls.play(1)
    controls.features.set_motion(0.0, 0, 0, 0)
    down = [frame["noise/hold"] for frame in controls.play(1)]
    assert down[FPS // 2] > 0.3
    assert down[-1] == pytest.approx(0.2 + 0.7 * 0.05, abs=0.01)


@pytest.mark.parametrize("feature", ["x", "y", "zoom"])
def test_a_direction_rests_in_the_middle_of_its_range(feature: str) -> None:
    controls = modulated({"motion": feature, "range": [0.2, 0.8], "attack": 0, "release": 0})
    assert controls.at("noise/hold") == pytest.approx(0.5)
    assert controls.engine.live_state().modulators[f"mod/motion-{feature}1"] == 0.5
    for value, wanted in ((1.0, 0.8), (-1.0, 0.2), (5.0, 0.8), (0.04, 0.5)):
        controls.features.set_motion(1.0, **{**dict.fromkeys("xy", 0.0), "zoom": 0, feature: value})
        assert controls.at("noise/hold") == pytest.approx(wanted), value


def test_the_depth_of_a_direction_goes_both_ways() -> None:
    controls = modulated({"motion": "x", "depth": 0.3, "attack": 0, "floor": 0})
    controls.features.set_motion(1, -0.5, 0, 0)
    assert controls.at("noise/hold") == pytest.approx(0.35)


def test_an_automatic_gain_makes_small_movement_large() -> None:
    rule = {"motion": "amount", "depth": 0.5, "gain": "auto", "attack": 0}
    controls = modulated(rule)
    controls.features.set_motion(0.1, 0, 0, 0)
    assert controls.at("noise/hold") == pytest.approx(1.0)
    controls.features.set_motion(0.05, 0, 0, 0)
    controls.play(2)
    assert 0.6 < controls.at("noise/hold") < 0.9


def test_brightness_and_hue_are_followed() -> None:
    bright = modulated({"picture": "brightness", "range": [0, 1], "attack": 0}, start=0.0)
    assert bright.at("noise/hold") == 0, "nothing was seen yet"
    bright.features.set_picture(brightness=0.03, saturation=0.0)
    assert bright.at("noise/hold") == pytest.approx(0.03), "black has no floor of its own"
    hue = modulated(
        {"picture": "hue", "range": [0, 1], "attack": "0.3 s", "release": "0.3 s"}, start=0.0
    )
    hue.features.set_picture(hue=0.95)
    assert hue.at("noise/hold") == pytest.approx(0.95)
    hue.features.set_picture(hue=0.05)
    way = [frame["noise/hold"] for frame in hue.play(1)]
    assert all(value > 0.94 or value < 0.06 for value in way), "by red, not by green"
    assert way[-1] == pytest.approx(0.05, abs=0.005)


def test_a_follower_that_is_off_asks_for_no_flow() -> None:
    controls = modulated({"motion": "amount", "depth": 0.5})
    controls.play(0.1)
    assert controls.features.wanted() == (True, False)
    controls.store.set("mod/motion1", 0)
    controls.play(0.3)
    controls.features.wanted()
    controls.play(0.1)
    assert controls.features.wanted() == (False, False)


# Expressions


def test_an_expression_is_the_parameters_value() -> None:
    controls = modulated({"expression": "0.5 + 0.3*sin(t*pi)"}, start=0.1)
    frames = controls.play(2)
    for frame in frames:
        assert frame["noise/hold"] == pytest.approx(0.5 + 0.3 * math.sin(frame.time * math.pi))
    assert controls.engine.live_state().modulators["mod/expression1"] == pytest.approx(
        frames[-1]["noise/hold"]
    )
    controls.store.set("mod/expression1", 0.5)
    controls.play(0.5)
    frame = controls.play(0.1)[-1]
    half = 0.1 + 0.5 * (0.5 + 0.3 * math.sin(frame.time * math.pi) - 0.1)
    assert frame["noise/hold"] == pytest.approx(half), "half way from the hand to it"


def test_an_expression_with_a_depth_adds_and_with_a_range_spans_it() -> None:
    adds = modulated({"expression": "-1", "depth": 0.2})
    assert adds.at("noise/hold") == pytest.approx(0.3)
    adds.store.set("noise/hold", 0.8)
    assert adds.at("noise/hold") == pytest.approx(0.6)
    spans = modulated({"expression": "0.25", "range": [0.4, 0.8]})
    assert spans.at("noise/hold") == pytest.approx(0.5)


def test_an_expression_beyond_the_range_is_clamped() -> None:
    assert modulated({"expression": "beat + 7"}).at("noise/hold") == 1.0
    assert modulated({"expression": "-9"}).at("noise/hold") == 0.0


def test_an_expression_hears_the_beat_the_input_macros_and_parameters() -> None:
    controls = modulated(
        {
            "expression": "p('strength') + 0.01*beat + 0.02*bar + 0.0001*bpm + 0.1*push"
            " + 0.05*motion + 0.04*motion_x + 0.03*brightness",
            "attack": 0,
            "floor": 0,
        },
        tempo=120,
        macros={"push": {"attack": "1 s", "drives": {"similarity": [0, 1]}}},
    )
    controls.features.set_motion(0.5, -0.25, 0, 0)
    controls.features.set_picture(brightness=0.8, saturation=0)
    controls.store.set("strength", 0.2)
    controls.store.set("macro/push", 1)
    controls.play(1)
    time = controls.now
    value = controls.at("noise/hold")
    push = controls.engine.macros[0].value
    assert push == pytest.approx(1, abs=0.04)
    wanted = 0.2 + 0.01 * 2 * time + 0.02 * time / 2 + 0.012 + 0.1 * push + 0.025 - 0.01 + 0.024
    assert value == pytest.approx(wanted, abs=1e-6)


def test_parameters_are_read_before_any_modulator_moves_them() -> None:
    """So the order of the modulators does not matter to what they read."""
    controls = ControlHarness(
        start={"noise/hold": 0.2, "similarity": 0.0},
        modulators=[
            {"expression": "1", "to": "noise/hold"},
            {"expression": "p('noise/hold')", "to": "similarity"},
        ],
    )
    assert controls.at("similarity") == pytest.approx(0.2)


def test_an_expression_hears_a_file(tmp_path: Path) -> None:
    import av

    path = tmp_path / "kick.wav"
    sound = (np.sin(np.arange(48_000) * 2 * np.pi * 60 / 48_000) * 20_000).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound[None], format="s16", layout="mono")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    controls = modulated({"expression": "low - high", "input": str(path)}, start=0.0)
    assert controls.show.modulators[0].hears
    controls.play(0.5)
    assert controls.at("noise/hold") > 0.4


def test_an_expression_without_a_value_stays_where_it_was_until_it_has_one() -> None:
    controls = ControlHarness(
        start={"noise/hold": 0.5, "similarity": 0.0},
        modulators=[
            {"name": "broken", "expression": "0.2 / floor(abs(1 - t))", "to": "noise/hold"},
            {"lfo": "saw", "rate": "4 s", "to": "similarity", "range": [0, 1]},
        ],
    )
    assert controls.at("noise/hold") == pytest.approx(0.2)
    controls.play(1)
    assert controls.at("noise/hold") == pytest.approx(0.2)
    assert controls.at("similarity") > 0.2
    assert controls.messages == [
        "mod/broken has no value (divides by 0): it stays where it was until it has one"
    ]
    controls.play(2.2)
    assert controls.at("noise/hold") == pytest.approx(0.1)


def test_a_curve_without_a_value_leaves_its_parameter_where_it_is_for_so_long() -> None:
    rule = {"to": "noise/hold", "expression": "0.2 / floor(abs(1 - t))"}
    controls = ControlHarness(start={"noise/hold": 0.5}, curves=[rule])
    assert controls.at("noise/hold") == pytest.approx(0.2)
    controls.play(1)
    assert controls.at("noise/hold") == pytest.approx(0.2)
    controls.play(2.2)
    assert controls.at("noise/hold") == pytest.approx(0.1)
    assert len(controls.messages) == 1
    assert "the curve of noise/hold has no value" in controls.messages[0]


def test_a_save_keeps_what_followers_have_found() -> None:
    rule = {"expression": "motion", "gain": "auto", "release": "20 s"}
    controls = modulated(rule)
    controls.features.set_motion(0.1, 0, 0, 0)
    controls.play(0.5)
    controls.features.set_motion(0.0, 0, 0, 0)
    before = controls.at("noise/hold")
    assert before > 0.9
    made, _ = make_engine(
        controls.show, controls.store, live=False, log=print, features=controls.features
    )
    made.take_over(controls.engine)
    controls.store.automation = made
    assert controls.at("noise/hold") == pytest.approx(before, abs=0.02)


def test_a_curve_is_computed_along_the_timeline() -> None:
    controls = ControlHarness(
        start={"noise/hold": 0.1},
        cues=[{"name": "calm"}],
        timeline=[{"at": "0:00", "cue": "calm"}],
        curves=[{"to": "noise/hold", "expression": "clamp(t / 4) * 0.5 + 0.1 * (beat % 4 < 2)"}],
        tempo=120,
    )
    for frame in controls.play(4):
        wanted = min(1, frame.time / 4) * 0.5 + 0.1 * (frame.time * 2 % 4 < 2)
        assert frame["noise/hold"] == pytest.approx(wanted, abs=1e-6)
    controls.store.set("timeline/position", 1.0)
    assert controls.at("noise/hold") == pytest.approx(0.125, abs=0.01)
    controls.store.set("noise/hold", 0.9)
    controls.play(0.5)
    assert controls.at("noise/hold") == pytest.approx(0.9), "the hand has taken it"
    controls.store.set("timeline/position", 0.0)
    controls.play(0.1)
    assert controls.at("noise/hold") < 0.2, "another position: it leads again"


def test_a_computed_curve_leads_again_when_the_timeline_goes_round() -> None:
    controls = ControlHarness(
        start={"noise/hold": 0.1},
        cues=[{"name": "calm"}],
        timeline=[{"at": "0:00", "cue": "calm"}, {"at": "0:02", "loop": "0:00"}],
        curves=[{"to": "noise/hold", "expression": "0.2 + 0.1 * t"}],
    )
    controls.play(1)
    controls.store.set("noise/hold", 0.9)
    assert controls.play(0.8)[-1]["noise/hold"] == pytest.approx(0.9)
    assert controls.play(0.5)[-1]["noise/hold"] == pytest.approx(0.2 + 0.1 * 0.26, abs=0.01)


# What a show file may say


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"modulators": [{"motion": "speed", "to": "strength", "depth": 1}]}, "no such feature"),
        ({"modulators": [{"motion": "zom", "to": "strength", "depth": 1}]}, "did you mean zoom"),
        ({"modulators": [{"picture": "light", "to": "strength", "depth": 1}]}, "brightness, hue"),
        ({"modulators": [{"motion": "x", "to": "strength"}]}, "say how far it moves"),
        (
            {"modulators": [{"motion": "x", "audio": "low", "to": "strength", "depth": 1}]},
            "a modulator is one of",
        ),
        ({"modulators": [{"expression": "sin(t", "to": "strength"}]}, "is no expression"),
        ({"modulators": [{"expression": "t.x", "to": "strength"}]}, "cannot stand here"),
        ({"modulators": [{"expression": "beet", "to": "strength"}]}, "did you mean beat"),
        ({"modulators": [{"expression": True, "to": "strength"}]}, "an expression is wanted"),
        (
            {"modulators": [{"expression": "p('strenght')", "to": "similarity"}]},
            "strenght: no such parameter; did you mean strength",
        ),
        (
            {"modulators": [{"expression": "p('mix/mode')", "to": "similarity"}]},
            "mix/mode: is no number",
        ),
        (
            {"modulators": [{"expression": "t", "to": "strength", "depth": 1, "range": [0, 1]}]},
            "range: or depth: or neither",
        ),
        ({"curves": [{"to": "strength", "expression": "low"}]}, "low belongs in modulators"),
        ({"curves": [{"to": "strength", "expression": "p('delta')"}]}, "belongs in modulators"),
        ({"curves": [{"to": "strength", "expression": "tea"}]}, r"no such name tea"),
        ({"curves": [{"to": "strength"}]}, "either points: .* or expression:"),
        ({"curves": [{"to": "strength", "expression": "t", "loop": True}]}, "loop: is for points"),
    ],
)
def test_what_is_wrong_is_said(section: dict[str, Any], message: str) -> None:
    with pytest.raises(Fault, match=message):
        check_show(section, "test")


def test_a_fault_names_the_line_of_the_expression(tmp_path: Path) -> None:
    from vj.show.load import load_show

    path = tmp_path / "show.yaml"
    path.write_text(
        "show: x\nmodulators:\n  - {lfo: sine, to: strength, depth: 0.1}\n"
        '  - to: similarity\n    expression: "0.5 + lwo"\n'
    )
    with pytest.raises(Fault, match=r"show\.yaml:5: .*no such name lwo; did you mean low"):
        load_show(path)


def test_a_modulator_without_a_name_is_called_after_what_it_follows() -> None:
    show = check_show(
        {
            "modulators": [
                {"motion": "amount", "to": "strength", "depth": 0.1},
                {"motion": "x", "to": "strength", "depth": 0.1},
                {"picture": "hue", "to": "strength", "depth": 0.1},
                {"expression": 0.5, "to": "similarity"},
            ]
        },
        "test",
    )
    assert show.modulator_names() == ["motion1", "motion-x2", "hue3", "expression4"]
    store = Store({}, show.table())
    engine, _ = make_engine(show, store, live=False, log=print)
    assert [one["kind"] for one in engine.moved_by()["strength"]] == ["motion", "motion", "picture"]
    assert engine.moved_by()["similarity"][0]["kind"] == "expression"
