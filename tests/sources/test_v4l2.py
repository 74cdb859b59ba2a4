"""What Linux says of a camera: the kernel's structures, as a driver fills them in."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

import pytest

from vj.core.frame import Size
from vj.sources import v4l2
from vj.sources.camera_modes import Mode, number_of

U32 = ctypes.c_uint32


class Format(ctypes.Structure):
    """struct v4l2_fmtdesc"""

    _fields_ = (
        *(("index", U32), ("type", U32), ("flags", U32), ("description", ctypes.c_char * 32)),
        *(("pixelformat", U32), ("mbus_code", U32), ("reserved", U32 * 3)),
    )


class FrameSize(ctypes.Structure):
    """struct v4l2_frmsizeenum"""

    _fields_ = (
        *(("index", U32), ("pixel_format", U32), ("type", U32), ("numbers", U32 * 6)),
        ("reserved", U32 * 2),
    )


class Interval(ctypes.Structure):
    """struct v4l2_frmivalenum"""

    _fields_ = (
        *(("index", U32), ("pixel_format", U32), ("width", U32), ("height", U32), ("type", U32)),
        *(("numbers", U32 * 6), ("reserved", U32 * 2)),
    )


class Control(ctypes.Structure):
    """struct v4l2_control"""

    _fields_ = (("id", U32), ("value", ctypes.c_int32))


class QueryControl(ctypes.Structure):
    """struct v4l2_queryctrl"""

    _fields_ = (
        *(("id", U32), ("type", U32), ("name", ctypes.c_char * 32)),
        *(("numbers", ctypes.c_int32 * 4), ("flags", U32), ("reserved", U32 * 2)),
    )


STRUCTURES: dict[int, type[ctypes.Structure]] = {
    v4l2.ENUM_FMT: Format,
    v4l2.ENUM_FRAMESIZES: FrameSize,
    v4l2.ENUM_FRAMEINTERVALS: Interval,
    v4l2.G_CTRL: Control,
    v4l2.QUERYCTRL: QueryControl,
}


def driver(answer: Callable[[Any], bool]) -> v4l2.Ask:
    """Answers as a driver does: it fills the structure in; False is a refusal."""

    def ask(number: int, given: bytes) -> bytes | None:
        structure = STRUCTURES[number].from_buffer_copy(given)
        return bytes(structure) if answer(structure) else None

    return ask


def test_the_numbers_say_how_large_the_structures_are() -> None:
    """_IOWR('V', n, size): a wrong one would have the kernel write beside ours."""
    for number, structure in STRUCTURES.items():
        assert number >> 16 & 0x3FFF == ctypes.sizeof(structure)
        assert number >> 30 == 3
        assert chr(number >> 8 & 0xFF) == "V"


def webcam(asked: Any) -> bool:
    table = {
        "YUYV": {(640, 480): [(1, 30), (1, 15)], (1280, 720): [(1, 10), (2, 15)]},
        "MJPG": {(1280, 720): [(1001, 30000)], (640, 480): []},
    }
    if isinstance(asked, Format):
        if asked.type != 1 or asked.index >= len(table):
            return False
        asked.pixelformat = number_of([*table][asked.index])
        return True
    name = next(name for name in table if number_of(name) == asked.pixel_format)
    if isinstance(asked, FrameSize):
        sizes = [*table[name]]
        if asked.index >= len(sizes):
            return False
        asked.type = 1
        asked.numbers[:2] = sizes[asked.index]
        return True
    intervals = table[name][asked.width, asked.height]
    if asked.index >= len(intervals):
        return False
    asked.type = 1
    asked.numbers[:2] = intervals[asked.index]
    return True


def test_the_modes_of_a_webcam() -> None:
    assert list(v4l2.listed(driver(webcam))) == [
        Mode("YUYV", Size(640, 480), (15.0, 30.0)),
        Mode("YUYV", Size(1280, 720), (7.5, 10.0)),
        Mode("MJPG", Size(1280, 720), (29.97,)),
        Mode("MJPG", Size(640, 480), ()),
    ]


def test_a_camera_that_takes_any_size_lists_the_usual_ones_and_its_largest() -> None:
    def pi(asked: Any) -> bool:
        if isinstance(asked, Format):
            asked.pixelformat = number_of("NV12")
            return bool(asked.index == 0 and asked.type == 9)
        if isinstance(asked, FrameSize):
            asked.type, asked.numbers[:] = 3, (32, 2592, 2, 32, 1944, 2)
        else:
            # from 1/90 to 1 second
            asked.type, asked.numbers[:] = 2, (1, 90, 1, 1, 0, 0)
        return asked.index == 0

    found = list(v4l2.listed(driver(pi)))
    assert [mode.size for mode in found] == [
        *(Size(320, 240), Size(640, 480), Size(1280, 720), Size(1920, 1080), Size(2592, 1944))
    ]
    assert {mode.rates for mode in found} == {(1.0, 15.0, 24.0, 25.0, 30.0, 50.0, 60.0, 90.0)}


def test_a_driver_that_never_ends_is_not_followed_and_nonsense_is_no_rate() -> None:
    def endless(asked: Any) -> bool:
        if isinstance(asked, Format):
            asked.pixelformat = number_of("YUYV")
            return bool(asked.index == 0 and asked.type == 1)
        asked.type = 1
        asked.numbers[:2] = (640, 480) if isinstance(asked, FrameSize) else (0, 0)
        return True

    assert list(v4l2.listed(driver(endless))) == [Mode("YUYV", Size(640, 480), ())]


@pytest.mark.parametrize(
    ("exposure", "dynamic", "expected"),
    [
        (3, 1, "exposure_dynamic_framerate"),
        (3, 0, ""),  # it keeps its rate
        (1, 1, ""),  # somebody has set it by hand
        (None, None, ""),  # a capture card
    ],
)
def test_what_makes_a_camera_slow_in_the_dark(
    exposure: int | None, dynamic: int | None, expected: str
) -> None:
    def controls(asked: Any) -> bool:
        if isinstance(asked, QueryControl):
            asked.name = b"Exposure, Dynamic Framerate"
            return asked.id == 0x009A0903
        value = {0x009A0901: exposure, 0x009A0903: dynamic}[asked.id]
        asked.value = value or 0
        return value is not None

    assert v4l2._dynamic_exposure(driver(controls)) == expected


def test_without_a_camera_nothing_is_known_of_it(tmp_path: Any) -> None:
    """For real: a path that does not exist, and a file that is no camera."""
    assert v4l2.modes_of(str(tmp_path / "video99")) == []
    (tmp_path / "video98").touch()
    assert v4l2.modes_of(str(tmp_path / "video98")) == []
    assert v4l2.dim_light_remedy(str(tmp_path / "video98")) == ""


def test_other_systems_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert v4l2.modes_of("/dev/null") == []
