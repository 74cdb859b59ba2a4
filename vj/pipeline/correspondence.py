"""What of one painting lies where in another: a dense, smooth, two-way deformation between two
pictures that show different things.

It lives half way (Liao, Lima, Nehab, Hoppe, Sander 2014, "Automating image morphing using
structural similarity on a halfway domain"): the place p of the middle is p - v(p) in the first
picture and p + v(p) in the second, so there and back agree by construction. v is found coarse to
fine on descriptors that survive another style (light by rank, colour, what stands out from its
surroundings, edges and their direction), as SIFT flow does it (Liu, Yuen, Torralba 2011): every
place looks around, and the field that all agree on is drawn smooth, places weighing by how much
better they match there than where they stand. It never folds: both pictures' determinants stay
positive.
"""

from __future__ import annotations

import cv2
import numpy as np

LEVELS = (16, 32, 64)
"""Places across and down, coarse to fine. The field is a share of the picture's sides, so pictures
of any shape are looked at as squares."""
LOOKED_AT = 256
"""Pixels of the copy that is described."""
REACH = 0.1
"""How far from half way a thing may lie in either picture, a share of the side: it moves twice as
far."""
SMOOTH = (1.4, 2.2, 3.0)
"""Places over which the field is drawn smooth, by level."""
STAYING = 0.08
"""What a place of distance costs, so that where nothing matches nothing moves."""
MOST_OFF = 2.0
"""Differences of a descriptor count up to here, standard deviations: another colour is no reason to
go anywhere."""
FIRM = 0.4
"""The least determinant on the way to either picture: 1 is as it was, 0 a fold."""
EDGE = 0.18
"""Share of the side from which on things may move less across an edge of the picture, so that
nothing comes from beyond it."""
LIGHT, COLOUR, STANDS_OUT, EDGES, DIRECTION = 0.6, 0.5, 1.2, 0.5, 0.8
"""Weights of the descriptors."""


