"""What Linux says of a camera without starting it: its modes, and what may hold its rate down.

The structures are those of the kernel's `linux/videodev2.h`, which are the same on all 64-bit
machines.
"""

from __future__ import annotations

import os
import re
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from vj.core.frame import Size
from vj.sources.camera_modes import Mode, format_name

ENUM_FMT, ENUM_FRAMESIZES, ENUM_FRAMEINTERVALS = 0xC0405602, 0xC02C564A, 0xC034564B
G_CTRL, QUERYCTRL = 0xC008561B, 0xC0445624

CAPTURE, CAPTURE_MPLANE = 1, 9
"""Kinds of buffers: of a webcam, and of a camera whose planes lie apart."""
DISCRETE = 1
"""A size, or an interval, that stands for itself; others are ranges."""

EXPOSURE_AUTO, EXPOSURE_DYNAMIC = 0x009A0901, 0x009A0903
MANUAL = (1, 2)
"""Values of `EXPOSURE_AUTO` under which the time of the exposure is fixed: manual, and shutter
priority."""

RANGE_SIZES = (Size(320, 240), Size(640, 480), Size(1280, 720), Size(1920, 1080), Size(3840, 2160))
"""Of a camera that takes any size of a range, these are listed, and its largest."""
MOST = 256
"""Answers to one question, at most: a driver that never ends is not followed."""

Ask = Callable[[int, bytes], bytes | None]
"""An ioctl: its number and its structure -> the structure as the driver filled it in; None where it
refuses, as it does at the end of a list."""


@contextmanager
def asking(path: str) -> Iterator[Ask]:
    """Asks the device at that path, which another program may be using meanwhile. Raises OSError
    where it cannot be opened, and off Linux."""
    if sys.platform != "linux":
        raise OSError("is for Linux only")
    import fcntl

    device = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def ask(number: int, given: bytes) -> bytes | None:
        buffer = bytearray(given)
        try:
            fcntl.ioctl(device, number, buffer)
        except OSError:
            return None
        return bytes(buffer)

    try:
        yield ask
    finally:
        os.close(device)


def modes_of(path: str) -> list[Mode]:
    """All modes of the camera at `/dev/videoN`; empty where it does not say, or does not exist."""
    try:
        with asking(path) as ask:
            return list(listed(ask))
    except OSError:
        return []


def listed(ask: Ask) -> Iterator[Mode]:
    """The modes that a driver lists, one for each format and size, as it orders them."""
    for kind in (CAPTURE, CAPTURE_MPLANE):
        for index in range(MOST):
            answer = ask(ENUM_FMT, struct.pack("=2I", index, kind).ljust(64, b"\0"))
            if answer is None:
                break
            (number,) = struct.unpack_from("=I", answer, 44)
            for size in dict.fromkeys(_sizes(ask, number)):
                yield Mode(format_name(number), size, tuple(sorted(set(_rates(ask, number, size)))))


def _sizes(ask: Ask, number: int) -> Iterator[Size]:
    for index in range(MOST):
        answer = ask(ENUM_FRAMESIZES, struct.pack("=2I", index, number).ljust(44, b"\0"))
        if answer is None:
            return
        (kind,) = struct.unpack_from("=I", answer, 8)
        if kind == DISCRETE:
            yield Size(*struct.unpack_from("=2I", answer, 12))
            continue
        left, right, across, top, bottom, down = struct.unpack_from("=6I", answer, 12)
        for size in (*RANGE_SIZES, Size(right, bottom)):
            fits = left <= size.width <= right and top <= size.height <= bottom
            if (
                fits
                and not (size.width - left) % max(1, across)
                and not (size.height - top) % max(1, down)
            ):
                yield size
        return


def _rates(ask: Ask, number: int, size: Size) -> Iterator[float]:
    """Pictures a second; of a range its ends, and what lies between and is usual."""
    for index in range(MOST):
        answer = ask(ENUM_FRAMEINTERVALS, struct.pack("=4I", index, number, *size).ljust(52, b"\0"))
        if answer is None:
            return
        kind, *numbers = struct.unpack_from("=7I", answer, 16)
        if kind == DISCRETE:
            yield from _rate(numbers[0], numbers[1])
            continue
        fastest, slowest = [*_rate(*numbers[:2])], [*_rate(*numbers[2:4])]
        if fastest:
            low = slowest[0] if slowest else fastest[0]
            usual = (15.0, 24.0, 25.0, 30.0, 50.0, 60.0)
            yield from [*slowest, *(rate for rate in usual if low < rate < fastest[0]), *fastest]
        return


def _rate(numerator: int, denominator: int) -> Iterator[float]:
    """Pictures a second of an interval of so many seconds; nothing of one that is none."""
    if numerator and denominator:
        yield round(denominator / numerator, 3)


def dim_light_remedy(path: str) -> str:
    """`"v4l2-ctl -d /dev/video0 -c exposure_dynamic_framerate=0"` where the camera may lower its
    rate for a longer exposure, under the name that this kernel has for it; else empty."""
    try:
        with asking(path) as ask:
            name = _dynamic_exposure(ask)
    except OSError:
        return ""
    return f"v4l2-ctl -d {path} -c {name}=0" if name else ""


def _dynamic_exposure(ask: Ask) -> str:
    """The control by which a camera lowers its rate in the dark, where that is on."""
    if _value(ask, EXPOSURE_AUTO) in (None, *MANUAL) or not _value(ask, EXPOSURE_DYNAMIC):
        return ""
    answer = ask(QUERYCTRL, struct.pack("=I", EXPOSURE_DYNAMIC).ljust(68, b"\0"))
    if answer is None:
        return ""
    name = answer[8:40].partition(b"\0")[0].decode("ascii", "replace").lower()
    return re.sub(r"[^a-z0-9]+", "_", name).strip("_")


def _value(ask: Ask, control: int) -> Any:
    answer = ask(G_CTRL, struct.pack("=Ii", control, 0))
    return None if answer is None else struct.unpack("=Ii", answer)[1]
