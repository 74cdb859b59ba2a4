"""From one painting to the next by moving what is alike, not by fading: a leg of a walk in two
stages (after ArtWalks).

Stage 1 makes key pictures. At a share u of the way both pictures are moved to where their things
are then, brought to the palette of that moment, and each place shows one of the two, what changes
over spreading from where both are alike, along their forms, until all has; different bands of
detail meet with seams as wide as they are coarse (Burt and Adelson 1983). A model paints over the
seams (`vj.pipeline.walk_keys`). Stage 2 moves between neighbouring keys the same way, frame by
frame, a stroke at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from vj.pipeline.correspondence import grid, halfway, ranked
from vj.pipeline.palette_travel import PaletteWay, recoloured
from vj.pipeline.rife import Network

FINE = 128
"""Places across and down of the order in which places change over."""
SEEDS = 8
"""Of 12 x 12 fields, those in which both are most alike: it spreads from there."""
THINGS_FIRST = 1.0
"""How much earlier, in shares of the leg, what stands out most in the new picture comes than what
does least."""
RAGGED = 0.06
"""How much of the order is chance, in strokes."""
SOFT = 0.04
"""Half the share of a leg that a place takes to change over."""
BANDS = 3
"""Octaves of detail that meet with seams of their own."""
STROKE = 0.017
"""Size of a stroke, a share of the picture's side."""
STROKE_SOFT = 0.2
"""Half the share of the way between two keys that a stroke takes to change over."""
STAGES = 6
"""Rounds in which the place half way is found of one on the way; the field never folds, so each is
nearer."""


