"""What materials and cells share: local contrast, where the picture is busy, and lamps."""

from __future__ import annotations

import cv2
import numpy as np

from vj.kernels.cv_field import HOW, blurred
from vj.pocket.techniques.subject import Subject, step

WIDE = 6.0
"""Units; what is finer than this is local contrast. Two such blurs in a row still end within 24."""


def broad(subject: Subject, picture: np.ndarray, units: float) -> np.ndarray:
    """Gaussian blur of many units, at half size: a third of the time, and the same to the eye."""
    if units * subject.one < 4:
        return subject.blur(picture, units)
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    small = blurred(small, 0.5 * units * subject.one)
    out: np.ndarray = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return out


def clear_luma(subject: Subject, soft: float = 0.9, gain: float = 0.9) -> np.ndarray:
    """(H, W), about 0..1: the luma, blurred by so many units, with weak local contrast raised, so
    that a face against the light keeps its eyes. Strong contrast is left as it is."""
    sharp = subject.blur(subject.luma, soft)
    wide = broad(subject, subject.luma, WIDE)
    apart = sharp - wide
    spread = cv2.sqrt(np.maximum(0, broad(subject, apart * apart, WIDE)))
    # Below .02 there is only the camera's noise, above .15 there is nothing to be raised.
    lift = gain * step(0.008, 0.03, spread) * 0.07 / (0.05 + spread)
    return np.clip(wide + (1 + lift) * apart, 0, 1)


def busy(subject: Subject, units: float = 4.0) -> np.ndarray:
    """(H, W) 0..1: how much happens within a few units, 0 on a blank wall, 1 in a face."""
    return step(0.015, 0.09, broad(subject, subject.edges(1.2), units))


def calm_texture(subject: Subject, blank: float, near: float) -> np.ndarray:
    """The texture, weighted: `blank` on a blank wall, `near` where there is form, half of that
    where the picture's own detail is strong, so that the luma leads."""
    around = broad(subject, subject.edges(1.2), 4.0)
    weight = blank + (near - blank) * step(0.01, 0.06, around) * (
        1 - 0.55 * step(0.12, 0.4, around)
    )
    return subject.texture * weight


def fetch(subject: Subject, picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The picture, (H, W) or (H, W, 3), so many units to the right and down of each pixel."""
    height, width = x.shape
    here_x, here_y = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    one = np.float32(subject.one)
    out: np.ndarray = cv2.remap(
        picture, here_x + one * x.astype(np.float32), here_y + one * y.astype(np.float32), **HOW
    )
    return out


def bell(x: np.ndarray, middle: float, width: float) -> np.ndarray:
    """1 at the middle, 0 far from it."""
    u = (x - middle) / width
    return np.exp(-u * u)


def glint(normals: np.ndarray, light: tuple[float, float, float], sharp: float) -> np.ndarray:
    """(H, W) 0..1: a lamp's reflection; the lamp is a unit vector: right, down, to us."""
    lit = np.maximum(0, normals @ np.array(light, np.float32))
    return cv2.pow(lit, sharp)
