"""The corners of a display moved by hand: what keys and the mouse do to a setup."""

from __future__ import annotations

import math
from dataclasses import replace

from vj.display.setup import ScreenSetup
from vj.display.warp import FLIPS, REACH, SQUARE, TURNS, Corners, Point, convex

ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
STEP, LARGE = 1, 10
"""Pixels that an arrow key moves a corner, and with Shift."""
GRAB = 60
"""Pixels around a corner in which the mouse takes hold of it."""
FLIP_KEYS = {"x": "across", "y": "down"}


class CornerEditor:
    """`setup` is the current one. `editing`: corners are shown and may be moved; `corner`: the one
    that is, 0..3 clockwise from the top left."""

    def __init__(self) -> None:
        self.setup = ScreenSetup()
        self.editing = False
        self.corner = 0
        self._held: Point | None = None
        """From the mouse to the corner it holds, in pixels."""

    def key(self, name: str, shift: bool, screen: tuple[int, int]) -> bool:
        """A key went down, or repeats. name: an arrow, `tab`, `escape`, `enter`, `backspace`, a
        digit or a letter. screen: its pixels. Returns whether the key means something here."""
        if not self.editing:
            if name not in ("w", "tab"):
                return False
            self.editing = True
            return True
        if name in ("w", "escape", "enter"):
            self.editing, self._held = False, None
        elif name == "tab":
            self.corner = (self.corner + (-1 if shift else 1)) % 4
        elif name in ("1", "2", "3", "4"):
            self.corner = int(name) - 1
        elif name in ARROWS:
            across, down = ARROWS[name]
            x, y = self.setup.corners[self.corner]
            step = LARGE if shift else STEP
            self._move((x + across * step / screen[0], y + down * step / screen[1]))
        elif name == "backspace":
            if shift:
                self.setup = replace(self.setup, corners=SQUARE)
            else:
                self._move(SQUARE[self.corner])
        elif name == "r":
            turn = TURNS[(TURNS.index(self.setup.rotate) + 1) % 4]
            self.setup = replace(self.setup, rotate=turn)
        elif name in FLIP_KEYS:
            # none, across, down, both: across is bit 0, down is bit 1
            bits = FLIPS.index(self.setup.flip) ^ FLIPS.index(FLIP_KEYS[name])
            self.setup = replace(self.setup, flip=FLIPS[bits])
        else:
            return False
        return True

    def press(self, at: Point, screen: tuple[int, int]) -> None:
        """A mouse button went down, `at` in pixels: takes hold of the corner beside it."""
        if not self.editing:
            return
        places = [(x * screen[0], y * screen[1]) for x, y in self.setup.corners]
        # a corner beyond the screen is held by the nearest place that the mouse reaches
        reach = [(min(max(x, 0), screen[0] - 1), min(max(y, 0), screen[1] - 1)) for x, y in places]
        far = [math.dist(at, one) for one in reach]
        nearest = min(range(4), key=far.__getitem__)
        if far[nearest] <= GRAB:
            self.corner = nearest
            self._held = places[nearest][0] - at[0], places[nearest][1] - at[1]

    def drag(self, at: Point, screen: tuple[int, int]) -> bool:
        """The mouse moved. Returns whether it moved a corner."""
        if self._held is None:
            return False
        self._move(((at[0] + self._held[0]) / screen[0], (at[1] + self._held[1]) / screen[1]))
        return True

    def release(self) -> None:
        self._held = None

    def _move(self, place: Point) -> None:
        """Move the corner, unless the picture would be folded."""
        x, y = (min(max(one, -REACH), 1 + REACH) for one in place)
        corners: Corners = tuple(  # type: ignore[assignment]
            (x, y) if index == self.corner else corner
            for index, corner in enumerate(self.setup.corners)
        )
        if convex(corners):
            self.setup = replace(self.setup, corners=corners)
