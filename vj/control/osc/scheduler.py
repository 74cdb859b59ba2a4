"""Scheduling of OSC bundles with a timetag in the future, in a bounded queue on the monotonic
clock."""

from __future__ import annotations

import heapq
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from vj.control.osc.packet import Message

AHEAD = 30.0
"""Seconds a timetag may lie in the future; one farther off comes from a wrong clock, and means
now."""
MOST_MESSAGES = 4096
"""Messages in the queue, at most."""
OFF = 2.0
"""Seconds: a peer whose timetags are all farther off than this has a wrong clock."""
STEADY, AGREE = 3, 0.5
"""So many packets in a row, whose offsets lie within so many seconds of each other, give the offset
of a peer's clock."""
DRIFT = 0.1
"""Seconds by which an offset may differ from the known one to be tracked: clocks drift apart by
some seconds a day."""
CLOCKS = 64
"""Peers whose clock offsets are kept."""

Peer = tuple[str, int]
Sender = TypeVar("Sender")


@dataclass(slots=True)
class _PeersClock:
    offset: float = 0.0
    leads: deque[float] = field(default_factory=lambda: deque(maxlen=STEADY))


@dataclass(order=True, slots=True)
class _Scheduled(Generic[Sender]):
    due: float
    order: int
    peer: Peer = field(compare=False)
    messages: Sequence[Message] = field(compare=False)
    sender: Sender = field(compare=False)


class Scheduler(Generic[Sender]):
    """A queue of messages by due time. From any thread."""

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        """wall: seconds since 1970 on this machine. steady: seconds of a monotonic clock, which due
        times use."""
        self._wall, self._steady = wall, steady
        self._queue: list[_Scheduled[Sender]] = []
        self._count = self._order = 0
        self._clocks: OrderedDict[Any, _PeersClock] = OrderedDict()
        """By host: some programs send each packet from another port."""
        self._lock = threading.Lock()

    @property
    def next(self) -> float:
        """When the first message is due, in seconds of the monotonic clock; infinity when there is
        none."""
        queue = self._queue
        try:
            return queue[0].due
        except IndexError:
            return float("inf")

    def learn_clock(self, peer: Peer, when: float) -> str:
        """Update the offset of a sender's clock from a packet's timetag (seconds since 1970). Call
        once for each packet, before `schedule`. Returns a message, or ""."""
        lead = when - self._wall()
        with self._lock:
            clock = self._clocks.setdefault(peer[0], _PeersClock())
            self._clocks.move_to_end(peer[0])
            while len(self._clocks) > CLOCKS:
                self._clocks.popitem(last=False)
            clock.leads.append(lead)
            if abs(lead - clock.offset) <= DRIFT and clock.offset:
                clock.offset += 0.05 * (lead - clock.offset)
                return ""
            least, most = min(clock.leads), max(clock.leads)
            if (
                len(clock.leads) < STEADY
                or most - least > AGREE
                or abs(least - clock.offset) <= OFF
            ):
                return ""
            before, clock.offset = clock.offset, least if abs(least) > OFF else 0.0
            self._retime(peer, before - clock.offset)
        if not clock.offset:
            return f"OSC from {peer[0]}: its clock is right again"
        way = "ahead of" if clock.offset > 0 else "behind"
        return (
            f"OSC from {peer[0]}: its clock is {abs(clock.offset):.1f} s {way} this machine's, "
            "which is taken off its timetags"
        )

    def _retime(self, peer: Peer, by: float) -> None:
        for kept in self._queue:
            if kept.peer[0] == peer[0]:
                kept.due += by
        heapq.heapify(self._queue)

    def schedule(
        self, messages: Sequence[Message], when: float, peer: Peer, sender: Sender
    ) -> tuple[bool, str]:
        """Schedule messages. Returns (scheduled, message); what is not scheduled is to be
        dispatched now."""
        with self._lock:
            clock = self._clocks.get(peer[0])
            ahead = when - self._wall() - (clock.offset if clock is not None else 0.0)
            if ahead <= 0:
                return False, ""
            if ahead > AHEAD:
                return (
                    False,
                    f"OSC from {peer[0]}: a timetag lies {ahead:.1f} s ahead, so its clock is "
                    "off; it means now",
                )
            if self._count + len(messages) > MOST_MESSAGES:
                return (
                    False,
                    f"OSC: {self._count} messages wait for their moment, which is all there is "
                    "room for; more of them mean now",
                )
            self._order += 1
            self._count += len(messages)
            heapq.heappush(
                self._queue, _Scheduled(self._steady() + ahead, self._order, peer, messages, sender)
            )
        return True, ""

    def due(self) -> list[tuple[Sequence[Message], Sender]]:
        """The messages that are due, in order."""
        found: list[tuple[Sequence[Message], Sender]] = []
        if self.next > (now := self._steady()):
            return found
        with self._lock:
            while self._queue and self._queue[0].due <= now:
                kept = heapq.heappop(self._queue)
                self._count -= len(kept.messages)
                found.append((kept.messages, kept.sender))
        return found

    def take_over(self, old: Scheduler[Sender]) -> None:
        """Take over another one's queue and clock offsets."""
        with old._lock:
            queue, count, clocks = list(old._queue), old._count, old._clocks
        with self._lock:
            self._queue += queue
            heapq.heapify(self._queue)
            self._count += count
            self._clocks.update(clocks)

    def drop(self) -> None:
        """Drop all messages."""
        with self._lock:
            self._queue.clear()
            self._count = 0
