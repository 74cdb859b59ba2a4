"""`memory/reset: bar`: what a model remembers of earlier frames is forgotten with each bar."""

from __future__ import annotations

from vj.control.tempo import Tempo
from vj.parameters.store import Store

FORGET, RESET = "memory/forget", "memory/reset"


class BarReset:
    """Fires memory/forget where a bar begins, whether a clock, Link or the show counts it."""

    def __init__(self) -> None:
        self._bar: int | None = None
        """The number of the bar before this frame; None while the beat stands."""

    def step(self, tempo: Tempo, store: Store, time: float, origin: object) -> None:
        """To be called once a frame, before it is sampled."""
        bar = int(tempo.beat(time) // tempo.beats_per_bar) if tempo.running else None
        begins, self._bar = bar is not None and self._bar not in (None, bar), bar
        if begins and store.get(RESET) == "bar":
            store.set(FORGET, True, origin)
