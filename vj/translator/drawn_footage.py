"""Clips that the project draws itself: `drawn:fox`, a round of it at 30 frames a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.sources.drawn import SCENES, Faced, Outlined, Scene, make_scene

PREFIX = "drawn:"
RATE = 30.0
"""Frames a second."""
COARSE = 128
"""Rows of a subject's mask."""


def is_drawn(clip: Path) -> bool:
    """A clip's name means a scene, and no file that is called so."""
    return str(clip).startswith(PREFIX) and not clip.exists()


def scene_of(clip: Path, size: int) -> Scene:
    """The scene of a clip, in squares of a side. Raises Fault for a name that is none, and for a
    still picture."""
    name = str(clip).removeprefix(PREFIX)
    scene = make_scene(name, Size(size, size))
    if scene.period == 0:
        moving = [
            known
            for known, kind in SCENES.items()
            if kind.period  # type: ignore[attr-defined]
        ]
        raise Fault(
            f"{clip}: is a still picture, from which nothing is learned that moves; scenes that do "
            f"are {', '.join(moving)}"
        )
    return scene


def frames_of_scene(clip: Path, size: int) -> Iterator[tuple[str, np.ndarray]]:
    """A round, each frame with its name. Raises Fault."""
    scene = scene_of(clip, size)
    for number in range(round(scene.period * RATE)):
        yield f"frame {number}", scene.draw(number / RATE)


class DrawnFrames:
    """What scenes say of the frames that were drawn of them. Belongs to one thread."""

    def __init__(self, frames: Mapping[int, tuple[Scene, float]]) -> None:
        """frames: by their numbers, the scene of each and its moment."""
        self._frames = frames

    def face(self, number: int) -> np.ndarray | None:
        """(468, 2) float32, pixels; None where nobody says."""
        scene, seconds = self._frames.get(number, (None, 0.0))
        return scene.face(seconds) if isinstance(scene, Faced) else None

    @property
    def rest(self) -> np.ndarray | None:
        """The same, of a face that does nothing, in its mean place."""
        scenes = [scene for scene, _ in self._frames.values() if isinstance(scene, Faced)]
        return scenes[0].rest if scenes else None

    def subject(self, number: int) -> np.ndarray | None:
        """(128, 128) uint8, 255 where the subject is; None where nobody says."""
        scene, seconds = self._frames.get(number, (None, 0.0))
        if not isinstance(scene, Outlined):
            return None
        mask = scene.subject(seconds)
        out: np.ndarray = cv2.resize(mask, (COARSE, COARSE), interpolation=cv2.INTER_AREA)
        return out
