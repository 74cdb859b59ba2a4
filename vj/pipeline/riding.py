"""Where the texture of each place comes from, while what is seen moves: `noise/ride`.

Two layers of texture coordinates (after Max and Becker 1995, and Neyret 2003) are moved along with
the input. A layer that has been stretched or turned far begins anew, while the other one is seen;
how fast that goes is said by what is stretched most, and not by a clock: a camera that pans keeps
one layer for ever. Where the motion is not sure, or has torn a layer apart, the place begins anew
at once. Both layers show the same noise, so what stands still is the same in both, and does not
change whichever is seen.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from vj.core.frame import Size
from vj.kernels.cv_ride import torn_in
from vj.kernels.numpy_ride import Ride, finer_of
from vj.parameters.store import Snapshot
from vj.pipeline.camera_flow import steadied
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.optical_flow import Motion, MotionTracker

SURE = 0.35
"""A flow's confidence below which a place begins anew."""
PARTS, LESS_SURE = 0.4, 0.93
"""Pixels by which the motion beside a place differs where two things part, and how sure a place
has to be there by the surest beside it: what comes out from behind something is less."""
SAME = 0.5
"""Pixels in a frame by which two motions may differ and still be of one thing."""
TURNS = 0.7548776662466927, 0.5698402909980532
"""A sequence that fills a square evenly (Roberts 2018)."""
LIFE = math.log(5)
"""How far a layer is stretched, as the logarithm of an area, from its beginning to its end; a
quarter of a turn counts for as much."""
WORN = 0.12, 8.0
"""A place that is this small or large of what it began as begins anew at once."""
BEYOND = 24
"""Pixels beyond the edges in which what comes in is made of what is at the edge."""
STEEPEST = 0.75
"""Slope, from one cell to the next, by which ways go on beyond an edge."""
TILES = 32
"""Pixels, across and down, of what is looked at for how far it is stretched."""
FARTHEST = 4
"""Pictures' sides after which a way is taken back by as many: whole noises."""


