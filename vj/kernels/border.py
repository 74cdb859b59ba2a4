"""The border of a journey: a strip that a model painted at full strength is brought to the colours
that the picture has beside it, and laid in where a moved camera comes to see it. On a CPU;
`torch_border` does the same on a card.

What is coarser than `CELLS` is colour, and goes on from the picture's edge by exp(-d / `FADE`) at d
pixels from it, so that there is no seam; what is finer is detail, and the model's own. Inwards the
strip is feathered into the picture.
"""

from __future__ import annotations

import cv2
import numpy as np

from vj.kernels.edges import beyond_edges
from vj.kernels.numpy_ops import places_seen
from vj.kernels.settings import LEAST_DEPTH

AHEAD = 0.15
"""How much of the shorter side a strip reaches beyond the edge, at most."""
LEAST_AHEAD = 0.01
"""A strip that is narrower than this after so many frames is none."""
FRAMES = 24
"""For so many frames a strip lasts, at most."""
WIDEST = 1.15
"""How many times as much as the picture shows a strip is painted in, at most: the more, the
coarser it is."""
HALF_A_PIXEL = 0.5
RIM = 2
"""Pixels; see `rimless`."""
FEATHER = 0.03
"""How far it is feathered inwards, of the height."""
LOUDEST = 1.1
"""The contrast of each channel for that of the picture, at most."""
CELLS = 12
"""Of the grid that colours are compared on, across the shorter side."""
NEAR = 5
"""Cells each way whose contrast is that of the strip beside them, ..."""
LOCAL = 0.75
"""so far, and for the rest that of all: or there would be a frame round an even picture."""
LEAST = 1e-5
FADE = 0.4
"""How far the picture's colours go on into the strip, to 1/e, of the shorter side."""


def whole(matrix: np.ndarray) -> np.ndarray:
    """A matrix of `feedback_matrix` as (3, 3) float64."""
    return np.vstack([matrix, np.eye(3)[len(matrix) :]]).astype(np.float64)


