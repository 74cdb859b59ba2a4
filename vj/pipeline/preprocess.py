"""From whatever a source gives to the size that is painted: cropped or padded, never stretched."""

from __future__ import annotations

from typing import Literal, NamedTuple

import cv2
import numpy as np

from vj.core.frame import Size

Fit = Literal["crop", "pad"]


def prepare(pixels: np.ndarray, size: Size, fit: Fit = "crop") -> np.ndarray:
    """(H, W, 3 or 4) uint8 -> (size.height, size.width, 3) uint8 RGB, C-contiguous; of (H, W), a
    mask, (size.height, size.width).

    crop fills the size and cuts what hangs over on both sides alike; pad shows the whole picture
    with black beside it. What is transparent lies over black. The same size comes back untouched.
    """
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        pixels = over_black(pixels)
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    cut, inner = placed(Size(width, height), size, fit)
    how = cv2.INTER_AREA if inner.width < 0.6 * cut.width else cv2.INTER_LINEAR
    part = pixels[cut.top : cut.top + cut.height, cut.left : cut.left + cut.width]
    if fit == "crop":
        return cv2.resize(part, size, interpolation=how)
    out = np.zeros((size.height, size.width, *pixels.shape[2:]), np.uint8)
    small = cv2.resize(part, (inner.width, inner.height), interpolation=how)
    out[inner.top : inner.top + inner.height, inner.left : inner.left + inner.width] = small
    return out


class Box(NamedTuple):
    """A part of a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int


def placed(came: Size, size: Size, fit: Fit) -> tuple[Box, Box]:
    """Which part of a picture is painted, and where of the painted size it comes to lie."""
    choose = max if fit == "crop" else min
    scale = choose(size.width / came.width, size.height / came.height)
    if fit == "crop":
        across, down = (
            min(came.width, max(1, round(size.width / scale))),
            min(came.height, max(1, round(size.height / scale))),
        )
        return Box((came.width - across) // 2, (came.height - down) // 2, across, down), Box(
            0, 0, *size
        )
    across, down = (
        min(size.width, max(1, round(came.width * scale))),
        min(size.height, max(1, round(came.height * scale))),
    )
    return Box(0, 0, *came), Box(
        (size.width - across) // 2, (size.height - down) // 2, across, down
    )


def cropped(painted: Size, wanted: Size) -> Size:
    """The largest part of `painted` that has the shape of `wanted`."""
    scale = max(wanted.width / painted.width, wanted.height / painted.height)
    return Size(
        min(painted.width, max(1, round(wanted.width / scale))),
        min(painted.height, max(1, round(wanted.height / scale))),
    )


def part_of(painted: Size, wanted: Size) -> Box:
    """Where that part lies: in the middle."""
    part = cropped(painted, wanted)
    return Box((painted.width - part.width) // 2, (painted.height - part.height) // 2, *part)


def crop_to(picture: np.ndarray, wanted: Size) -> np.ndarray:
    """(H, W, ...) -> the part of it that has the shape of `wanted`, C-contiguous."""
    part = part_of(Size(picture.shape[1], picture.shape[0]), wanted)
    return np.ascontiguousarray(
        picture[part.top : part.top + part.height, part.left : part.left + part.width]
    )


def lost(came: Size, size: Size, fit: Fit) -> str:
    """What a person should know about a picture's way into the painted size; empty when nothing of
    it is lost and nothing added."""
    share = (came.width * size.height) / (came.height * size.width)
    if 0.98 < share < 1.02:
        return ""
    percent = round(100 * (1 - min(share, 1 / share)))
    sides = "left and right" if share > 1 else "top and bottom"
    if fit == "pad":
        return (
            f"the input is {came}, painted {size}: black "
            f"{'above and below' if share > 1 else 'beside it'}, {percent} % of the picture"
        )
    return (
        f"the input is {came}, painted {size}: {percent} % of it is cut off at {sides} (fit: "
        "pad shows all, another size: fits better)"
    )


def over_black(pixels: np.ndarray) -> np.ndarray:
    alpha = cv2.cvtColor(pixels[:, :, 3], cv2.COLOR_GRAY2RGB)
    return cv2.multiply(cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB), alpha, scale=1 / 255)
