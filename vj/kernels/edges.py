"""What lies beyond the edges of the last picture, where a moved camera comes to see it: painted on
from the edge, and not mirrored. On a CPU; `torch_edges` does the same on a card.

The picture is taken apart into bands, each half as fine as the one before (a Laplacian pyramid,
Burt and Adelson 1983). Beyond the edge a band of features s pixels wide goes on as it is at the
nearest place of the edge, by exp(-d / .7 s) of itself at d pixels from it: the farther out, the
more blurred. What a band has lost so is made good by noise of the same features, with the band's
own colours (the covariance of its channels, as Heeger and Bergen 1995 keep a texture's statistics)
and as strong as the band is at that place of the edge. The noise changes as far as the camera
moves, so that what comes in frame by frame neither repeats nor is drawn out to streaks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from vj.kernels.cv_warp import STAY, seen_rgba
from vj.kernels.numpy_ops import places_seen

TILES = 64, 64, 32
"""Cells of a band's noise each way, the finest first; all others have as many as the last. It is
tiled."""
WORTH = 0.6, 0.95, 1.25
"""How strong the noise of a band is for what is found of it in that band, the finest first: so a
pan of a minute neither fades nor grows, and is no grainier than the picture."""
LONG = 0.7
"""How far a band goes on, in its own features, at which 1/e of it is left."""
FOLLOW = 0.003
"""How far the statistics of the noise follow the picture in a frame. Followed at once, they would
fade or grow with what was made of them."""
MOST = 1.4
"""But no more noise than so many times what the picture has now: beside one that has become smooth
the edges would be grainy."""
COARSEST = 8
"""Cells of the coarsest band across the shorter side."""
LEAST = 1e-4
"""Deviation (0..1) of a colour that counts as one."""
UNSEEN = 1e-3
"""Pixels beyond the edge that are only rounding."""
ROUGH = 2
"""Bands, the coarsest, that have noise in what a model is given that paints a strip: shapes to
begin with. Finer ones are blurred; of noise it would make noise."""
GAIN, LOSS = 0.5, 0.02
"""How far the strength of that noise follows the picture from strip to strip, up and down: its
colours are the picture's, but what strips lose in strength is not lost for good."""
QUIETEST = 0.6
"""The least loudness of that noise, however even the picture is at that place of its edge."""


def band_count(height: int, width: int) -> int:
    """The last of the bands is the mean colours that are left of all others."""
    return 1 + max(1, round(math.log2(min(height, width) / COARSEST)))


def quiet_bands(height: int, width: int) -> int:
    """Bands, the finest, that have no noise in what a model is given that paints a strip."""
    return max(0, band_count(height, width) - ROUGH)


def loudness(band: int, far: float) -> float:
    """By how much noise is made louder, so that a band that goes on by r of itself and of its noise
    each frame stays as strong as it is: (1 + r) / sqrt(1 + r^2). far: see `BandNoise`."""
    keep = kept(band, far)
    return WORTH[min(band, len(WORTH) - 1)] * (1 + keep) / math.sqrt(1 + keep * keep)


def kept(band: int, far: float) -> float:
    """The share of a band that goes on at `far` pixels from the edge. 0 is the finest."""
    return math.exp(-far / 2**band / LONG)


def beyond_edges(matrix: np.ndarray, height: int, width: int) -> float:
    """How far beyond the picture's edges a matrix of `feedback_matrix` leads, in pixels; 0 where
    all that is seen is inside. The farthest place is a corner."""
    across = np.array([0, width - 1, 0, width - 1], np.float32)
    down = np.array([0, 0, height - 1, height - 1], np.float32)
    x, y = places_seen(matrix, across, down, width, height)
    beside = np.maximum(np.maximum(-x, x - (width - 1)), 0)
    above = np.maximum(np.maximum(-y, y - (height - 1)), 0)
    far = float(np.hypot(beside, above).max())
    return far if far > UNSEEN else 0.0


def colour_root(covariance: np.ndarray) -> np.ndarray:
    """(3, 3) of colours that vary by this covariance -> (3, 3) float32, lower triangular: it makes
    them of noise (Cholesky)."""
    root = np.zeros((3, 3), np.float32)
    for row in range(3):
        for column in range(row + 1):
            left = float(covariance[row, column] - root[row] @ root[column])
            if row == column:
                root[row, row] = math.sqrt(max(left, LEAST**2))
            else:
                root[row, column] = left / root[column, column]
    return root


