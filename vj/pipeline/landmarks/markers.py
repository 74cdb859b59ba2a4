"""The lines of faces and bodies in a show's frames (`lines/from: face` or `body`): live on a thread
of their own, offline on the spot, so that every frame has its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import cv2
import numpy as np

from vj.core.errors import Fault, told
from vj.core.fetched import fetched, lacking
from vj.core.supervisor import Supervisor
from vj.core.worker import NewestWorker
from vj.parameters.store import Snapshot
from vj.pipeline.landmarks.body import BodyFinder
from vj.pipeline.landmarks.face import FaceFinder
from vj.pipeline.landmarks.marker_lines import marker_lines
from vj.pipeline.selfie_segmentation import SQUARE, WIDE, SelfieSegmentation
from vj.pipeline.tflite import Engine, TfliteNetwork

FILES = {
    "face": ("face_detection_short_range.tflite", "face_landmark.tflite"),
    "body": (SQUARE, WIDE, "pose_landmark_full.tflite"),
}
"""What each needs, by the name that `lines/from` has for it."""
NAME = "face and body lines"
"""Of the thread."""
LINES = "lines/from"
"""What asks for them where no other setting does."""
AnyFinder = TypeVar("AnyFinder", FaceFinder, BodyFinder)


def missing(origin: str, setting: str = LINES) -> str:
    """What to tell where the networks of `lines/from`, or of another setting, have not been
    fetched; else nothing."""
    why = lacking("person", FILES[origin])
    return _told(origin, setting, why) if why else ""


def _told(origin: str, setting: str, why: str) -> str:
    if setting == LINES:
        return f"{LINES} {origin}: {why}; edges are drawn instead"
    return f"{setting}: {why}; it does not lead"


class Asked(NamedTuple):
    """origin: face or body. width: of the lines. time: of the frame, in seconds."""

    origin: str
    image: np.ndarray
    time: float
    width: float


class MarkerFinder:
    """Finds and draws. Belongs to one thread. The networks are loaded when they are first asked
    for."""

    def __init__(self, engine: Engine | None = None) -> None:
        """engine: None for the quickest there is."""
        self._engine = engine
        self._faces: FaceFinder | Fault | None = None
        self._body: BodyFinder | Fault | None = None

    def find(self, asked: Asked) -> np.ndarray:
        """(H, W) uint8, 255 where a line is, blank where nobody is. Raises Fault where a network
        cannot be loaded, each time the same without trying again, and whatever it does."""
        shape = asked.image.shape
        if asked.origin == "face":
            if self._faces is None:
                self._faces = self._made(lambda: FaceFinder(*map(self._load, FILES["face"])))
            if isinstance(self._faces, Fault):
                raise self._faces
            return marker_lines(shape, self._faces.find(asked.image, asked.time), None, asked.width)
        if self._body is None:
            pose = FILES["body"][-1]
            people = SelfieSegmentation()
            self._body = self._made(lambda: BodyFinder(people.find, self._load(pose)))
        if isinstance(self._body, Fault):
            raise self._body
        return marker_lines(shape, [], self._body.find(asked.image, asked.time), asked.width)

    def _made(self, make: Callable[[], AnyFinder]) -> AnyFinder | Fault:
        try:
            return make()
        except Fault as fault:
            return fault

    def _load(self, name: str) -> TfliteNetwork:
        path = fetched(name)
        if path is None:
            raise Fault(lacking("person", (name,)))
        return TfliteNetwork(path, engine=self._engine)


class Markers:
    """The marker lines of one show. Belongs to the render thread."""

    def __init__(
        self,
        on_message: Callable[[str], None],
        supervisor: Supervisor,
        live: bool,
        finder: MarkerFinder | None = None,
        setting: str = LINES,
    ) -> None:
        """live: beside the picture, which gets the newest lines there are and never waits; what is
        not installed is told by `vj.app.loop_parts` then, to whoever asks for it. setting: what
        asks for them, for messages and the name of the thread."""
        self._log, self._supervisor, self._live = on_message, supervisor, live
        self._finder = finder or MarkerFinder()
        self._setting = setting
        self._name = NAME if setting == LINES else setting
        self._worker = NewestWorker(supervisor, self._name, self._answer)
        self._newest: tuple[str, np.ndarray | None] = ("", None)
        """Where the newest lines come from; None for them where finding them failed."""
        self._last: Asked | None = None
        self._origin, self._there = "", False
        self._said = ""
        self._told: set[str] = set()
        """For which of `FILES` it was told that they are not here."""

    def forget(self) -> None:
        """Another scene begins: the lines of the one before are nowhere."""
        self._newest, self._last = ("", None), None

    def find(
        self,
        image: np.ndarray,
        snapshot: Snapshot,
        time: float,
        asked: bool,
        origin: str | None = None,
    ) -> np.ndarray | None:
        """(H, W, 3) uint8 -> (H, W) uint8, 255 where a line is; None where edges are to be drawn:
        other lines are asked for, or these cannot be had. To be called with every frame.

        time: seconds, of the frame. asked: somebody looks at the lines. origin: one of `FILES`;
        None for what lines/from says.
        """
        origin = snapshot["lines/from"] if origin is None else origin
        if origin not in FILES or not asked:
            if self._origin:
                self._origin, self._newest, self._last = "", ("", None), None
            return None
        if origin != self._origin:
            self._origin = origin
            message = missing(origin, self._setting)
            self._there = not message
            silent = self._live and self._setting == LINES
            if message and not silent and origin not in self._told:
                self._told.add(origin)
                self._log(message)
        if not self._there:
            return None
        wanted = Asked(origin, image, time, snapshot["lines/width"])
        if not self._shown(wanted):
            self._last = wanted
            (self._worker.put if self._live else self._answer)(wanted)
        whose, lines = self._newest
        if whose != origin and lines is None:
            return np.zeros(image.shape[:2], np.uint8)  # they are on the way
        if lines is not None and lines.shape != image.shape[:2]:
            lines = cv2.resize(lines, image.shape[1::-1], interpolation=cv2.INTER_AREA)
        return lines

    def _shown(self, wanted: Asked) -> bool:
        """The same frame comes again, and asks for the same."""
        last = self._last
        return (
            last is not None
            and (last.origin, last.time, last.width) == (wanted.origin, wanted.time, wanted.width)
            and last.image.shape == wanted.image.shape
        )

    def _answer(self, asked: Asked) -> None:
        lines = None
        try:
            lines = self._finder.find(asked)
        except Exception as error:  # foreign networks: the picture goes on
            self._supervisor.count(self._name)
            message = _told(asked.origin, self._setting, told(error))
            if message != self._said:  # the same words once
                self._said = message
                self._log(message)
        self._newest = asked.origin, lines

    def close(self) -> None:
        """End the thread. May be called twice."""
        self._worker.close()
