"""Noise that rides on what moves, written to be read: cv_ride.py computes the same quickly, and
ride_body.py on a card.

A layer of texture coordinates (Max and Becker 1995; Neyret 2003) says for each place from which
place of a fixed noise its texture comes. They are kept in cells of a few pixels, as ways from the
place itself. There are two layers, of which one begins anew while the other is seen.

Latents are sums of white noise, which is gathered by whole pixels and so stays white
(`ridden_cells`). The built-in family is given noise that is blurred in any case: that is gathered
blurred, between pixels, so that nothing of the way is lost to rounding (`ridden_grain`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vj.kernels.numpy_field import CUBIC

FINER, FINEST = 4, 2
"""Pixels in a cell of the coordinates, across and down: of larger pictures and of smaller ones, on
which a limb is only a few cells wide."""
SMALL = 110_000
"""Pixels of a picture up to which it is a small one: what moves coordinates takes as long as there
are cells."""
LINES = 1.5
"""Pixels of blur from which on straight lines between pixels do as well as a cubic, in half the
time."""
LEAST_REACH = 0.35
"""Pixels; white noise that is read between its pixels is like that blurred so far."""
BEND, FAR = 1.5, 6.0
"""Pixels by which the step from one cell to the next may differ from the steps beside it, and that
it may be in any case, where both are of one thing."""


@dataclass(frozen=True, slots=True, eq=False)
class Ride:
    """Where the texture of each place comes from. ways: (2, h, w, 2) float32, of each layer and
    cell, x and y in pixels, h and w the picture's over `finer`, rounded up; not written to. shares:
    how much of each layer is seen, the sum of their squares 1. torn: (2, h, w) uint8, see
    `torn_of`. moved: something has moved. finer: pixels in a cell, across and down."""

    ways: np.ndarray
    torn: np.ndarray
    shares: tuple[float, float]
    moved: bool = True
    finer: int = FINER


def finer_of(height: int, width: int) -> int:
    """Pixels in a cell of the coordinates of such pictures."""
    return FINEST if height * width <= SMALL else FINER


def parts_of(ride: Ride, amount: float) -> tuple[float, float, float]:
    """What noise is mixed of: that of the place itself, and of the two layers."""
    return 1 - amount, amount * ride.shares[0], amount * ride.shares[1]


def torn_of(way: np.ndarray) -> np.ndarray:
    """(h, w) uint8: 1 where a cell, that on its right and the two below them are not of one thing.
    way: (h, w, 2)."""
    torn = np.zeros(way.shape[:2], np.uint8)
    planes = way[..., 0], way[..., 1]
    across = _jumps(*planes)
    down = _jumps(*(plane.T for plane in planes)).T
    torn[:, :-1] |= across
    torn[:-1, :-1] |= across[1:]
    torn[:-1] |= down
    torn[:-1, :-1] |= down[:, 1:]
    return torn


def _jumps(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Steps from one cell to the next, in a row, that are none of one thing."""
    steps = [plane[:, 1:] - plane[:, :-1] for plane in (x, y)]
    jumps: np.ndarray = np.maximum(np.abs(steps[0]), np.abs(steps[1])) > FAR
    bends = [np.abs(step[:, 1:] - step[:, :-1]) for step in steps]
    bend = np.maximum(*bends) > BEND
    if bend.shape[1]:
        jumps[:, 0] |= bend[:, 0]
        jumps[:, -1] |= bend[:, -1]
        jumps[:, 1:-1] |= bend[:, :-1] & bend[:, 1:]
    return jumps


def places_of(
    way: np.ndarray, torn: np.ndarray, height: int, width: int, finer: int
) -> tuple[np.ndarray, np.ndarray]:
    """Row and column, (H, W) int32 each, that a layer's texture comes from; the noise goes on
    beyond its edges. way: (h, w, 2). torn: its `torn_of`. finer: see `Ride`."""
    led = _way_of(way, torn, height, width, finer)
    x = np.rint(led[..., 0] + np.arange(width, dtype=np.float32))
    y = np.rint(led[..., 1] + np.arange(height, dtype=np.float32)[:, None])
    return y.astype(np.int32) % height, x.astype(np.int32) % width


