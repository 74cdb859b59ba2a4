"""Which controls came in lately, for the page and for learning."""

from __future__ import annotations

import time
from collections.abc import Callable

RECENT = 2.0
"""Seconds for which a control counts as moved lately."""
MOST_RECENT = 256
"""Controls that are remembered as moved lately, at most."""
CLEARING = 0.25
"""Seconds between two times that old ones are forgotten."""
LONGEST = 200
"""Letters of a control's name, such as an OSC address, at most; longer ones are left out."""


class RecentControls:
    """What came in lately, by the controls' names: `cc 1 ch 1`, `/1/fader1`, `/xy value 1`. `note`
    from any thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last: dict[str, tuple[float, float]] = {}
        self._cleared = -CLEARING

    def note(self, name: str, raw: float) -> None:
        """A control has sent a value. Names that are too long are left out."""
        now = self._now()
        if name not in self._last:
            if len(self._last) >= MOST_RECENT and now - self._cleared >= CLEARING:
                self._cleared, last = now, self._last.copy()
                self._last = {one: then for one, then in last.items() if now - then[1] < RECENT}
            if len(self._last) >= MOST_RECENT or len(name) > LONGEST:
                return
        self._last[name] = raw, now

    def values(self, seconds: float = RECENT, most: int = MOST_RECENT) -> dict[str, float]:
        """The last value, rounded to four decimals, of each control that sent one within so many
        seconds; the last ones where there are more than `most`."""
        now = self._now()
        found = [
            (time, name, raw)
            for name, (raw, time) in self._last.copy().items()
            if now - time < seconds
        ]
        if len(found) > most:
            found = sorted(found)[-most:]
        return {name: round(raw, 4) for _, name, raw in found}
