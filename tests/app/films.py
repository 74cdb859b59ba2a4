"""A small film with two hard cuts, and shows that paint it, for tests of what is rendered in
parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from tests.scenes import Scene
from vj.core.frame import Size

SIZE = Size(64, 64)
FPS = 10
CUTS = (10, 22)
FRAMES = 31
BUSY: dict[str, Any] = {
    "prompt/a": "gold leaf",
    "prompt/b": "stained glass",
    "feedback/amount": 0.4,
    "feedback/zoom": 1.02,
    "blend/smoothing": 0.4,
    "noise/hold": 0.7,
    "noise/swirl": 20,
    "strength": 0.6,
}
"""Everything that frames leave something in."""


def scene_of(number: int) -> int:
    return sum(number >= cut for cut in CUTS)


def draw_film(path: Path, frames: int = FRAMES) -> Path:
    """Three scenes without loss: an FFV1 movie at `FPS`."""
    scenes = [Scene(seed, SIZE) for seed in (1, 2, 3)]
    with av.open(path, "w") as file:
        stream = file.add_stream("ffv1", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "bgr0"
        for number in range(frames):
            picture = scenes[scene_of(number)].at(number)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode(None))
    return path


def film_show(out: str, **more: Any) -> dict[str, Any]:
    """The lines of a show that paints `film.mkv`. more: over them; what starts is added."""
    start = {**BUSY, **more.pop("start", {})}
    return {
        "size": "64x64",
        "source": "film.mkv",
        "model": {"name": "drawn", "dtype": "float32"},
        "fps": FPS,
        "loop": False,
        "sinks": [f"record:{out}"],
        "start": start,
        "curves": [{"to": "prompt/mix", "points": [[0, 0], [3, 1]]}],
        **more,
    }


def pictures(folder: Path) -> dict[int, np.ndarray]:
    """The numbered pictures of a folder, (H, W, 3) uint8 BGR."""
    found = {}
    for path in sorted(folder.glob("*.png")):
        picture = cv2.imread(str(path))
        assert picture is not None
        found[int(path.stem)] = picture
    return found
