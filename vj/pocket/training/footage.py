"""Frames to measure the built-in model with, of films it never saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from vj.core.frame import Size
from vj.core.media_file import opened
from vj.pocket.training.evaluate_faces import LARGE, Face, FaceMesh
from vj.pocket.training.pictures import draw_pictures
from vj.sources.testcard import DancerScene
from vj.training import measures
from vj.training.square import square

HELD_OUT = 99_991
"""The seed of the drawings to measure with; training draws with small ones."""
ROWS = 256
STILL = 12
"""Successive frames of an empty room."""


def film(path: Path) -> Iterator[np.ndarray]:
    """The frames of a video file, (H, W, 3) uint8."""
    with opened(path) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def whole(frame: np.ndarray, rows: int = ROWS) -> np.ndarray:
    """The whole frame at so many rows, its width a multiple of 16."""
    width = max(16, round(frame.shape[1] * rows / frame.shape[0] / 16) * 16)
    return cv2.resize(frame, (width, rows), interpolation=cv2.INTER_AREA)


def spread(path: Path, count: int) -> list[np.ndarray]:
    """So many frames of a film, evenly spread, without its ends."""
    length = sum(1 for _ in film(path))
    wanted = set(np.linspace(0, length - 1, count + 2).astype(int)[1:-1].tolist())
    return [frame for number, frame in enumerate(film(path)) if number in wanted]


def footage(paths: Sequence[Path], each: int = 2) -> list[np.ndarray]:
    """The middle squares of frames of films."""
    return [square(frame, ROWS) for path in paths for frame in spread(path, each)]


def held_out(count: int) -> list[np.ndarray]:
    """Pictures that training never saw and everybody has: the test card, and drawings."""
    scene = DancerScene(Size(ROWS, ROWS), 30)
    cards = [scene.draw(number) for number in (3, 200)]
    drawn = [*draw_pictures(count - 2, HELD_OUT, ROWS)] if count > 2 else []
    return [*cards, *drawn][:count]


def with_faces(
    paths: Sequence[Path], mesh: FaceMesh, each: int = 4
) -> list[tuple[np.ndarray, Face]]:
    """Whole frames of films in which a face is large enough to be measured, with that face."""
    found = []
    for path in paths:
        for frame in spread(path, each):
            picture = whole(frame)
            face = mesh.face(picture)
            if face is not None and face.width >= LARGE:
                found.append((picture, face))
    return found


def empty_room(path: Path, count: int = STILL) -> list[np.ndarray]:
    """Successive frames of a fixed camera's film in which nobody is."""
    small = [cv2.resize(frame, (64, 36), interpolation=cv2.INTER_AREA) for frame in film(path)]
    start, worst = measures.empty_stretch(small, count)
    if worst > 0.15:
        raise ValueError(f"{path}: no {count} successive frames without anybody ({worst:.2f})")
    wanted = range(start, start + count)
    return [square(frame, ROWS) for number, frame in enumerate(film(path)) if number in wanted]
