"""What people draw, as the pipeline uses it: for the mask, and as lines that lead the model."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.canvas import Canvas
from vj.core.frame import Size
from vj.parameters.store import Snapshot
from vj.pipeline.line_art import DRAWN


class DrawnStrokes:
    """The strokes on a show's canvas. Belongs to the render thread, and never waits for those who
    draw."""

    def __init__(self, canvas: Canvas | None, size: Size) -> None:
        """canvas: None where nobody can draw. size: that is painted."""
        self._canvas, self._size = canvas, size
        self._cleared: int | None = None
        self._taken: int | None = None
        self.resize(size)

    def resize(self, size: Size) -> None:
        """Another size is painted."""
        self._size = size
        if self._canvas is not None:
            self._canvas.resize(size)

    def find(self, snapshot: Snapshot) -> np.ndarray | None:
        """(H, W) uint8, 255 where people have drawn; None where nobody can. Fed with every frame:
        it hands on what the snapshot says of the canvas."""
        canvas = self._canvas
        if canvas is None:
            return None
        canvas.fade = snapshot["canvas/fade"]
        cleared = int(snapshot["canvas/clear"])
        if self._cleared is not None and cleared != self._cleared:
            canvas.clear()
        self._cleared = cleared
        taken = int(snapshot["canvas/take"])
        if self._taken is not None and taken != self._taken:
            canvas.take()
        self._taken = taken
        cover = canvas.drawing.cover
        if cover.shape != (self._size.height, self._size.width):  # it is being drawn at this size
            cover = cv2.resize(cover, self._size, interpolation=cv2.INTER_LINEAR)
        return cover

    def leading(self, snapshot: Snapshot) -> int:
        """A number that changes when the lines that lead the model do; 0 while they do not."""
        if self._canvas is None or snapshot["lines/from"] not in DRAWN:
            return 0
        return self._canvas.drawing.version
