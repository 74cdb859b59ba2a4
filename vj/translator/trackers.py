"""Who is where in a frame: a face's points, a body's, a person's silhouette."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.fetched import fetched
from vj.pipeline.landmarks.body import Body, BodyFinder
from vj.pipeline.landmarks.face import FaceFinder
from vj.pipeline.landmarks.marker_lines import marker_lines
from vj.pipeline.landmarks.markers import FILES
from vj.pipeline.selfie_segmentation import SelfieSegmentation
from vj.pipeline.tflite import TfliteNetwork
from vj.translator.body_place import BodyPlace, Stature
from vj.translator.face_place import FacePlace, to_pixels, to_units

NEEDED = {"face": FILES["face"], "body": FILES["body"], "mask": FILES["body"][:2]}
"""The files of every kind that needs some."""
EVERY = 1 / 30
"""Seconds between two frames where nobody says."""
SOMEBODY = 0.02
"""Share of the picture that a person covers at least."""


class Found(NamedTuple):
    """Of one frame. face: (468, 2) float32, pixels, where `face_place` has put it. body: the
    same of `body_place`. mask: (h, w) float32, 0..1, how sure it is that a place belongs to
    a person. None where nobody is, and where it was not asked for."""

    face: np.ndarray | None = None
    body: Body | None = None
    mask: np.ndarray | None = None


def somebody(found: Found) -> bool:
    """Whether it is anybody who was found."""
    if found.mask is not None:
        return float((found.mask > 0.5).mean()) > SOMEBODY
    return found.face is not None or found.body is not None


class Trackers:
    """Belongs to one thread."""

    def __init__(
        self, kind: str, face: Sequence[Sequence[float]] = (), body: Sequence[float] = ()
    ) -> None:
        """kind: face, body or mask. face, body: of the trained ones, see `ConditionSettings`; empty
        for none. Raises Fault where files are missing."""
        self._time = -EVERY
        self._faces: FaceFinder | None = None
        self._bodies: BodyFinder | None = None
        self._people = SelfieSegmentation()
        self._face_place = FacePlace(np.array(face)) if face else None
        self._body_place = BodyPlace(Stature(*body)) if body else None
        if any(fetched(name) is None for name in NEEDED[kind]):
            raise Fault(f"{kind}: needs models that are not here: python3 launch.py add person")
        if kind == "face":
            self._faces = FaceFinder(*map(_network, FILES["face"]))
        elif kind == "body":
            self._bodies = BodyFinder(self._people.find, _network(FILES["body"][-1]))

    def find(self, image: np.ndarray, time: float | None) -> Found:
        """See `vj.translator.conditions.Conditioner.find`."""
        self._time = self._time + EVERY if time is None else time
        if self._faces is not None:
            faces = self._faces.find(image, self._time)
            return Found(face=self._placed(faces[0], image.shape) if faces else None)
        if self._bodies is not None:
            found = self._bodies.find(image, self._time)
            if found is not None and self._body_place is not None:
                found = self._body_place.of(found, image.shape, self._time)
            return Found(body=found)
        return Found(mask=self._people.find(image))

    def _placed(self, points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """A face as the trained one, where there is one."""
        if self._face_place is None:
            return points
        return to_pixels(self._face_place.of(to_units(points, shape), self._time), shape)


def drawn(found: Found, shape: tuple[int, ...], width: float) -> np.ndarray:
    """(H, W) float32, 0 where a line or somebody is, 1 elsewhere. shape: (H, W, ...). width: of
    lines, as `marker_lines` has it."""
    if found.mask is not None:
        mask = cv2.resize(found.mask, shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return np.asarray(1 - np.clip(4 * mask - 1.5, 0, 1), np.float32)
    faces = [] if found.face is None else [found.face]
    lines = marker_lines(shape, faces, found.body, width)
    return np.asarray(1 - lines.astype(np.float32) / 255, np.float32)


def _network(name: str) -> TfliteNetwork:
    path = fetched(name)
    if path is None:
        raise Fault(f"{name}: is not there any more: python3 launch.py add person")
    return TfliteNetwork(path)