class Riding:
    """Follows the inputs of one size. Belongs to the render thread."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._finer = finer_of(size.height, size.width)
        self._beyond = BEYOND // self._finer
        self._cells = -(-size.height // self._finer), -(-size.width // self._finer)
        rows, columns = self._cells
        self._x, self._y = np.meshgrid(
            np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32)
        )
        self.reset()

    def reset(self) -> None:
        """As if nothing had moved yet."""
        ways = np.zeros((2, *self._cells, 2), np.float32)
        self._phase, self._worn = 1.0, [0.0, 0.0]
        self._frames = 0
        self._flow: np.ndarray = np.zeros((*self._cells, 2), np.float32)
        torn = np.zeros(ways.shape[:3], np.uint8)
        self._ride = Ride(ways, torn, (1.0, 0.0), moved=False, finer=self._finer)

    def follow(self, motion: Motion | None) -> Ride:
        """What this frame's noise rides on. motion: from this input to the one before; None where
        it is not known. The same `Ride` again where nothing moves."""
        if motion is None:
            return self._ride
        if motion.cut:
            self.reset()
            return self._ride
        rows, columns = self._cells
        small = cv2.resize(motion.grid, (columns, rows), interpolation=cv2.INTER_LINEAR)
        flow_x, flow_y, sure = cv2.split(steadied(small))
        x, y = self._x + flow_x / self._finer, self._y + flow_y / self._finer
        moved = cv2.merge([flow_x, flow_y])
        anew = self._unsure(moved, sure, x, y)
        if not moved.any() and not self._ride.ways[:, anew].any():
            self._flow[...] = 0
            return self._ride
        self._frames += 1
        ways = self._moved(x, y, moved)
        ways += moved
        self._flow = moved
        _as_pairs(ways).reshape(2, -1)[:, np.flatnonzero(anew)] = 0
        far = np.array(self._size, np.float32)
        if max(ways.max(), -ways.min()) >= FARTHEST * min(self._size):
            ways -= far * np.trunc(ways / (FARTHEST * far)) * FARTHEST
        torn = self._renew(ways)
        angle = self._phase * math.pi / 2
        shares = abs(math.sin(angle)), abs(math.cos(angle))
        shares = (1.0, 0.0) if shares[1] < 1e-6 else shares
        self._ride = Ride(ways, torn, shares, bool(ways.any()), self._finer)
        return self._ride

    def _unsure(
        self, flow: np.ndarray, sure: np.ndarray, x: np.ndarray, y: np.ndarray
    ) -> np.ndarray:
        """Places that begin anew: not found again, or less sure than those beside them where two
        things part. What comes in over an edge is never found, and goes on."""
        rows, columns = self._cells
        around = np.ones((5, 5), np.uint8)
        parts = np.maximum(*cv2.split(cv2.dilate(flow, around) - cv2.erode(flow, around)))
        hidden = (parts > PARTS) & (sure < LESS_SURE * cv2.dilate(sure, around))
        outside = (x < 0) | (x > columns - 1) | (y < 0) | (y > rows - 1)
        near: np.ndarray = np.zeros(sure.shape, np.uint8)
        if outside.any():
            wide = np.ones((2 * self._beyond + 1,) * 2, np.uint8)
            near = cv2.dilate(outside.astype(np.uint8), wide)
        unsure: np.ndarray = ((sure < SURE) | hidden) & (near == 0)
        return unsure

    def _moved(self, x: np.ndarray, y: np.ndarray, flow: np.ndarray) -> np.ndarray:
        """The layers as they are seen at other places, (2, h, w, 2): linear between their cells; at
        a tear one of them: of what moved as the place does, and by turns as far as the place is
        from each, so that tears go as quickly as what they part."""
        ways, beyond = self._ride.ways, self._beyond
        rows, columns = (side + 2 * beyond for side in self._cells)
        places = _Between(x + beyond, y + beyond, rows, columns)
        there, at_tears, nearest = self._at_tears(places, flow)
        led = np.empty_like(ways)
        for layer, way in enumerate(ways):
            if layer and np.array_equal(way, ways[0]):  # neither has begun anew before the other
                led[layer] = led[0]
            elif not way.any():
                led[layer] = 0
            else:
                wide = _as_pairs(_with_margins(way, beyond, STEEPEST * self._finer))
                seen = places.of(wide)
                mine = at_tears[layer]
                seen.reshape(-1)[there[mine]] = wide.take(nearest[mine])
                led[layer] = seen.view(np.float32).reshape(way.shape)
        return led

    def _at_tears(
        self, places: _Between, flow: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The numbers of the places that lie at a tear of any layer, of which they do, (2, n) bool,
        and the number of the cell that each takes."""
        wide = [
            cv2.copyMakeBorder(one, *(self._beyond,) * 4, cv2.BORDER_REPLICATE)
            for one in (*self._ride.torn, self._flow)
        ]
        apart = np.stack([torn.reshape(-1).take(places.first.reshape(-1)) for torn in wide[:2]])
        there = np.flatnonzero(apart.any(0))
        first, columns = places.first.reshape(-1)[there], places.columns
        steps = np.array([[0], [1], [columns], [columns + 1]], np.int32)
        shift = [np.float32(self._frames * step % 1 - 0.5) for step in TURNS]
        x, y, left, top = (
            of.reshape(-1)[there] for of in (places.x, places.y, places.left, places.top)
        )
        across = [np.square(left + step - (x + shift[0])) for step in (0, 1)]
        down = [np.square(top + step - (y + shift[1])) for step in (0, 1)]
        own, wide_flow = _as_pairs(flow).take(there), _as_pairs(wide[2])
        away = []
        for number, step in enumerate(steps):
            other = wide_flow.take(first + step) - own
            off = np.maximum(np.abs(other.real), np.abs(other.imag))
            away.append(across[number % 2] + down[number // 2] + np.rint(off / SAME) * 8)
        upper, lower = away[1] < away[0], away[3] < away[2]
        below = np.minimum(away[2], away[3]) < np.minimum(away[0], away[1])
        nearest = first + np.where(below, columns + lower, upper)
        return there, apart[:, there] > 0, nearest

    def _renew(self, ways: np.ndarray) -> np.ndarray:
        """Let the layers take turns, and begin anew what is worn out. Returns where they are
        torn."""
        gone, most, torn = 0.0, 0.0, np.zeros(ways.shape[:3], np.uint8)
        for layer, way in enumerate(ways):
            if layer and np.array_equal(way, ways[0]):
                torn[layer] = torn[0]
            else:
                most = self._wear(way, torn[layer])
            gone = max(gone, most - self._worn[layer])
            self._worn[layer] = max(most, self._worn[layer])
        before = self._phase
        self._phase = (before + min(0.25, 2 * gone / LIFE)) % 2
        begins = 1 if before < 1 <= self._phase else 0 if self._phase < before else None
        if begins is not None:
            ways[begins], torn[begins], self._worn[begins] = 0, 0, 0.0
        return torn

    def _wear(self, way: np.ndarray, torn: np.ndarray) -> float:
        """How far a layer is stretched and turned where it is most so. What is worn out in it
        begins anew, and where it is torn is written."""
        if not way.any():
            return 0.0
        x, y = cv2.split(way)
        area, angle = _stretched(x, y, self._finer)
        gone = (area < WORN[0]) | (area > WORN[1])
        if gone.any():
            for place in (way, x, y):
                place[gone] = 0
        worn = np.abs(np.log(np.clip(area, *WORN))) + np.abs(angle) * (LIFE / (math.pi / 2))
        worn[gone] = 0
        torn[...] = torn_in(x, y)
        worn[cv2.dilate(torn, np.ones((5, 5), np.uint8)) > 0] = 0
        return float(_tiles(worn, TILES // self._finer).max())


class NoiseRide:
    """What each frame's noise rides on, of the motion that is found of the inputs as they go into
    the model: with several steps that is not the motion to the input of the last generated image.
    Belongs to the render thread."""

    def __init__(self, size: Size, tracker: MotionTracker) -> None:
        self._tracker = tracker
        self._riding = Riding(size)
        self._last: np.ndarray | None = None
        """The last input."""

    def reset(self) -> None:
        self._riding.reset()
        self._last = None

    def of(self, context: FrameContext, snapshot: Snapshot) -> FrameContext:
        """A frame with what its noise rides on; as it is where noise does not ride."""
        if snapshot["noise/ride"] == 0 or context.background is not None:
            if self._last is not None:
                self.reset()
            return context
        motion = None
        if context.flight is not None:
            motion = context.flight.motion
        elif self._last is not None:
            asked = self._tracker.between(context.image, self._last, True)
            self._tracker.ask(context.image, snapshot)  # with several steps it is another motion
            motion = self._tracker.result(asked)
        self._last = context.image
        return replace(context, ride=self._riding.follow(motion))


class _Between:
    """Places between cells, of which all layers are seen. OpenCV's remap knows 32 places between
    two, and a layer is moved again and again."""

    def __init__(self, x: np.ndarray, y: np.ndarray, rows: int, columns: int) -> None:
        """x, y: (h, w) float32, in cells of (rows, columns)."""
        self.x, self.y, self.columns = x, y, columns
        left = self.left = np.clip(x, 0, columns - 2).astype(np.int32)
        top = self.top = np.clip(y, 0, rows - 2).astype(np.int32)
        self.first = top * np.int32(columns) + left
        """The number of the first of the four cells that each is between."""
        self._shares = [
            np.clip(one - of, 0, 1).astype(np.float32) for one, of in ((x, left), (y, top))
        ]

    def of(self, wide: np.ndarray) -> np.ndarray:
        """(h, w) complex64 of the cells' numbers, see `_as_pairs`."""
        a, b = self._shares
        corners = [wide.take(self.first + step) for step in (0, 1, self.columns, self.columns + 1)]
        upper, lower = (one + a * (two - one) for one, two in (corners[:2], corners[2:]))
        led: np.ndarray = upper + b * (lower - upper)
        return led


def _as_pairs(cells: np.ndarray) -> np.ndarray:
    """(h, w, 2) float32 as (h * w) complex64: both numbers at once."""
    return np.ascontiguousarray(cells).view(np.complex64).reshape(-1)


def _with_margins(way: np.ndarray, beyond: int, steepest: float) -> np.ndarray:
    """A layer that goes on beyond its edges as it does before them."""
    rows, columns = way.shape[:2]
    wide = cv2.copyMakeBorder(way, *(beyond,) * 4, cv2.BORDER_REPLICATE)
    out = np.arange(1, beyond + 1, dtype=np.float32)
    inner = slice(beyond, beyond + columns)

    def steps(edge: np.ndarray, inside: np.ndarray) -> np.ndarray:
        step = (edge - inside) / 2
        step[np.abs(step).max(-1) > steepest] = 0
        return step

    if rows > 2:
        top, bottom = steps(way[0], way[2]), steps(way[-1], way[-3])
        wide[:beyond, inner] += out[::-1, None, None] * top
        wide[-beyond:, inner] += out[:, None, None] * bottom
    if columns > 2:
        left = steps(wide[:, beyond], wide[:, beyond + 2])
        right = steps(wide[:, -beyond - 1], wide[:, -beyond - 3])
        wide[:, :beyond] = wide[:, beyond, None] + out[::-1, None] * left[:, None]
        wide[:, -beyond:] = wide[:, -beyond - 1, None] + out[:, None] * right[:, None]
    return wide


def _stretched(x: np.ndarray, y: np.ndarray, finer: int) -> tuple[np.ndarray, np.ndarray]:
    """How large what a place shows is of the noise it comes from, as an area, and how far it is
    turned, in radians, (h, w) each. At a tear that of the side which is whole. x, y: the ways."""
    (a, b), (c, d) = (_slopes(plane / np.float32(finer)) for plane in (x, y))
    a, d = a + 1, d + 1
    return a * d - b * c, np.arctan2(c - b, a + d)


def _slopes(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Change for each cell, across and down: of the steps to both neighbours the smaller, 0 where
    they lead apart."""
    across, down = np.zeros((2, *plane.shape), np.float32)
    step = plane[:, 1:] - plane[:, :-1]
    across[:, 1:-1] = _least(step[:, :-1], step[:, 1:])
    step = plane[1:] - plane[:-1]
    down[1:-1] = _least(step[:-1], step[1:])
    return across, down


def _least(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    up, down = np.minimum(before, after), np.maximum(before, after)
    slope: np.ndarray = np.maximum(up, 0) + np.minimum(down, 0)
    return slope


def _tiles(values: np.ndarray, side: int) -> np.ndarray:
    rows, columns = values.shape
    size = max(1, columns // side), max(1, rows // side)
    return cv2.resize(values.astype(np.float32), size, interpolation=cv2.INTER_AREA)
