"""A sink `display:` in tests: pictures sent to it, and what the screen shows then."""

from __future__ import annotations

import time

import numpy as np

from tests.display.xvfb import Desktop
from tests.waiting import until
from vj.core.frame import Frame
from vj.sinks.display import DisplaySink

WHITE = 255
"""Of the desktop where no window is."""


def quadrants(width: int, height: int) -> np.ndarray:
    """(height, width, 3): red, green, blue, and in the last corner a slope."""
    picture = np.zeros((height, width, 3), np.uint8)
    middle, half = height // 2, width // 2
    picture[:middle, :half], picture[:middle, half:] = (255, 0, 0), (0, 255, 0)
    picture[middle:, :half] = (0, 0, 255)
    picture[middle:, half:] = np.linspace(60, 250, width - half, dtype=np.uint8)[:, None]
    return picture


def send(sink: DisplaySink, picture: np.ndarray) -> np.ndarray:
    sink.send(Frame(picture, 0, 0.0))
    return picture


def shows(screen: Desktop, wanted: np.ndarray, tolerance: float = 0.0) -> None:
    """Wait until the screen shows that, on average within so much."""

    def difference() -> float:
        time.sleep(0.02)  # what draws it, in software, needs the processor too
        return float(np.abs(screen.look().astype(np.int16) - wanted).mean())

    until(lambda: difference() <= tolerance, difference, 20)


def bare(screen: Desktop) -> bool:
    """No window is there; the mouse may be seen."""
    return bool(screen.look().mean() > 254)


def opened(sink: DisplaySink, width: int, height: int) -> DisplaySink:
    """Open it, and wait for its window."""
    sink.open(width, height, 30)
    until(lambda: sink.state() != "opening")
    return sink
