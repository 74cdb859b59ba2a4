"""A camera's picture as its driver gives it -> RGB, by its FOURCC: blue is blue whatever OpenCV
leaves to us."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Size

PACKED = {
    "YUYV": cv2.COLOR_YUV2RGB_YUY2,
    "UYVY": cv2.COLOR_YUV2RGB_UYVY,
    "YVYU": cv2.COLOR_YUV2RGB_YVYU,
}
"""Two bytes a pixel."""
PLANAR = {
    "NV12": cv2.COLOR_YUV2RGB_NV12,
    "NV21": cv2.COLOR_YUV2RGB_NV21,
    "YU12": cv2.COLOR_YUV2RGB_I420,
    "YV12": cv2.COLOR_YUV2RGB_YV12,
}
"""A byte a pixel, and half as much again below: the chroma of four."""
INTERLEAVED = {"BGR3": (3, cv2.COLOR_BGR2RGB), "RGB3": (3, None)} | dict.fromkeys(
    ("BGR4", "XR24", "AR24"), (4, cv2.COLOR_BGRA2RGB)
)
"""Bytes a pixel, and how they become RGB."""
BITS = {"Y10": 10, "Y12": 12, "Y16": 16}
"""Of each pixel's two bytes, so many count."""


def to_rgb(
    pixels: np.ndarray, fourcc: str, size: Size, converted: bool = True
) -> np.ndarray | None:
    """What `VideoCapture.read` gave -> (H, W, 3) uint8 RGB, new; None for a JPEG that is broken.

    pixels: (H, W, 3) blue-green-red, which OpenCV promises; or what the camera sent, where its
    backend does not convert: (H, W, 2 or 4), (H, W), (H * 3/2, W), (1, bytes). fourcc: as in
    `camera_modes.FORMATS`; empty when it is not known. size: of the picture, needed for flat bytes.
    converted: the backend says that it converts. Raises Fault for what cannot be read for sure.
    """
    if pixels.dtype == np.uint16:
        return _grey((pixels >> BITS.get(fourcc, 16) - 8).astype(np.uint8))
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim == 2 and 1 in pixels.shape:
        return _flat(np.ascontiguousarray(pixels).reshape(-1), fourcc, size)
    if pixels.ndim == 3 and pixels.shape[2] == 3:
        raw = not converted and fourcc == "RGB3"
        return pixels.copy() if raw else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB)
    if pixels.ndim == 3 and pixels.shape[2] == 2:
        return cv2.cvtColor(pixels, PACKED[fourcc]) if fourcc in PACKED else _grey(_luma(pixels))
    if pixels.ndim == 2:
        return _rows(pixels, fourcc, size)
    raise unreadable(pixels.shape, fourcc)


def is_nameless(pixels: np.ndarray, fourcc: str) -> bool:
    """The picture is luma and chroma in an order that nobody tells: it is shown without colours,
    rather than with wrong ones."""
    several = pixels.ndim == 3 and pixels.shape[2] == 2
    lone = pixels.ndim == 2 and 1 not in pixels.shape and pixels.dtype == np.uint8
    return (several and fourcc not in PACKED) or (lone and fourcc not in (*PACKED, *PLANAR, "GREY"))


def _luma(pixels: np.ndarray) -> np.ndarray:
    """Of two bytes a pixel, (H, W, 2), the one that is no chroma: chroma keeps near the middle."""
    some = pixels[::4, ::4].astype(np.int16)
    apart = np.abs(some - 128).mean(axis=(0, 1))
    return np.ascontiguousarray(pixels[:, :, int(apart[1] > apart[0])])


def _rows(pixels: np.ndarray, fourcc: str, size: Size) -> np.ndarray:
    """A byte a pixel, (H, W) or (H * 3/2, W), or two in a row, (H, W * 2)."""
    rows, columns = pixels.shape
    if rows * 2 == size.height * 3 or (fourcc in PLANAR and not size.height and rows % 3 == 0):
        if fourcc in PLANAR:
            return cv2.cvtColor(pixels, PLANAR[fourcc])
        return _grey(np.ascontiguousarray(pixels[: rows * 2 // 3]))
    if fourcc in PACKED and columns == 2 * size.width:
        return cv2.cvtColor(pixels.reshape(rows, size.width, 2), PACKED[fourcc])
    return _grey(pixels)


def _flat(flat: np.ndarray, fourcc: str, size: Size) -> np.ndarray | None:
    """The bytes of a picture, one after the other, as V4L2 gives them."""
    width, height = size
    if fourcc == "MJPG" or (len(flat) > 2 and flat[0] == 0xFF and flat[1] == 0xD8):
        return cv2.imdecode(flat, cv2.IMREAD_COLOR_RGB) if len(flat) else None
    rows = height * 3 // 2 if fourcc in PLANAR else height
    bytes_of_row = width * _depth(fourcc)
    # the rows of some drivers end in bytes that belong to no pixel, or the whole picture does
    stride = bytes_of_row if not rows or len(flat) % rows else len(flat) // rows
    whole = fourcc in ("YU12", "YV12") and stride != bytes_of_row
    if not bytes_of_row or stride < bytes_of_row or len(flat) < rows * stride or whole:
        raise unreadable(flat.shape, fourcc)
    picture = np.ascontiguousarray(flat[: rows * stride].reshape(rows, stride)[:, :bytes_of_row])
    if fourcc in PACKED:
        return cv2.cvtColor(picture.reshape(height, width, 2), PACKED[fourcc])
    if fourcc in PLANAR:
        return cv2.cvtColor(picture, PLANAR[fourcc])
    if fourcc in INTERLEAVED:
        bytes_of_pixel, code = INTERLEAVED[fourcc]
        picture = picture.reshape(height, width, bytes_of_pixel)
        return picture.copy() if code is None else cv2.cvtColor(picture, code)
    if fourcc in BITS:
        return to_rgb(picture.view(np.uint16), fourcc, size)
    return _grey(picture)


def _depth(fourcc: str) -> int:
    """Bytes a pixel in the rows of a picture; 0 for what is not known."""
    if fourcc in PACKED or fourcc in BITS:
        return 2
    if fourcc in PLANAR or fourcc == "GREY":
        return 1
    return INTERLEAVED[fourcc][0] if fourcc in INTERLEAVED else 0


def _grey(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)


def unreadable(shape: tuple[int, ...], fourcc: str) -> Fault:
    """What is said of a picture whose form is not known."""
    return Fault(
        f"gives pictures of the format {fourcc or 'without a name'} and the shape "
        f"{'x'.join(map(str, shape))}, which cannot be read; another may do: ?format=MJPG or "
        "?format=YUYV after its name"
    )
