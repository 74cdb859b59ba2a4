"""How a source that has a length is played: speed, the part that plays, what comes at its end, and
seeking.

A deck writes a `TransportControl`; the source that has it in its settings reads it and keeps a
`vj.sources.playhead.Playhead`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from vj.core.kinds import CLIP_LOOPS

FASTEST = 4.0
"""Times its own speed, forwards and backwards."""


@dataclass(frozen=True, slots=True)
class At:
    """A place in a clip in its own seconds."""

    seconds: float


Place = float | At
"""A share 0..1 of a clip, or seconds of it."""


class Moves(NamedTuple):
    """What a deck's parameters say of where its clip is to go: triggers as they are counted. start:
    to the beginning. position, seek: to a share. at, again: to seconds of it."""

    start: int
    position: float
    seek: int
    at: float
    again: int

    @classmethod
    def of(cls, values: Mapping[str, Any], deck: str) -> Moves:
        """deck: `source` or `deck/b`."""
        return cls(*(values[f"{deck}/{name}"] for name in cls._fields))

    def since(self, before: Moves) -> Place | None:
        """Where it is sought to since then; None for nowhere."""
        if self[3:] != before[3:]:
            return At(float(self.at))
        return float(self.position) if self[1:3] != before[1:3] else None


@dataclass(frozen=True, slots=True)
class Transport:
    """speed: times the clip's own, -4..4; negative is backwards, 0 holds. start, end: the part that
    plays, shares 0..1 of the clip; the wrong way round they are exchanged. loop: one of
    `CLIP_LOOPS`. flowing: between two pictures of a slow clip others are made."""

    speed: float = 1.0
    start: float = 0.0
    end: float = 1.0
    loop: str = CLIP_LOOPS[0]
    flowing: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any], deck: str) -> Transport:
        """What the parameters of a deck say. deck: `source` or `deck/b`."""
        speed, start, end = (float(values[f"{deck}/{name}"]) for name in ("speed", "in", "out"))
        flowing = values[f"{deck}/between"] == "flow"
        return cls(speed, start, end, str(values[f"{deck}/loop"]), flowing)


class TransportControl:
    """One source's controls, for any thread. A source that waits to be played has one of its own,
    so that a seek of the one before is not its."""

    def __init__(self, transport: Transport | Callable[[], Transport] = Transport()) -> None:
        """transport: the first one, or what is asked for it each time."""
        self._transport = transport
        self._lock = threading.Lock()
        self._seek: tuple[int, Place | None] = (0, None)
        self.share = 1.0
        """Of the memory that its source may hold: less for one of many that stand by."""
        self.over: float | None = None
        """The moment on the clock at which the clip came to its end, where it goes no further
        (loop once and next); None while it plays. Set by the source as it is read. With `next` that
        is the sign to go on to another source, whose first picture is due at that moment; until
        then the last picture stands."""

    def now(self) -> Transport:
        transport = self._transport
        return transport if isinstance(transport, Transport) else transport()

    def set(self, transport: Transport | Callable[[], Transport]) -> None:
        """Another one, or what is asked for it from now on: a clip that waited goes on a deck."""
        self._transport = transport

    def seek(self, position: Place) -> None:
        """Go there, inside the part that plays. Of several before the next picture the last one
        holds. The same position again is a seek as well."""
        with self._lock:
            self._seek = (self._seek[0] + 1, position)

    def restart(self) -> None:
        """Go back to where the part that plays begins; backwards, to its end."""
        with self._lock:
            self._seek = (self._seek[0] + 1, None)

    @property
    def seeks(self) -> int:
        """How often `seek` and `restart` were called."""
        return self._seek[0]

    @property
    def sought(self) -> tuple[int, Place | None]:
        """How often, and where to: None is where the part that plays begins."""
        return self._seek
