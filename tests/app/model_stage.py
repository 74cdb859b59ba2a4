"""A show of several models that load at once, and what paints each of its frames."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PlayShow
from tests.shows import PlayedShow
from tests.waiting import PATIENCE
from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.core.free_memory import MemoryRoom
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend, PassThrough
from vj.pipeline.frame_context import Shown

SHOW = """\
show: several models
size: 64x64
source: testcard
model: first
models: {second: second/, third: third/, fourth: fourth/}
osc: 127.0.0.1:0
page: off
midi: off
"""
START = "start: {crossfade: 0}\n"
"""What follows these lines."""


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
        self.sizes: dict[str, Size] = {}
        """Of a model that does not paint the show's."""
        self.frames: list[tuple[str, str]] = []
        """Of each frame, what the parameter `model` says and what has painted it."""
        self.left: list[str] = []
        """Each model that another has taken over from, of which there may have been no frame."""
        self.show: PlayedShow

        def make(spec: Any, engine: object, size: Size, *_: object) -> Model:
            name = Path(spec.name).name
            gate = self.gates.get(name)
            assert gate is None or gate.wait(PATIENCE)
            if name in self.broken:
                raise Fault(f"model {name}: is broken")
            self.made.append(Model(name, self.sizes.get(name, size)))
            return self.made[-1]

        monkeypatch.setattr("vj.app.model_loader.make_backend", make)

    def play(self, play_show: PlayShow, path: Path) -> Stage:
        self.show = play_show(path)
        pipeline = self.performance.loop.pipeline
        process = pipeline.process

        def watched(frame: Frame, snapshot: Snapshot, other: Frame | None = None) -> Shown:
            self.frames.append((str(snapshot["model"]), pipeline.backend.name))
            return process(frame, snapshot, other)

        keeps = self.performance.loop.keeps

        def exchanged(old: Backend, new: Backend) -> bool:
            self.left.append(old.name)
            return bool(keeps(old, new))

        self.performance.loop.keeps = exchanged
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

    def with_room(self, free: int, need: int) -> None:
        """So many bytes can be taken, and each model takes so many."""
        memory = self.performance.loader.memory
        memory._room = lambda device: MemoryRoom(free + 300_000_000, 1_000_000_000)
        memory._need = lambda spec, size, device: need
