"""The texture field in plain NumPy, to be read: white noise smeared along the form of a picture.

Painters follow form. Edges have tangents (the eigenvectors of the smoothed structure tensor: Kang,
Lee and Chui, "Coherent line drawing", 2007; Kyprianidis and Kang, "Image and video abstraction by
coherence-enhancing filtering", 2011), and white noise averaged along them (Cabral and Leedom,
"Imaging vector fields using line integral convolution", 1993) is strokes, hatches, brushed metal,
hair. The integral is done by doubling: every pass averages the noise with itself one displacement
further on, and composes the displacement with itself. Where a picture has no direction of its own a
slow swirl leads, drawn from the same noise.

Directions are kept as twice their angle, cos and sin, since a tangent has no sign: so they can be
averaged. They live at half size. All lengths are in units of 1/256 of the picture's height, times
the stroke size, so that 512 rows look like 256, sharper. Borders are mirrored at the middle of the
outermost pixels.

The arithmetic is float32. `cv_field` is the same on a CPU at full speed (except that bytes made
smaller are rounded to bytes there), `cupy_field` on a card.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vj.core.smoothstep import smoothstep

PASSES = 3
"""Doublings: 2 ** 3 = 8 steps each way."""
GRAIN = 1.0
"""Units; the noise is blurred by this before it is smeared."""
SOFT = 1.0
"""Units; the luma is blurred by this before it is derived."""
TENSOR = 2.5
"""Units; the structure tensor's window."""
CALM = 2.0
"""Units; the directions are smoothed by this at the end."""
SWIRL_CELL = 32
"""Units, without the stroke size: how large the swirl's turns are."""
SWIRL_TURN = 1.2
"""Radians; how far the swirl leans for noise of 1."""
QUIET, CLEAR = 0.05, 0.16
"""Slope of the luma (0..1 a unit, times Sobel's 8 and 2) up to which it has no direction at all, so
that a camera's noise moves nothing, and from which it leads alone."""
CUT = 0.9
"""Radians of the double angle: where the sign of the tangents flips, at a slant that is rare."""
NARROW = 0.3
"""Pixels; a blur below this would have a kernel one pixel wide, and is left out."""
CUBIC = -0.75
"""The slope of the cubic that upscales the swirl, OpenCV's."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """What the form of a picture makes of noise. texture: (H, W) float32, mean 0, variance 1.
    along_x, along_y: (H, W) float32, cosine and sine of twice the angle of the tangents, times how
    confident the direction is, 0..1 (the swirl's is not)."""

    texture: np.ndarray
    along_x: np.ndarray
    along_y: np.ndarray


def make_field(
    luma: np.ndarray,
    white: np.ndarray,
    size: float = 1.0,
    turn: float = 0.0,
    unit: float | None = None,
) -> Field:
    """luma: (H, W), uint8 or float 0..1. white: (H, W), N(0, 1). size: of the strokes. turn:
    radians by which the swirl has turned. unit: pixels in a unit, H / 256 unless given."""
    height, width = luma.shape
    unit = height / 256 if unit is None else unit
    half = max(1, height // 2), max(1, width // 2)
    leaning = lean(white, swirl_cells(height, width, unit), half)
    cos, sin, x, y = directions(luma, leaning + np.float32(turn), half, unit, size)
    along_x, along_y = steps(x, y, unit, size)
    total = smear(blur(white.astype(np.float32), GRAIN * unit * size), along_x, along_y)
    texture = (total - total.mean()) / max(float(total.std()), 1e-6)
    return Field(texture, upscale(cos, height, width), upscale(sin, height, width))


def follow(
    noise: np.ndarray,
    luma: np.ndarray,
    size: float = 1.0,
    turn: float = 0.0,
    unit: float | None = None,
) -> np.ndarray:
    """Noise of many channels on a grid of its own, (h, w, C), smeared by the same steps in every
    channel, not normalised. luma: (H, W) of any size. The grid is taken for the half size of a
    picture of 2h rows: unit is 2h / 256 unless given. The first channel turns the swirl."""
    half = noise.shape[0], noise.shape[1]
    unit = 2 * half[0] / 256 if unit is None else unit
    leaning = lean(noise[..., 0], swirl_cells(2 * half[0], 2 * half[1], unit), half)
    _, _, x, y = directions(luma, leaning + np.float32(turn), half, unit, size)
    along_x, along_y = steps(x, y, unit, size)
    return np.dstack([smear(channel, along_x, along_y) for channel in np.moveaxis(noise, 2, 0)])


def swirl_cells(height: int, width: int, unit: float) -> tuple[int, int]:
    """How many of the swirl's turns a picture holds, down and across."""
    cell = SWIRL_CELL * unit
    return max(1, round(height / cell)), max(1, round(width / cell))


def lean(white: np.ndarray, cells: tuple[int, int], half: tuple[int, int]) -> np.ndarray:
    """The swirl: by how many radians a direction leans, (h, w), from noise of any size.

    The mean of so many numbers is brought back to variance 1 and upscaled by a cubic.
    """
    scale = SWIRL_TURN * math.sqrt(white.size / (cells[0] * cells[1]))
    return upscale(area(white, *cells) * np.float32(scale), *half, cubic=True)


def directions(
    luma: np.ndarray, leaning: np.ndarray, half: tuple[int, int], unit: float, size: float
) -> tuple[np.ndarray, ...]:
    """At half size, (h, w) each: the tangents' double angle (cosine, sine) scaled by their
    confidence, and the direction that leads the noise, in which the swirl fills the rest.

    leaning: (h, w), radians, the swirl. unit, size: as for `make_field`.
    """
    small = area(luma, *half) / np.float32(255 if luma.dtype == np.uint8 else 1)
    pixels = 0.5 * unit * size  # of the small picture in a unit
    dx, dy = sobel(blur(small, SOFT * pixels))
    xx, yy, xy = (blur(product, TENSOR * pixels) for product in (dx * dx, dy * dy, dx * dy))
    power = xx + yy
    slope = np.sqrt(power) * np.float32(unit)
    u = np.clip((slope - np.float32(QUIET)) / np.float32(CLEAR - QUIET), 0, 1)
    # (yy - xx, -2 xy) is the tensor's double angle, turned by 90 degrees: along the edge. Over the
    # power it is the coherence, 1 where all gradients agree.
    gate = smoothstep(u) / (power + np.float32(1e-6))
    cos, sin = (yy - xx) * gate, -2 * xy * gate
    rest = 1 - np.minimum(np.hypot(cos, sin), 1)
    x = blur(cos + rest * np.cos(2 * leaning), CALM * pixels)
    y = blur(sin + rest * np.sin(2 * leaning), CALM * pixels)
    return cos, sin, x, y


def steps(x: np.ndarray, y: np.ndarray, unit: float, size: float) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) each: one unit along the direction whose double angle is (x, y), in pixels at half
    size. Halving the angle needs a cut where the sign flips; `compose` minds it."""
    angle = np.mod(np.arctan2(y, x) + np.float32(CUT), np.float32(2 * np.pi))
    angle = np.float32(0.5) * (angle - np.float32(CUT))
    length = np.float32(0.5 * unit * size)
    return length * np.cos(angle), length * np.sin(angle)


def smear(grain: np.ndarray, along_x: np.ndarray, along_y: np.ndarray) -> np.ndarray:
    """Line integral convolution by doubling, both ways, each way's 8 steps summed.

    grain: (H, W). along_x, along_y: (h, w), a step in pixels of that size. Returns (H, W).
    """
    height, width = grain.shape
    own_y, own_x = np.indices(grain.shape, np.float32)
    grow_x, grow_y = np.float32(width / along_x.shape[1]), np.float32(height / along_x.shape[0])
    total = np.zeros_like(grain)
    for sign in (1, -1):
        x, y = sign * along_x, sign * along_y
        smeared = grain
        for doubling in range(PASSES):
            if doubling:
                x, y = compose(x, y)
            there_x = own_x + grow_x * upscale(x, height, width)
            there_y = own_y + grow_y * upscale(y, height, width)
            smeared = smeared + sample(smeared, there_x, there_y)
        total += smeared
    return total


def compose(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A displacement followed by itself, (h, w) each. Tangents have no sign of their own: what lies
    there is taken in the direction one comes in."""
    own_y, own_x = np.indices(x.shape, np.float32)
    on_x, on_y = sample(x, own_x + x, own_y + y), sample(y, own_x + x, own_y + y)
    sign = np.copysign(np.float32(1), on_x * x + on_y * y)
    return x + sign * on_x, y + sign * on_y


def blur(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur, (H, W); sigma in pixels, the kernel 2.5 of them each way."""
    if sigma < NARROW:
        return picture
    reach = max(1, math.ceil(2.5 * sigma))
    weights = np.exp(-np.square(np.arange(-reach, reach + 1)) / (2 * sigma * sigma))
    weights = (weights / weights.sum()).astype(np.float32)
    height, width = picture.shape
    wide = np.pad(picture, reach, mode="reflect")
    rows: np.ndarray = sum(w * wide[:, i : i + width] for i, w in enumerate(weights))
    out: np.ndarray = sum(w * rows[i : i + height] for i, w in enumerate(weights))
    return out


def sobel(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sobel's derivatives to the right and down, (H, W) each: 8 times the slope a pixel."""
    wide = np.pad(picture, 1, mode="reflect")
    across, down = wide[:, 2:] - wide[:, :-2], wide[2:] - wide[:-2]
    return (
        across[:-2] + 2 * across[1:-1] + across[2:],
        down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:],
    )


def area(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Made smaller, (height, width) float32: each pixel the mean of what it covers."""

    def cover(count: int, size: int) -> np.ndarray:
        """(count, size): which share of output pixel i is input pixel j."""
        edges = np.arange(count + 1) * (size / count)
        j = np.arange(size)
        inside = np.minimum(edges[1:, None], j + 1) - np.maximum(edges[:-1, None], j)
        return (np.maximum(inside, 0) * (count / size)).astype(np.float32)

    source = picture.astype(np.float32)
    out: np.ndarray = cover(height, source.shape[0]) @ source @ cover(width, source.shape[1]).T
    return out


def upscale(picture: np.ndarray, height: int, width: int, cubic: bool = False) -> np.ndarray:
    """Made larger, (height, width): linear or cubic between the middles of pixels, the border's
    beyond it."""

    def weights(count: int, size: int) -> np.ndarray:
        """(count, size): how much of output pixel i is input pixel j."""
        at = (np.arange(count) + 0.5) * (size / count) - 0.5
        before = np.floor(at).astype(int)
        out = np.zeros((count, size), np.float32)
        for tap in range(-1, 3) if cubic else range(2):
            far = np.abs(at - before - tap)
            near = ((CUBIC + 2) * far - (CUBIC + 3)) * far * far + 1
            beyond = ((CUBIC * far - 5 * CUBIC) * far + 8 * CUBIC) * far - 4 * CUBIC
            share = np.where(far <= 1, near, beyond) if cubic else 1 - far
            np.add.at(out, (np.arange(count), np.clip(before + tap, 0, size - 1)), share)
        return out

    rows, columns = weights(height, picture.shape[0]), weights(width, picture.shape[1])
    out: np.ndarray = rows @ picture @ columns.T
    return out


def sample(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(H, W) between its pixels, bilinear, mirrored at the borders; x, y: where, (h, w) pixels."""
    height, width = picture.shape
    left, top = np.floor(x), np.floor(y)
    across, down = x - left, y - top

    def mirrored(index: np.ndarray, size: int) -> np.ndarray:
        period = max(1, 2 * (size - 1))
        folded = np.abs(index) % period
        return np.where(folded < size, folded, period - folded)

    columns = [mirrored(left.astype(int) + i, width) for i in range(2)]
    rows = [mirrored(top.astype(int) + i, height) for i in range(2)]
    upper, lower = (
        picture[row, columns[0]] + across * (picture[row, columns[1]] - picture[row, columns[0]])
        for row in rows
    )
    return upper + down * (lower - upper)
