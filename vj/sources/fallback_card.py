"""The test card that stands in where no source is there."""

from __future__ import annotations

from vj.core.frame import Frame
from vj.sources import SourceSettings
from vj.sources.pacing import Pace
from vj.sources.testcard import DancerScene

CARD = "the test card"
"""What it is called."""


class Card:
    """The moving test card with a line of text: why it is there."""

    live = False

    def __init__(self, text: str, setting: SourceSettings) -> None:
        self._text, self._size = text[:60], setting.size
        self._scene = DancerScene(setting.size, setting.fps)
        self._pace = Pace(setting)

    def open(self) -> None:
        self._pace.start()

    def read(self) -> Frame | None:
        """The next picture, at its time."""
        number, now = self._pace.next()
        pixels = self._scene.draw(number)
        at = (round(self._size.height * 0.03), round(self._size.height * 0.13))
        DancerScene.write(pixels, self._text, at, self._size.height / 900)
        return Frame(pixels, number, now)

    def close(self) -> None: ...
