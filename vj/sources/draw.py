"""What people draw on the page, as a source."""

from __future__ import annotations

from vj.core.canvas import WHITE, Canvas
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.core.strokes import Colour, colour_of
from vj.sources import Awaited, SourceSettings
from vj.sources.pacing import Pace

PAPERS: dict[str, Colour] = {"": WHITE, "white": WHITE, "black": (0, 0, 0)}
RESTING = 20.0
"""Seconds after which paper on which nothing is left makes way for the sources after it."""


class NothingDrawn(Awaited):
    """The paper is blank, and another source plays meanwhile."""

    retry = 0.05


class Draw:
    """`draw:` is white paper, `draw:black` and `draw:#rrggbb` another; a frame at the show's rate
    with what was drawn until then.

    Alone or last in a show's list it is there at once. With other sources after it, it is there
    once something is drawn, and goes when nothing has been on the paper for `RESTING` seconds.
    Without a canvas, as offline, the paper stays blank.
    """

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        """Raises Fault for what is no paper."""
        paper = PAPERS.get(rest) or colour_of(rest)
        if paper is None:
            raise Fault(f"draw:{rest}: no such paper (draw, draw:white, draw:black, draw:#rrggbb)")
        self._rest, self._paper, self._settings = rest, paper, settings
        self._canvas: Canvas | None = None
        self._pace = Pace(settings)
        self.fps = settings.fps

    @property
    def live(self) -> bool:
        """Where others can play instead: then offline they do."""
        return self._followed

    @property
    def _followed(self) -> bool:
        """Other sources of the show come after it."""
        uris = list(self._settings.listed())
        own = (f"draw:{self._rest}",) if self._rest else ("draw", "draw:")
        return any(uri in own for uri in uris[:-1])

    def open(self) -> None:
        """Raises `NothingDrawn` while others can play instead."""
        canvas = self._settings.canvas
        if canvas is None:
            self._settings.log("draw: nobody draws here: the paper stays blank")
            canvas = Canvas(self._settings.size, self._settings.clock.now, self._paper)
        canvas.paper = self._paper  # before the first stroke, whose ink may go with it
        if self._followed and canvas.paint().blank:
            raise NothingDrawn("draw: nothing is drawn yet")
        self._canvas = canvas
        self._pace.start()

    def read(self) -> Frame | None:
        """The canvas, at the next frame's time. Raises `NothingDrawn` when it has rested and others
        can play instead."""
        if self._canvas is None:
            raise Fault("draw: is not open")
        number, captured = self._pace.next()
        drawing = self._canvas.paint()
        if self._followed and (self._canvas.blank_for() or 0) > RESTING:
            raise NothingDrawn(f"draw: nothing was drawn for {RESTING:g} s")
        return Frame(drawing.picture, number, captured)

    def close(self) -> None:
        self._canvas = None
