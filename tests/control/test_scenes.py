"""One number through many scenes: words, numbers and choices along prompt/position."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control.harness import FPS, ControlHarness
from vj.control.build import make_engine
from vj.parameters.store import Snapshot
from vj.pipeline.mixture_travel import prompt_weights
from vj.show.load import ShowFaults, check_show

SCENES: list[Any] = [
    "a quiet sea",
    {"prompt": "a storm", "set": {"strength": 0.8, "mask/mode": "luma"}},
    {"prompt": "fire, gold", "set": {"strength": 0.6, "mask/mode": "motion", "mask/feather": 0.5}},
]
START = {"strength": 0.4}


def weights(frame: Snapshot) -> list[float]:
    return [round(weight, 6) for _, weight in prompt_weights(frame)]


def test_only_the_two_neighbours_of_a_place_are_mixed() -> None:
    controls = ControlHarness(prompts=SCENES)
    assert [text for text, _ in prompt_weights(controls.play(0.1)[-1])] == [
        "a quiet sea",
        "a storm",
        "fire, gold",
    ]
    seen = {}
    for place in (0.0, 0.25, 0.5, 0.9, 1.0):
        controls.store.set("prompt/position", place)
        seen[place] = weights(controls.play(0.2)[-1])
    assert seen == {
        0.0: [1, 0, 0],
        0.25: [0.5, 0.5, 0],
        0.5: [0, 1, 0],
        0.9: [0, pytest.approx(0.2), pytest.approx(0.8)],
        1.0: [0, 0, 1],
    }


def test_one_pedal_walks_there_and_back() -> None:
    controls = ControlHarness(
        prompts=SCENES,
        start=START,
        macros={
            "pedal": {"attack": "1 s", "release": "1 s", "drives": {"prompt/position": [0, 1]}}
        },
        mappings=[{"midi": "cc 64", "to": "pedal"}],
    )
    controls.midi("cc 64 ch 1", 127)
    there = controls.play(1.5)
    strengths = [frame["strength"] for frame in there]
    top = strengths.index(max(strengths))
    assert strengths[:top] == sorted(strengths[:top])
    assert max(strengths) == pytest.approx(0.8, abs=0.02)
    assert strengths[-1] == pytest.approx(0.6)
    passed = list(dict.fromkeys(frame["mask/mode"] for frame in there))
    assert passed == ["none", "luma", "motion"], "in their order, each once"
    controls.midi("cc 64 ch 1", 0)
    back = controls.play(1.5)
    assert back[-1]["strength"] == pytest.approx(0.4)
    assert back[-1]["mask/mode"] == "none", "what no scene sets there is at the show's start"


def test_a_hand_comes_on_top_of_what_scenes_set() -> None:
    controls = ControlHarness(prompts=SCENES, start={**START, "prompt/position": 0.5})
    assert controls.at("strength") == pytest.approx(0.8)
    controls.store.set("strength", 0.3)
    assert controls.play(0.3)[-1]["strength"] == pytest.approx(0.7)
    controls.store.set("mask/mode", "chroma")
    assert controls.play(1)[-1]["mask/mode"] == "chroma", "a scene sets its choice once"


def test_a_position_that_trembles_half_way_does_not_switch_to_and_fro() -> None:
    controls = ControlHarness(prompts=SCENES)
    chosen = []
    for n in range(40):
        controls.store.set("prompt/position", 0.25 + (0.01 if n % 2 else -0.01))
        chosen.append(controls.play(0.2)[-1]["mask/mode"])
    assert len({*chosen}) == 1


def test_a_panic_leads_back_to_the_first_scene() -> None:
    controls = ControlHarness(prompts=SCENES, start=START)
    controls.store.set("prompt/position", 1.0)
    assert controls.play(0.3)[-1]["mask/mode"] == "motion"
    controls.store.set("panic", True)
    last = controls.play(0.3)[-1]
    assert (last["mask/mode"], last["strength"], weights(last)) == ("none", 0.4, [1, 0, 0])
    controls.store.set("prompt/position", 1.0)
    assert controls.play(0.3)[-1]["mask/mode"] == "motion", "and it walks again"


def test_a_saved_show_goes_on_in_its_scene() -> None:
    controls = ControlHarness(prompts=SCENES, start=START)
    controls.store.set("prompt/position", 1.0)
    controls.play(0.3)
    without = [SCENES[0], {"prompt": "a storm", "set": {"strength": 0.9}}, "fire"]
    show = check_show({"prompts": without, "start": START}, "test")
    made, _ = make_engine(show, controls.store, live=False, log=print)
    controls.store.adopt(show.start, show.table())
    made.take_over(controls.engine)
    controls.engine = controls.store.automation = made
    frame = controls.play(0.3)[-1]
    assert frame["mask/mode"] == "none", "no scene sets it any more"
    assert [text for text, _ in prompt_weights(frame)][-1] == "fire"


def test_other_prompts_may_be_sent_while_it_plays() -> None:
    controls = ControlHarness(prompts=SCENES, start={**START, "prompt/position": 0.5})
    controls.store.set("prompt/scenes", "ice | sand")
    frame = controls.play(0.2)[-1]
    assert prompt_weights(frame) == [("ice", 0.5), ("sand", 0.5)]
    assert frame["strength"] == 0.4, "they bring no values"
    controls.store.set("prompt/list", '[["iron", 1]]')
    assert prompt_weights(controls.play(0.1)[-1]) == [("iron", 1.0)]
    with pytest.raises(Exception, match="no such key; did you mean palette"):
        controls.store.set("prompt/scenes", '[{"palete": "red"}]')


@pytest.mark.parametrize(
    ("scenes", "fault"),
    [
        (["sea", {"prompt": "a", "set": {"strengh": 1}}], "did you mean strength"),
        (["sea", {"prompt": "a", "set": {"strength": 1.4}}], "1.4 is above 1"),
        (["sea", {"prompt": "a", "set": {"prompt/mix": 1}}], "a scene does not set it"),
        (["sea", {"prompt": "a", "set": {"cue/fire": "x"}}], "cue/fire: a scene does not set it"),
        (["sea", {"prompt": "a", "set": {"timeline/position": 3}}], "a scene does not set it"),
        (["sea", {"prompt": "a", "set": {"mask/learn": True}}], "a trigger has none"),
        (["sea", {"prompt": "a", "palette": ["#10203"]}], "1 colour"),
        (["sea", {}], "a scene wants a prompt"),
        (["sea"] * 25, "24 at most"),
    ],
)
def test_a_faulty_scene_is_told_with_what_would_be_right(scenes: list[Any], fault: str) -> None:
    with pytest.raises(ShowFaults, match=fault):
        check_show({"prompts": scenes}, "test")


def test_without_scenes_nothing_changes() -> None:
    controls = ControlHarness(start={"prompt/a": "gold", "prompt/b": "sea", "prompt/mix": 0.25})
    controls.store.set("prompt/position", 0.7)
    assert prompt_weights(controls.play(1 / FPS)[0]) == [("gold", 0.75), ("sea", 0.25)]
