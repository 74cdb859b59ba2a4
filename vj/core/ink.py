"""Ink on a transparent sheet: strokes laid over each other, pixel by pixel, and when each came."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.brush import NOWHERE, Area, box_of, curve, stamp, tail
from vj.core.frame import Size
from vj.core.strokes import Stroke


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

    def cut(self, box: Area) -> InkSheet:
        """A copy of a part, as a sheet of its size."""
        return InkSheet(self.pixels[box.place].copy(), self.born[box.place].copy())

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
            np.copyto(self.born, born, where=cover > 127)
        self.pixels = kept

    def fade(self, now: float, seconds: float) -> None:
        """Take away what is older than so many seconds, and a share of what is older than half of
        that."""
        left = np.clip((seconds - (np.float32(now) - self.born)) * np.float32(2 / seconds), 0, 1)
        share = cv2.convertScaleAbs(left, alpha=255)
        self.pixels = cv2.multiply(self.pixels, cv2.merge([share] * 4), scale=1 / 255)

    def drop(self, now: float, seconds: float) -> None:
        """Take away what is older than so many seconds."""
        self.pixels[np.float32(now) - self.born >= seconds] = 0

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
        """All of a stroke to which nothing comes any more."""
        wet = cls(stroke, size)
        wet.grow()
        wet.finish()
        return wet

    def grow(self) -> Area:
        """Draw the parts that are new. Returns where."""
        where = NOWHERE
        for count, time in self.stroke.parts[self._parts :]:
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
