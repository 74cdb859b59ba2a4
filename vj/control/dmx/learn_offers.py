"""What moves on any channel while a parameter is being learned."""

from __future__ import annotations

from collections.abc import Callable

from vj.show.dmx_controls import DmxControl

FIRST, PAUSE = 0.5, 1.0
"""A channel that moves within the first FIRST seconds runs by itself, as an effect of the desk
does: it counts once it has paused for PAUSE seconds."""

Offer = Callable[[DmxControl, float], None]


class LearnOffers:
    """Offers channels to whoever learns. For one thread."""

    def __init__(self, offer: Offer, begun: float) -> None:
        """begun: when learning began, in seconds."""
        self._offer, self._begun = offer, begun
        self._levels: dict[int, bytes] = {}
        self._restless: dict[tuple[int, int], float] = {}
        """Channels that run by themselves, and when they moved last."""

    def take(self, universe: int, levels: bytes, now: float) -> None:
        """The levels of a universe as they are now."""
        before = self._levels.get(universe)
        if before == levels:
            return
        self._levels[universe] = levels
        if before is None:  # where each stands: a button pressed from here has gone a long way
            for place, level in enumerate(levels):
                self._offer(DmxControl("dmx", place + 1, universe), level)
            return
        for place, (was, level) in enumerate(zip(before, levels, strict=False)):
            if was != level and not self._is_restless((universe, place), now):
                self._offer(DmxControl("dmx", place + 1, universe), level)

    def _is_restless(self, channel: tuple[int, int], now: float) -> bool:
        moved = self._restless.get(channel)
        if now - self._begun >= FIRST and (moved is None or now - moved >= PAUSE):
            return False
        self._restless[channel] = now
        return True
