"""The cameras in `launch.py list`: each with the modes that it has."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from vj.sources.camera import list_cameras, modes_of
from vj.sources.camera_modes import in_words


def camera_lines() -> Iterator[str]:
    """A line for each camera, under it one for each format and rate, where the system tells them
    without starting it: Linux does. Why there is none, and what helps."""
    found, reason = list_cameras()
    for index, name in found:
        yield f"camera:{index}  {name}"
        yield from (f"  {line}" for line in in_words(modes_of(index)))
    if not found:
        yield f"none ({reason}{_remedy()})"


def camera_modes() -> dict[str, list[dict[str, object]]]:
    """The same for programs: camera -> format, width, height and rates of each mode."""
    return {
        f"camera:{index}": [
            {
                "format": mode.format,
                "width": mode.size.width,
                "height": mode.size.height,
                "rates": list(mode.rates),
            }
            for mode in modes_of(index)
        ]
        for index, _ in list_cameras()[0]
    }


def _remedy() -> str:
    if sys.platform == "linux":
        locked = [
            str(path)
            for path in Path("/dev").glob("video*")
            if not os.access(path, os.R_OK | os.W_OK)
        ]
        return (
            f"; {locked[0]} is not yours: sudo usermod -aG video $USER, then log in anew"
            if locked
            else "; plug one in"
        )
    return "; plug one in, and let this program use it in the system's privacy settings"
