"""Models that stay loaded: prepared beside the one that plays, taken in the frame that asks for
them, and given way where memory is short."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PlayShow
from tests.shows import PlayedShow
from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.core.free_memory import MemoryRoom
from vj.parameters.store import Snapshot
from vj.pipeline.backend import PassThrough
from vj.pipeline.frame_context import Shown

SHOW = """\
show: several models
size: 64x64
source: testcard
model: first
models: {second: second/, third: third/, fourth: fourth/}
osc: 127.0.0.1:0
page: off
sinks: []
midi: off
start: {crossfade: 0}
cues:
  - {name: one, set: {strength: 0.4}}
  - {name: two, set: {model: third}}
"""


class Model(PassThrough):
    """Passes the input through, and says what becomes of it."""

    def __init__(self, name: str, size: Size) -> None:
        super().__init__(size, name)
        self.rests = self.followed = 0
        self.closed = False

    def rest(self) -> None:
        self.rests += 1

    def keep_up(self, snapshot: Snapshot) -> None:
        self.followed += 1

    def close(self) -> None:
        self.closed = True


class Stage:
    """A show whose models are counted, and what painted each of its frames."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[Model] = []
        self.gates: dict[str, threading.Event] = {}
        """A model whose name is here is not loaded before that."""
        self.broken: set[str] = set()
        self.frames: list[tuple[str, str]] = []
        """Of each frame, what the parameter `model` says and what has painted it."""
        self.show: PlayedShow

        def make(spec: Any, engine: object, size: Size, *_: object) -> Model:
            name = Path(spec.name).name
            gate = self.gates.get(name)
            assert gate is None or gate.wait(20)
            if name in self.broken:
                raise Fault(f"model {name}: is broken")
            self.made.append(Model(name, size))
            return self.made[-1]

        monkeypatch.setattr("vj.app.model_loader.make_backend", make)

    def play(self, play_show: PlayShow, path: Path) -> Stage:
        self.show = play_show(path)
        pipeline = self.performance.loop.pipeline
        process = pipeline.process

        def watched(frame: Frame, snapshot: Snapshot, other: Frame | None = None) -> Shown:
            self.frames.append((str(snapshot["model"]), pipeline.backend.name))
            return process(frame, snapshot, other)

        pipeline.process = watched  # type: ignore[method-assign]
        self.show.until(lambda: self.performance.loop.backend_name == "first")
        return self

    @property
    def performance(self) -> Any:
        return self.show.performance

    def set(self, name: str, value: object) -> None:
        self.performance.store.set(name, value)

    def said(self, words: str) -> bool:
        return any(words in line for line in self.show.messages)

    def until_said(self, words: str) -> None:
        self.show.until(lambda: self.said(words))

    def prepare(self, name: str) -> None:
        self.set("model/prepare", name)
        self.until_said(f"{name} is ready: it takes over with the next frame")

    def choose(self, name: str) -> None:
        """Another model, and wait until it paints."""
        self.set("model", name)
        self.show.until(lambda: self.performance.loop.backend_name == (name or "first"))

    def ready(self) -> list[str]:
        found: list[str] = self.performance.choosers.state()["model"]["ready"]
        return found


@pytest.fixture
def stage(tmp_path: Path, play_show: PlayShow, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    for name in ("second", "third", "fourth"):
        (tmp_path / name).mkdir()
    path = tmp_path / "several.yaml"
    path.write_text(SHOW.split("cues:")[0])
    monkeypatch.chdir(tmp_path)
    stage = Stage(monkeypatch)
    yield stage.play(play_show, path)
    for gate in stage.gates.values():
        gate.set()


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
    assert stage.performance.choosers.state()["model"]["value"] == "first"
    assert stage.performance.metrics.faults == 0


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
    fade = stage.performance.loop.pipeline._model_fade
    assert fade is not None
    assert fade.begun


def test_what_is_asked_for_last_plays_and_the_others_rest(stage: Stage) -> None:
    stage.gates = {name: threading.Event() for name in ("second", "third", "fourth")}
    for name in ("second", "third", "fourth"):
        stage.set("model", name)
        stage.show.frames(2)
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
    from vj.show.load import load_show

    stage.prepare("second")
    stage.prepare("third")
    path = tmp_path / "several.yaml"
    path.write_text(path.read_text().replace("second: second/, ", ""))
    assert stage.performance.adopt(load_show(path))
    stage.show.until(lambda: stage.made[1].closed)
    assert stage.ready() == ["third"]
    assert not stage.made[2].closed


def test_a_stop_closes_what_rests_and_what_is_still_being_prepared(stage: Stage) -> None:
    stage.prepare("second")
    stage.gates = {"third": threading.Event()}
    stage.set("model/prepare", "third")
    stage.show.frames(3)
    stage.show.close()
    assert stage.made[1].closed
    stage.gates["third"].set()
    deadline = threading.Event()
    for _ in range(200):
        if len(stage.made) == 3 and stage.made[2].closed:
            break
        deadline.wait(0.02)
    assert stage.made[2].closed


# Memory.


def with_room(stage: Stage, free: int, need: Callable[[], int]) -> None:
    """So many bytes can be taken, and each model takes as many as `need` says."""
    memory = stage.performance.loader.memory
    memory._room = lambda device: MemoryRoom(free + 300_000_000, 1_000_000_000)
    memory._need = lambda spec, size, device: need()


def test_how_much_it_takes_is_said_and_what_does_not_fit_is_refused(stage: Stage) -> None:
    with_room(stage, 100_000_000, lambda: 40_000_000)
    stage.prepare("second")
    assert stage.said("preparing second: about 40 MB of 100 MB that are free")
    with_room(stage, 100_000_000, lambda: 200_000_000)
    stage.set("model/prepare", "third")
    stage.until_said(
        "third takes about 200 MB, and of 1.0 GB 140 MB may be taken beside what plays; /vj/model "
        "loads it in spite of that; what plays goes on"
    )
    stage.show.until(lambda: stage.performance.store.get("model/prepare") == "")
    assert stage.ready() == ["second"], "nothing gave way in vain"
    stage.choose("third")
    assert stage.said("third takes about 200 MB, and 100 MB are free")
    assert stage.said("model second is let go to make room for third")


def test_the_one_that_has_rested_longest_gives_way(stage: Stage) -> None:
    with_room(stage, 100_000_000, lambda: 40_000_000)
    stage.prepare("second")
    stage.prepare("third")
    free = iter((30_000_000, 70_000_000, 70_000_000, 70_000_000))
    memory = stage.performance.loader.memory
    memory._room = lambda device: MemoryRoom(next(free) + 300_000_000, 1_000_000_000)
    stage.prepare("fourth")
    assert stage.said("model second is let go to make room for fourth")
    assert stage.made[1].closed
    assert stage.ready() == ["third", "fourth"]


def test_where_memory_becomes_short_models_that_rest_give_way(stage: Stage) -> None:
    stage.prepare("second")
    memory = stage.performance.loader.memory
    memory._room = lambda device: MemoryRoom(100_000_000, 1_000_000_000)
    memory.tidy()
    assert stage.said("model second is let go since memory is short (100 MB are free)")
    assert stage.made[1].closed
