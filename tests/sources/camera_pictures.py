"""One picture in each form in which a camera may send it: made by hand of its Y, U and V, so that
it owes nothing to the code that reads it."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.frame import Size

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}
"""Of the quarters: above left and right, below left and right."""


def quarters(size: Size) -> np.ndarray:
    """(H, W, 3) uint8 RGB."""
    width, height = size
    picture = np.empty((height, width, 3), np.uint8)
    red, green, blue, white = COLOURS.values()
    picture[: height // 2, : width // 2], picture[: height // 2, width // 2 :] = red, green
    picture[height // 2 :, : width // 2], picture[height // 2 :, width // 2 :] = blue, white
    return picture


def in_quarters(picture: np.ndarray) -> list[tuple[int, ...]]:
    """The colours in the middle of each quarter."""
    height, width = picture.shape[:2]
    places = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [tuple(int(part) for part in picture[place]) for place in places]


def sent(form: str, size: Size) -> bytes:
    """The quarters as a camera sends them, by the FOURCC."""
    picture = quarters(size)
    width, height = size
    if form == "MJPG":
        good, jpeg = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
        assert good
        return jpeg.tobytes()
    red, green, blue = (picture[:, :, part].astype(float) / 255 for part in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    y = (16 + 219 * luma).round().astype(np.uint8)
    u, v = (
        (128 + 224 * (part - luma) / scale).round().astype(np.uint8)[:, ::2]
        for part, scale in ((blue, 1.772), (red, 1.402))
    )
    pairs = y.reshape(height, width // 2, 2)
    first, second = pairs[:, :, 0], pairs[:, :, 1]
    packed = {
        "YUYV": (first, u, second, v),
        "UYVY": (u, first, v, second),
        "YVYU": (first, v, second, u),
    }
    if form in packed:
        return np.dstack(packed[form]).tobytes()
    u, v = u[::2], v[::2]
    planes = {
        "YU12": (y, u, v),
        "YV12": (y, v, u),
        "NV12": (y, np.dstack([u, v])),
        "NV21": (y, np.dstack([v, u])),
    }
    if form in planes:
        return b"".join(plane.tobytes() for plane in planes[form])
    grey = (luma * 255).round().astype(np.uint8)
    clear = np.full_like(grey, 255)
    return {
        "GREY": lambda: grey,
        "Y16": lambda: grey.astype("<u2") * 256,
        "Y10": lambda: grey.astype("<u2") * 4,
        "RGB3": lambda: picture,
        "BGR3": lambda: picture[:, :, ::-1],
        "BGR4": lambda: np.dstack([picture[:, :, ::-1], clear]),
        "XR24": lambda: np.dstack([picture[:, :, ::-1], clear]),
    }[form]().tobytes()


FORMS = (
    "YUYV",
    "UYVY",
    "YVYU",
    "NV12",
    "NV21",
    "YU12",
    "YV12",
    "MJPG",
    "RGB3",
    "BGR3",
    "BGR4",
    "XR24",
)
"""Those with colours."""
GREYS = ("GREY", "Y16", "Y10")
