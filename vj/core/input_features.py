"""What is measured of the input for modulators: how it moves, how bright it is, what colour it has.

The pipeline writes once a frame, the control engine reads when the next frame is sampled; both run
on the render thread. What nobody reads is not measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MOTION_FEATURES = ("amount", "x", "y", "zoom")
"""How the input moves. amount: from 0. x to the right, y down, zoom larger: below 0 the other way.
1 is half of the picture's height a second; of zoom, half as large again in a second."""
PICTURE_FEATURES = ("brightness", "hue", "saturation")
"""Means of the input, 0..1. hue: 0 red, 1/3 green, 2/3 blue. saturation: 0 is grey."""


DISTANCES = ("faces", "lips", "silhouettes")
"""Of two faces, of their mouths, of two silhouettes: how far they are apart, in heights of the
picture; 0 where they touch."""


class InputFeatures:
    """The features of the last frame."""

    def __init__(self) -> None:
        self._motion: Mapping[str, float] = MappingProxyType(dict.fromkeys(MOTION_FEATURES, 0.0))
        self._picture: Mapping[str, float] = MappingProxyType({})
        self._motion_read = self._picture_read = False
        self.ever_read = False
        """Somebody has listened to the input, and may keep something of it."""
        self._distances: dict[str, float | None] = {}
        self._distances_read: set[str] = set()

    def distance(self, name: str) -> float | None:
        """One of `DISTANCES`; None where there are fewer than two."""
        self._distances_read.add(name)
        self.ever_read = True
        return self._distances.get(name)

    def distances_wanted(self) -> frozenset[str]:
        """Those that were read since this was asked last."""
        read = frozenset(self._distances_read)
        self._distances_read.clear()
        return read

    def set_distance(self, name: str, heights: float | None) -> None:
        """How far two are apart in the frame."""
        self._distances[name] = heights

    def motion(self, feature: str) -> float:
        """One of `MOTION_FEATURES`; 0 before anything has moved."""
        self._motion_read = self.ever_read = True
        return self._motion[feature]

    def picture(self, feature: str) -> float | None:
        """One of `PICTURE_FEATURES`; None before there was a picture, of hue also before there was
        a colour."""
        self._picture_read = self.ever_read = True
        return self._picture.get(feature)

    def wanted(self) -> tuple[bool, bool]:
        """Whether motion and picture were read since this was asked last."""
        read = self._motion_read, self._picture_read
        self._motion_read = self._picture_read = False
        return read

    def set_motion(self, amount: float, x: float, y: float, zoom: float) -> None:
        """How the frame moves, see `MOTION_FEATURES`."""
        self._motion = MappingProxyType({"amount": amount, "x": x, "y": y, "zoom": zoom})

    def set_picture(self, **features: float) -> None:
        """What the frame looks like; a feature that is left out stays as it was."""
        self._picture = MappingProxyType({**self._picture, **features})
