"""A capture of scripted sources, for tests. A test file that writes `play = scripted.play`
has the fixture."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.waiting import PATIENCE, until
from vj.core.clock import WallClock
from vj.core.frame import Frame, Size
from vj.core.mailbox import Mailbox
from vj.core.supervisor import Supervisor
from vj.sources import Source, SourceSettings, make_source, reader
from vj.sources.capture import Capture

SIZE = Size(64, 48)


class Scripted:
    """A source that follows a script: a frame of its grey, None, an exception, one after another;
    then frames for ever. `absent`: raised by `open` while it is set. `hangs`: `open` waits for
    it."""

    live = True

    def __init__(self, grey: int = 0, script: list[Any] | None = None) -> None:
        self.grey, self.script = grey, list(script or [])
        self.opens = self.closes = 0
        self.absent: Exception | None = None
        self.hangs: threading.Event | None = None
        self.silent = False

    def open(self) -> None:
        self.opens += 1
        if self.hangs is not None:
            self.hangs.wait(PATIENCE)
        if self.absent is not None:
            raise self.absent

    def read(self) -> Frame | None:
        time.sleep(0.01)
        step = self.script.pop(0) if self.script else "frame"
        if isinstance(step, BaseException):
            raise step
        if step is None or self.silent:
            return None
        return Frame(np.full((48, 64, 3), self.grey, np.uint8), 0, 0.0)

    def close(self) -> None:
        self.closes += 1


class Rig:
    """A capture of scripted sources, and all frames that come out of it."""

    def __init__(self, uris: list[str], sources: dict[str, Any], **setting: Any) -> None:
        self.sources, self.messages = sources, list[str]()
        self.frames: list[Frame] = []
        self.box: Mailbox[Frame] = Mailbox()
        self.supervisor = Supervisor(self.messages.append)
        self.settings = SourceSettings(
            WallClock(), fps=50, size=SIZE, log=self.messages.append, **setting
        )
        self.capture = Capture(
            uris, self.box, self.settings, self.messages.append, self.supervisor, self.make
        )
        self.capture.start()

    def make(self, uri: str, setting: SourceSettings) -> Source:
        made: Source = self.sources[uri] if uri in self.sources else make_source(uri, setting)
        return made

    def until(self, true: Callable[[], object]) -> None:
        """Take frames until it is so."""

        def one_more() -> object:
            if true():
                return True
            frame = self.box.get(0.01)
            self.frames.extend([frame] if frame is not None else [])
            return False

        until(one_more, lambda: (self.capture.state(), self.messages))

    @property
    def grey(self) -> int:
        return int(self.frames[-1].pixels[30, 40, 1]) if self.frames else -1


Play = Callable[..., Rig]


def patience(first: float = PATIENCE, lost: float = PATIENCE) -> None:
    """From now on, in a test that uses `play`, in seconds."""
    reader.FIRST_FRAME_TIMEOUT, reader.LOST_TIMEOUT = first, lost


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Captures that try again soon. first, lost: their patience, so much that a busy machine does
    not use it up where a test is not about that."""
    for name, value in {
        "reader.RETRY_DELAYS": (0.03,),
        "capture.CROSSFADE": 0.2,
        "capture.POLL_PERIOD": 0.02,
    }.items():
        monkeypatch.setattr(f"vj.sources.{name}", value)
    for name in ("FIRST_FRAME_TIMEOUT", "LOST_TIMEOUT"):  # `patience` sets them
        monkeypatch.setattr(reader, name, PATIENCE)
    made: list[Rig] = []

    def begin(
        *uris: str,
        settle: float = PATIENCE,
        first: float = PATIENCE,
        lost: float = PATIENCE,
        **sources: Any,
    ) -> Rig:
        patience(first, lost)
        named = {name.replace("_", ":"): source for name, source in sources.items()}
        made.append(Rig(list(uris), named))
        if settle:
            made[-1].capture.settle(settle)
        return made[-1]

    yield begin
    for rig in made:
        for source in rig.sources.values():
            if source.hangs is not None:
                source.hangs.set()
        assert rig.capture.stop()
