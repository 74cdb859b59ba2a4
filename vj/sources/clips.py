"""Clips one after the other."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

from vj.errors import Fault
from vj.frame import Frame
from vj.sources import Awaited, EndOfSource, Setting, make_source

LATE = 0.5
"""Seconds behind its time at which a clip begins now instead: the machine was stopped meanwhile."""


OPENING = 3.0
"""Seconds that a clip gets to open before it is passed over: a share may not answer, a pipe may have no writer."""


class Clips:
    """`clips:A.mp4,B.mp4,drawn:drive`: each to its end, then the next; after the last the first again when the show loops.

    The next one is opened ahead, beside the picture, and begins when the last one is over to the moment, so that curves over all of them
    hold for hours. One that does not open is passed over live, and said; offline that is a Fault before the first frame. Movies and drawn
    scenes have an end, other sources do not and cannot stand here. `fps` is that of the first clip, once open.
    """

    live = False
    ends = True

    def __init__(self, rest: str, setting: Setting) -> None:
        """Raises Fault for an empty list, or something in it that has no end."""
        self._names = [name.strip() for name in rest.split(",") if name.strip()]
        if not self._names:
            raise Fault(f"clips:{rest}: name clips: clips:A.mp4,B.mp4")
        self._setting = setting
        for name in self._names:
            if not getattr(self._make(name), "ends", False):
                raise Fault(f"clips:{rest}: {name} has no end; movies and moving drawn: scenes have one")
        self.fps: float | None = None
        self.frames: int | None = None
        """Not known before the last clip has been opened."""
        self._at = 0
        self._clip: Any = None
        self._next: _Ahead | None = None

    def _make(self, name: str) -> Any:
        return make_source(name, replace(self._setting, loop=False))

    def _ahead(self, at: int) -> _Ahead:
        name = self._names[at % len(self._names)]
        return _Ahead(name, self._make(name))

    def open(self) -> None:
        """Open the first clip that opens. Raises its Fault when none does; offline when one does not."""
        self.close()
        if not self._setting.clock.live:
            for name in self._names:
                clip = self._make(name)
                clip.open()
                clip.close()
        self._at = -1
        self._turn(self._setting.clock.now())
        self.fps = getattr(self._clip, "fps", None)

    def read(self) -> Frame | None:
        """The next frame; None while the next clip is still being opened. Raises EndOfSource after the last one when they play once."""
        if self._clip is None:
            raise Fault("clips: is not open")
        if self._next is None and self._setting.clock.live:
            self._next = self._ahead(self._at + 1)
        try:
            frame: Frame | None = self._clip.read()
            return frame
        except EndOfSource:
            if self._at + 1 == len(self._names) and not self._setting.loop:
                raise
        if self._next is not None and not self._next.done.wait(0.2) and self._next.age() < OPENING:
            return None
        self._turn(self._clip.due)
        first: Frame | None = self._clip.read()
        return first

    def _turn(self, due: float) -> None:
        """On to the next clip that opens, which begins at `due`. Raises the last Fault when none does."""
        fault: Fault | None = None
        for _ in self._names:
            self._at = (self._at + 1) % len(self._names)
            ahead, self._next = self._next or self._ahead(self._at), None
            fault = ahead.wait(OPENING if self._setting.clock.live else None)
            if fault is None:
                break
            self._setting.say(f"{fault}; the next clip plays")
        if fault is not None:
            raise fault
        if self._clip is not None:
            self._clip.close()
        self._clip = ahead.clip
        now = self._setting.clock.now()
        self._clip.begin(due if now - due < LATE else now)

    def close(self) -> None:
        if self._clip is not None:
            self._clip.close()
        if self._next is not None:
            self._next.leave()
        self._clip = self._next = None


class _Ahead:
    """A clip that is being opened on a thread of its own."""

    def __init__(self, name: str, clip: Any) -> None:
        self.name, self.clip = name, clip
        self.done = threading.Event()
        self._fault: Fault | None = None
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self._left = False
        threading.Thread(target=self._open, name="next clip", daemon=True).start()

    def age(self) -> float:
        """Seconds since it was begun."""
        return time.monotonic() - self._begun

    def wait(self, limit: float | None) -> Fault | None:
        """Why it does not open; None once it is open. limit: seconds since it was begun after which it is left to itself."""
        if self.done.wait(None if limit is None else max(0.0, limit - self.age())):
            return self._fault
        self.leave()
        return Awaited(f"{self.name} has not opened for {self.age():.0f} s")

    def leave(self) -> None:
        """It is not wanted any more: closed now, or when it comes back from opening."""
        with self._lock:
            self._left = True
            if self.done.is_set():
                self.clip.close()

    def _open(self) -> None:
        try:
            self.clip.open()
        except Exception as error:  # a driver's own exceptions too: the list goes on
            self._fault = error if isinstance(error, Fault) else Fault(f"{type(error).__name__}: {error}")
        with self._lock:
            self.done.set()
            if self._left:
                self.clip.close()