def far_ahead(matrix: np.ndarray, height: int, width: int) -> np.ndarray | None:
    """Where the camera is that has been moved by a matrix again and again, until a strip as wide as
    it may be is in view, and as far back as it takes to see all that comes into view on the way:
    (3, 3) float64. None where nothing worth a strip comes into view."""
    most = AHEAD * min(height, width)
    ways = [whole(matrix)]
    while len(ways) < FRAMES:
        further = ways[-1] @ ways[0]
        if beyond_edges(further.astype(np.float32), height, width) > most:
            break
        ways.append(further)
    far = max(beyond_edges(way.astype(np.float32), height, width) for way in ways)
    if far < LEAST_AHEAD * min(height, width):
        return None
    while len(ways) > 1:
        out = _wider(ways, height, width)
        if out <= WIDEST:
            return ways[-1] @ _from_further_back(max(1.0, out), height, width)
        ways = ways[: len(ways) // 2]
    return ways[0]


def _wider(ways: list[np.ndarray], height: int, width: int) -> float:
    """How many times as much the last camera on a way would have to see, so that it sees all that
    comes into view on the way. Infinite where it would have to look behind itself."""
    back, out = np.linalg.inv(ways[-1]), 0.0
    for way in ways:
        x, y, depth = back @ way @ _new_places(way, height, width)
        if len(depth) and depth.min() < LEAST_DEPTH:
            return np.inf
        for place, side in ((x / depth, width), (y / depth, height)):
            out = max(out, float(np.abs(2 * place / (side - 1) - 1).max(initial=0)))
    return out


def _from_further_back(times: float, height: int, width: int) -> np.ndarray:
    x, y = (width - 1) / 2, (height - 1) / 2
    return np.array([[times, 0, x - times * x], [0, times, y - times * y], [0, 0, 1]])


def holds(back: np.ndarray, matrix: np.ndarray, height: int, width: int) -> bool:
    """Whether all that a matrix lets come into view beyond the edges of the last picture is on a
    strip. back: (3, 3), from the picture's places to those of the strip's."""
    x, y, depth = back @ _new_places(matrix, height, width)
    if len(depth) and depth.min() < LEAST_DEPTH:
        return False
    off = (
        np.maximum(-place, place - (side - 1)).max(initial=0)
        for place, side in ((x / depth, width), (y / depth, height))
    )
    return max(off) <= HALF_A_PIXEL


def _new_places(matrix: np.ndarray, height: int, width: int) -> np.ndarray:
    """(3, N): places along the picture's edges that a matrix lets come into view."""
    across, down = np.linspace(0, width - 1, 17), np.linspace(0, height - 1, 17)
    column = np.concatenate([across, across, np.zeros(17), np.full(17, width - 1.0)])
    row = np.concatenate([np.zeros(17), np.full(17, height - 1.0), down, down])
    x, y = places_seen(matrix, column, row, width, height)
    new = (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)
    return np.stack([column[new], row[new], np.ones(int(new.sum()))])


def feather_pixels(height: int) -> int:
    return max(1, round(FEATHER * height))


def grid_shape(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the grid on which colours are compared."""
    cell = min(height, width) / CELLS
    return max(2, round(height / cell)), max(2, round(width / cell))


def rimless(last: np.ndarray) -> np.ndarray:
    """A picture, (H, W, 3), without the few pixels at its edge where models paint worse, which a
    strip would begin with."""
    inner = last[RIM:-RIM, RIM:-RIM]
    out: np.ndarray = cv2.copyMakeBorder(inner, RIM, RIM, RIM, RIM, cv2.BORDER_REPLICATE)
    return out


def matched(painted: np.ndarray, continued: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """A strip in the colours of the picture beside it. painted: what the model made of `continued`,
    the picture seen through matrix with its edges painted on; both (H, W, 3) float32 0..1. Where
    the model gave no number it is as it was continued."""
    height, width = continued.shape[:2]
    good = np.where(np.isfinite(painted), painted, continued)
    rows, columns = grid_shape(height, width)
    grid = columns, rows
    small = (cv2.resize(one, grid, interpolation=cv2.INTER_AREA) for one in (good, continued))
    coarse, wanted = (
        cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in small
    )
    detail = good - coarse
    column, row = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    x, y = places_seen(matrix, column, row, width, height)
    far = np.hypot(x - np.clip(x, 0, width - 1), y - np.clip(y, 0, height - 1))
    own = (far == 0).astype(np.float32)
    squared = cv2.multiply(continued - wanted, continued - wanted) * own[..., None]
    here = cv2.resize(cv2.merge([squared, own]), grid, interpolation=cv2.INTER_AREA)
    near = cv2.blur(here, (NEAR, NEAR), borderType=cv2.BORDER_REPLICATE)
    local, whole_one = (
        np.sqrt(one[..., :3] / np.maximum(one[..., 3:], LEAST))
        for one in (near, here.mean((0, 1), keepdims=True))
    )
    contrast = cv2.resize(
        local**LOCAL * whole_one ** (1 - LOCAL), (width, height), interpolation=cv2.INTER_LINEAR
    )
    loud = LOUDEST * contrast / np.maximum(detail.std((0, 1)), LEAST)
    share = np.exp(far * np.float32(-1 / (FADE * min(height, width))))
    detail = detail * np.minimum(1, loud)
    out: np.ndarray = np.clip(detail + coarse + share[..., None] * (wanted - coarse), 0, 1)
    return out


def laid_in(
    last: np.ndarray, matrix: np.ndarray, strip: np.ndarray, back: np.ndarray
) -> np.ndarray:
    """The last picture, (H, W, 3) float32 0..1, seen through matrix, with a strip where that leads
    beyond its edges. strip: (H, W, 3) like it. back: see `holds`."""
    height, width = last.shape[:2]
    column, row = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    x, y = places_seen(matrix, column, row, width, height)
    seen = cv2.remap(last, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    beyond = np.maximum(np.maximum(-x, x - (width - 1)), np.maximum(-y, y - (height - 1)))
    new = np.clip(beyond, 0, 1)
    side = 2 * feather_pixels(height) + 1
    near = cv2.blur(new, (side, side), borderType=cv2.BORDER_REPLICATE)
    share = np.maximum(new, np.clip(2 * near, 0, 1))[..., None]
    x, y = places_seen(back.astype(np.float32), column, row, width, height)
    more = cv2.remap(strip, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    out: np.ndarray = seen + share * (more - seen)
    return out
