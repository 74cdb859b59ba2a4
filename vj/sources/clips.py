"""Clips one after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.sources import EndOfSource, SourceSettings, make_source
from vj.sources.opening import Opening

LATE = 0.5
"""Seconds behind its time at which a clip begins now instead: the machine was stopped meanwhile."""


OPENING = 3.0
"""Seconds that a clip gets to open before it is passed over: a share may not answer, a pipe may
have no writer."""


class Clips:
    """`clips:A.mp4,B.mp4,drawn:drive`: each to its end, then the next; after the last the first
    again when the show loops.

    The next one is opened ahead, beside the picture, and begins when the last one is over to the
    moment, so that curves over all of them hold for hours. One that does not open is passed over
    live, and said; offline that is a Fault before the first frame. Movies and drawn scenes have an
    end, other sources do not and cannot stand here. `fps` is that of the first clip, once open.
    """

    live = False
    ends = True

    def __init__(self, rest: str, setting: SourceSettings) -> None:
        """Raises Fault for an empty list, or something in it that has no end."""
        self._names = [name.strip() for name in rest.split(",") if name.strip()]
        if not self._names:
            raise Fault(f"clips:{rest}: name clips: clips:A.mp4,B.mp4")
        self._setting = setting
        for name in self._names:
            if not getattr(self._make(name), "ends", False):
                raise Fault(
                    f"clips:{rest}: {name} has no end; movies and moving drawn: scenes have one"
                )
        self.fps: float | None = None
        self.frames: int | None = None
        """Not known before the last clip has been opened."""
        self._at = 0
        self._clip: Any = None
        self._next: Opening | None = None

    def _make(self, name: str) -> Any:
        return make_source(name, replace(self._setting, loop=False))

    def _ahead(self, at: int) -> Opening:
        name = self._names[at % len(self._names)]
        return Opening(name, self._make(name))

    def open(self) -> None:
        """Open the first clip that opens. Raises its Fault when none does; offline when one does
        not."""
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
        """The next frame; None while the next clip is still being opened. Raises EndOfSource after
        the last one when they play once."""
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
        """On to the next clip that opens, which begins at `due`. Raises the last Fault when none
        does."""
        fault: Fault | None = None
        late = LATE
        for _ in self._names:
            self._at = (self._at + 1) % len(self._names)
            ahead, self._next = self._next or self._ahead(self._at), None
            fault = ahead.wait(OPENING if self._setting.clock.live else None)
            if fault is None:
                break
            if not ahead.done.is_set():
                late = (
                    0.0  # it was waited for in vain, and what comes now does not have to catch up
                )
            self._setting.log(f"{fault}; the next clip plays")
        if fault is not None:
            raise fault
        if self._clip is not None:
            self._clip.close()
        self._clip = ahead.source
        now = self._setting.clock.now()
        self._clip.begin(due if now - due < late else now)

    def close(self) -> None:
        if self._clip is not None:
            self._clip.close()
        if self._next is not None:
            self._next.leave()
        self._clip = self._next = None
