"""Scenes whose face is known: they say where its points are."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from vj.core.frame import Size
from vj.sources.drawn.cutout import Stage
from vj.sources.drawn.face_shape import FaceLook, face_points


class SceneWithFace(ABC):
    """A drawn scene with one face."""

    def __init__(self, size: Size, still: FaceLook) -> None:
        """still: how the face looks and where it is when it does nothing."""
        self._stage = Stage(size)
        self._still = still

    @abstractmethod
    def pose(self, seconds: float) -> FaceLook:
        """What the face does at a moment."""

    @property
    def rest(self) -> np.ndarray:
        """The face's points as it looks ahead and does nothing: (468, 2), pixels."""
        return self._pixels(face_points(self._still))

    def face(self, seconds: float) -> np.ndarray:
        """Where the face's points are: (468, 2) float32, pixels, a pixel's middle at .5."""
        return self._pixels(face_points(self.pose(seconds)))

    def _pixels(self, points: np.ndarray) -> np.ndarray:
        return np.asarray(points * self._stage.unit + np.divide(self._stage.size, 2), np.float32)
