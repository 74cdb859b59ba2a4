"""The beat of a room, which several processes of one machine count by its one clock."""

from __future__ import annotations

import threading
from collections.abc import Callable


class SharedBeat:
    """One process's copy. From any thread."""

    def __init__(self, offset: float, on_set: Callable[[float, float, float], None]) -> None:
        """offset: seconds that the machine's clock is ahead of the show's own. on_set: told (bpm,
        beat, at) when the tempo is set here, for the room to pass on; `at` in seconds of the
        machine's clock."""
        self._offset, self._on_set = offset, on_set
        self._lock = threading.Lock()
        self._bpm, self._beat, self._at = 120.0, 0.0, 0.0

    def follow(self, bpm: float, beat: float, at: float) -> None:
        """The room's tempo: `beat` was at `at` seconds of the machine's clock."""
        with self._lock:
            self._bpm, self._beat, self._at = bpm, beat, at

    def at(self, time: float) -> tuple[float, float]:
        """(bpm, beat) at a moment of the show's clock."""
        with self._lock:
            return (
                self._bpm,
                self._beat + (time + self._offset - self._at) * self._bpm / 60,
            )

    def set(self, bpm: float, beat: float, time: float) -> None:
        """Somebody has set the tempo here, with the beat at a moment of the show's clock: here it
        is so at once, elsewhere when the room has passed it on."""
        at = time + self._offset
        self.follow(bpm, beat, at)
        self._on_set(bpm, beat, at)
