"""How steady, sharp and faithful a repainted clip is. None of these needs network weights. Pictures
are (H, W, 3) uint8.

One alone can be fooled: a frozen picture has no warping error. Read warping error, flow difference,
lag and likeness together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

Pictures = Sequence[np.ndarray]

_DIS = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
SURE_ERROR = 0.5
"""Pixels by which a flow there and back may miss, besides a hundredth of its length (Sundaram et
al. 2010)."""


def grey(picture: np.ndarray) -> np.ndarray:
    """(H, W) float32 0..1. Floats, so that no difference wraps."""
    out: np.ndarray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    return out


def flow(new: np.ndarray, old: np.ndarray) -> np.ndarray:
    """(H, W, 2) float32: from where a pixel of `new` is to where it was in `old`."""
    height, width = new.shape[:2]
    one, two = cv2.cvtColor(new, cv2.COLOR_RGB2GRAY), cv2.cvtColor(old, cv2.COLOR_RGB2GRAY)
    found: np.ndarray = _DIS.calc(one, two, np.zeros((height, width, 2), np.float32))
    return found


def follow(picture: np.ndarray, way: np.ndarray, how: int = cv2.INTER_LINEAR) -> np.ndarray:
    """A picture (floats) seen where each pixel was. how: OpenCV's interpolation; straight lines
    between pixels are soft."""
    height, width = way.shape[:2]
    column, row = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    out: np.ndarray = cv2.remap(
        picture,
        column + way[..., 0],
        row + way[..., 1],
        how,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return out


def trusted(back: np.ndarray, forth: np.ndarray) -> np.ndarray:
    """(H, W) bool: where going back and forth ends where it began."""
    returned = follow(forth, back)
    missed = ((back + returned) ** 2).sum(2)
    found: np.ndarray = missed <= 0.01 * ((back**2).sum(2) + (returned**2).sum(2)) + SURE_ERROR
    return found


def ways(inputs: Pictures) -> list[tuple[np.ndarray, np.ndarray]]:
    """Flow and trust between each input and the one before it: the truth that outputs are measured
    against."""
    found = []
    for old, new in pairwise(inputs):
        back = flow(new, old)
        found.append((back, trusted(back, flow(old, new))))
    return found


def warping_error(outputs: Pictures, truth: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """E_warp (Lai et al. 2018): mean squared difference (0..1) of an output and the one before it
    moved along the input's flow."""
    errors = []
    for (old, new), (back, trust) in zip(pairwise(outputs), truth, strict=True):
        difference = new.astype(np.float32) / 255 - follow(old.astype(np.float32) / 255, back)
        errors.append(float((difference**2).mean(2)[trust].mean()) if trust.any() else 0.0)
    return float(np.mean(errors))