def halfway(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Two pictures (H, W, 3) uint8 of one size -> v (64, 64, 2) float32: dx as a share of the
    width, dy of the height, for places at the middles of a grid over the halfway picture."""
    v = np.zeros((LEVELS[0], LEVELS[0], 2), np.float32)
    looks = _described(one), _described(two)
    for level, side in enumerate(LEVELS):
        before = v.shape[0]
        if before != side:
            v = cv2.resize(v, (side, side), interpolation=cv2.INTER_LINEAR) * (side / before)
        first, second = (_at_level(look, side) for look in looks)
        reach = REACH * side if level == 0 else 1.0
        v = unfolded(_improved(v, first, second, reach, SMOOTH[level]))
    return v / np.float32(LEVELS[-1])


def _described(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 -> (LOOKED_AT, LOOKED_AT, 7) float32, each about a standard deviation times
    its weight."""
    small = cv2.resize(picture, (LOOKED_AT, LOOKED_AT), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab = cv2.GaussianBlur(lab, (0, 0), 2.0)
    around = cv2.GaussianBlur(lab, (0, 0), 28.0)
    apart = np.sqrt(((cv2.GaussianBlur(lab, (0, 0), 3.5) - around) ** 2).sum(-1))
    along = np.gradient(cv2.GaussianBlur(lab, (0, 0), 1.0), axis=(0, 1))
    xx, yy = ((way * way).sum(-1) for way in (along[1], along[0]))
    xy = (along[0] * along[1]).sum(-1)
    strength = np.sqrt(np.hypot(xx - yy, 2 * xy))
    spread = float(strength.std()) + 1e-3
    turned = [part / (strength * spread + 1e-3) for part in (xx - yy, 2 * xy)]
    return cv2.merge(
        [
            LIGHT * _even(ranked(lab[..., 0])),
            COLOUR * _even(lab[..., 1]),
            COLOUR * _even(lab[..., 2]),
            STANDS_OUT * _even(apart),
            EDGES * _even(strength),
            *(np.float32(DIRECTION) * part for part in turned),
        ]
    )


def _even(values: np.ndarray) -> np.ndarray:
    """Mean 0, deviation 1."""
    out: np.ndarray = ((values - values.mean()) / (values.std() + 1e-4)).astype(np.float32)
    return out


def ranked(values: np.ndarray) -> np.ndarray:
    """(h, w) -> how many of all are below, 0..1, float32: every share of the picture is equally
    large."""
    places = np.empty(values.size, np.float32)
    places[np.argsort(values, axis=None, kind="stable")] = np.arange(values.size, dtype=np.float32)
    return ((places + 0.5) / values.size).reshape(values.shape)


def _at_level(look: np.ndarray, side: int) -> np.ndarray:
    soft = cv2.GaussianBlur(look, (0, 0), 0.45 * LOOKED_AT / side)
    out: np.ndarray = cv2.resize(soft, (side, side), interpolation=cv2.INTER_AREA)
    return out


def grid(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns and rows of all places, (height, width) float32 each."""
    column, row = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    return column, row


def _improved(
    v: np.ndarray, first: np.ndarray, second: np.ndarray, reach: float, smooth: float
) -> np.ndarray:
    """A better field near v, (n, n, 2) in places. first, second: (n, n, C) descriptors."""
    side = v.shape[0]
    column, row = grid(side, side)
    inside = _inside(side)
    steps = 0.5 * np.arange(-int(2 * reach), int(2 * reach) + 1, dtype=np.float32)
    tried = np.array([(dx, dy) for dy in steps for dx in steps], np.float32)
    cost = np.empty((len(tried), side, side), np.float32)
    for number, offset in enumerate(tried):
        way = v + offset * inside
        x, y = way[..., 0], way[..., 1]
        off = np.abs(_seen(first, column - x, row - y) - _seen(second, column + x, row + y))
        cost[number] = cv2.GaussianBlur(np.minimum(off, MOST_OFF).sum(-1), (0, 0), 0.8)
    cost += (STAYING * LEVELS[0] / side * np.hypot(*tried.T))[:, None, None]
    standing = cost[len(tried) // 2]
    agreed = np.zeros_like(v)
    for turn in range(12):
        pulled = cost
        if turn:  # ever more what all around agree on
            apart = ((tried[:, None, None, :] - agreed) ** 2).sum(-1)
            pulled = cost + np.float32(0.1 * 2 ** (0.6 * turn)) * apart
        best = pulled.argmin(0)
        gain = standing - np.take_along_axis(cost, best[None], 0)[0]
        sure = np.maximum(gain, 0) + np.float32(0.05)
        around = cv2.GaussianBlur(sure, (0, 0), smooth, borderType=cv2.BORDER_REPLICATE)
        agreed = cv2.GaussianBlur(
            tried[best] * sure[..., None], (0, 0), smooth, borderType=cv2.BORDER_REPLICATE
        )
        agreed /= around[..., None]
    out: np.ndarray = v + agreed * inside
    return out


def _inside(side: int) -> np.ndarray:
    """(side, side, 2): how freely things may move across, and down: not over an edge."""
    share = np.linspace(0, 1, side, dtype=np.float32)
    free = np.minimum(1, np.minimum(share, 1 - share) / np.float32(EDGE))
    return np.dstack(np.meshgrid(free, free))


def _seen(look: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Descriptors at places."""
    parts = [
        cv2.remap(
            np.ascontiguousarray(look[..., at : at + 4]),
            x,
            y,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for at in range(0, look.shape[2], 4)
    ]
    return np.concatenate(parts, -1)


def firmness(v: np.ndarray) -> np.ndarray:
    """(n, n, 2) in places -> (n, n): the lesser determinant of the ways to both pictures."""
    across, down = np.gradient(v, axis=1), np.gradient(v, axis=0)
    turn = across[..., 1] * down[..., 0]
    ways = ((1 + s * across[..., 0]) * (1 + s * down[..., 1]) - turn for s in (-1, 1))
    out: np.ndarray = np.minimum(*ways)
    return out


def unfolded(v: np.ndarray) -> np.ndarray:
    """A field of which no place is squeezed below `FIRM`: smoother where it was, and less of it
    where that does not do."""
    for _ in range(60):
        weak = firmness(v) < FIRM
        if not weak.any():
            return v
        there = cv2.dilate(weak.astype(np.float32), np.ones((5, 5), np.uint8))
        there = cv2.GaussianBlur(there, (0, 0), 1.5)[..., None]
        v = v + there * (cv2.GaussianBlur(v, (0, 0), 1.5, borderType=cv2.BORDER_REPLICATE) - v)
    while firmness(v).min() < FIRM:
        v = v * np.float32(0.9)
    return v
