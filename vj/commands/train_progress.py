"""How a training is told in the terminal: a bar with the time left, and lines that stay."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # torch comes with it, and takes seconds
    from vj.translator.best_model import Standing

BAR = 24
"""Characters."""
LINE_EVERY = 30.0
"""Seconds between two lines where no terminal shows a bar."""


class ProgressLine:
    """Tells how a training goes: on a terminal a bar that is drawn again in its place, and else a
    line now and then."""

    def __init__(self, name: str, log: Callable[[str], None]) -> None:
        self._name, self._log = name, log
        self._terminal = sys.stdout is not None and sys.stdout.isatty()
        self._drawn_at = -math.inf
        self._drawn = False

    def show(self, standing: Standing) -> None:
        """Of a step."""
        now = time.monotonic()
        if standing.judged:
            self.say(f"{self._name}: {line_of(standing)}")
        elif now - self._drawn_at >= (0.5 if self._terminal else LINE_EVERY):
            if self._terminal:
                self._draw(f"{bar_of(standing.share)} {line_of(standing)}")
            else:
                self._log(f"{self._name}: {line_of(standing)}")
        else:
            return
        self._drawn_at = now

    def say(self, text: str) -> None:
        """A line that stays."""
        self.end()
        self._log(text)

    def end(self) -> None:
        """Nothing of the bar is left."""
        if self._drawn:
            self._write("\r\x1b[K")
        self._drawn = False

    def _draw(self, text: str) -> None:
        self._write(f"\r{text}\x1b[K")
        self._drawn = True

    def _write(self, text: str) -> None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except (OSError, ValueError):  # closed
            self._terminal = False


def bar_of(share: float) -> str:
    full = round(BAR * share)
    return f"[{'#' * full}{'.' * (BAR - full)}] {share:4.0%}"


def line_of(standing: Standing) -> str:
    """`12:30, step 800, loss 0.071, L1 0.051, edges 0.82, sharpness 0.91, 17:30 left`."""
    figures = "" if standing.figures is None else f", {standing.figures}"
    return (
        f"{clock(standing.seconds)}, step {standing.step}, loss {standing.loss:.3f}{figures}, "
        f"{clock(standing.left)} left"
    )


def clock(seconds: float) -> str:
    """`12:30`, `1:02:30`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