def flow_difference(outputs: Pictures, truth: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """tOF: mean length in pixels of what the output moves other than the input."""
    apart = [
        np.abs(flow(new, old) - back).sum(2).mean()
        for (old, new), (back, _) in zip(pairwise(outputs), truth, strict=True)
    ]
    return float(np.mean(apart))


def flicker(outputs: Pictures) -> float:
    """Mean absolute difference of neighbours, in levels of 0..255. Of a still input all of it is
    flicker."""
    return float(
        np.mean(
            [
                np.abs(new.astype(np.float32) - old.astype(np.float32)).mean()
                for old, new in pairwise(outputs)
            ]
        )
    )


def likeness(outputs: Pictures, inputs: Pictures) -> float:
    """SSIM (Wang et al. 2004) of the brightness to the input, mean."""
    return float(
        np.mean([_ssim(grey(one), grey(two)) for one, two in zip(outputs, inputs, strict=True)])
    )


def _ssim(one: np.ndarray, two: np.ndarray) -> float:
    def blur(picture: np.ndarray) -> np.ndarray:
        out: np.ndarray = cv2.GaussianBlur(picture, (11, 11), 1.5)
        return out

    mean_one, mean_two = blur(one), blur(two)
    var_one, var_two = blur(one * one) - mean_one**2, blur(two * two) - mean_two**2
    both = blur(one * two) - mean_one * mean_two
    c1, c2 = 0.01**2, 0.03**2
    found = ((2 * mean_one * mean_two + c1) * (2 * both + c2)) / (
        (mean_one**2 + mean_two**2 + c1) * (var_one + var_two + c2)
    )
    return float(found.mean())


def edges(picture: np.ndarray) -> np.ndarray:
    """(H, W) float32: strength of the brightness's edges."""
    soft = cv2.GaussianBlur(grey(picture), (0, 0), 1.5)
    out: np.ndarray = np.hypot(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    return out


def correlation(one: np.ndarray, two: np.ndarray) -> float:
    """Pearson's, 0 where one of them is even."""
    a, b = one - one.mean(), two - two.mean()
    length = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / length if length > 0 else 0.0


def edge_correlation(outputs: Pictures, inputs: Pictures) -> float:
    """How far the outputs' edges lie on the inputs', mean."""
    return float(
        np.mean(
            [correlation(edges(one), edges(two)) for one, two in zip(outputs, inputs, strict=True)]
        )
    )


def lag(outputs: Pictures, inputs: Pictures, most: int = 6) -> int:
    """Frames by which the outputs' edges trail the inputs': the delay at which they agree best."""
    of_outputs, of_inputs = [edges(one) for one in outputs], [edges(one) for one in inputs]
    scores = []
    for delay in range(most + 1):
        pairs = zip(
            of_outputs[most:], of_inputs[most - delay : len(of_inputs) - delay], strict=True
        )
        scores.append(np.mean([correlation(one, two) for one, two in pairs]))
    return int(np.argmax(scores))


def sharpness(outputs: Pictures) -> float:
    """Standard deviation of what a blur of 5 pixels takes from the brightness, in levels of 0..255,
    mean."""
    return float(np.mean([255 * (one - cv2.blur(one, (5, 5))).std() for one in map(grey, outputs)]))


CELL = 8
"""Pixels of a latent cell: what moves less between the two pictures is where it was."""
AHEAD = 5
"""Frames between them."""
FINE = 2.5
"""Pixels: what a Gaussian of this sigma takes from the brightness is texture."""
PATCH = 15
"""Sides of a patch, pixels."""


def textures(outputs: Pictures) -> list[np.ndarray]:
    """The brightness's high-pass of each, (H, W) float32."""
    return [one - cv2.GaussianBlur(one, (0, 0), FINE) for one in map(grey, outputs)]


def way_back(truth: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Neighbouring ways, the oldest first, joined: from where a pixel of the newest picture is to
    where it was in the oldest, and whether it was seen all the while."""
    way, seen = (one.copy() for one in truth[-1])
    for back, trust in reversed(truth[:-1]):
        further = follow(back, way)
        seen &= follow(trust.astype(np.float32), way) > 0.99
        way = way + further
    height, width = seen.shape
    column, row = np.meshgrid(np.arange(width), np.arange(height))
    x, y = column + way[..., 0], row + way[..., 1]
    return way, seen & (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)


def texture_lock(
    outputs: Pictures, truth: Sequence[tuple[np.ndarray, np.ndarray]], ahead: int = AHEAD
) -> tuple[float, float]:
    """How far the texture goes with what moves (lock), and how far it stands on the screen (door,
    as of a pane of glass before it); 1 wholly, 0 not at all.

    Both are correlations of patches of the outputs' high-pass with what it was some frames before:
    followed along the input's true way, and at the same place; over all that moved by a cell at
    least and was seen all the while. NaN where nothing moves so far. truth: as `ways` gives it, or
    a drawn scene.
    """
    fine = textures(outputs)
    locks, doors, weights = [], [], []
    for first in range(0, len(outputs) - ahead, 2):
        way, seen = way_back(truth[first : first + ahead])
        moves = seen & ((way**2).sum(2) >= CELL**2)
        count = int(moves.sum())
        if count < 4 * PATCH**2:
            continue
        new, old = fine[first + ahead], fine[first]
        locks.append(_alike(new, follow(old, way, cv2.INTER_LANCZOS4), moves))
        doors.append(_alike(new, old, moves))
        weights.append(count)
    if not weights:
        return float("nan"), float("nan")
    return float(np.average(locks, weights=weights)), float(np.average(doors, weights=weights))


def _alike(one: np.ndarray, two: np.ndarray, where: np.ndarray) -> float:
    """Correlation of patches, mean over these places."""
    share = where.astype(np.float32)

    def patch(picture: np.ndarray) -> np.ndarray:
        out: np.ndarray = cv2.blur(picture * share, (PATCH, PATCH))
        return out

    length = np.sqrt(patch(one * one) * patch(two * two))
    found = patch(one * two) / np.maximum(length, 1e-9)
    known = where & (length > 1e-7)
    return float(found[known].mean()) if known.any() else 0.0
