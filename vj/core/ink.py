"""Ink on a transparent sheet: strokes laid over each other, pixel by pixel, and when each came."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.brush import NOWHERE, Area, box_of, curve, stamp, tail
from vj.core.frame import Size
from vj.core.strokes import Stroke

TOGETHER = 0.25
"""Seconds within which parts of a stroke are of one age, when it is drawn again."""


class InkSheet:
    """What strokes have left.

    pixels: (H, W, 4) uint8, the colour times its coverage, and the coverage. born: (H, W) float32,
    when the ink came, in seconds on the canvas' clock.
    """

    def __init__(self, pixels: np.ndarray, born: np.ndarray) -> None:
        self.pixels, self.born = pixels, born

    @classmethod
    def empty(cls, size: Size) -> InkSheet:
        return cls(
            np.zeros((size.height, size.width, 4), np.uint8),
            np.zeros((size.height, size.width), np.float32),
        )

    def part(self, box: Area) -> InkSheet:
        """A part, as a sheet of its size. What is done to it is done to it alone."""
        return InkSheet(self.pixels[box.place], self.born[box.place])

    def paste(self, part: InkSheet, box: Area) -> None:
        """Put such a part back."""
        self.pixels[box.place], self.born[box.place] = part.pixels, part.born

    def lay(self, wet: WetStroke, box: Area, end: bool = False) -> None:
        """Lay a stroke over it; an eraser takes ink away. box: of the canvas, what this sheet is a
        part of it. end: the line's end too, where it is now."""
        cover, born = wet.within(box, end)
        rest = cv2.bitwise_not(cover)
        kept = cv2.multiply(self.pixels, cv2.merge([rest] * 4), scale=1 / 255)
        if not wet.stroke.eraser:
            laid = [cv2.convertScaleAbs(cover, alpha=band / 255) for band in wet.stroke.colour]
            kept = cv2.add(kept, cv2.merge([*laid, cover]))
            self.born = np.where(cover > 127, born, self.born)
        self.pixels = kept

    def fade(self, now: float, seconds: float) -> None:
        """Take away what is older than so many seconds, and a share of what is older than half of
        that."""
        share = cv2.merge([self._left(now, seconds)] * 4)
        self.pixels = cv2.multiply(self.pixels, share, scale=1 / 255)

    def drop(self, now: float, seconds: float) -> None:
        """Take away what is older than so many seconds."""
        kept = cv2.threshold(self._left(now, seconds), 0, 255, cv2.THRESH_BINARY)[1]
        self.pixels = cv2.bitwise_and(self.pixels, cv2.merge([kept] * 4))

    def _left(self, now: float, seconds: float) -> np.ndarray:
        """(H, W) uint8, 255 for ink younger than half of so many seconds, 0 for older than all."""
        slope = 2 * 255 / seconds
        born = self.born
        return cv2.addWeighted(born, slope, born, 0, (seconds - now) * slope, dtype=cv2.CV_8U)

    def resized(self, size: Size) -> InkSheet:
        """The same at another size."""
        return InkSheet(
            cv2.resize(self.pixels, size, interpolation=cv2.INTER_LINEAR),
            cv2.resize(self.born, size, interpolation=cv2.INTER_NEAREST),
        )


class WetStroke:
    """A stroke as pixels, which grows. cover: (H, W) uint8. born: (H, W) float32, when each of its
    parts came. box: where it lies. Both arrays are pages without memory until they are drawn
    into."""

    def __init__(self, stroke: Stroke, size: Size) -> None:
        self.stroke = stroke
        self.cover = np.zeros((size.height, size.width), np.uint8)
        self.born = np.zeros((size.height, size.width), np.float32)
        self.box = NOWHERE
        self._size = size
        self._parts = self._points = 0
        """Drawn so far."""

    @classmethod
    def whole(cls, stroke: Stroke, size: Size) -> WetStroke:
        """All of a stroke to which nothing comes any more. Parts that came within `TOGETHER` are
        drawn as one, which is many times as fast."""
        wet = cls(stroke, size)
        groups: list[tuple[int, float]] = []
        begun = -TOGETHER
        for part in stroke.parts:
            if part[1] - begun < TOGETHER:
                groups[-1] = part
            else:
                groups.append(part)
                begun = part[1]
        wet._draw(groups)
        wet.finish()
        return wet

    def grow(self) -> Area:
        """Draw the parts that are new. Returns where."""
        return self._draw(self.stroke.parts[self._parts :])

    def _draw(self, parts: list[tuple[int, float]]) -> Area:
        where = NOWHERE
        for count, time in parts:
            if count > self._points:
                first = max(0, self._points - 1)
                base = max(0, first - 1)
                where = where | self._stamp(curve(self._line(base, count), first - base), time)
                self._points = count
        self._parts = len(self.stroke.parts)
        return where

    def finish(self) -> Area:
        """Draw the line's end: nothing comes any more. Returns where."""
        if self._points < 2:
            return NOWHERE
        return self._stamp(self._end(), self.stroke.parts[-1][1])

    @property
    def end_box(self) -> Area:
        """Where the line's end lies now."""
        return box_of(self._end(), self._size) if self._points > 1 else NOWHERE

    def within(self, box: Area, end: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """`cover` and `born` of a part of the canvas, not to be written to. end: with the line's
        end."""
        cover, born = self.cover[box.place], self.born[box.place]
        if not end or (self.end_box & box).empty:
            return cover, born
        cover, born = cover.copy(), born.copy()
        corner = np.array((box.left, box.top, 0), np.float32)
        patch = np.zeros_like(cover)
        stamp(patch, self._end() - corner)
        born[patch > 127] = self.stroke.parts[-1][1]
        return cv2.max(cover, patch), born

    def _end(self) -> np.ndarray:
        return tail(self._line(self._points - 2, self._points))

    def _line(self, begin: int, end: int) -> np.ndarray:
        """Its points in pixels."""
        width, height = self._size
        return self.stroke.points[begin:end] * np.array((width, height, height), np.float32)

    def _stamp(self, line: np.ndarray, time: float) -> Area:
        box = box_of(line, self._size)
        if box.empty:
            return NOWHERE
        patch = np.zeros((box.bottom - box.top, box.right - box.left), np.uint8)
        stamp(patch, line - np.array((box.left, box.top, 0), np.float32))
        cover = self.cover[box.place]
        self.cover[box.place] = cv2.max(cover, patch)
        self.born[box.place][patch > 127] = time
        self.box = self.box | box
        return box
