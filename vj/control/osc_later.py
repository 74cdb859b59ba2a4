"""OSC messages whose timetag lies ahead: kept for their moment, a few of them and not for long."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from vj.control.osc_packet import Message

AHEAD = 0.5
"""Seconds a timetag may lie ahead; what is farther off comes from a clock that is wrong, and means now."""

LATER = 256
"""Messages kept, at most."""

Address = tuple[str, int]


class Later:
    """A bounded queue by time."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, Message, Address]] = []
        self._order = 0

    @property
    def next(self) -> float:
        """When the first of them is due, in Unix seconds; infinity when there is none."""
        return self._queue[0][0] if self._queue else float("inf")

    def keep(self, message: Message, peer: Address, now: float) -> tuple[bool, float]:
        """Keep a message for its moment. (kept, seconds it lies ahead); what is not kept means now."""
        ahead = 0.0 if message.when is None else message.when - now
        if not 0 < ahead <= AHEAD or len(self._queue) >= LATER:
            return False, ahead
        self._order += 1
        heapq.heappush(self._queue, (now + ahead, self._order, message, peer))
        return True, ahead

    def due(self, now: float) -> Iterator[tuple[Message, Address]]:
        """Those whose moment has come, in its order."""
        while self._queue and self._queue[0][0] <= now:
            _, _, message, peer = heapq.heappop(self._queue)
            yield message, peer
