"""Measures of a painting: pure functions of arrays, each with a known answer in the tests.

Pictures are (H, W, 3) or (H, W), uint8 or float 0..1, sRGB. Lengths are pixels; measure at the size
that is shown, 256 rows unless said otherwise.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
HALF_AT = float(np.sqrt(np.log(2) / 2) / np.pi)
"""Sigma of the Gaussian that lets half of a wave through, in periods of the wave."""
STRUCTURE = (1.0, 2.0)
"""Pixels: sigma of the blur before the derivative, and of the structure tensor's window."""
TWINS = (("oil", "impasto"), ("pencil", "charcoal"))
"""Techniques that count as one when they are told apart."""


def unit_range(picture: np.ndarray) -> np.ndarray:
    """The picture as float32 0..1."""
    if picture.dtype == np.uint8:
        return picture.astype(np.float32) / 255
    return np.ascontiguousarray(picture, np.float32)


def luma(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) or (H, W) -> (H, W) float32 0..1."""
    picture = unit_range(picture)
    return picture @ LUMA if picture.ndim == 3 else picture


def psnr(picture: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB; 100 for equal pictures."""
    error = float(np.square(unit_range(picture) - unit_range(truth)).mean())
    return 100.0 if error < 1e-10 else -10 * float(np.log10(error))


def _gauss(picture: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)


def band(picture: np.ndarray, coarsest: float = 8.0) -> np.ndarray:
    """(H, W) float32: the luma's waves with periods from 2 pixels, the finest there are, to this
    many, which is let through by half: the picture less its Gaussian blur. Strokes of 1 to 4 pixels
    lie in it."""
    grey = luma(picture)
    return grey - _gauss(grey, HALF_AT * coarsest)


def energy(picture: np.ndarray) -> float:
    """Standard deviation of the 2-8 px band, in 0..1."""
    return float(band(picture).std())


def distance(first: np.ndarray, second: np.ndarray, fine: float = 0.0) -> float:
    """Mean absolute difference of two pictures, and `fine` times that of their 2-8 px bands, so
    that texture counts beside colour."""
    apart = float(np.abs(unit_range(first) - unit_range(second)).mean())
    if fine:
        apart += fine * float(np.abs(band(first) - band(second)).mean())
    return apart


def nearest(painting: np.ndarray, targets: Sequence[np.ndarray], fine: float = 0.0) -> int:
    """Which of the targets the painting lies nearest to, by `distance`."""
    return nearest_of_each([painting], targets, fine)[0]


def nearest_of_each(
    paintings: Sequence[np.ndarray], targets: Sequence[np.ndarray], fine: float = 0.0
) -> list[int]:
    """For each painting, which of the targets it lies nearest to, by `distance`."""

    def both(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return unit_range(picture), band(picture) if fine else np.zeros(1, np.float32)

    known = [both(target) for target in targets]
    found = []
    for colours, marks in map(both, paintings):
        apart = [
            cv2.norm(colours, theirs, cv2.NORM_L1) / colours.size
            + fine * cv2.norm(marks, lines, cv2.NORM_L1) / marks.size
            for theirs, lines in known
        ]
        found.append(int(np.argmin(apart)))
    return found


def confusion(pairs: Iterable[tuple[str, str]], names: Sequence[str]) -> np.ndarray:
    """(N, N) counts of (asked, seen) pairs of names: asked for the row, taken for the column."""
    table = np.zeros((len(names), len(names)), int)
    for asked, seen in pairs:
        table[names.index(asked), names.index(seen)] += 1
    return table


def share_right(pairs: Sequence[tuple[str, str]], twins: Sequence[Sequence[str]] = TWINS) -> float:
    """Share of (asked, seen) pairs that are the same name, or twins."""
    right = [a == b or any(a in group and b in group for group in twins) for a, b in pairs]
    return float(np.mean(right))


def mistakes(table: np.ndarray, names: Sequence[str]) -> list[tuple[str, str, int]]:
    """(asked, seen, count) of all that was mistaken in a confusion table, most frequent first."""
    found = [
        (names[row], names[column], int(table[row, column]))
        for row, column in zip(*np.nonzero(table), strict=True)
        if row != column
    ]
    return sorted(found, key=lambda one: -one[2])


def orientations(picture: np.ndarray, sigmas: tuple[float, float] = STRUCTURE) -> np.ndarray:
    """(2, H, W) float32: cosine and sine of twice the gradient's angle, times its strength, from
    the structure tensor (Bigun and Granlund 1987): long where edges run one way, 0 where none do or
    where they cross."""
    grey = _gauss(luma(picture), sigmas[0])
    dx = cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8, borderType=cv2.BORDER_REFLECT_101)
    dy = cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8, borderType=cv2.BORDER_REFLECT_101)
    xx, yy, xy = (_gauss(one, sigmas[1]) for one in (dx * dx, dy * dy, dx * dy))
    return np.stack([xx - yy, 2 * xy])


