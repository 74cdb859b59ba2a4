"""Models that stay loaded: prepared beside the one that plays, taken in the frame that asks for
them."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import pytest

from tests.app.model_stage import START, Stage
from tests.waiting import until
from vj.core.frame import Frame, Size
from vj.show.load import load_show


def test_a_model_that_is_ready_paints_the_frame_that_asks_for_it(stage: Stage) -> None:
    stage.prepare("second")
    assert stage.ready() == ["second"]
    assert stage.performance.report.status().models_ready == ["second"]
    for turn in range(6):
        stage.choose(("second", "")[turn % 2])
        stage.show.frames(3)
    assert {pair for pair in stage.frames if pair[0] == "second"} == {("second", "second")}
    assert {pair for pair in stage.frames if pair[0] == ""} <= {("", "first"), ("", "none")}
    assert [model.name for model in stage.made] == ["first", "second"], "loaded once"
    assert not any(model.closed for model in stage.made)
    state = stage.performance.choosers.state
    stage.show.until(lambda: state()["model"]["value"] == "first")
    assert not stage.said("failed")


def test_one_that_was_never_prepared_is_kept_once_it_has_played(stage: Stage) -> None:
    stage.choose("second")
    stage.choose("third")
    stage.show.until(lambda: stage.ready() == ["second", "first"])
    before = len(stage.frames)
    stage.choose("second")
    assert ("second", "third") not in stage.frames[before:]
    assert len(stage.made) == 3


def test_the_fade_begins_in_the_frame_that_asks_for_it(stage: Stage) -> None:
    stage.prepare("second")
    stage.set("crossfade", 0.5)
    stage.choose("second")
    fade = stage.performance.loop.pipeline.painter._fade
    assert fade is not None
    assert fade.begun


def test_what_is_asked_for_last_plays_and_the_others_rest(stage: Stage) -> None:
    stage.gates = {name: threading.Event() for name in ("second", "third", "fourth")}
    for count, name in enumerate(("second", "third", "fourth"), 1):
        stage.set("model", name)
        stage.show.until(lambda count=count: len(stage.performance.loader._loads) == count)  # type: ignore[misc]
    for name in ("fourth", "third", "second"):
        stage.gates[name].set()
    stage.show.until(lambda: stage.performance.loop.backend_name == "fourth")
    stage.show.until(lambda: set(stage.ready()) == {"second", "third", "first"})
    assert stage.performance.loop.backend_name == "fourth"
    assert stage.performance.store.get("model") == "fourth"


def test_one_that_is_chosen_while_it_is_prepared_plays_when_it_comes(stage: Stage) -> None:
    stage.gates = {"second": threading.Event()}
    stage.set("model/prepare", "second")
    stage.show.frames(3)
    stage.set("model", "second")
    stage.show.frames(3)
    stage.gates["second"].set()
    stage.show.until(lambda: stage.performance.loop.backend_name == "second")
    assert len(stage.made) == 2, "loaded once"


def test_of_three_to_be_prepared_quickly_the_last_is(stage: Stage) -> None:
    stage.gates = {"second": threading.Event()}
    for name in ("second", "third", "fourth"):
        stage.set("model/prepare", name)
        stage.show.frames(2)
    stage.until_said("third is not prepared: fourth was asked for since")
    stage.gates["second"].set()
    stage.until_said("fourth is ready")
    assert set(stage.ready()) == {"second", "fourth"}


def test_one_that_cannot_be_prepared_is_told_and_the_parameter_goes_back(stage: Stage) -> None:
    stage.broken = {"second"}
    stage.set("model/prepare", "second")
    stage.until_said("model second: is broken; what plays goes on")
    stage.show.until(lambda: stage.performance.store.get("model/prepare") == "")
    assert stage.performance.loop.backend_name == "first"
    stage.set("model", "second")
    stage.until_said("model second: is broken; first paints on")
    stage.show.until(lambda: stage.performance.store.get("model") == "")
    stage.broken.clear()
    stage.show.frames(2)
    stage.choose("second")


def test_a_kept_model_that_does_not_take_over_is_loaded_anew(stage: Stage) -> None:
    stage.prepare("second")

    def throw(last: object) -> None:
        raise RuntimeError("the card is full")

    stage.made[1].compositor.take_over = throw  # type: ignore[method-assign]
    stage.choose("second")
    assert len(stage.made) == 3
    assert stage.said("model second, which was kept, failed (RuntimeError: the card is full)")
    stage.show.until(lambda: stage.made[1].closed)
    assert stage.performance.store.get("model") == "second"


def test_a_kept_model_that_fails_frame_after_frame_is_loaded_anew(stage: Stage) -> None:
    stage.prepare("second")

    def throw(*_: object) -> None:
        raise RuntimeError("out of memory")

    stage.made[1].paint = throw  # type: ignore[method-assign, assignment]
    stage.choose("second")
    stage.show.until(lambda: stage.performance.loop.pipeline.fails)
    for _ in range(3):
        stage.performance.background.check()
    stage.show.until(lambda: len(stage.made) == 3 and not stage.performance.loop.pipeline.fails)
    assert stage.performance.loop.pipeline.backend is stage.made[2]
    stage.show.until(lambda: stage.made[1].closed)


def test_what_a_resting_model_has_to_find_is_found_once_the_prompts_stand(stage: Stage) -> None:
    stage.prepare("second")
    stage.show.until(lambda: stage.made[1].followed)
    before = stage.made[1].followed
    for number in range(10):
        stage.set("prompt/a", f"gold {number}")
        stage.show.frames(1)
    assert stage.made[1].followed == before, "not with every letter"
    stage.show.until(lambda: stage.made[1].followed == before + 1)


def test_a_saved_show_keeps_what_it_names_and_closes_the_rest(stage: Stage, tmp_path: Path) -> None:
    stage.prepare("second")
    stage.prepare("third")
    path = tmp_path / "several.yaml"
    path.write_text(path.read_text().replace("second: second/, ", ""))
    assert stage.performance.adopt(load_show(path))
    stage.show.until(lambda: stage.made[1].closed)
    assert stage.ready() == ["third"]
    assert not stage.made[2].closed


def test_what_is_prepared_is_prepared_again_as_a_saved_show_means_it(
    stage: Stage, tmp_path: Path
) -> None:
    stage.prepare("second")
    path = tmp_path / "several.yaml"
    path.write_text(path.read_text().replace("64x64", "96x96"))
    stage.gates = {"first": threading.Event(), "second": threading.Event()}
    assert stage.performance.adopt(load_show(path))
    stage.show.until(lambda: stage.made[1].closed)
    assert stage.ready() == []
    path.write_text(path.read_text().replace("96x96", "48x48"))  # and again, meanwhile
    assert stage.performance.adopt(load_show(path))
    for gate in stage.gates.values():
        gate.set()
    stage.show.until(lambda: stage.ready() == ["second"])
    stage.show.until(lambda: stage.performance.loop.pipeline.size == Size(48, 48))
    stage.choose("second")
    stage.show.frames(2)
    assert stage.performance.loop.pipeline.size == Size(48, 48)


def test_one_that_was_not_to_be_prepared_for_want_of_memory_plays_all_the_same(
    stage: Stage,
) -> None:
    stage.with_room(10_000_000, 20_000_000)
    stage.set("model/prepare", "second")
    stage.until_said("second takes about 20 MB, and of 1.0 GB 10 MB may be taken")
    stage.choose("second")
    assert stage.said("second takes about 20 MB, and 10 MB are free")


def test_a_stop_closes_what_rests_and_what_is_still_being_prepared(stage: Stage) -> None:
    stage.prepare("second")
    stage.gates = {"third": threading.Event()}
    stage.set("model/prepare", "third")
    stage.show.until(lambda: stage.performance.loader._loads)
    stage.show.close()
    assert stage.made[1].closed
    stage.gates["third"].set()
    until(lambda: len(stage.made) == 3 and stage.made[2].closed)


def starting(lines: str) -> pytest.MarkDecorator:
    """With other lines than `START`."""
    return pytest.mark.parametrize("stage", [lines], indirect=True)


@starting("start: {crossfade: 0, model/prepare: third}\n")
def test_a_show_may_begin_with_one_prepared_and_panic_prepares_it_again(stage: Stage) -> None:
    stage.until_said("third is ready: it takes over with the next frame")
    stage.prepare("second")
    stage.set("panic", True)
    stage.show.until(lambda: stage.performance.store.get("model/prepare") == "third")
    stage.show.frames(3)
    assert set(stage.ready()) == {"second", "third"}
    assert len(stage.made) == 3


CUES = """\
cues:
  - {name: one, set: {strength: 0.4}}
  - {name: two, set: {model: third}}
  - {name: three, set: {model: 0}}