class BandNoise:
    """The noise of all bands: (n, n, 3) float32 each, of variance 1. Its numbers follow from the
    seed and from how far it was moved on."""

    def __init__(self, bands: int) -> None:
        self._bands = bands
        self._seed: int | None = None
        self._draw = np.random.default_rng(0)
        self._tiles: list[np.ndarray] = []

    def moved_on(self, seed: int, far: float) -> list[np.ndarray]:
        """far: pixels that have come into view. Returns the tiles."""
        if seed != self._seed:
            self._seed, self._draw = seed, np.random.default_rng(seed)
            self._tiles = [self._fresh(band) for band in range(self._bands)]
        for band, tile in enumerate(self._tiles):
            keep = kept(band, far)
            fresh = self._fresh(band)
            self._tiles[band] = cv2.addWeighted(tile, keep, fresh, math.sqrt(1 - keep * keep), 0)
        return self._tiles

    def _fresh(self, band: int) -> np.ndarray:
        side = TILES[min(band, len(TILES) - 1)]
        noise = self._draw.standard_normal((side, side, 3), dtype=np.float32)
        wide = cv2.copyMakeBorder(noise, 2, 2, 2, 2, cv2.BORDER_WRAP)
        noise -= cv2.blur(wide, (4, 4))[2:-2, 2:-2]  # what coarser bands have
        noise *= np.float32(1.55)  # between its cells it is a mean
        return noise


@dataclass(slots=True)
class _Band:
    """fine, coarse: the picture at this band's size and at the next. root: `colour_root`. loud:
    (h, w) float32, how strong it is here, in the mean 1."""

    fine: np.ndarray
    coarse: np.ndarray
    root: np.ndarray
    loud: np.ndarray