def agreement(painting: np.ndarray, seen: np.ndarray) -> float:
    """How well the painting's edges run along the input's, -1..1: the mean cosine of twice the
    angle between them, weighted by how strong and clear the input's edges are (the length of its
    `orientations`). 1 for the same picture, 0 for an unrelated one, -1 where all edges cross. A
    blur of 3 pixels has .91, so never gate by it alone."""
    ours, theirs = orientations(painting), orientations(seen)
    weights = np.sqrt((theirs * theirs).sum(0))
    length = np.sqrt((ours * ours).sum(0)) * weights
    alike = (ours * theirs).sum(0) / np.maximum(length, 1e-12)
    return float((alike * weights).sum() / max(float(weights.sum()), 1e-12))


def change(frames: Sequence[np.ndarray]) -> float:
    """Mean absolute change between successive frames, 0..1."""
    floats = [unit_range(frame) for frame in frames]
    return float(np.mean([np.abs(new - old).mean() for old, new in itertools.pairwise(floats)]))


def flicker(outputs: Sequence[np.ndarray], inputs: Sequence[np.ndarray]) -> float:
    """Change of the outputs over that of the inputs: 1 flickers as much as the camera. Raises
    ValueError when the inputs do not change at all."""
    before = change(inputs)
    if before == 0:
        raise ValueError("the inputs are all the same frame: nothing to compare with")
    return change(outputs) / before


def empty_stretch(small: Sequence[np.ndarray], count: int, near: float = 0.12) -> tuple[int, float]:
    """Where a fixed camera sees nobody: the start of the `count` successive frames that differ
    least from the empty picture, and by how much the worst of them does (0..1, the largest
    difference of a pixel). The empty picture is the one that most others resemble within `near`,
    since people come and go and it returns; the plain median would show whoever stands longest.
    small: pictures of at most 64 pixels a side are enough. Raises ValueError for a film that is too
    short."""
    if len(small) < count:
        raise ValueError(f"{count} successive frames were asked of a film of {len(small)}")
    stack = np.stack([luma(frame).ravel() for frame in small])
    tried = stack[:: max(1, len(stack) // 200)]
    alike = [np.abs(stack - one).max(1) < near for one in tried]
    empty = np.median(stack[max(alike, key=np.count_nonzero)], 0)
    apart = np.abs(stack - empty).max(1)
    worst = np.lib.stride_tricks.sliding_window_view(apart, count).max(1)
    start = int(worst.argmin())
    return start, float(worst[start])


def one_way(values: Sequence[float]) -> float:
    """The smallest step of a series towards its end, as a share of an even step: 1 is even, above 0
    it only ever goes one way."""
    whole = values[-1] - values[0]
    return float(np.diff(values).min() * (len(values) - 1) / whole) if whole else 0.0


def way_of(colours: np.ndarray) -> np.ndarray:
    """(N, 3) mean colours -> (N,): how far along the line from the first to the last each lies."""
    way = colours[-1] - colours[0]
    along: np.ndarray = (colours - colours[0]) @ way / max(float(way @ way), 1e-12)
    return along


def edge_map(picture: np.ndarray) -> np.ndarray:
    """Edge strength at a quarter of the size, flat; to correlate two paintings of one scene."""
    grey = luma(picture)
    size = (grey.shape[1] // 4, grey.shape[0] // 4)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.hypot(*np.gradient(small)).ravel()


def points_apart(first: np.ndarray, second: np.ndarray) -> float:
    """Mean distance of two sets of points (N, 2) or (N, 3), as a share of the first one's width."""
    width = float(np.ptp(first[:, 0]))
    return float(np.linalg.norm(first[:, :2] - second[:, :2], axis=1).mean()) / width


def _lab(pictures: Sequence[np.ndarray], rows: int = 64) -> np.ndarray:
    """(N, 3): the pixels of pictures, of about so many rows each, CIE L*a*b*."""
    found = []
    for picture in pictures:
        shrink = max(1, min(picture.shape[:2]) // rows)
        size = (picture.shape[1] // shrink, picture.shape[0] // shrink)
        small = cv2.resize(unit_range(picture), size, interpolation=cv2.INTER_AREA)
        found.append(cv2.cvtColor(small, cv2.COLOR_RGB2LAB).reshape(-1, 3))
    return np.concatenate(found)


def colours_apart(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> float:
    """How far the colours of some pictures are from those of others, wherever they are in them: the
    sliced Wasserstein distance (Rabin et al. 2012) in L*a*b*, so that all colours moved by 10 are
    10 apart. 2 is hardly seen, 50 is black from mid grey."""
    ways = np.random.default_rng(0).standard_normal((64, 3)).astype(np.float32)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    shares = np.linspace(0, 1, 256)

    def sorted_along(pictures: Sequence[np.ndarray]) -> np.ndarray:
        values = np.sort(_lab(pictures) @ ways.T, axis=0)
        return np.asarray(values[np.rint(shares * (len(values) - 1)).astype(int)])

    apart = np.abs(sorted_along(first) - sorted_along(second)).mean()
    return float(apart / 0.5)  # the mean length of a vector of length 1 along all ways


def colour_spread(pictures: Sequence[np.ndarray]) -> float:
    """How various the colours in a picture are, mean over pictures: the standard deviation of its
    pixels in L*a*b*, all three together; 0 for one of a single colour."""
    return float(np.mean([np.sqrt(_lab([one]).var(0, np.float64).sum()) for one in pictures]))
