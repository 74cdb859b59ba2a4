"""Noise that rides on what moves, with OpenCV: `numpy_ride`, fast."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from vj.kernels.numpy_ride import BEND, FAR, LINES, Ride, parts_of, smooth_parts, width_of


def torn_in(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """`numpy_ride.torn_of`, of both numbers of the ways, (h, w) float32 each."""
    torn = np.zeros(x.shape, np.uint8)
    across, down = _jumps(x, y, 1), _jumps(x, y, 0)
    torn[:, :-1] |= across
    torn[:-1, :-1] |= across[1:]
    torn[:-1] |= down
    torn[:-1, :-1] |= down[:, 1:]
    return torn


def _jumps(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
    steps = [np.diff(plane, axis=axis) for plane in (x, y)]
    jumps: np.ndarray = np.maximum(*(np.abs(step) for step in steps)) > FAR
    bend = np.maximum(*(np.abs(np.diff(step, axis=axis)) for step in steps)) > BEND
    if bend.shape[axis]:
        along, bent = (jumps, bend) if axis == 0 else (jumps.T, bend.T)
        along[0] |= bent[0]
        along[-1] |= bent[-1]
        along[1:-1] |= bent[:-1] & bent[1:]
    return jumps


class Rider:
    """For pictures of one size. Belongs to one thread; its buffers are kept."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self._places = np.stack(
            np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)),
            axis=-1,
        )
        self._of: Ride | None = None
        self._maps: list[np.ndarray] = []
        self._ways: list[np.ndarray] = []
        self._beyond: list[bool] = []
        self._buffers: dict[int, np.ndarray] = {}
        self._fixed: tuple[Any, ...] = (None, None)
        self._pairs: dict[tuple[int, int], np.ndarray] = {}

    def grain(self, grain: np.ndarray, reach: float, ride: Ride, amount: float) -> np.ndarray:
        """`numpy_ride.ridden_grain`; overwritten by the next call."""
        self._take(ride)
        own, *shares = parts_of(ride, amount)
        layers = [layer for layer, share in enumerate(shares) if share > 0]
        moved = [self._between_pixels(grain, reach, layer) for layer in layers]
        if own == 0 and len(layers) == 1:
            return moved[0]
        seen, norm = (self._buffer(number, grain) for number in (2, 3))
        np.multiply(grain, np.float32(own), out=seen)
        norm[...] = own**2 + sum(share**2 for share in shares)
        for gathered, layer in zip(moved, layers, strict=True):
            cv2.scaleAdd(gathered, shares[layer], seen, dst=seen)
            if own > 0:
                self._add_likeness(self._ways[layer], reach, 2 * own * shares[layer], norm)
        if len(layers) == 2:
            apart = self._buffer(4, self._places)
            cv2.subtract(self._ways[0], self._ways[1], dst=apart)
            self._add_likeness(apart, reach, 2 * shares[0] * shares[1], norm)
        cv2.divide(seen, cv2.sqrt(norm, dst=norm), dst=seen)
        return seen

    def _between_pixels(self, grain: np.ndarray, reach: float, layer: int) -> np.ndarray:
        none: Any = None
        places = cv2.add(self._ways[layer], self._places, dst=self._buffer(4, self._places))
        if self._beyond[layer]:  # OpenCV's cubic reads elsewhere beyond the second side
            sides = np.array((self.width, self.height), np.float32)
            places -= np.floor(places / sides) * sides
        self._fixed = cv2.convertMaps(places, none, cv2.CV_16SC2, *self._fixed)
        out = self._buffer(layer, grain)
        how = cv2.INTER_LINEAR if reach >= LINES else cv2.INTER_CUBIC
        cv2.remap(grain, *self._fixed, how, dst=out, borderMode=cv2.BORDER_WRAP)
        return out

    def _add_likeness(
        self, apart: np.ndarray, reach: float, share: float, norm: np.ndarray
    ) -> None:
        """`numpy_ride.likeness`, times a share, added to (H, W)."""
        planes = [self._buffer(number, norm) for number in (5, 6)]
        cv2.split(apart, planes)
        for plane, side in zip(planes, (self.width, self.height), strict=True):
            if cv2.norm(plane, cv2.NORM_INF) > side / 2:
                plane -= np.float32(side) * np.rint(plane / np.float32(side))
            cv2.multiply(plane, plane, dst=plane)
        narrow = -width_of(reach)
        power = cv2.addWeighted(planes[0], narrow, planes[1], narrow, 0, dst=planes[0])
        cv2.scaleAdd(cv2.exp(power, dst=power), share, norm, dst=norm)

    def _buffer(self, number: int, like: np.ndarray) -> np.ndarray:
        if number not in self._buffers:
            self._buffers[number] = np.empty_like(like)
        return self._buffers[number]

    def plane(self, plane: np.ndarray, ride: Ride, amount: float) -> np.ndarray:
        """`numpy_ride.ridden_plane`."""
        self._take(ride)
        height, width = plane.shape
        own, *parts = smooth_parts(ride, amount)
        out = plane * np.float32(own)
        y, x = np.mgrid[:height, :width].astype(np.float32)
        rows = np.minimum(2 * np.arange(height), self.height - 1)
        columns = np.minimum(2 * np.arange(width), self.width - 1)
        for part, way in zip(parts, self._ways, strict=True):
            if part > 0:
                led = way[rows[:, None], columns]
                seen = cv2.remap(
                    plane,
                    x + led[..., 0] * np.float32(width / self.width),
                    y + led[..., 1] * np.float32(height / self.height),
                    cv2.INTER_LINEAR,
                    borderMode=cv2.BORDER_REFLECT_101,
                )
                cv2.scaleAdd(seen, part, out, dst=out)
        return out

    def cells(self, noise: np.ndarray, fine: np.ndarray, ride: Ride, amount: float) -> np.ndarray:
        """`numpy_ride.ridden_cells`, of `fine_noise`: (H, W, planes) float32."""
        self._take(ride)
        if not self._maps:
            self._maps = [self._rounded(cv2.add(way, self._places)) for way in self._ways]
        planes, rows, columns = noise.shape
        size = columns, rows
        parts = parts_of(ride, amount)
        norm = (self.height // rows) / np.sqrt(self._spread(ride, parts, size))
        out = np.empty_like(noise)
        for first in range(0, planes, 4):  # as many channels as OpenCV remaps at once
            some = fine[..., first : first + 4]
            seen = np.zeros_like(some)
            for part, layer in zip(parts, (None, 0, 1), strict=True):
                if part > 0:
                    moved = some if layer is None else self._gathered(some, layer)
                    cv2.scaleAdd(moved, part, seen, dst=seen)
            small = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
            small = small.reshape(rows, columns, -1) * norm[..., None]
            out[first : first + 4] = small.transpose(2, 0, 1)
        return out

    def _spread(self, ride: Ride, parts: tuple[float, ...], size: tuple[int, int]) -> np.ndarray:
        """The variance of each cell of latents, (h, w) float32."""
        side = self.height // size[1]
        spread = np.full(size[::-1], parts[0] ** 2, np.float32)
        for layer, part in enumerate(parts[1:]):
            if part > 0:
                spread += np.float32(part**2) * (1 + 2 * self._twice(layer, side))
                if parts[0] > 0:
                    over = _over(ride.ways[layer], size, side)
                    spread += np.float32(2 * parts[0] * part) * over
        if min(parts[1:]) > 0:
            over = _over(ride.ways[0] - ride.ways[1], size, side)
            spread += np.float32(2 * parts[1] * parts[2]) * over
        return spread

    def _take(self, ride: Ride) -> None:
        if self._of is ride:
            return
        self._of, self._pairs, self._maps = ride, {}, []
        self._ways = [
            self._way_of(way, torn, ride.finer) if share > 0 else np.zeros_like(self._places)
            for way, torn, share in zip(ride.ways, ride.torn, ride.shares, strict=True)
        ]
        self._beyond = [
            any(
                cv2.norm(plane, cv2.NORM_INF) > side
                for plane, side in zip(cv2.split(way), (self.width, self.height), strict=True)
            )
            for way in ride.ways
        ]

    def _way_of(self, way: np.ndarray, torn: np.ndarray, finer: int) -> np.ndarray:
        rows, columns = way.shape[:2]
        size = (columns * finer, rows * finer)
        cut = slice(0, self.height), slice(0, self.width)
        led = cv2.resize(way, size, interpolation=cv2.INTER_LINEAR)
        if torn.any():
            # by the first of the four cells that a pixel is between, the edges' own before them
            parted = cv2.copyMakeBorder(torn, 1, 0, 1, 0, cv2.BORDER_REPLICATE)
            larger = parted.shape[1] * finer, parted.shape[0] * finer
            parted = cv2.resize(parted, larger, interpolation=cv2.INTER_NEAREST)
            shift = finer // 2
            parted = parted[shift : shift + size[1], shift : shift + size[0]]
            near = cv2.resize(way, size, interpolation=cv2.INTER_NEAREST)
            led = cv2.copyTo(near, np.ascontiguousarray(parted), led)
        return np.ascontiguousarray(led[cut])

    @staticmethod
    def _rounded(places: np.ndarray) -> np.ndarray:
        """As whole pixels, (H, W, 2) int16."""
        none: Any = None
        made: np.ndarray = cv2.convertMaps(places, none, cv2.CV_16SC2, nninterpolation=True)[0]
        return made

    @staticmethod
    def _key(places: np.ndarray) -> np.ndarray:
        """(H, W) int32, the same for the same places."""
        return places.view(np.int32)[..., 0]

    def _gathered(self, noise: np.ndarray, layer: int) -> np.ndarray:
        none: Any = None
        made: np.ndarray = cv2.remap(
            noise, self._maps[layer], none, cv2.INTER_NEAREST, borderMode=cv2.BORDER_WRAP
        )
        return made

    def _twice(self, layer: int, side: int) -> np.ndarray:
        """(h, w) float32, for each cell of latents: neighbouring pixels that come from one place,
        by the number of its pixels."""
        found = self._pairs.get((layer, side))
        if found is None:
            found = self._pairs[layer, side] = self._found(layer, side)
        return found

    def _found(self, layer: int, side: int) -> np.ndarray:
        key = self._key(self._maps[layer])
        pairs = np.zeros(key.shape, np.uint8)
        for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
            left, right = max(0, -across), max(0, across)
            here = key[: len(key) - down, left : key.shape[1] - right]
            other = key[down:, right : key.shape[1] - left]
            same: Any = cv2.compare(here, other, cv2.CMP_EQ)
            if down:
                same[side - 1 :: side] = 0
            if across:  # into the next cell, or, backwards, into the one before
                same[:, side - 1 :: side] = 0
            part = pairs[: len(key) - down, left : key.shape[1] - right]
            np.add(part, same & 1, out=part)
        size = (key.shape[1] // side, key.shape[0] // side)
        return cv2.resize(pairs.astype(np.float32), size, interpolation=cv2.INTER_AREA)


def _over(apart: np.ndarray, size: tuple[int, int], side: int) -> np.ndarray:
    mean = cv2.resize(apart, size, interpolation=cv2.INTER_AREA)
    x, y = cv2.split(np.maximum(1 - np.abs(mean) / np.float32(side), 0))
    return cv2.multiply(x, y)


def fine_noise(noise: np.ndarray, detail: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """The noise of latents at the size of the picture, (H, W, planes) float32: what each pixel of a
    cell has of its own, and its share of the cell's."""
    planes, rows = noise.shape[:2]
    height, width = detail.shape
    side = height // rows
    fine = np.empty((height, width, planes), np.float32)
    for plane in range(planes):
        down, across = turns[plane]
        cells = cv2.resize(noise[plane], (width, height), interpolation=cv2.INTER_NEAREST)
        turned = np.roll(detail, (-int(down), -int(across)), (0, 1))
        cv2.scaleAdd(cells, 1 / side, turned, dst=turned)
        fine[..., plane] = turned
    return fine