class EdgePainter:
    """For pictures of one size. Belongs to one thread."""

    def __init__(self, height: int, width: int, strips: bool = False) -> None:
        """strips: for a model that paints detail by itself, see `ROUGH` and `LOSS`."""
        self._strips = strips
        self._quiet = quiet_bands(height, width) if strips else 0
        self._shape = height, width
        self._wide = np.zeros((height, width, 4), np.float32)
        self._noise = BandNoise(band_count(height, width))
        self._been: dict[int, np.ndarray] = {}
        self._energy: dict[int, float] = {}

    def seen(
        self,
        last: np.ndarray,
        matrix: np.ndarray,
        flow: np.ndarray | None = None,
        beyond: np.ndarray | None = None,
        seed: int = 0,
    ) -> np.ndarray:
        """The last picture, (H, W, 3) float32 0..1, seen through matrix and flow as
        `numpy_ops.warp` has it, and beyond its edges what is painted on; or `beyond`, (H, W, 3)
        uint8, where there is something to be seen. seed: of the noise, another of which begins
        anew. Returns a picture like `last`, new unless nothing moves."""
        height, width = self._shape
        if flow is None and np.array_equal(matrix, STAY):
            return last
        cv2.cvtColor(last, cv2.COLOR_RGB2RGBA, dst=self._wide)
        wide = None if flow is None else cv2.resize(flow, (width, height))
        seen = seen_rgba(self._wide, matrix, wide)
        picture, inside = cv2.cvtColor(seen, cv2.COLOR_RGBA2RGB), seen[..., 3]
        far = beyond_edges(matrix, height, width)
        if flow is None and far == 0:
            return picture
        rows, columns = np.nonzero(inside < 1)
        if not len(rows):
            return picture
        if beyond is None:
            x, y = columns.astype(np.float32), rows.astype(np.float32)
            if wide is not None:
                x, y = x + wide[rows, columns, 0], y + wide[rows, columns, 1]
            x, y = places_seen(matrix, x, y, width, height)
            far = max(far, 1.0)
            more = self._painted_on(last, x, y, self._noise.moved_on(seed, far), far)
        else:
            more = beyond[rows, columns] / np.float32(255)
        share = 1 - inside[rows, columns, None]
        picture[rows, columns] = np.clip(picture[rows, columns] + share * more, 0, 1)
        return picture

    def _painted_on(
        self,
        last: np.ndarray,
        x: np.ndarray,
        y: np.ndarray,
        tiles: list[np.ndarray],
        depth: float,
    ) -> np.ndarray:
        """(N, 3): what is painted at places of the last picture's own pixels, (N,) each, that lie
        beyond its edges, `depth` pixels at most."""
        height, width = self._shape
        near_x, near_y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
        far = np.hypot(x - near_x, y - near_y)
        bands = self._taken_apart(last)
        out = np.repeat(bands[-1].coarse[0], len(x), axis=0)
        for number, (band, tile) in enumerate(zip(bands, tiles, strict=True)):
            cell = np.float32(1 / 2**number)
            here = self._at(band.fine, near_x, near_y) - self._at(band.coarse, near_x, near_y)
            keep = np.exp(far * (-cell / np.float32(LONG)))[:, None]
            if number < self._quiet:
                out += keep * here
                continue
            noise = _sampled(tile, x * cell, y * cell, cv2.BORDER_WRAP) @ band.root.T
            loud = np.float32(loudness(number, depth))
            noise *= loud * self._at(band.loud, near_x, near_y)[:, None]
            out += keep * here + (1 - keep) * noise
        return out

    def _taken_apart(self, last: np.ndarray) -> list[_Band]:
        """The coarsest last: the mean colours of large places, about that of all."""
        found: list[_Band] = []
        fine = last
        for _ in range(band_count(*self._shape) - 1):
            height, width = fine.shape[:2]
            half = -(-width // 2), -(-height // 2)
            coarse = cv2.resize(fine, half, interpolation=cv2.INTER_AREA)
            detail = fine[::2, ::2] - coarse
            squared = cv2.multiply(detail, detail)
            strength = cv2.resize(squared, (COARSEST, COARSEST), interpolation=cv2.INTER_AREA)
            strength = strength.mean(axis=2)
            loud = np.sqrt(np.sqrt(strength / max(LEAST**2, float(strength.mean()))))
            if self._strips:
                loud = np.maximum(loud, QUIETEST)
            found.append(_Band(fine, coarse, self._root(len(found), detail), loud))
            fine = coarse
        middle = self._followed(-1, fine.mean(axis=(0, 1), keepdims=True))
        alike = np.ones((1, 1), np.float32)
        return [*found, _Band(fine, middle, self._root(len(found), fine - middle), alike)]

    def _root(self, band: int, colours: np.ndarray) -> np.ndarray:
        """See `colour_root`, of (h, w, 3) about 0."""
        flat = colours.reshape(-1, 3)
        now = flat.T @ flat / len(flat)
        if self._strips:
            found = float(np.trace(now))
            kept = self._energy.get(band, found)
            kept += (GAIN if found > kept else LOSS) * (found - kept)
            self._energy[band] = kept
            return colour_root(now * min(MOST**2, max(1.0, kept / max(found, 1e-12))))
        been = self._followed(band, now)
        return colour_root(been * min(1.0, MOST**2 * np.trace(now) / max(np.trace(been), 1e-12)))

    def _followed(self, what: int, now: np.ndarray) -> np.ndarray:
        """A statistic of the picture, and what it has been."""
        if self._strips:
            return now
        been = self._been.get(what, now)
        self._been[what] = been + np.float32(FOLLOW) * (now - been)
        return self._been[what]

    def _at(self, grid: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """A smaller copy of the picture at the picture's own places."""
        height, width = self._shape
        across, down = np.float32(grid.shape[1] / width), np.float32(grid.shape[0] / height)
        half = np.float32(0.5)
        return _sampled(
            grid, (x + half) * across - half, (y + half) * down - half, cv2.BORDER_REPLICATE
        )


def _sampled(grid: np.ndarray, x: np.ndarray, y: np.ndarray, border: int) -> np.ndarray:
    """(N, C) or (N,): bilinear at columns and rows of a grid."""
    rows = -(-len(x) // 256)
    places = np.zeros((2, rows * 256), np.float32)
    places[0, : len(x)], places[1, : len(x)] = x, y
    column, row = places.reshape(2, rows, 256)
    out = cv2.remap(grid, column, row, cv2.INTER_LINEAR, borderMode=border)
    flat: np.ndarray = out.reshape(rows * 256, *grid.shape[2:])[: len(x)]
    return flat