@dataclass(frozen=True, slots=True, eq=False)
class LegLayout:
    """What of the first picture lies where in the second, and when each place changes over.

    way: (n, n, 2) float32, see `vj.pipeline.correspondence.halfway`. order: (m, m) float32, 0..1,
    of places half way: every share of a leg has an equal part of the picture.
    """

    way: np.ndarray
    order: np.ndarray

    @classmethod
    def between(cls, one: np.ndarray, two: np.ndarray) -> LegLayout:
        """Of two pictures, (H, W, 3) uint8 of one size."""
        way = halfway(one, two)
        return cls(way, _order(one, two, way))

    def at(self, share: float) -> tuple[np.ndarray, np.ndarray]:
        """For the places of the frame at a share of the way, on the grid of `way`: where they lie
        half way, (n, n, 2) in places of the grid, and `way` there."""
        side = self.way.shape[0]
        column, row = grid(side, side)
        x, y, moved = column, row, self.way
        for _ in range(STAGES):
            moved = cv2.remap(self.way, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            off = np.float32((2 * share - 1) * side) * moved
            x, y = column - off[..., 0], row - off[..., 1]
        return np.dstack([x, y]), moved

    def order_at(self, share: float) -> np.ndarray:
        """When the places of that frame change over, on the grid of `way`."""
        places, _ = self.at(share)
        ratio = self.order.shape[0] / self.way.shape[0]
        seen = np.float32(ratio) * (places + np.float32(0.5)) - np.float32(0.5)
        return cv2.remap(
            self.order,
            seen[..., 0],
            seen[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def moved(self, picture: np.ndarray, is_at: float, share: float) -> np.ndarray:
        """A picture (H, W, 3) whose things are where they are at `is_at`, moved to where they are
        at a share of the way."""
        return _moved(picture, self.at(share)[1], 2 * (is_at - share))

    def point(self, place: tuple[float, float], share: float) -> tuple[float, float]:
        """Where a thing is at a share of the way, by its place half way; both x and y as shares of
        the sides."""
        side = self.way.shape[0]
        x, y = (np.full((1, 1), side * part - 0.5, np.float32) for part in place)
        way = cv2.remap(self.way, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        dx, dy = ((2 * share - 1) * way).reshape(2)
        return place[0] + float(dx), place[1] + float(dy)


def key_picture(one: np.ndarray, two: np.ndarray, layout: LegLayout, share: float) -> np.ndarray:
    """What a leg looks like at a share of the way, before it is painted over: (H, W, 3) uint8, as
    the two pictures."""
    palette = PaletteWay.between(one, two)
    first, second = (
        recoloured(layout.moved(picture, is_at, share).astype(np.float32), to)
        for picture, is_at, to in (
            (one, 0.0, palette.of_one(share)),
            (two, 1.0, palette.of_two(share)),
        )
    )
    height, width = one.shape[:2]
    order = cv2.resize(layout.order_at(share), (width, height), interpolation=cv2.INTER_CUBIC)
    done = share * (1 + 2 * SOFT) - SOFT
    mixed = _in_bands(first, second, _smoothstep((done - order) / (2 * SOFT) + 0.5))
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


@dataclass(slots=True, eq=False)
class WalkLeg:
    """A leg that is played. Belongs to the render thread.

    keys: at least two pictures (H, W, 3) uint8, evenly along the way, the first and the last
    those of the walk. between: one for each pair of neighbours, where the keys were painted so
    anew that `layout` no longer says what lies where; else none.
    """

    layout: LegLayout
    keys: tuple[np.ndarray, ...]
    between: tuple[LegLayout, ...] = ()
    network: Network | None = None
    """Joins two keys that have been moved to a frame's place, where one is installed and there is
    time (`vj.pipeline.rife`)."""
    _palettes: dict[int, PaletteWay] = field(default_factory=dict)
    _places: np.ndarray | None = None
    _strokes: np.ndarray | None = None

    def at(self, share: float) -> np.ndarray:
        """The picture at a share (0..1) of the way; the first and the last one are the very
        arrays."""
        last = len(self.keys) - 1
        if share <= 0 or share >= 1:
            return self.keys[0 if share <= 0 else last]
        number = min(int(share * last), last - 1)
        begin, end, local = number / last, (number + 1) / last, share * last - number
        if local <= 0:
            return self.keys[number]
        one, two = self.keys[number], self.keys[number + 1]
        palette = self._palettes.get(number)
        if palette is None:
            palette = self._palettes[number] = PaletteWay.between(one, two)
        layout, at = self.layout, share
        if self.between:
            layout, at, begin, end = self.between[number], local, 0.0, 1.0
        size = one.shape[1], one.shape[0]
        if self._places is None:
            self._places = np.dstack(grid(*size))
        way = _in_pixels(layout.at(at)[1], size)
        first, second = (
            recoloured(_seen_at(picture, cv2.scaleAdd(way, 2 * (is_at - at), self._places)), to)
            for picture, is_at, to in (
                (one, begin, palette.of_one(local)),
                (two, end, palette.of_two(local)),
            )
        )
        if self.network is not None:
            return self.network(first, second, local)
        weight = cv2.resize(self._changed(layout.order_at(at), begin, end, local, size), size)
        return cv2.blendLinear(second, first, weight, 1 - weight)

    def _changed(
        self, order: np.ndarray, begin: float, end: float, local: float, size: tuple[int, int]
    ) -> np.ndarray:
        """How far each place shows the second key, (H/2, W/2) float32: what changes over meanwhile
        in its turn, the rest stroke by stroke."""
        half = max(1, size[0] // 2), max(1, size[1] // 2)
        if self._strokes is None:
            self._strokes = _strokes(*half)
        order = cv2.resize(order, half, interpolation=cv2.INTER_LINEAR)
        # with the places that are half way over in one of the keys
        own = (order > begin - 2 * SOFT) & (order < end + 2 * SOFT)
        turn = np.clip((order - np.float32(begin)) * np.float32(1 / (end - begin)), 0, 1)
        np.copyto(turn, self._strokes, where=~own)
        done = local * (1 + 2 * STROKE_SOFT) - STROKE_SOFT
        return _smoothstep((done - turn) / np.float32(2 * STROKE_SOFT) + np.float32(0.5))


def _moved(picture: np.ndarray, way: np.ndarray, far: float) -> np.ndarray:
    """A picture seen from places that lie `far` ways off; way: (n, n, 2), shares of the sides."""
    size = picture.shape[1], picture.shape[0]
    return _seen_at(picture, cv2.scaleAdd(_in_pixels(way, size), far, np.dstack(grid(*size))))


def _in_pixels(way: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(n, n, 2), shares of the sides -> (H, W, 2)."""
    return cv2.resize(way * np.array(size, np.float32), size, interpolation=cv2.INTER_LINEAR)


def _seen_at(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    return cv2.remap(  # type: ignore[call-overload,no-any-return]
        picture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )


def _smoothstep(share: np.ndarray) -> np.ndarray:
    held = np.clip(share, 0, 1).astype(np.float32)
    out: np.ndarray = held * held * (3 - 2 * held)
    return out


def _in_bands(one: np.ndarray, two: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Two pictures (H, W, 3) float32, the second where the mask (H, W) is 1."""
    if min(mask.shape) < 2**BANDS:
        return one + (two - one) * mask[..., None]
    masks = [mask]
    for _ in range(BANDS):
        masks.append(cv2.pyrDown(masks[-1]))
    bands = [_bands(one), _bands(two)]
    out: np.ndarray | None = None
    for first, second, share in reversed(list(zip(*bands, masks, strict=True))):
        band = first + (second - first) * share[..., None]
        out = band if out is None else band + _upwards(out, band)
    assert out is not None
    return out


def _bands(picture: np.ndarray) -> list[np.ndarray]:
    out = []
    for _ in range(BANDS):
        coarser = cv2.pyrDown(picture)
        out.append(picture - _upwards(coarser, picture))
        picture = coarser
    return [*out, picture]


def _upwards(picture: np.ndarray, like: np.ndarray) -> np.ndarray:
    return cv2.pyrUp(picture, dstsize=(like.shape[1], like.shape[0]))


def _strokes(width: int, height: int) -> np.ndarray:
    """When each place is painted anew, 0..1: patches of a stroke's size, in an order of chance."""
    side = max(2.0, STROKE * min(width, height))
    small = max(4, round(width / side)), max(4, round(height / side))
    white = np.random.default_rng(7).standard_normal((small[1], small[0])).astype(np.float32)
    wide = cv2.resize(white, (width, height), interpolation=cv2.INTER_CUBIC)
    return ranked(wide)


def _order(one: np.ndarray, two: np.ndarray, way: np.ndarray) -> np.ndarray:
    """(FINE, FINE) float32, 0..1: when each place half way changes over. It spreads from where both
    are most alike, quickly over even places and slowly across edges; what stands out in the new
    picture comes before its surroundings: so things come as wholes."""
    layout = LegLayout(way, np.zeros((1, 1), np.float32))
    small = [
        cv2.resize(picture, (FINE, FINE), interpolation=cv2.INTER_AREA) for picture in (one, two)
    ]
    palette = PaletteWay.between(*small)
    first, second = (
        recoloured(layout.moved(picture, is_at, 0.5).astype(np.float32), to)
        for picture, is_at, to in (
            (small[0], 0.0, palette.of_one(0.5)),
            (small[1], 1.0, palette.of_two(0.5)),
        )
    )
    apart = cv2.GaussianBlur(np.abs(first - second).mean(-1), (0, 0), 3)
    edges = _edges(first) + _edges(second)
    slow = (0.25 + (edges / (edges.mean() + 1e-4)) ** 1.2).astype(np.float32)
    fields = cv2.resize(apart, (12, 12), interpolation=cv2.INTER_AREA)
    begun = np.full((FINE, FINE), 1e6, np.float32)
    for place in np.argsort(fields, axis=None, kind="stable")[:SEEDS]:
        row, column = divmod(int(place), 12)
        begun[int((row + 0.5) * FINE / 12), int((column + 0.5) * FINE / 12)] = 0
    arrival = ranked(cv2.GaussianBlur(_spreading(begun, slow), (0, 0), 1.5))
    early = cv2.GaussianBlur(arrival - THINGS_FIRST * _standing_out(second), (0, 0), 1.0)
    return ranked(ranked(early) + RAGGED * _chance())


def _standing_out(picture: np.ndarray) -> np.ndarray:
    """(FINE, FINE, 3) float32 0..255 -> how much each place stands out, by rank, 0..1."""
    lab = cv2.cvtColor(np.clip(picture, 0, 255) / np.float32(255), cv2.COLOR_RGB2LAB)
    off = cv2.GaussianBlur(lab, (0, 0), 2) - cv2.GaussianBlur(lab, (0, 0), 18)
    return ranked(cv2.GaussianBlur(np.sqrt((off * off).sum(-1)), (0, 0), 4))


def _edges(picture: np.ndarray) -> np.ndarray:
    down, across = np.gradient(cv2.GaussianBlur(picture, (0, 0), 1.5), axis=(0, 1))
    out: np.ndarray = np.sqrt((across * across + down * down).sum(-1))
    return out


def _spreading(begun: np.ndarray, slow: np.ndarray) -> np.ndarray:
    """When what begins at 0 arrives everywhere, `slow` being the time that a place takes."""
    time = begun
    for _ in range(8 * FINE):
        wide = cv2.copyMakeBorder(time, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1e6)
        before = time
        for down in (0, 1, 2):
            for across in (0, 1, 2):
                far = np.float32(np.hypot(down - 1, across - 1))
                near = wide[down : down + FINE, across : across + FINE]
                time = np.minimum(time, near + far * slow)
        if np.array_equal(time, before):
            break
    return time


def _chance() -> np.ndarray:
    """(FINE, FINE), deviation 1, in patches of strokes."""
    white = np.random.default_rng(5).standard_normal((FINE, FINE)).astype(np.float32)
    soft = cv2.GaussianBlur(white, (0, 0), STROKE * FINE)
    out: np.ndarray = soft / soft.std()
    return out
