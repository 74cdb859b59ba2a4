"""The colours of a picture as lamps need them: means and brightest places, in linear light, and
what of them each channel gets."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.packed import FROM_UYVY, Packed, Pixels
from vj.show.lights_section import LightRule, Zone

SIDE = 192
"""Pixels of the longer side of the picture that is looked at."""
PLACES = 12
"""Places across and down in which the brightest is looked for: a point alone would flicker."""
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Of linear R, G and B (BT.709)."""

_SHARES = np.arange(256) / 255
_LINEAR = np.where(_SHARES <= 0.04045, _SHARES / 12.92, ((_SHARES + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
"""Linear light of an sRGB value (IEC 61966-2-1)."""


def small_linear(picture: Pixels) -> np.ndarray:
    """A picture, (H, W, 3 or 4) uint8 or packed, as (h, w, 3) float32, linear, 0..1; `SIDE`
    at most.

    Light mixes linearly: half white, half black is as bright as grey 188, not 128. Pixels that
    become one are averaged as they are, which for neighbours of a picture makes no difference."""
    height, width = picture.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if isinstance(picture, Packed) and not picture.unpacked:
        pixels = _small_rgb(picture, size)
    else:
        pixels = picture.rgb if isinstance(picture, Packed) else picture
        pixels = pixels if scale == 1 else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return _LINEAR[pixels[..., :3]]


def _small_rgb(picture: Packed, size: tuple[int, int]) -> np.ndarray:
    """RGB of what came packed from a card, without unpacking all of it. size: width, height."""
    if picture.order == "BGRX":
        return cv2.resize(picture.data, size, interpolation=cv2.INTER_AREA)[..., 2::-1]
    height, width = picture.data.shape[:2]
    pairs = picture.data.reshape(height, width // 2, 4)  # U, Y, V, Y of two pixels
    u, first, v, second = cv2.split(cv2.resize(pairs, size, interpolation=cv2.INTER_AREA))
    luma = cv2.addWeighted(first, 0.5, second, 0.5, 0)
    return cv2.transform(cv2.merge([luma, u, v]), FROM_UYVY)


def _part(
    zone: Zone, grid: tuple[int, int], cell: int, shape: tuple[int, ...]
) -> tuple[slice, ...]:
    """The rows and columns of a cell of a grid over a zone, one pixel at least."""
    columns, rows = grid
    found = []
    for side, begin, length, place, count in (
        (shape[0], zone.y, zone.height, cell // columns, rows),
        (shape[1], zone.x, zone.width, cell % columns, columns),
    ):
        first = min(side - 1, int(side * (begin + length * place / count) + 0.5))
        last = int(side * (begin + length * (place + 1) / count) + 0.5)
        found.append(slice(first, max(first + 1, last)))
    return tuple(found)


def colours(linear: np.ndarray, rule: LightRule) -> np.ndarray:
    """The colour of each lamp of a rule, (lamps, 3) float32, linear, 0..1. linear: of
    `small_linear`."""
    columns, rows = rule.grid
    look = _mean if rule.of == "mean" else _brightest
    return np.stack(
        [
            look(linear[_part(rule.zone, rule.grid, cell, linear.shape)])
            for cell in range(columns * rows)
        ]
    )


def _mean(part: np.ndarray) -> np.ndarray:
    return part.mean((0, 1))


def _brightest(part: np.ndarray) -> np.ndarray:
    size = min(PLACES, part.shape[1]), min(PLACES, part.shape[0])
    places = cv2.resize(part, size, interpolation=cv2.INTER_AREA).reshape(-1, 3)
    return places[int((places @ LUMINANCE).argmax())]


def levels(lamps: np.ndarray, rule: LightRule, amount: float) -> bytes:
    """What each channel gets. lamps: (lamps, 3) linear, 0..1. amount: how bright, 0..1.

    rgbw: white is what R, G and B have in common. dim: luminance. A dimmer (d) has the amount, and
    the colours are whole."""
    order = rule.channels
    bright = lamps if order.startswith("dr") else lamps * amount
    if order == "dim":
        shown = (bright @ LUMINANCE)[:, None]
    else:
        shown = bright
        if order.endswith("w"):
            white = bright.min(1, keepdims=True)
            shown = np.hstack([bright - white, white])
    if rule.response == "srgb":
        shown = np.where(
            shown <= 0.0031308, shown * 12.92, 1.055 * np.maximum(shown, 0) ** (1 / 2.4) - 0.055
        )
    if order.startswith("dr"):
        shown = np.hstack([np.full((len(shown), 1), amount), shown])
    return bytes(np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8))
