"""Cues one after another, the timeline and drawn curves, at frame times that the tests set."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.control.harness import CUES, FPS, ControlHarness
from vj.show.load import load_show
from vj.show.save import write_cues


def test_go_back_and_fire_by_name_and_number() -> None:
    controls = ControlHarness(cues=CUES)
    for name, value, standing in (
        ("cue/go", True, "calm"),
        ("cue/go", True, "storm"),
        ("cue/back", True, "calm"),
        ("cue/fire", "after", "after"),
        ("cue/fire", "1", "storm"),
    ):
        controls.store.set(name, value)
        controls.play(0.1)
        assert controls.engine.cues.current == standing
    controls.store.set("cue/fire", "strom")
    controls.play(0.1)
    assert "did you mean storm" in controls.messages[-1]
    controls.store.set("cue/fire", "after")
    controls.store.set("cue/go", True)
    controls.play(0.1)
    assert "no cue after after" in controls.messages[-1]


def test_a_fade_runs_along_its_ease_and_an_interrupted_one_starts_from_where_it_is() -> None:
    controls = ControlHarness(start={"noise/hold": 1.0}, cues=CUES)
    controls.play(0.1)
    controls.store.set("cue/fire", "storm")
    values = [frame["noise/hold"] for frame in controls.play(1)]
    assert values[-1] == pytest.approx(0.5, abs=0.03), "half way after half the fade"
    assert abs(values[1] - values[0]) < abs(values[20] - values[19]), "an S-curve begins slowly"
    controls.store.set("cue/fire", "calm")
    controls.store.set("cue/fire", "after")
    after = [frame["noise/hold"] for frame in controls.play(1.2)]
    assert after[-1] == pytest.approx(0.5)
    controls.store.set("cue/fire", "storm")
    controls.play(1)
    before = controls.at("noise/hold")
    controls.store.set("cue/fire", "after")
    assert controls.at("noise/hold") == pytest.approx(before, abs=0.03), "no jump"


def test_a_control_ends_the_fade_of_its_parameter_only() -> None:
    controls = ControlHarness(start={"noise/hold": 1.0}, cues=CUES)
    controls.store.set("cue/fire", "storm")
    controls.play(0.5)
    controls.store.set("noise/hold", 0.9, "hand")
    frames = controls.play(2)
    assert {frame["noise/hold"] for frame in frames} == {0.9}
    assert frames[-1]["similarity"] == 0.5


def test_a_cues_text_travels_as_long_as_its_fade() -> None:
    controls = ControlHarness(start={"prompt/travel": 0.5}, cues=CUES)
    controls.store.set("cue/fire", "storm")
    frame = controls.play(0.1)[-1]
    assert (frame["prompt/a"], frame["prompt/travel"]) == ("storm", 2.0)
    assert controls.play(4)[-1]["prompt/travel"] == 0.5, "afterwards the hand's own"
    controls.store.set("cue/fire", "storm")
    controls.store.set("prompt/a", "sun", "hand")
    assert controls.play(0.1)[-1]["prompt/travel"] == 0.5


def test_a_cues_colours_travel_as_long_as_its_fade() -> None:
    cues = [{"name": "night", "fade": "2 s", "set": {"palette/a": "black navy white"}}]
    controls = ControlHarness(start={"prompt/travel": 0.5}, cues=cues)
    controls.store.set("cue/fire", "night")
    frame = controls.play(0.1)[-1]
    assert (frame["palette/a"], frame["prompt/travel"]) == ("black navy white", 2.0)


def test_cues_follow_after_a_time_and_at_a_bar() -> None:
    cues = [
        {"name": "a", "follow": "0.5 s", "then": "c"},
        {"name": "b"},
        {"name": "c", "follow": "1 bar", "then": "b"},
    ]
    controls = ControlHarness(tempo=120, cues=cues)
    controls.play(0.3)
    controls.store.set("cue/fire", "a")
    seen: list[tuple[float, str | None]] = []
    for _ in range(150):
        frame = controls.play(1 / FPS)[0]
        standing = controls.engine.cues.current
        if not seen or seen[-1][1] != standing:
            seen.append((frame.time, standing))
    assert [name for _, name in seen] == ["a", "c", "b"]
    assert seen[1][0] - seen[0][0] == pytest.approx(0.5, abs=0.04)
    assert seen[2][0] == pytest.approx(2.0, abs=0.04), (
        "fired at 0.8 s, a bar later is 2.8 s, whose bar line is at 2 s"
    )


def test_a_stored_cue_brings_the_whole_state_back() -> None:
    controls = ControlHarness(cues=CUES)
    controls.store.set("noise/hold", 0.3)
    controls.store.set("prompt/a", "gold")
    controls.play(0.2)
    controls.store.set("cue/store", "mine")
    controls.play(0.1)
    controls.store.set("panic", True)
    controls.store.set("similarity", 0.8)
    controls.play(0.2)
    controls.store.set("cue/fire", "mine")
    frame = controls.play(1.5)[-1]
    assert (frame["noise/hold"], frame["prompt/a"], frame["similarity"]) == (0.3, "gold", 0.0)


def test_a_stored_cue_is_written_and_read_again_and_pulls_no_trigger(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "show: mine\ncues:\n  - {name: first, set: {strength: 0.2}}\n", encoding="utf-8"
    )
    controls = ControlHarness(cues=CUES)
    controls.store.set("mask/learn", True)
    controls.play(0.1)
    controls.store.set("cue/store", "mine")
    before = controls.play(0.1)[-1]["mask/learn"]
    write_cues(path, {"mine": controls.engine.cues.cues["mine"].set})
    assert load_show(path).cues[-1].name == "mine"
    controls.store.set("cue/fire", "mine")
    assert controls.play(0.5)[-1]["mask/learn"] == before == 1, (
        "learned once, when it was asked for"
    )


def test_a_timeline_fires_cues_and_loops() -> None:
    controls = ControlHarness(
        tempo=120,
        cues=[{"name": "a", "set": {"noise/hold": 0.1}}, {"name": "b", "set": {"noise/hold": 0.9}}],
        timeline=[{"at": 0, "cue": "a"}, {"at": "bar 2", "cue": "b"}, {"at": "3 s", "loop": 0}],
    )
    frames = controls.play(7)
    changes = [
        round(b.time, 1)
        for a, b in itertools.pairwise(frames)
        if a["noise/hold"] != b["noise/hold"]
    ]
    assert changes == [2.0, 3.0, 5.0, 6.0]


def test_a_curve_is_followed_and_overridden_by_a_control_until_the_next_point() -> None:
    controls = ControlHarness(
        curves=[
            {
                "to": "strength",
                "points": [[0, 0.0], ["2 s", 1.0, "s-curve"], ["4 s", 0.2]],
                "loop": True,
            }
        ]
    )
    frames = controls.play(2)
    assert frames[FPS]["strength"] == pytest.approx(0.5, abs=0.02)
    assert frames[FPS // 2]["strength"] == pytest.approx(0.25**2 * (3 - 0.5), abs=0.02)
    controls.play(0.5)
    controls.store.set("strength", 0.05, "hand")
    assert controls.play(0.5)[-1]["strength"] == pytest.approx(0.05)
    controls.play(1.05)
    assert controls.at("strength") == pytest.approx(0.0, abs=0.02), (
        "the loop has begun anew and has it again"
    )


def test_program_changes_and_keys_fire_cues() -> None:
    controls = ControlHarness(
        cues=CUES, mappings=[{"midi": "program", "to": "cue/fire"}, {"key": "x", "to": "cue/go"}]
    )
    controls.midi("program ch 1", 1)
    controls.play(0.1)
    assert controls.engine.cues.current == "storm"
    assert controls.engine.on_key("x")
    assert not controls.engine.on_key("y")
    controls.play(0.1)
    assert controls.engine.cues.current == "after"
