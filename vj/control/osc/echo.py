"""Echo of changed values to OSC subscribers and OSCQuery listeners. Values are read from the store,
so it does not matter what changed them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vj.control.mapping import ControlMapping
from vj.parameters.store import Store
from vj.parameters.table import Value

Peer = tuple[Any, ...]
"""(host, port), with what else a socket's address has; for a WebSocket a name of its own in the
host's place."""
PERIOD = 0.05
"""Seconds between two rounds: an address is sent at most twenty times a second."""
HELD = 0.12
"""Seconds after a subscriber has set an address in which it is not echoed back: a motor fader must
not fight the finger."""
SUBSCRIBERS = 16
SILENT = ("cue/", "mark/", "take/", "panic", "tempo/tap")


@dataclass(slots=True)
class _Subscriber:
    sent: dict[str, Value] = field(default_factory=dict)
    moved: dict[str, float] = field(default_factory=dict)


class Echo:
    """Sends every subscriber all values once, and then those that change. Not thread-safe: it
    belongs to one server's thread."""

    def __init__(self, store: Store, prefix: str = "/vj/") -> None:
        self._store, self._prefix = store, prefix
        self._subscribers: OrderedDict[Peer, _Subscriber] = OrderedDict()
        self._mappings: list[ControlMapping] = []
        self._next = 0.0

    def use_mappings(self, mappings: list[ControlMapping]) -> None:
        """Echo the addresses of these mappings, too, with the positions of their faders, switches
        and menus."""
        self._mappings = [
            mapping
            for mapping in mappings
            if mapping.rule.osc is not None and _has_position(mapping)
        ]

    def subscribe(self, who: Peer) -> None:
        """Add a subscriber, which first gets all values. Beyond the limit it replaces the oldest
        one."""
        self._subscribers[who] = _Subscriber()
        while len(self._subscribers) > SUBSCRIBERS:
            self._subscribers.popitem(last=False)

    def take_over(self, old: Echo) -> None:
        """Take over another one's subscribers and their sent values."""
        self._subscribers = OrderedDict([*old._subscribers.items(), *self._subscribers.items()])

    def unsubscribe(self, who: Peer) -> bool:
        return self._subscribers.pop(who, None) is not None

    def has(self, who: Peer) -> bool:
        return who in self._subscribers

    def echoes(self, address: str) -> bool:
        """Whether it is the address of a mapping that is echoed."""
        return any(mapping.rule.osc == address for mapping in self._mappings)

    def resend(self, who: Peer, address: str) -> None:
        """Send an address to a subscriber once more."""
        if who in self._subscribers:
            self._subscribers[who].sent.pop(address, None)

    @property
    def subscribers(self) -> int:
        return len(self._subscribers)

    def moved_from(self, who: Peer, address: str, now: float) -> None:
        """A peer has set an address. Many programs send and receive at different ports, so if no
        subscriber has this port, all of the host count."""
        mine = [
            subscriber for other, subscriber in self._subscribers.items() if other[:2] == who[:2]
        ]
        for subscriber in mine or [
            subscriber for other, subscriber in self._subscribers.items() if other[0] == who[0]
        ]:
            if len(subscriber.moved) > 512:
                subscriber.moved.clear()
            subscriber.moved[address] = now

    def round(
        self, now: float, wanted: Callable[[Peer, str], bool] = lambda who, address: True
    ) -> Iterator[tuple[Peer, str, Value]]:
        """The values to send now, as (subscriber, address, value). now: seconds of any monotonic
        clock. wanted: a filter."""
        if now < self._next or not self._subscribers:
            return
        self._next = now + PERIOD
        values = self._values()
        for who, subscriber in list(self._subscribers.items()):
            for address, value in values.items():
                if subscriber.sent.get(address) == value or not wanted(who, address):
                    continue
                if now - subscriber.moved.get(address, -HELD) < HELD:
                    continue
                subscriber.sent[address] = value
                yield who, address, value

    def _values(self) -> Mapping[str, Value]:
        base = self._store.base()
        values: dict[str, Value] = {
            self._prefix + name: value
            for name, value in base.items()
            if not name.startswith(SILENT)
        }
        for mapping in self._mappings:
            value = base.get(mapping.row.name)
            if value is not None and mapping.rule.osc is not None:
                values[mapping.rule.osc] = _position(mapping, value)
        return values


def _has_position(mapping: ControlMapping) -> bool:
    """Whether the control has a position for a value: no button that sets one value, no encoder, no
    second value of a pad."""
    plain = mapping.rule.value is None and mapping.rule.relative is None and mapping.rule.take == 0
    return plain and (
        mapping.continuous
        or (
            mapping.row.kind in ("switch", "choice", "float", "int") and mapping.rule.as_ in _PLACED
        )
    )


_PLACED = ("value", "raw", "momentary", "toggle")


def _position(mapping: ControlMapping, value: Value) -> float:
    """The value that the control sends at the position of its parameter's value."""
    if mapping.row.kind == "choice":
        value = mapping.row.choices.index(str(value))
    if mapping.rule.as_ == "raw":
        return float(value)
    if mapping.row.kind == "switch":
        return mapping.span[int(bool(value) != mapping.rule.invert)]
    if mapping.rule.as_ in ("momentary", "toggle"):
        return mapping.span[int(float(value) >= mapping.high)]
    return mapping.raw_of(float(value))
