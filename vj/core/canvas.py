"""The canvas: several people draw on it from any thread, and the picture is there for all.

What people do is only written down on their thread. It becomes pixels on the canvas' own thread, or
in the source that shows it; nobody who looks at the picture waits for that.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from vj.core.canvas_painter import CanvasPainter, Drawing
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.strokes import Colour, PointMeter, stroke_part

WHITE: Colour = (255, 255, 255)
WAITING = 5000
"""Strokes' parts and the like that may wait to be drawn."""
WAITING_POINTS = 100_000
"""Points of theirs that may wait: some ten seconds of drawing."""
ROUND = 4000
"""What is drawn until the picture is shown, in points; a part counts as `PART` more. While more
comes than can be drawn, the picture goes on all the same."""
PART = 20
PERIOD = 0.01
"""Seconds from one picture to the next, at least: what comes together is drawn together."""
LATELY = 10.0
"""Seconds after which somebody who does not draw is not counted as drawing."""


class Canvas:
    """See the module. All of it may be used from any thread; `run` keeps the picture up to date."""

    def __init__(self, size: Size, now: Callable[[], float], paper: Colour = WHITE) -> None:
        """now: seconds on the show's clock."""
        self.fade = 0.0
        """Seconds after which what was drawn has faded away; 0 for never."""
        begun = now()
        self._now = lambda: now() - begun  # small numbers: the ink's times are float32
        self._meter = PointMeter(now)
        self._painter = CanvasPainter(size, paper)
        self._size, self._paper = size, paper
        self._asked: deque[tuple[Callable[[], None], int]] = deque()
        """What is to be done, and how many points are drawn then."""
        self._points, self._counting = 0, threading.Lock()
        self._painting = threading.Lock()
        self._wake = threading.Event()
        drawing = self._painter.drawing(None, 0.0, 0.0)
        assert drawing is not None
        self._drawing: Drawing = drawing

    # What people do.

    def stroke(self, person: int, asked: Mapping[str, Any]) -> None:
        """A part of a stroke, as `docs/page_protocol.md` has it. person: who draws; their strokes
        are told apart by the number in `stroke`. Raises Fault for what is no such part, and when
        too much comes."""
        part = stroke_part(person, asked)
        self._meter.take(part)
        time = self._now()
        self._ask(lambda: self._painter.add(part, time), len(part.points))

    def undo(self, person: int) -> None:
        """This person's last whole stroke goes."""
        self._ask(lambda: self._painter.undo(person))

    def clear(self) -> None:
        """All that was drawn and imported goes."""
        self._change(self._painter.clear)

    def import_picture(self, picture: np.ndarray) -> None:
        """Put a picture under the strokes, as large as it fits, in place of the one before. (H, W,
        3) uint8 RGB. Raises Fault for anything else."""
        fits = picture.ndim == 3 and picture.shape[2] == 3 and picture.dtype == np.uint8
        if not fits or not picture.size:
            raise Fault(
                f"canvas: a picture of shape {picture.shape} and type {picture.dtype} came; "
                "(height, width, 3) uint8 is right"
            )
        self._ask(lambda: self._painter.import_picture(picture))

    def _ask(self, change: Callable[[], None], points: int = 0) -> None:
        with self._counting:
            if len(self._asked) >= WAITING or self._points + points > WAITING_POINTS:
                raise Fault("canvas: more is drawn than can be shown; this is left out")
            self._points += points
        self._change(change, points)

    def _change(self, change: Callable[[], None], points: int = 0) -> None:
        """The same for what a show does: it is never left out, however much people draw."""
        self._asked.append((change, points))
        self._wake.set()

    # What the show does.

    @property
    def size(self) -> Size:
        """Of the picture, in pixels."""
        return self._size

    def resize(self, size: Size) -> None:
        """Draw everything at another size."""
        if size != self._size:
            self._size = size
            self._change(lambda: self._painter.resize(size))

    @property
    def paper(self) -> Colour:
        """What is drawn on."""
        return self._paper

    @paper.setter
    def paper(self, colour: Colour) -> None:
        if colour != self._paper:
            self._paper = colour
            self._change(lambda: self._painter.set_paper(colour))

    # The picture.

    @property
    def drawing(self) -> Drawing:
        """The canvas as it was drawn last. Never waits."""
        return self._drawing

    def picture(self) -> tuple[np.ndarray, int]:
        """(H, W, 3) uint8 RGB, not to be written to, and its version: the same array while nothing
        has changed. Never waits."""
        drawing = self._drawing
        return drawing.picture, drawing.version

    def blank_for(self) -> float | None:
        """Seconds for which the paper has been blank; None while something is on it."""
        drawing = self._drawing
        return self._now() - drawing.since if drawing.blank else None

    def state(self) -> dict[str, Any]:
        """For the page: version, how many people draw, the paper's colour as #rrggbb."""
        red, green, blue = self._paper
        return {
            "version": self._drawing.version,
            "people": self._meter.people(LATELY),
            "paper": f"#{red:02x}{green:02x}{blue:02x}",
        }

    def paint(self) -> Drawing:
        """Draw what has come, or a `ROUND` of it, and give the canvas as it is now. While another
        thread draws, as it was drawn last."""
        if self._painting.acquire(blocking=False):
            try:
                drawn = 0
                while self._asked and drawn < ROUND:
                    change, points = self._asked.popleft()
                    with self._counting:
                        self._points -= points
                    drawn += points + PART
                    change()
                drawing = self._painter.drawing(self._drawing, self._now(), self.fade)
                if drawing is not None:
                    self._drawing = drawing
            finally:
                self._painting.release()
        return self._drawing

    def run(
        self,
        over: threading.Event,
        shown: Callable[[np.ndarray, int], None] = lambda picture, version: None,
    ) -> None:
        """Keep the picture up to date until `over` is set. shown: gets each new one, see
        `picture`."""
        version: int | None = None
        while not over.is_set():
            # While ink fades there is something to draw without anybody's doing.
            if not self._asked:
                self._wake.wait(0.04 if self._painter.fades(self.fade) else 0.2)
            self._wake.clear()
            drawing = self.paint()
            if drawing.version != version:
                version = drawing.version
                shown(drawing.picture, version)
            over.wait(PERIOD)
