"""Blue is blue: every format, in every form in which a driver may hand it on."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from tests.sources.camera_pictures import COLOURS, FORMS, GREYS, in_quarters, quarters, sent
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.sources.camera_formats import is_nameless, to_rgb

SIZE = Size(32, 16)
BY_ROWS = {
    **dict.fromkeys(("YUYV", "UYVY", "YVYU"), (16, 32, 2)),
    **dict.fromkeys(("NV12", "NV21", "YU12", "YV12"), (24, 32)),
    **dict.fromkeys(("BGR4", "XR24"), (16, 32, 4)),
    **dict.fromkeys(("RGB3", "BGR3"), (16, 32, 3)),
}
"""The shapes of those that do not come as flat bytes everywhere."""


def flat(form: str) -> np.ndarray:
    """As OpenCV gives what it does not convert, on Linux."""
    return np.frombuffer(sent(form, SIZE), np.uint8).reshape(1, -1)


def rgb(pixels: np.ndarray, form: str, **more: bool) -> list[tuple[int, ...]]:
    read = to_rgb(pixels, form, SIZE, **more)
    assert read is not None
    assert read.shape == (16, 32, 3)
    assert read.dtype == np.uint8
    assert read.flags.c_contiguous
    assert not np.shares_memory(read, pixels), "the driver may write into its own again"
    return in_quarters(read)


def near(found: Sequence[tuple[int, ...]], expected: Sequence[tuple[int, ...]]) -> bool:
    return bool(np.abs(np.subtract(found, expected)).max() <= 3)


@pytest.mark.parametrize("form", FORMS)
def test_flat_bytes(form: str) -> None:
    assert near(rgb(flat(form), form), list(COLOURS.values()))
    column = flat(form).reshape(-1, 1)
    assert near(rgb(column, form), list(COLOURS.values()))


@pytest.mark.parametrize("form", sorted(set(BY_ROWS) & set(FORMS)))
def test_rows_and_columns(form: str) -> None:
    pixels = flat(form).reshape(BY_ROWS[form])
    assert near(rgb(pixels, form, converted=False), list(COLOURS.values()))


@pytest.mark.parametrize("form", [*FORMS, *GREYS, ""])
def test_what_opencv_has_converted_is_blue_green_red_whatever_the_camera_sent(form: str) -> None:
    assert rgb(quarters(SIZE)[:, :, ::-1].copy(), form) == list(COLOURS.values())


@pytest.mark.parametrize("form", GREYS)
def test_grey(form: str) -> None:
    expected = [(76, 76, 76), (150, 150, 150), (29, 29, 29), (255, 255, 255)]
    assert near(rgb(flat(form), form), expected)
    words = flat(form).view("<u2") if form != "GREY" else flat(form)
    assert near(rgb(words.reshape(16, 32), form), expected)
    assert near(rgb(words.reshape(16, 32, 1), form), expected)
    if form == "GREY":
        assert near(rgb(flat(form).reshape(16, 32), ""), expected), "without a name, by its size"


def test_bytes_beside_and_below_the_picture_are_left_out() -> None:
    rows = flat("NV12").reshape(24, 32)
    wide = np.hstack([rows, np.full((24, 8), 77, np.uint8)])
    assert near(rgb(wide.reshape(1, -1), "NV12"), list(COLOURS.values()))
    long = np.concatenate([flat("YUYV")[0], np.full(7, 77, np.uint8)])
    assert near(rgb(long.reshape(1, -1), "YUYV"), list(COLOURS.values()))


def test_a_jpeg_that_is_broken_is_no_picture() -> None:
    assert (
        to_rgb(np.frombuffer(b"\xff\xd8 and no more", np.uint8).reshape(1, -1), "MJPG", SIZE)
        is None
    )
    assert to_rgb(np.zeros((1, 0), np.uint8), "MJPG", SIZE) is None


def test_a_jpeg_is_known_by_its_first_bytes() -> None:
    good, jpeg = cv2.imencode(".jpg", quarters(SIZE)[:, :, ::-1])
    assert good
    assert near(rgb(jpeg.reshape(1, -1), ""), list(COLOURS.values()))


GREY = [(76, 76, 76), (150, 150, 150), (29, 29, 29), (255, 255, 255)]
LUMA = [tuple(round(16 + 219 * part / 255) for part in colour) for colour in GREY]


@pytest.mark.parametrize("form", ["YUYV", "UYVY", "YVYU", "NV12", "NV21", "YU12", "YV12"])
@pytest.mark.parametrize("name", ["", "H264"])
def test_without_its_name_a_picture_has_no_colours_rather_than_wrong_ones(
    form: str, name: str
) -> None:
    pixels = flat(form).reshape(BY_ROWS[form])
    assert near(rgb(pixels, name), LUMA)
    assert is_nameless(pixels, name)
    assert not is_nameless(pixels, form)


@pytest.mark.parametrize("form", ["YUYV", "UYVY", "YVYU"])
def test_two_bytes_of_a_pixel_one_after_the_other(form: str) -> None:
    assert near(rgb(flat(form).reshape(16, 64), form), list(COLOURS.values()))


def test_the_luma_of_a_planar_format_alone_is_grey() -> None:
    assert near(rgb(flat("NV12").reshape(24, 32)[:16].copy(), "NV12"), LUMA)


@pytest.mark.parametrize(
    ("shape", "form"),
    [
        ((1, 500), "YUYV"),  # too few
        ((1, 500), "H264"),
        ((16, 32, 7), ""),
    ],
)
def test_nothing_is_guessed(shape: tuple[int, ...], form: str) -> None:
    with pytest.raises(Fault, match=r"cannot be read; another may do: \?format=MJPG"):
        to_rgb(np.zeros(shape, np.uint8), form, SIZE)