def _way_of(way: np.ndarray, torn: np.ndarray, height: int, width: int, finer: int) -> np.ndarray:
    """A layer's way at each pixel, (H, W, 2).

    Between the cells' middles it is linear, but for where things part: there each pixel belongs to
    the nearest cell.
    """
    (top, bottom, down), (left, right, across) = (
        _between(side, cells, finer)
        for side, cells in ((height, way.shape[0]), (width, way.shape[1]))
    )
    corners = np.stack(
        [way[rows][:, columns] for rows in (top, bottom) for columns in (left, right)]
    )
    a, b = across[None, :, None], down[:, None, None]
    upper, lower = (
        one + a * (two - one) for one, two in ((corners[0], corners[1]), (corners[2], corners[3]))
    )
    linear = upper + b * (lower - upper)
    parted = torn[top][:, left]
    nearest = way[np.arange(height) // finer][:, np.arange(width) // finer]
    led: np.ndarray = np.where(parted[..., None] > 0, nearest, linear)
    return led


def _between(side: int, cells: int, finer: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each pixel of a side the cells whose middles it is between, and the way from one to the
    other, 0..1."""
    pixel = np.arange(side)
    first = (pixel + finer // 2) // finer - 1
    share = ((2 * pixel + 1 + finer) % (2 * finer)).astype(np.float32) / np.float32(2 * finer)
    return np.clip(first, 0, cells - 1), np.clip(first + 1, 0, cells - 1), share


def ridden_grain(grain: np.ndarray, reach: float, ride: Ride, amount: float) -> np.ndarray:
    """Blurred noise that rides, (H, W) float32, its deviation as it was. grain: (H, W) float32.
    reach: pixels by which it is blurred, the Gaussian's sigma. amount: 0..1, how much of it rides.

    It is read between its pixels, and goes on beyond its edges. What is mixed of places
    that lie d apart is alike by exp(-d^2 / 4 reach^2), and the mixture's deviation is divided by.
    """
    height, width = grain.shape
    shares = [np.float32(part) for part in parts_of(ride, amount)]
    led = [np.zeros((height, width, 2), np.float32)]
    for way, torn in zip(ride.ways, ride.torn, strict=True):
        led.append(_way_of(way, torn, height, width, ride.finer))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    seen, norm = np.zeros((2, height, width), np.float32)
    for number, (share, way) in enumerate(zip(shares, led, strict=True)):
        seen += share * _between_pixels(grain, y + way[..., 1], x + way[..., 0], reach)
        norm += share * share
        for other, away in zip(shares[:number], led, strict=False):
            norm += 2 * share * other * likeness(way - away, (height, width), reach)
    return seen / np.sqrt(norm)


def likeness(apart: np.ndarray, size: tuple[int, int], reach: float) -> np.ndarray:
    """Correlation of blurred noise with itself so far apart, 0..1. apart: (..., 2), x and y in
    pixels. size: height and width, after which the noise repeats."""
    sides = np.array(size[::-1], np.float32)
    apart = apart - sides * np.rint(apart / sides)
    out: np.ndarray = np.exp(np.square(apart).sum(-1) * np.float32(-width_of(reach)))
    return out


def width_of(reach: float) -> float:
    """What the square of a distance in pixels is multiplied by in `likeness`."""
    return 0.25 / max(reach, LEAST_REACH) ** 2


def _between_pixels(grain: np.ndarray, y: np.ndarray, x: np.ndarray, reach: float) -> np.ndarray:
    height, width = grain.shape
    top, left = np.floor(y), np.floor(x)
    gives = _linear if reach >= LINES else _cubic
    total = np.zeros_like(grain)
    for j in range(-1, 3):
        down = gives(np.abs(y - top - np.float32(j)))
        for i in range(-1, 3):
            across = gives(np.abs(x - left - np.float32(i)))
            row = (top.astype(np.int64) + j) % height
            total += down * across * grain[row, (left.astype(np.int64) + i) % width]
    return total


def _linear(far: np.ndarray) -> np.ndarray:
    """What a pixel so far away gives."""
    return np.maximum(1 - far, 0)


def _cubic(far: np.ndarray) -> np.ndarray:
    """The same, for what is less soft."""
    a = np.float32(CUBIC)
    near = ((a + 2) * far - (a + 3)) * far * far + 1
    out: np.ndarray = np.where(far <= 1, near, ((a * far - 5 * a) * far + 8 * a) * far - 4 * a)
    return out


def ridden_plane(plane: np.ndarray, size: tuple[int, int], ride: Ride, amount: float) -> np.ndarray:
    """What is smooth, riding: (h, w) float32 of about half the size, height and width, of what is
    ridden on. It goes on mirrored beyond its edges; of two layers it is the mean."""
    height, width = plane.shape
    own, first, second = smooth_parts(ride, amount)
    out: np.ndarray = np.float32(own) * plane
    for share, way, torn in zip((first, second), ride.ways, ride.torn, strict=True):
        rows = np.minimum(2 * np.arange(height), size[0] - 1)
        columns = np.minimum(2 * np.arange(width), size[1] - 1)
        led = _way_of(way, torn, *size, ride.finer)[rows][:, columns]
        x = np.arange(width, dtype=np.float32) + led[..., 0] * np.float32(width / size[1])
        down = np.arange(height, dtype=np.float32)[:, None]
        y = down + led[..., 1] * np.float32(height / size[0])
        out = out + np.float32(share) * _smooth_at(plane, y, x)
    return out


def smooth_parts(ride: Ride, amount: float) -> tuple[float, float, float]:
    """As `parts_of`, of what is no noise: together 1."""
    return 1 - amount, amount * ride.shares[0] ** 2, amount * ride.shares[1] ** 2


def _smooth_at(plane: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    top, left = np.floor(y), np.floor(x)
    rows, columns = (
        [_mirrored(first.astype(int) + step, side) for step in (0, 1)]
        for first, side in zip((top, left), plane.shape, strict=True)
    )
    upper, lower = (
        plane[row, columns[0]] + (x - left) * (plane[row, columns[1]] - plane[row, columns[0]])
        for row in rows
    )
    out: np.ndarray = upper + (y - top) * (lower - upper)
    return out


def _mirrored(index: np.ndarray, side: int) -> np.ndarray:
    """Any index as one within, mirrored at the middle of the first and last pixel."""
    period = max(1, 2 * (side - 1))
    folded = np.abs(index) % period
    return np.where(folded < side, folded, period - folded)


def ridden_cells(
    noise: np.ndarray,
    detail: np.ndarray,
    turns: np.ndarray,
    ride: Ride,
    amount: float,
) -> np.ndarray:
    """The noise of latents, riding: (planes, h, w) float32, N(0, 1) as it was. noise: the same,
    where nothing has moved, in cells of a multiple of `ride.finer` pixels. detail: (H, W) float32,
    white noise at the size of the picture without the mean of each cell of latents, see
    `detail_of`. turns: (planes, 2) int32, by how many pixels each plane's detail is turned, down
    and across, in whole cells.

    A cell is the sum of its pixels' noise divided by its side. Pixels that come from one place
    count for more than one: the sum is divided by what that makes of its deviation. Of one layer
    those eight around each pixel are looked at; of two, how far cells that have moved apart still
    lie on each other.
    """
    planes, rows, columns = noise.shape
    height, width = detail.shape
    side = height // rows
    shares = np.array(parts_of(ride, amount), np.float32)
    still = np.zeros((1, *ride.ways.shape[1:]), np.float32)
    whole = still[..., 0].astype(np.uint8)
    layers = [
        *zip(
            shares,
            np.concatenate([still, ride.ways]),
            np.concatenate([whole, ride.torn]),
            strict=True,
        )
    ]
    spread = np.zeros((rows, columns), np.float32)
    for number, (share, way, torn) in enumerate(layers):
        twice = _twice(*places_of(way, torn, height, width, ride.finer), side) / np.float32(side**2)
        spread += share * share * (1 + 2 * twice)
        for other, away, _ in layers[:number]:
            spread += 2 * share * other * _over(way - away, side // ride.finer, side)
    out = np.empty_like(noise)
    for plane in range(planes):
        down, across = turns[plane]
        seen = np.zeros((height, width), np.float32)
        for share, way, torn in layers:
            y, x = places_of(way, torn, height, width, ride.finer)
            fine = detail[(y + down) % height, (x + across) % width]
            seen += share * (fine + noise[plane, y // side, x // side] / np.float32(side))
        out[plane] = seen.reshape(rows, side, columns, side).sum((1, 3)) / side
    return out / np.sqrt(spread)


def _over(apart: np.ndarray, many: int, side: int) -> np.ndarray:
    """(h, w) float32, 0..1: how far two cells of latents lie on each other that have come apart by
    (rows, columns, 2) pixels. many: cells of the coordinates in one, across and down."""
    rows, columns = apart.shape[:2]
    mean = apart.reshape(rows // many, many, columns // many, many, 2).mean((1, 3))
    return np.clip(1 - np.abs(mean) / side, 0, 1).prod(-1)


def _twice(y: np.ndarray, x: np.ndarray, side: int) -> np.ndarray:
    """(h, w) float32: pairs of neighbouring pixels of each cell that come from one place."""
    height, width = y.shape
    place = y.astype(np.int64) * width + x
    pairs = np.zeros(place.shape, np.float32)
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
        rows, columns = np.arange(height), np.arange(width)
        other = place[np.minimum(rows + down, height - 1)]
        other = other[:, np.clip(columns + across, 0, width - 1)]
        within = (rows % side + down < side)[:, None]
        within = within & (columns % side + across < side) & (columns % side + across >= 0)
        pairs += (place == other) & within
    return pairs.reshape(height // side, side, width // side, side).sum((1, 3))


def detail_of(white: np.ndarray, side: int) -> np.ndarray:
    """White noise, (H, W) float32, without the mean of each cell of so many pixels a side: what a
    latent's noise says nothing of."""
    height, width = white.shape
    cells = white.reshape(height // side, side, width // side, side)
    return (cells - cells.mean((1, 3), keepdims=True)).reshape(height, width)
