"""The last touches that only rendering has time for (`finish:`): models that a show names, run over
every picture; those that restore faces over its faces alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.pipeline.face_restoration import SIDE, FaceRestorer
from vj.pipeline.landmarks.followed_faces import face_finder, missing
from vj.pipeline.model_files import open_model_file
from vj.pipeline.tiles import Tile

Finish = Callable[[np.ndarray], np.ndarray]
"""(h, w, 3) uint8 -> the same size. To be called with every picture, in the order of time."""


def make_finisher(
    names: Sequence[str],
    painted: Size,
    device: str,
    fps: float,
    on_message: Callable[[str], None],
    tile: Tile = "auto",
) -> tuple[Finish, Finish]:
    """What is done to pictures as they were painted, and, once they have the size at which they
    leave, to the faces in them. Each model after the other in the order of their names. tile: see
    `vj.pipeline.tiles`. Raises Fault for a model that is not there, does not take such pictures, or
    needs what is not installed."""
    whole, faces = [], []
    for name in names:
        model = open_model_file("finish", name, device, tile, on_message)
        size = Size(SIDE, SIDE) if model.faces else painted
        try:
            model.call(np.zeros((size.height, size.width, 3), np.uint8))
        except Exception as error:  # torch's own
            raise Fault(
                f"finish {name}: does not take {size} ({' '.join(str(error).split())[:120]})"
            ) from None
        if not model.faces:
            whole.append(model.call)
        elif why := missing():
            raise Fault(f"finish {name}: restores faces, and what finds them {why}")
        else:
            faces.append(FaceRestorer(model.call, face_finder()))
        told = " (faces)" if model.faces else ""
        on_message(f"finished by {Path(name).name}{told}")

    def finish(picture: np.ndarray) -> np.ndarray:
        height, width = picture.shape[:2]
        for call in whole:
            made = call(picture)
            if made.shape != picture.shape:
                made = cv2.resize(made, (width, height), interpolation=cv2.INTER_AREA)
            picture = made
        return picture

    return finish, FaceTouch(faces, fps)


class FaceTouch:
    """Restores the faces of pictures that come at a constant rate."""

    def __init__(self, restorers: Sequence[FaceRestorer], fps: float) -> None:
        self._restorers, self._fps, self._count = list(restorers), fps, 0

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """The next picture, (H, W, 3) uint8."""
        for restorer in self._restorers:
            picture = restorer.of(picture, self._count / self._fps)
        self._count += 1
        return picture
