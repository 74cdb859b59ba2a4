"""Key pictures of walks, kept beside the show: a folder a leg, with what was found of it and a PNG
for each picture that was painted."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from vj.pipeline.walk_leg import LegLayout

VERSION = 2
"""Of how legs are made: others are not read."""
MOST = 64
"""Legs in a folder; of more, those that were not played for longest go."""
LAYOUT = "leg.npz"
UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, cv2.error)
"""What NumPy and OpenCV raise for a file that is empty, cut short or damaged."""

Kept = tuple[LegLayout, tuple[np.ndarray, ...], tuple[LegLayout, ...]]
"""A leg's layout, its key pictures between the ends, and those between neighbours, if any."""


def leg_name(one: np.ndarray, two: np.ndarray, words: Sequence[object]) -> str:
    """By what a leg is made of: two pictures (H, W, 3) uint8, and what else decides."""
    seen = hashlib.sha256(repr((VERSION, one.shape, two.shape, *words)).encode())
    for picture in (one, two):
        seen.update(np.ascontiguousarray(picture).data)
    return seen.hexdigest()[:20]


def kept(folder: Path, name: str) -> Kept | None:
    """What was kept under a name; None where there is none, or not all of it can be read."""
    place = folder / name
    try:
        with np.load(place / LAYOUT, allow_pickle=False) as found:
            count = int(found["keys"])
            layouts = [
                LegLayout(found[f"way_{number}"], found[f"order_{number}"])
                for number in range(int(found["layouts"]))
            ]
        pictures = []
        for number in range(count):
            bgr = cv2.imdecode(
                np.fromfile(place / f"key_{number + 1}.png", np.uint8), cv2.IMREAD_COLOR
            )
            if bgr is None:
                return None
            pictures.append(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
        with suppress(OSError):
            os.utime(place)
    except UNREADABLE:
        return None
    return layouts[0], tuple(pictures), tuple(layouts[1:])


def keep(folder: Path, name: str, leg: Kept) -> None:
    """Keep a leg, whole or not at all. Raises OSError where it cannot be written."""
    layout, pictures, between = leg
    folder.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder, prefix=f".{name}"))
    try:
        arrays: dict[str, np.ndarray] = {
            "keys": np.array(len(pictures)),
            "layouts": np.array(1 + len(between)),
        }
        for number, one in enumerate((layout, *between)):
            arrays[f"way_{number}"], arrays[f"order_{number}"] = one.way, one.order
        with (made / LAYOUT).open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        for number, picture in enumerate(pictures):
            coded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
            (made / f"key_{number + 1}.png").write_bytes(coded.tobytes())
        made.chmod(0o755)
        place = folder / name
        shutil.rmtree(place, ignore_errors=True)
        made.replace(place)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    _clear(folder)


def _clear(folder: Path) -> None:
    """Those that were not played for longest go, and nothing else that lies there."""
    legs = [one.parent for one in folder.glob(f"*/{LAYOUT}")]
    with suppress(OSError):
        legs.sort(key=lambda one: one.stat().st_mtime)
        for leg in legs[: max(0, len(legs) - MOST)]:
            shutil.rmtree(leg, ignore_errors=True)
