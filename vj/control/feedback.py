"""What changed, for whoever shows it: OSC subscribers, OSCQuery listeners. Read from the store, so it does not matter who changed it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from vj.control.hands import Hand
from vj.parameters.store import Store
from vj.parameters.table import Value

Peer = tuple[str, int]
PERIOD = 0.05
"""Seconds between two rounds: an address is told at most twenty times a second."""
HELD = 0.12
"""Seconds after a subscriber's own move in which that address is not told back to it: a fader must not fight the finger."""
SUBSCRIBERS = 16
SILENT = ("cue/", "take/", "panic", "tempo/tap")


@dataclass(slots=True)
class _Subscriber:
    told: dict[str, Value] = field(default_factory=dict)
    moved: dict[str, float] = field(default_factory=dict)


class Feedback:
    """Every subscriber is told every value once, and then what changes. Not thread-safe: it belongs to one server's thread."""

    def __init__(self, store: Store, prefix: str = "/vj/") -> None:
        self._store, self._prefix = store, prefix
        self._subscribers: OrderedDict[Peer, _Subscriber] = OrderedDict()
        self._hands: list[Hand] = []
        self._next = 0.0

    def watch(self, hands: list[Hand]) -> None:
        """Tell the addresses of these mappings too, with the values their faders would stand at."""
        self._hands = [hand for hand in hands if hand.rule.osc is not None and hand.continuous and hand.rule.take == 0]

    def subscribe(self, who: Peer) -> None:
        """From now on, beginning with everything. A new subscriber beyond the limit takes the oldest one's place."""
        self._subscribers[who] = _Subscriber()
        while len(self._subscribers) > SUBSCRIBERS:
            self._subscribers.popitem(last=False)

    def unsubscribe(self, who: Peer) -> bool:
        return self._subscribers.pop(who, None) is not None

    @property
    def subscribers(self) -> int:
        return len(self._subscribers)

    def moved_from(self, host: str, address: str, now: float) -> None:
        """Somebody at a host sends to an address. Many programs send and listen at different ports, so the host decides."""
        for who, subscriber in self._subscribers.items():
            if isinstance(who, tuple) and who[0] == host:
                if len(subscriber.moved) > 512:
                    subscriber.moved.clear()
                subscriber.moved[address] = now

    def round(self, now: float, wanted: Callable[[Peer, str], bool] = lambda who, address: True) -> Iterator[tuple[Peer, str, Value]]:
        """What is to be told now, as (subscriber, address, value). now: seconds of any steady clock. wanted: leave out what is not."""
        if now < self._next or not self._subscribers:
            return
        self._next = now + PERIOD
        values = self._values()
        for who, subscriber in list(self._subscribers.items()):
            for address, value in values.items():
                if subscriber.told.get(address) == value or not wanted(who, address):
                    continue
                if now - subscriber.moved.get(address, -HELD) < HELD:
                    continue
                subscriber.told[address] = value
                yield who, address, value

    def _values(self) -> Mapping[str, Value]:
        base = self._store.base()
        values: dict[str, Value] = {self._prefix + name: value for name, value in base.items() if not name.startswith(SILENT)}
        for hand in self._hands:
            value = base.get(hand.row.name)
            if isinstance(value, int | float) and hand.rule.osc is not None:
                values[hand.rule.osc] = hand.raw_of(float(value))
        return values
