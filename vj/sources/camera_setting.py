"""Asks a camera for the mode that a show wants, and finds out what was granted: drivers ignore some
of it, and some say nothing or something else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2

from vj.core.frame import Size
from vj.sources.camera_modes import (
    NEARLY,
    STANDARD,
    Mode,
    Wanted,
    choose,
    covers,
    format_name,
    number_of,
)

BUFFERS = 3
"""Pictures that Linux' driver keeps. With one, the next is lost while one is being read, and the
rate is halved; ours is read at once, so that none grows old there."""

RAW = ("NV12", "NV21")
"""Formats that are asked for as the camera sends them: OpenCV gave these with red and blue
exchanged on Linux (its pull request 26081)."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What a camera gives, as its driver says. format: empty, size: 0x0, fps: 0 where it does not.
    converted: into blue-green-red, by OpenCV."""

    format: str
    size: Size
    fps: float
    converted: bool

    def __str__(self) -> str:
        """`"1280x720 at 30 a second as MJPG"`, what of it is known; may be empty."""
        parts = (
            str(self.size) if self.size.width and self.size.height else "",
            f"at {self.fps:.3g} a second" if self.fps else "",
            f"as {self.format}" if self.format else "",
        )
        return " ".join(part for part in parts if part)


def agree(capture: Any, wanted: Wanted, modes: Sequence[Mode]) -> Granted:
    """Bring an open `cv2.VideoCapture` to the best mode. modes: all that it has, where they are
    known; else what the driver answers decides."""
    if sys.platform == "linux":
        capture.set(cv2.CAP_PROP_BUFFERSIZE, BUFFERS)
    mode = choose(modes, wanted)
    if mode is not None:
        return _ask(capture, mode.format, mode.size, mode.rate_for(wanted.fps), True)
    return _try(capture, wanted)


def _try(capture: Any, wanted: Wanted) -> Granted:
    """Without a list: the smallest usual size that is large enough, and MJPG wherever the other
    formats are slow, as they are over USB 2 above 640x480."""
    sizes = [size for size in STANDARD if covers(size, wanted.size)] or [STANDARD[-1]]
    best: Granted | None = None
    for size in [wanted.size] if wanted.exact else sizes[:2]:
        large = size.width * size.height > 640 * 480 or wanted.fps > 30.5
        name = wanted.format or ("MJPG" if large else "")
        got = _ask(capture, name, size, wanted.fps, bool(wanted.format))
        if not name and got.format != "MJPG" and 0 < got.fps < NEARLY * wanted.fps:
            faster = _ask(capture, "MJPG", size, wanted.fps)
            got = faster if faster.fps > got.fps else _ask(capture, got.format, size, wanted.fps)
        best = got
        if not got.size.width or covers(got.size, wanted.size):
            break
    assert best is not None
    return best


def _ask(capture: Any, name: str, size: Size, fps: float, named: bool = False) -> Granted:
    """Ask for one mode, in the order in which this system's driver heeds it: DirectShow forgets the
    format when the rate is set after it, and takes a format with the next size only; Video for
    Linux keeps the rate that the format before allowed, unless it is set last. named: somebody
    says that it is this format, and so it is where the driver does not say."""
    form = [(cv2.CAP_PROP_FOURCC, float(number_of(name)))] if name else []
    sides = [
        (cv2.CAP_PROP_FRAME_WIDTH, float(size.width)),
        (cv2.CAP_PROP_FRAME_HEIGHT, float(size.height)),
    ]
    rate = [(cv2.CAP_PROP_FPS, float(fps))]
    for what, value in (
        [*rate, *form, *sides] if sys.platform == "win32" else [*form, *sides, *rate]
    ):
        capture.set(what, value)
    got = granted(capture)
    if not got.format and named:
        got = replace(got, format=name)
    if got.format in RAW and sys.platform == "linux":
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 0.0)
        got = replace(got, converted=False)
    elif sys.platform == "linux":
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 1.0)
    return got


def granted(capture: Any) -> Granted:
    """What the driver says that it gives."""

    def number(what: int) -> float:
        value = float(capture.get(what) or 0)
        return value if 0 < value < 2**32 else 0.0  # -1 and NaN: it does not say

    width, height = number(cv2.CAP_PROP_FRAME_WIDTH), number(cv2.CAP_PROP_FRAME_HEIGHT)
    return Granted(
        format_name(number(cv2.CAP_PROP_FOURCC)),
        Size(int(width), int(height)),
        number(cv2.CAP_PROP_FPS),
        True,
    )
