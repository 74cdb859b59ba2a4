"""When the next frame of a source that can give one at any time is due."""

from __future__ import annotations

from vj.sources import SourceSettings


class Pace:
    """Counts frames at the show's rate. Live it waits for their time and leaves out what is late;
    offline it only counts."""

    def __init__(self, setting: SourceSettings) -> None:
        self._setting = setting
        self.start()

    def start(self, at: float | None = None) -> None:
        """Frame 0 is due at a moment of the clock, or now."""
        self._number, self.begun = 0, self._setting.clock.now() if at is None else at

    @property
    def due(self) -> float:
        """When the next frame is."""
        return self.begun + self._number / self._setting.fps

    def next(self) -> tuple[int, float]:
        """Wait for the next frame; returns its number and the clock's time."""
        clock, fps = self._setting.clock, self._setting.fps
        if clock.live:
            self._number = max(self._number, int((clock.now() - self.begun) * fps))
            clock.wait_until(self.begun + self._number / fps)
        number = self._number
        self._number += 1
        return number, clock.now()