"""


@starting(START + CUES)
def test_the_model_of_the_next_cue_is_prepared_by_itself(stage: Stage) -> None:
    stage.with_room(100_000_000, 20_000_000)
    stage.show.frames(5)
    assert stage.ready() == []
    stage.set("cue/go", True)
    stage.show.until(lambda: stage.ready() == ["third"])
    stage.with_room(30_000_000, 20_000_000)
    stage.set("cue/go", True)
    stage.show.until(lambda: stage.performance.loop.backend_name == "third")
    assert ("third", "first") not in stage.frames
    stage.show.frames(20)
    assert len(stage.made) == 2, "there is no memory to spare for one that nobody has asked for"
    assert not stage.said("second takes about"), "which is no fault"
    stage.set("cue/go", True)
    stage.show.until(lambda: stage.performance.loop.backend_name == "second")


@starting(START + "output: 128x128\nupscale: lanczos\nsinks: ['record:out/']\n")
def test_models_of_other_sizes_take_over_at_the_size_of_the_output(stage: Stage) -> None:
    stage.sizes = {"second": Size(96, 48)}
    outputs = stage.performance.outputs
    sent: list[Size] = []
    put = outputs.sinks.put

    def watched(frame: Frame) -> None:
        sent.append(frame.size)
        put(frame)

    outputs.sinks.put = watched
    for upscaler in outputs.upscalers.values():
        upscaler._deliver = watched
    stage.prepare("second")
    assert set(outputs.upscalers) == {Size(64, 64), Size(96, 48)}
    for turn in range(4):
        stage.choose(("second", "")[turn % 2])
        stage.show.frames(3)
    assert ("second", "first") not in stage.frames
    assert set(sent) == {Size(128, 128)}
    stage.performance.loader.close()
    stage.performance.loader.handover.tidy_upscalers()
    assert set(outputs.upscalers) == {Size(64, 64)}


@pytest.mark.parametrize("times", [60, pytest.param(200, marks=pytest.mark.long)])
def test_so_often_back_and_forth_leave_nothing_behind(stage: Stage, times: int) -> None:
    stage.prepare("second")
    stage.choose("second")
    stage.choose("")
    stage.show.frames(5)
    before = threading.active_count()
    for turn in range(times):
        stage.set("model", ("second", "")[turn % 2])
        stage.show.frames(1)
    stage.show.frames(5)
    stage.show.until(lambda: threading.active_count() <= before)
    assert len(stage.made) == 2
    painted = [by for _, by in stage.frames]
    assert sum(one == "first" != other for one, other in itertools.pairwise(painted)) > times / 4
    assert stage.made[0].rests == stage.left.count("first") > times / 4
    bank = stage.performance.loader.bank
    assert len(bank.resting) == 1
    assert not bank._coming
