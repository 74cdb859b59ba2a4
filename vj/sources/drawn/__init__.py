"""Footage that the project draws itself: scenes that move and loop, and a few paintings. For shows
that need no file."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from vj.core.errors import Fault, nearest
from vj.core.frame import Frame, Size
from vj.core.picture_place import PicturePlace
from vj.sources import EndOfSource, SourceSettings
from vj.sources.clip_place import picture_place, place_ahead
from vj.sources.drawn.bumps import Balloons, Moons, PaperBoats, ToyCars
from vj.sources.drawn.dancer import Dancer
from vj.sources.drawn.fox import Fox
from vj.sources.drawn.kiss import Kiss
from vj.sources.drawn.kisses import Kisses
from vj.sources.drawn.paintings import Harbour, Meadow, Portrait
from vj.sources.drawn.paper import Sketch
from vj.sources.drawn.profile import Profile
from vj.sources.drawn.puppet import Puppet
from vj.sources.drawn.road import Drive
from vj.sources.drawn.room import Green, Performer, Room
from vj.sources.drawn.speaker import Speaker
from vj.sources.drawn.studio import Studio
from vj.sources.drawn.toy_car import Crash
from vj.sources.pacing import Pace
from vj.sources.playhead import Playhead

FINER = 8
"""Places in a frame's time at which a scene is drawn when it is slowed down."""


class Scene(Protocol):
    """One scene at one size. period: seconds after which it begins again, without a seam; 0 for a
    still picture."""

    period: float

    def __init__(self, size: Size) -> None: ...

    def draw(self, seconds: float) -> np.ndarray:
        """(H, W, 3) uint8 RGB, a new array. The same moment gives the same picture, on every
        machine with the same OpenCV."""


@runtime_checkable
class Faced(Protocol):
    """A scene that says where its face's points are, of which MediaPipe's networks find none."""

    @property
    def rest(self) -> np.ndarray:
        """(468, 2) float32, pixels: in its mean place, while it does nothing."""

    def face(self, seconds: float) -> np.ndarray:
        """(468, 2) float32, pixels, a pixel's middle at .5."""


@runtime_checkable
class Outlined(Protocol):
    """A scene that says where its subject is."""

    def subject(self, seconds: float) -> np.ndarray:
        """(H, W) uint8, 255 there."""


SCENES: dict[str, type[Scene]] = {
    "kiss": Kiss,
    "kisses": Kisses,
    "profile": Profile,
    "drive": Drive,
    "crash": Crash,
    "cars": ToyCars,
    "boats": PaperBoats,
    "balloons": Balloons,
    "moons": Moons,
    "performer": Performer,
    "room": Room,
    "green": Green,
    "dancer": Dancer,
    "studio": Studio,
    "sketch": Sketch,
    "puppet": Puppet,
    "fox": Fox,
    "speaker": Speaker,
    "meadow": Meadow,
    "harbour": Harbour,
    "portrait": Portrait,
}


def make_scene(name: str, size: Size) -> Scene:
    """Raises Fault for a name that is none, with the nearest that is one."""
    if name not in SCENES:
        raise Fault(f"drawn:{name}: no such scene{nearest(name, SCENES)} ({', '.join(SCENES)})")
    return SCENES[name](size)


def still(name: str, size: Size) -> np.ndarray:
    """A scene's first picture, (H, W, 3) uint8 RGB."""
    return make_scene(name, size).draw(0.0)


class Drawn:
    """`drawn:NAME` at the show's size and rate. Played once it ends after its period, a still
    picture never does. A moving scene follows a transport: slowed down it is drawn between its
    frames."""

    live = False

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        """Raises Fault for a name that is none."""
        if rest not in SCENES:
            make_scene(rest, settings.size)
        self.ends = bool(SCENES[rest].period)
        """False for a still picture."""
        self._name, self._settings = rest, settings
        self.fps = settings.fps
        self.frames: int | None = None
        """How many a round has, once open; None for a still picture."""
        self._scene: Scene | None = None
        self._pace = Pace(settings)
        self._head: Playhead | None = None
        """Where it follows a transport."""
        self._drawn: tuple[int, np.ndarray] | None = None
        """The place that was drawn last, counted in the finest steps, and its picture."""
        self._given: tuple[int, int] | None = None
        """The place of the last frame, and how many seeks it followed."""

    @property
    def length(self) -> float | None:
        """Seconds; None where it plays without a transport."""
        return None if self._head is None else self._head.length

    def position(self) -> float | None:
        """Where it is, as a share of its length, 0..1; None where it plays without a transport.
        From any thread."""
        return None if self._head is None else self._head.position

    def ahead(self, moment: float) -> PicturePlace | None:
        """See `vj.sources.clip_place.place_ahead`."""
        return place_ahead(self._head, moment)

    def open(self) -> None:
        """With a transport it stands at the beginning of the part that plays, its first picture
        drawn, until it is read."""
        self._scene = make_scene(self._name, self._settings.size)
        self.frames = round(self._scene.period * self.fps) or None
        self._pace.start()
        self._head = self._drawn = self._given = None
        if self._settings.transport is not None and self.ends:
            step = 1 / (FINER * self.fps)
            self._head = Playhead(
                self._settings.transport, self._scene.period, step, self._settings.clock.live
            )
            self._picture(self._head)

    def begin(self, moment: float) -> None:
        """Its first frame is due then."""
        self._pace.start(moment)
        if self._head is not None:
            self._head.begin(moment)

    @property
    def due(self) -> float:
        """When it is over, once played."""
        if self._head is not None and self._head.over is not None:
            return self._head.over
        return (
            self._pace.due
            if self.frames is None
            else min(self._pace.due, self._pace.begun + self.frames / self.fps)
        )

    def read(self) -> Frame | None:
        """The next picture; live, at its time, and None while it would be the same. Raises
        EndOfSource after a period when it is played once."""
        if self._scene is None:
            raise Fault(f"drawn:{self._name} is not open")
        number, captured = self._pace.next()
        if self._head is not None:
            return self._played(self._head, number, captured)
        if self.frames is not None and number >= self.frames and not self._settings.loop:
            raise EndOfSource
        seconds = number / self.fps
        return Frame(self._scene.draw(seconds), number, captured, faces=self._faces(seconds))

    def _played(self, head: Playhead, number: int, captured: float) -> Frame | None:
        """The picture of this moment."""
        assert self._settings.transport is not None
        seeks = self._settings.transport.seeks
        head.at(captured)
        if head.over is not None and head.loop == "once" and not self._settings.loop:
            raise EndOfSource
        place, pixels = self._picture(head)
        if self._settings.clock.live and self._given == (place, seeks):
            return None
        self._given = place, seeks
        faces = self._faces(place / FINER / self.fps)
        return Frame(pixels, number, captured, place=picture_place(head), faces=faces)

    def _faces(self, seconds: float) -> tuple[np.ndarray, ...] | None:
        """The points of the face that the scene has at a moment of it; None where it has none."""
        return (self._scene.face(seconds),) if isinstance(self._scene, Faced) else None

    def _picture(self, head: Playhead) -> tuple[int, np.ndarray]:
        """Where the playhead is, in the finest steps, and what is seen there."""
        assert self._scene is not None
        place = int(head.place / head.step)
        if self._drawn is None or self._drawn[0] != place:
            self._drawn = place, self._scene.draw(place / FINER / self.fps)
        return self._drawn

    def close(self) -> None:
        self._scene = self._drawn = None
