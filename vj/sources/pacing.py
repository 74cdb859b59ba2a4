"""Frame timing of sources that can give a frame at any time."""

from __future__ import annotations

from vj.sources import SourceSettings

EXACT = 1e-6
"""Seconds by which a moment may be off that was computed from another one."""


class Pace:
    """Counts frames at the show's rate. Live it waits until each is due and skips those that are
    late; offline it only counts."""

    def __init__(self, settings: SourceSettings) -> None:
        self._settings = settings
        self.start()

    def start(self, at: float | None = None) -> None:
        """Frame 0 is due at this time on the clock, or now."""
        self._number, self.begun = 0, self._settings.clock.now() if at is None else at

    @property
    def due(self) -> float:
        """When the next frame is due, in seconds on the clock."""
        return self.begun + self._number / self._settings.fps

    def next(self) -> tuple[int, float]:
        """Wait for the next frame; returns its number and the clock's time."""
        clock, fps = self._settings.clock, self._settings.fps
        if clock.live:
            self._number = max(self._number, int((clock.now() - self.begun) * fps))
            due = self.begun + self._number / fps
            clock.wait_until(due)
            while clock.now() < due - EXACT:  # it is held, and has moved, but not so far
                clock.wait_until(due)
        number = self._number
        self._number += 1
        return number, clock.now()
