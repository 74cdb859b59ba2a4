"""The test card that is shown when no source is available."""

from __future__ import annotations

from vj.core.frame import Frame
from vj.sources import SourceSettings
from vj.sources.pacing import Pace
from vj.sources.testcard import DancerScene

TEST_CARD = "the test card"
"""Its name in messages, in place of a URI."""


class FallbackCard:
    """The moving test card with a line of text that says why it is shown."""

    live = False

    def __init__(self, text: str, settings: SourceSettings) -> None:
        self._text, self._size = text[:60], settings.size
        self._scene = DancerScene(settings.size, settings.fps)
        self._pace = Pace(settings)

    def open(self) -> None:
        self._pace.start()

    def read(self) -> Frame | None:
        """The next frame, when it is due."""
        number, now = self._pace.next()
        pixels = self._scene.draw(number)
        at = (round(self._size.height * 0.03), round(self._size.height * 0.13))
        DancerScene.write(pixels, self._text, at, self._size.height / 900)
        return Frame(pixels, number, now)

    def close(self) -> None: ...
