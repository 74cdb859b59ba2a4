"""Clips one after the other."""

from __future__ import annotations

from dataclasses import replace

from vj.errors import Fault
from vj.frame import Frame
from vj.sources import EndOfSource, Setting, Source, make_source


class Clips:
    """`clips:A.mp4,B.mp4,drawn:drive`: each to its end, then the next; after the last the first again when the show loops.

    Movies and drawn scenes have an end, other sources do not and cannot stand here. `fps` is that of the first clip, once open.
    """

    live = False

    def __init__(self, rest: str, setting: Setting) -> None:
        """Raises Fault for an empty list, or something in it that has no end."""
        names = [name.strip() for name in rest.split(",") if name.strip()]
        if not names:
            raise Fault(f"clips:{rest}: name clips: clips:A.mp4,B.mp4")
        self._setting = setting
        self._clips: list[Source] = [make_source(name, replace(setting, loop=False)) for name in names]
        for name, clip in zip(names, self._clips, strict=True):
            if not hasattr(clip, "frames"):
                raise Fault(f"clips:{rest}: {name} has no end; movies and drawn: scenes have one")
        self._at = 0
        self._open = False
        self.fps: float | None = None
        self.frames: int | None = None
        """Not known before the last clip has been opened."""

    def open(self) -> None:
        """Open the first clip. Raises its Fault; the others are opened when it is their turn."""
        self.close()
        self._at = 0
        self._clips[0].open()
        self._open = True
        self.fps = getattr(self._clips[0], "fps", None)

    def read(self) -> Frame | None:
        """The next frame. A clip that does not open is a Fault, and the show's feed begins anew."""
        if not self._open:
            raise Fault("clips: is not open")
        try:
            return self._clips[self._at].read()
        except EndOfSource:
            last = self._at + 1 == len(self._clips)
            if last and not self._setting.loop:
                raise
            self._clips[self._at].close()
            self._at = 0 if last else self._at + 1
            self._clips[self._at].open()
            return self._clips[self._at].read()

    def close(self) -> None:
        if self._open:
            self._clips[self._at].close()
        self._open = False
