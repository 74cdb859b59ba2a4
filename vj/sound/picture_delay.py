"""How long pictures are on their way, from their source to where they are seen: sound that goes
with them waits as long."""

from __future__ import annotations

from collections import deque

WINDOW = 2.0
"""Seconds of pictures whose median counts."""
NEWEST, STEP = 9, 0.03
"""How many pictures are the newest, and by how many seconds they differ from the others where
something else paints."""
LONGEST = 1.0
"""Seconds without a picture beyond which the gap was a pause."""


class PictureDelay:
    """Of the pictures that one sink gets. `sent` is called by the sink's thread; `median` may be
    called by any."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, float]] = deque(maxlen=500)
        """When each went out, and its delay."""
        self._last, self._number = -1.0, -1

    def sent(self, captured: float, moment: float, period: float, number: int = -1) -> None:
        """A picture goes out at `moment`. One that was taken no later than the one before is that
        one again, moved on, and does not count. number: of the source's picture; where some were
        left out since the one before, what has happened in them is seen later by half of the gap,
        on average. Where it is not known (-1), as many were as take `period` seconds each."""
        passed = captured - self._last
        if passed > 0:
            if number >= 0 and self._number >= 0:
                period = passed / max(1, number - self._number)
            missed = (passed - period) / 2 if 1.5 * period < passed < LONGEST else 0.0
            self._sent.append((moment, moment - captured + missed))
            self._number = number
        self._last = captured

    def median(self) -> float | None:
        """Seconds, of the pictures of the last `WINDOW`, or of the newest alone where those are on
        their way for clearly longer or shorter, as with another model; None before the first
        one."""
        sent = list(self._sent)
        if not sent:
            return None
        newest = sent[-1][0]
        recent = sorted(delay for moment, delay in sent if newest - moment <= WINDOW)
        found = recent[len(recent) // 2]
        last = sorted(delay for _, delay in sent[-NEWEST:])
        return found if abs(last[len(last) // 2] - found) < STEP else last[len(last) // 2]
