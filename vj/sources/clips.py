"""A playlist of clips."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.sources import EndOfSource, SourceSettings, make_source
from vj.sources.opening import Opening

LATE = 0.5
"""Seconds of delay beyond which a clip begins now instead of catching up: the machine was suspended
meanwhile."""


OPENING = 3.0
"""Seconds that a clip gets to open before it is skipped: a share may not answer, a pipe may have no
writer."""


class Clips:
    """`clips:A.mp4,B.mp4,drawn:drive`: each to its end, then the next; after the last the first
    again when the show loops.

    The next one is opened in advance, in the background, and begins exactly when the last one ends,
    so that curves over all of them stay in sync for hours. Live, one that does not open is skipped
    and logged; offline that is a Fault before the first frame. Movies and drawn scenes have an end;
    other sources do not and cannot be used here. `fps` is that of the first clip, once open.
    """

    live = False
    ends = True

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        """Raises Fault for an empty list, or something in it that has no end."""
        self._names = [name.strip() for name in rest.split(",") if name.strip()]
        if not self._names:
            raise Fault(f"clips:{rest}: name clips: clips:A.mp4,B.mp4")
        self._settings = settings
        for name in self._names:
            if not getattr(self._make(name), "ends", False):
                raise Fault(
                    f"clips:{rest}: {name} has no end; movies and moving drawn: scenes have one"
                )
        self.fps: float | None = None
        self.frames: int | None = None
        """The total, not known before the last clip has been opened."""
        self._index = 0
        self._clip: Any = None
        self._next: Opening | None = None

    def _make(self, name: str) -> Any:
        return make_source(name, replace(self._settings, loop=False))

    def _preopen(self, at: int) -> Opening:
        name = self._names[at % len(self._names)]
        return Opening(name, self._make(name))

    def open(self) -> None:
        """Open the first clip that opens. Raises its Fault when none does; offline when one does
        not."""
        self.close()
        if not self._settings.clock.live:
            for name in self._names:
                clip = self._make(name)
                clip.open()
                clip.close()
        self._index = -1
        self._open_next(self._settings.clock.now())
        self.fps = getattr(self._clip, "fps", None)

    def read(self) -> Frame | None:
        """The next frame; None while the next clip is still being opened. Raises EndOfSource after
        the last one when they play once."""
        if self._clip is None:
            raise Fault("clips: is not open")
        if self._next is None and self._settings.clock.live:
            self._next = self._preopen(self._index + 1)
        try:
            frame: Frame | None = self._clip.read()
            return frame
        except EndOfSource:
            if self._index + 1 == len(self._names) and not self._settings.loop:
                raise
        if self._next is not None and not self._next.done.wait(0.2) and self._next.age() < OPENING:
            return None
        self._open_next(self._clip.due)
        first: Frame | None = self._clip.read()
        return first

    def _open_next(self, due: float) -> None:
        """Go on to the next clip that opens; its first frame is due at `due`. Raises the last Fault
        when none opens."""
        fault: Fault | None = None
        late = LATE
        for _ in self._names:
            self._index = (self._index + 1) % len(self._names)
            ahead, self._next = self._next or self._preopen(self._index), None
            fault = ahead.wait(OPENING if self._settings.clock.live else None)
            if fault is None:
                break
            if not ahead.done.is_set():
                late = 0.0  # the time spent waiting for it is not caught up
            self._settings.log(f"{fault}; the next clip plays")
        if fault is not None:
            raise fault
        if self._clip is not None:
            self._clip.close()
        self._clip = ahead.source
        now = self._settings.clock.now()
        self._clip.begin(due if now - due < late else now)

    def close(self) -> None:
        if self._clip is not None:
            self._clip.close()
        if self._next is not None:
            self._next.abandon()
        self._clip = self._next = None
