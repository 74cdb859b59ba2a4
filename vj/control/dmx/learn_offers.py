"""What moves on any channel while a parameter is being learned."""

from __future__ import annotations

from collections.abc import Callable, Collection

from vj.show.dmx_controls import DmxControl

FIRST, PAUSE = 0.5, 1.0
"""A channel that moves within the first FIRST seconds runs by itself, as an effect of the desk
does: it counts once it has paused for PAUSE seconds."""
WINDOW = 0.4
"""Seconds from the first movement until it is looked at which channels have moved: two that lie
side by side are one fader of 16 bits, whose fine channel would often be seen first."""

Offer = Callable[[DmxControl, float], None]


class LearnOffers:
    """Offers channels to whoever learns. For one thread."""

    def __init__(self, offer: Offer, begun: float) -> None:
        """begun: when learning began, in seconds."""
        self._offer, self._begun = offer, begun
        self._levels: dict[int, bytes] = {}
        self._restless: dict[tuple[int, int], float] = {}
        """Channels that run by themselves, and when they moved last."""
        self._moved: dict[int, tuple[set[int], list[bytes]]] = {}
        """By universe: the channels that have moved in this window, and all its levels."""
        self._due: float | None = None
        """When the window ends."""

    def take(self, universe: int, levels: bytes, now: float) -> None:
        """The levels of a universe as they are now."""
        before = self._levels.get(universe)
        self._levels[universe] = levels
        if before is None or before == levels:
            return
        moved = {
            place
            for place, (was, level) in enumerate(zip(before, levels, strict=False), 1)
            if was != level and not self._is_restless((universe, place), now)
        }
        if not moved:
            return
        channels, snapshots = self._moved.setdefault(universe, (set(), [before]))
        channels |= moved
        snapshots.append(levels)
        if self._due is None:
            self._due = now + WINDOW

    def look(self, now: float) -> None:
        """Offer what has moved, where the window is over."""
        if self._due is None or now < self._due:
            return
        moved, self._moved, self._due = self._moved, {}, None
        for universe, (channels, snapshots) in moved.items():
            for control in _faders(universe, channels):
                for levels in snapshots:
                    if (level := control.level(levels)) is not None:
                        self._offer(control, level)

    def _is_restless(self, channel: tuple[int, int], now: float) -> bool:
        moved = self._restless.get(channel)
        if now - self._begun >= FIRST and (moved is None or now - moved >= PAUSE):
            return False
        self._restless[channel] = now
        return True


def _faders(universe: int, channels: Collection[int]) -> list[DmxControl]:
    """Channels that have moved, as controls: two side by side as one of 16 bits; of three, such as
    a colour, each by itself."""
    found = []
    for channel in sorted(channels):
        beside = [one for one in range(channel - 2, channel + 3) if one in channels]
        if beside == [channel, channel + 1]:
            found.append(DmxControl("dmx", channel, universe, channel + 1))
        elif beside != [channel - 1, channel]:
            found.append(DmxControl("dmx", channel, universe))
    return found
