"""The canvas: several people draw on it from any thread, and the picture is there for all.

What people do is only written down on their thread. It becomes pixels on the canvas' own thread, or
in the source that shows it; nobody who looks at the picture waits for that.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vj.core.canvas_painter import CanvasPainter, Drawing
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.packed import Pixels, rgb_of
from vj.core.strokes import PART_POINTS, Colour, PointMeter, StrokePart, stroke_part

WHITE: Colour = (255, 255, 255)
WAITING = 5000
"""Strokes' parts and the like that may wait to be drawn."""
WAITING_POINTS = 100_000
"""Points of theirs that may wait: some ten seconds of drawing."""
ROUND = 1000
"""What is drawn until the picture is shown, in points; a part counts as `PART` more. While more
comes than can be drawn, the picture goes on all the same."""
PART = 20
PERIOD = 0.01
"""Seconds from one picture to the next, at least: what comes together is drawn together."""
LATELY = 10.0
"""Seconds after which somebody who does not draw is not counted as drawing."""


TOO_MUCH = "canvas: more is drawn than can be shown; this is left out"


@dataclass(slots=True, eq=False)
class _Change:
    """Something that waits to be done. points: of a stroke's parts."""

    do: Callable[[], None]
    points: list[np.ndarray] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(map(len, self.points))

    def whole(self, part: StrokePart) -> StrokePart:
        """The first part with the points of all."""
        return part if len(self.points) == 1 else replace(part, points=np.concatenate(self.points))


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
        self._asked: deque[_Change] = deque()
        self._growing: dict[tuple[int, int], _Change] = {}
        """Strokes' parts that wait, by person and number: to each, the stroke's next ones may be
        added, since many drawn together take a fraction of the time."""
        self._points, self._adding = 0, threading.Lock()
        self._painting = threading.Lock()
        self._wake = threading.Event()
        self._takes = False
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
        time, key, count = self._now(), (person, part.number), len(part.points)
        with self._adding:
            if self._points + count > WAITING_POINTS:
                raise Fault(TOO_MUCH)
            waits = self._growing.get(key)
            if waits is not None and not part.end and waits.count + count <= PART_POINTS:
                waits.points.append(part.points)
                self._points += count
                return
            self._growing.pop(key, None)
        added = _Change(lambda: self._painter.add(added.whole(part), time), [part.points])
        self._ask(added, None if part.end else key)

    def undo(self, person: int) -> None:
        """This person's last whole stroke goes."""
        self._ask(_Change(lambda: self._painter.undo(person)))

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
        self._ask(_Change(lambda: self._painter.import_picture(picture)))

    def take(self) -> None:
        """The next picture that the show sends comes onto the canvas, see `sent`."""
        self._takes = True

    def sent(self, picture: Pixels) -> None:
        """What the show sends, (H, W, 3) uint8, which nobody writes into. Where it was asked for,
        it takes the place of all that was drawn, and is what is drawn on and rubbed out in."""
        if self._takes:
            self._takes = False
            self._change(lambda: self._painter.take(rgb_of(picture)))

    def _ask(self, change: _Change, growing: tuple[int, int] | None = None) -> None:
        """growing: the stroke, if more may be added to it."""
        if len(self._asked) >= WAITING:
            raise Fault(TOO_MUCH)
        self._append(change, growing)

    def _change(self, do: Callable[[], None]) -> None:
        """The same for what a show does: it is never left out, however much people draw."""
        self._append(_Change(do))

    def _append(self, change: _Change, growing: tuple[int, int] | None = None) -> None:
        with self._adding:
            if not change.points:
                self._growing.clear()  # nothing is drawn before what came before it
            elif growing is not None:
                self._growing[growing] = change
            self._points += change.count
            self._asked.append(change)
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
                    with self._adding:
                        change = self._asked.popleft()
                        for key in [k for k, one in self._growing.items() if one is change]:
                            del self._growing[key]
                        self._points -= change.count
                    drawn += change.count + PART
                    change.do()
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
