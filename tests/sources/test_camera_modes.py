"""Which of a camera's modes a show asks for, and what an address may wish."""

from __future__ import annotations

import pytest

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.sources.camera_modes import (
    Mode,
    Wanted,
    Wish,
    choose,
    format_name,
    in_words,
    number_of,
    read_address,
)

VGA, SVGA, HD, FULL, UHD = (
    Size(640, 480),
    Size(800, 600),
    Size(1280, 720),
    Size(1920, 1080),
    Size(3840, 2160),
)

WEBCAM = [
    Mode("YUYV", Size(160, 120), (15.0, 30.0)),
    Mode("YUYV", VGA, (15.0, 24.0, 30.0)),
    Mode("YUYV", SVGA, (15.0, 24.0)),
    Mode("YUYV", HD, (5.0, 7.5, 10.0)),
    Mode("MJPG", VGA, (30.0,)),
    Mode("MJPG", HD, (30.0, 60.0)),
    Mode("MJPG", FULL, (30.0,)),
    Mode("H264", FULL, (60.0,)),
]
"""As those of 2012 and later are, over USB 2."""


@pytest.mark.parametrize(
    ("size", "fps", "expected"),
    [
        (Size(512, 512), 30, ("YUYV", VGA)),  # 480 lines for 512: no decoding, less noise
        (Size(128, 128), 30, ("YUYV", VGA)),  # not 160x120: one may look closer
        (Size(1024, 576), 30, ("MJPG", HD)),  # 10 a second without
        (Size(1024, 576), 8, ("YUYV", HD)),
        (Size(1920, 1080), 30, ("MJPG", FULL)),
        (Size(512, 512), 60, ("MJPG", HD)),  # the only one of that rate that can be read
        (UHD, 30, ("MJPG", FULL)),  # the largest
        (Size(512, 512), 120, ("MJPG", HD)),  # the fastest
    ],
)
def test_the_mode_nearest_to_the_show(size: Size, fps: float, expected: tuple[str, Size]) -> None:
    for modes in (WEBCAM, WEBCAM[::-1]):
        assert best(modes, Wish().wanted(size, fps)) == expected


def best(modes: list[Mode], wanted: Wanted) -> tuple[str, Size]:
    chosen = choose(modes, wanted)
    assert chosen is not None
    return chosen.format, chosen.size


def test_the_shape_counts_beside_the_size() -> None:
    modes = [Mode("MJPG", size, (30.0,)) for size in (Size(1024, 768), HD, FULL)]
    assert best(modes, Wanted(Size(1024, 576), 30)) == ("MJPG", HD)
    assert best(modes, Wanted(Size(768, 768), 30)) == ("MJPG", Size(1024, 768))


def test_colours_before_size_and_size_before_rate() -> None:
    infrared = [Mode("GREY", VGA, (30.0,)), Mode("YUYV", Size(320, 240), (15.0,))]
    assert best(infrared, Wanted(VGA, 30)) == ("YUYV", Size(320, 240))
    assert best(infrared[:1], Wanted(VGA, 30)) == ("GREY", VGA), "without colours it plays too"
    tiny = [Mode("YUYV", Size(176, 144), (60.0,)), Mode("YUYV", HD, (30.0,))]
    assert best(tiny, Wanted(VGA, 60)) == ("YUYV", HD)


def test_named_wishes_come_first() -> None:
    square = Size(512, 512)
    assert best(WEBCAM, Wish(size=SVGA).wanted(FULL, 30)) == ("YUYV", SVGA)
    assert best(WEBCAM, Wish(format="MJPG").wanted(square, 30)) == ("MJPG", VGA)
    assert best(WEBCAM, Wish(format="NV12").wanted(square, 30)) == ("YUYV", VGA), "it has none"
    assert choose(WEBCAM[-1:], Wanted(VGA, 30)) is None, "H.264 is not read"
    assert choose([], Wanted(VGA, 30)) is None


@pytest.mark.parametrize(
    ("wanted", "expected"), [(30, 30.0), (24, 24.0), (20, 24.0), (60, 30.0), (29.97, 30.0)]
)
def test_the_lowest_rate_that_is_enough(wanted: float, expected: float) -> None:
    assert Mode("YUYV", VGA, (5.0, 24.0, 25.0, 30.0)).rate_for(wanted) == expected
    assert Mode("YUYV", VGA).rate_for(wanted) == wanted, "it does not say"
    assert Mode("YUYV", VGA, (29.97,)).rate_for(30) == 29.97


def test_addresses() -> None:
    assert read_address("") == ("0", Wish())
    assert read_address("HD Pro (046d:0825)") == ("HD Pro (046d:0825)", Wish())
    assert read_address("2?size=1280x720&fps=59.94&format=yuy2") == ("2", Wish(HD, 59.94, "YUYV"))
    assert read_address("Really? A webcam") == ("Really? A webcam", Wish()), "a name may ask"
    assert read_address("/dev/v4l/by-id/usb-x?fps=25")[0] == "/dev/v4l/by-id/usb-x"
    assert read_address("?format=mjpeg") == ("0", Wish(format="MJPG"))
    with pytest.raises(Fault, match=r"camera:1\?siez=1x1: siez: no such key"):
        read_address("1?siez=1x1")


def test_the_names_of_formats_are_the_same_everywhere() -> None:
    for names in (("YUYV", "YUY2", "yuvs"), ("GREY", "Y800", "Y8  "), ("YU12", "I420", "IYUV")):
        assert {format_name(number_of(name)) for name in names} == {names[0]}
    assert format_name(0x20363159 | 1 << 31) == "Y16", "big-endian"
    assert [format_name(value) for value in (0, -1.0, float("nan"), 2.0**40)] == [""] * 4
    assert number_of("MJPG") == 0x47504A4D


def test_a_list_of_modes_is_short() -> None:
    assert in_words(WEBCAM) == [
        "YUYV 30/s: 160x120, 640x480",
        "YUYV 24/s: 800x600",
        "YUYV 10/s: 1280x720",
        "MJPG 60/s: 1280x720",
        "MJPG 30/s: 640x480, 1920x1080",
        "H264 (not played) 60/s: 1920x1080",
    ]
    assert in_words([Mode("NV12", HD)]) == ["NV12: 1280x720"], "its rate is not known"
