"""What the techniques of strokes share: light, calm, lines, and colour laid on paper."""

from __future__ import annotations

import cv2
import numpy as np

from vj.kernels.cv_field import HOW
from vj.pocket.techniques.subject import Subject, step

PERIOD = 2 * np.pi
THIRD = np.full(3, 1 / 3, np.float32)


def light(subject: Subject) -> np.ndarray:
    """(H, W) 0..1: the luma, its local contrast raised where it is low, so that a face against a
    window is still a face."""
    near = subject.blur(subject.luma, 0.9)
    base = subject.blur(near, 6.0)
    apart = near - base
    power = np.sqrt(subject.blur(apart * apart, 4.0) + np.float32(1e-4))
    out = np.clip(0.06 + 0.88 * base + apart * (1.0 + 0.14 / (0.09 + power)), 0, 1)
    return 0.5 * out + 0.5 * step(0, 1, out)


def calm(subject: Subject, wall: float) -> np.ndarray:
    """(H, W): how loud strokes may be: `wall` where nothing is near, 1 about what is shown, less in
    its finest detail."""
    edges = subject.edges(1.0)
    return (wall + (1 - wall) * step(0.015, 0.09, subject.blur(edges, 7.0))) * (1 - 0.55 * edges)


def dragged(subject: Subject, picture: np.ndarray, units: float) -> np.ndarray:
    """A picture smeared along the form as far as it has one: corners, eyes and mouths stay."""
    share = subject.confidence * subject.confidence
    share = share[..., None] if picture.ndim == 3 else share
    return picture + share * (subject.smear(picture, units) - picture)


def fine(subject: Subject) -> np.ndarray:
    """(H, W) 0..1: where what is shown is small, as faces and hands are: strokes give way."""
    near = subject.blur(subject.luma, 0.8)
    apart = near - subject.blur(near, 2.5)
    power = np.sqrt(subject.blur(apart * apart, 3.0) + np.float32(1e-6))
    # A border between two calm areas has as much power but one clear direction.
    return step(0.007, 0.026, power) * (1 - 0.5 * subject.blur(subject.confidence, 2.0))


def shifted(subject: Subject, picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A picture looked up so many units to the right and down of each place."""
    height, width = x.shape
    one = np.float32(subject.one)
    there_x = one * x + np.arange(width, dtype=np.float32)
    there_y = one * y + np.arange(height, dtype=np.float32)[:, None]
    out: np.ndarray = cv2.remap(picture, there_x, there_y, **HOW)
    return out


def outline(subject: Subject) -> np.ndarray:
    """(H, W) 0..about 1: dark contours, on the dark side of edges and in thin dark lines."""
    near = subject.blur(subject.luma, 0.8)
    return np.clip(7 * (subject.blur(near, 2.0) - near) - 0.08, 0, 1)


def noise(subject: Subject, units: float) -> np.ndarray:
    """(H, W): the texture field blurred by so many units, its variance about 1 again."""
    return subject.blur(subject.texture, units) * np.float32(np.sqrt(1 + 0.32 * units * units))


def streaks(subject: Subject, units: float, length: float) -> np.ndarray:
    """(H, W) -1..1: lines along the form, quasi-periodic, one as strong as the other: the cosine of
    the local phase of the band-passed texture field. The period is about 4 units at 0.5 units of
    blur, 7 at 1.5."""
    texture = dragged(subject, subject.texture, length)
    band = subject.blur(texture, units)
    width = np.sqrt(1 + units * units)
    for _ in range(2):  # twice: a narrower band, steadier lines
        band = band - subject.blur(band, 0.8 * width)
    across, down = subject.slope(band)
    # Its own slope is a quarter of a period away: both together have the amplitude.
    away = (across * across + down * down) * np.float32((width / 1.65) ** 2)
    return band / np.sqrt(band * band + away + np.float32(1e-4))


def stairs(x: np.ndarray, steps: float, sharp: float = 0.9) -> np.ndarray:
    """x with soft plateaus, so many in a unit; at no place steeper than 1 + sharp."""
    return x - np.sin(PERIOD * steps * x) * np.float32(sharp / (PERIOD * steps))


def mixed(subject: Subject, blur: float, chroma: float) -> np.ndarray:
    """(H, W, 3): the picture's colours, blurred by so many units, more or less saturated."""
    soft = subject.blur(subject.image, blur)
    grey = (soft @ THIRD)[..., None]
    return np.clip(grey + chroma * (soft - grey), 0, 1)


def chalked(value: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """(H, W, 3) 0..1: colours of this value (H, W) and, as far as they have room, these differences
    from grey. Clipped instead, an orange would turn to lemon."""
    red, green, blue = cv2.split(apart)
    high = cv2.max(cv2.max(red, green), blue) + np.float32(1e-3)
    low = np.float32(1e-3) - cv2.min(cv2.min(red, green), blue)
    room = np.minimum(1, np.minimum((1.02 - value) / high, (value + 0.02) / low))
    return np.clip(value[..., None] + np.maximum(0, room)[..., None] * apart, 0, 1)


def laid_on(paper: np.ndarray, paint: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """(H, W, 3): paint on paper, covering it as far as cover (H, W) says."""
    return np.clip(paper + cover[..., None] * (paint - paper), 0, 1)
