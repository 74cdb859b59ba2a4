"""One dispatcher for all messages: those over UDP, the OSCQuery WebSocket and the page; replies go
back the same way."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from vj.control.engine import ControlEngine
from vj.control.mapping import ControlMapping
from vj.control.osc.arguments import named, type_fault
from vj.control.osc.buttons import Buttons
from vj.control.osc.packet import IMPULSE, Message, TimeTag, Unpacked, head_of
from vj.control.osc.pattern import PatternMatcher, is_pattern
from vj.control.osc.scheduler import Scheduler
from vj.control.replies import ErrorReplies, RateLimiter, Sender
from vj.core.errors import Fault, nearest
from vj.parameters.store import Store
from vj.parameters.table import ALIASES, Parameter, Value

OnControl = Callable[[str, tuple[Any, ...]], bool]
Status = Callable[[], Mapping[str, Sequence[float | int | str]]]

PREFIX = "/vj/"
VJ_MESSAGES = ("/vj/status/", "/vj/error")
"""Addresses that vj itself sends. From another vj they are neither dispatched nor answered, or the
two would reply to each other for ever."""

HOLD = 0.02
"""Seconds of work for which the store's lock may be held to apply a bundle within one frame; a
bundle of a thousand patterns takes longer. Then it is released for as long again."""

SUGGESTIONS = 5
"""Suggestions looked up per second; each takes a millisecond."""
KNOWN_MISTAKES = 256


@dataclass(eq=False, slots=True)
class Target:
    """The destination of a number: a parameter, or, without one, the mappings of the address."""

    address: str
    row: Parameter | None


class Dispatcher:
    """Dispatches messages, or replies with an error. From any thread.

    One argument sets a parameter, none queries its value (a trigger without one fires). Patterns
    set or query all addresses they match, except triggers and `record`: `/vj/*` must not reset a
    show. The messages of a bundle take effect in the same frame.
    """

    def __init__(
        self,
        store: Store,
        log: Callable[[str], None] = lambda text: None,
        *,
        status: Status = dict,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """log: takes messages for the user. wall, steady: see `Scheduler`. sleep: pauses between
        parts of long bundles."""
        self._sleep = sleep
        self.status = status
        self.error_replies = ErrorReplies(log, steady)
        self.scheduler: Scheduler[Sender] = Scheduler(wall, steady)
        self.wake: Callable[[], None] = lambda: None
        """Called when messages were scheduled, which may be due before all others."""
        self.fast_paths: dict[bytes, Target] = {}
        """Targets of single numbers, by the head of the packet, address and type tag: all but its
        last four bytes."""
        self.on_control: OnControl = lambda address, arguments: False
        """Called with every message to an address that is no parameter's own, mapped or not; must
        not block. True: an unknown address gets no error reply, since it is being learned."""
        self._store = store
        self._buttons = Buttons(steady)
        self._stored: set[str] = set()
        self._mistakes: dict[str, str] = {}
        self._suggestions = RateLimiter(SUGGESTIONS, steady)
        self.use_engine(None)

    def attach(self) -> None:
        """Listen for panics, which drop scheduled messages."""
        self._store.listeners.append(self._changed)

    def detach(self) -> None:
        """Undo `attach`. May be called twice."""
        with contextlib.suppress(ValueError), self._store.together():
            self._store.listeners.remove(self._changed)

    def _changed(self, name: str, value: Value, origin: object) -> None:
        if name == "panic":
            self.scheduler.drop()

    def use_engine(
        self,
        engine: ControlEngine | None,
        status_addresses: Sequence[str] = (),
        ignored: Sequence[str] = (),
    ) -> None:
        """Set the engine whose mappings are used. status_addresses: more addresses that query the
        status. ignored: addresses without an error reply; one that ends in a slash means everything
        below it."""
        mappings: dict[str, list[ControlMapping]] = {}
        causes: set[str] = set()
        if engine is not None:
            for mapping in engine.mappings:
                if mapping.rule.osc is not None:
                    mappings.setdefault(mapping.rule.osc, []).append(mapping)
            causes = {
                cause[4:] for cause in engine.modulations.trigger_names if cause.startswith("osc ")
            }
        rows = {PREFIX + row.name: row for row in self._store.table.rows.values()}
        rows |= {PREFIX + short: self._store.table.rows[name] for short, name in ALIASES.items()}
        targets = [
            Target(address, row)
            for address, row in rows.items()
            if row.kind in ("float", "int") and address not in mappings
        ]
        targets += [
            Target(address, None)
            for address, on in mappings.items()
            if address not in causes and all(h.continuous for h in on)
        ]
        self._engine, self._mappings, self._rows = engine, mappings, rows
        self._mapped = frozenset((*mappings, *causes))
        self._status_addresses = frozenset(("/vj/status", "/vj/status/*", *status_addresses))
        self._ignored = frozenset(ignored)
        self._folders = tuple(entry for entry in ignored if entry.endswith("/"))
        self._mistakes, self._stored = {}, set()
        self._settable = PatternMatcher(
            [
                *(
                    address
                    for address, row in rows.items()
                    if address == row.address and row.kind != "trigger" and row.name != "record"
                ),
                *(a for a, on in mappings.items() if a not in rows and not any(map(_fires, on))),
            ]
        )
        self.fast_paths = {
            head_of(target.address, tag): target
            for target in targets
            if not self._is_ignored(target.address) and not target.address.startswith(VJ_MESSAGES)
            for tag in "fi"
        }

    @property
    def engine(self) -> ControlEngine | None:
        return self._engine

    def row(self, address: str) -> Parameter | None:
        """The parameter at an address, short forms too."""
        return self._rows.get(address)

    # Incoming messages.

    def dispatch_packet(self, unpacked: Unpacked, sender: Sender) -> None:
        """Dispatch a packet's messages now, or when their timetags are due, and reply with its
        errors."""
        messages = unpacked.messages
        if len(messages) == 1 and messages[0].when is None:
            self._dispatch(messages[0], sender)
            if messages[0].address in self._status_addresses:
                self._reply_status(sender)
        else:
            self._dispatch_bundle(messages, sender)
        for problem in unpacked.problems:
            self.error_replies.reply_error(sender, problem)

    def _dispatch_bundle(self, messages: Sequence[Message], sender: Sender) -> None:
        first = next((message.when for message in messages if message.when is not None), None)
        if first is not None and (remark := self.scheduler.learn_clock(sender.origin, first)):
            self.error_replies.log_limited(remark, remark)
            self.release()  # earlier messages of the sender may be due now, and come first
        for when, group in groupby(messages, key=lambda message: message.when):
            together = list(group)
            if when is not None:
                kept, remark = self.scheduler.schedule(together, when, sender.origin, sender)
                if remark:
                    self.error_replies.log_limited(remark[:24], remark, every=10)
                if kept:
                    self.wake()
                    continue
            self._dispatch_all(together, sender)

    def release(self) -> None:
        """Dispatch scheduled messages that are due."""
        for messages, sender in self.scheduler.due():
            self._dispatch_all(messages, sender)

    def _dispatch_all(self, messages: Iterable[Message], sender: Sender) -> None:
        """Dispatch messages within one frame, as far as `HOLD` allows."""
        rest = deque(messages)
        asked = False
        before: Message | None = None
        while rest:
            end = time.thread_time() + HOLD
            with self.error_replies.deferred_log(), self._store.together():
                while rest and time.thread_time() < end:
                    message = rest.popleft()
                    asked |= message.address in self._status_addresses
                    if message != before or not is_pattern(
                        message.address
                    ):  # a repeated pattern is applied once
                        self._dispatch(message, sender)
                    before = message
            if rest:
                self._sleep(HOLD)
        if asked:
            self._reply_status(sender)

    def set_number(self, target: Target, value: float, sender: Sender) -> None:
        """Set a number, for a packet whose head is in `fast_paths`."""
        sender.moved(target.address)
        if target.row is not None:
            self._set(target.row, value, target.address, sender)
        elif self._engine is not None:
            self.on_control(target.address, (value,))
            self._engine.on_osc(target.address, (value,))

    def _dispatch(self, message: Message, sender: Sender) -> None:
        """Dispatch one message, or reply with an error."""
        address, arguments = message.address, message.arguments
        if self._is_ignored(address):
            return
        if address in self._status_addresses and address not in self._mapped:
            return
        if address.startswith(VJ_MESSAGES):
            return
        sender.moved(address)
        if address in ("/vj/subscribe", "/vj/unsubscribe"):
            if refusal := sender.subscribe(address, arguments):
                self.error_replies.reply_error(sender, f"{address}: {refusal}")
            return
        row = self._rows.get(address)
        if address in self._mapped and (arguments or row is None):
            self._dispatch_mapping(address, arguments, sender)
        elif row is not None:
            self._dispatch_parameter(row, address, arguments, sender)
        elif is_pattern(address):
            self._dispatch_pattern(address, arguments, sender)
        elif not self.on_control(address, _values(() if arguments == (IMPULSE,) else arguments)):
            self.error_replies.reply_error(
                sender, lambda: f"{address}: no such address{self._suggestion(address)}"
            )

    def _is_ignored(self, address: str) -> bool:
        """Whether an address is ignored. Below an ignored folder, mapped addresses are not."""
        if address in self._ignored:
            return True
        return (
            bool(self._folders)
            and address.startswith(self._folders)
            and address not in self._mapped
        )

    def _dispatch_mapping(self, address: str, arguments: tuple[Any, ...], sender: Sender) -> None:
        """A message to a mapped address. Without a value, an address with faders only is a query of
        their position."""
        mappings = self._mappings.get(address, ())
        if not arguments and mappings and all(mapping.continuous for mapping in mappings):
            standing = self._store.base().get(mappings[0].row.name)
            if isinstance(standing, int | float):
                sender.answer(address, [mappings[0].raw_of(float(standing))], "f")
            return
        if arguments == (IMPULSE,):
            if mappings and all(mapping.continuous for mapping in mappings):
                self.error_replies.reply_error(
                    sender, f"{address}: an impulse came, a number would be right"
                )
                return
            arguments = ()  # a press
        report = _values(arguments)
        if address not in self._rows:
            self.on_control(address, report)
        if self._engine is not None:
            self._engine.on_osc(address, report)

    def _dispatch_parameter(
        self, row: Parameter, address: str, arguments: tuple[Any, ...], sender: Sender
    ) -> None:
        if len(arguments) > 1:
            self.error_replies.reply_error(
                sender, f"{address}: {len(arguments)} values came, one would be right ({row.range})"
            )
        elif row.kind == "trigger":
            value = arguments[0] if arguments else IMPULSE
            if isinstance(value, bytes | tuple | TimeTag | None):
                self.error_replies.reply_error(
                    sender,
                    f"{address}: {named(value)} came, a press would be right (1, or no value)",
                )
            elif self._buttons.pressed(sender.origin, row.name, value):
                self._set(row, True, address, sender)
        elif arguments:
            self._set(row, arguments[0], address, sender)
        else:
            self._reply_value(row, address, sender)

    def _reply_status(self, sender: Sender) -> None:
        for name, values in self.status().items():
            sender.answer(name if name.startswith("/") else f"/vj/status/{name}", values)

    def _reply_value(self, row: Parameter, address: str, sender: Sender) -> None:
        sender.answer(address, [self._store.get(row.name)], "f" if row.kind == "float" else None)

    def _dispatch_pattern(self, pattern: str, arguments: tuple[Any, ...], sender: Sender) -> None:
        found = self._settable.matching(pattern)
        if not found:
            self.error_replies.reply_error(sender, f"{pattern}: matches no address")
        elif not arguments:
            for address in found:
                if address in self._rows:
                    self._reply_value(self._rows[address], address, sender)
        elif len(arguments) > 1:
            self.error_replies.reply_error(
                sender, f"{pattern}: {len(arguments)} values came, one would be right"
            )
        else:
            reasons, beyond = [], ""
            with self.error_replies.deferred_log(), self._store.together():
                for address in found:
                    sender.moved(address)
                    if address in self._mapped:
                        self._dispatch_mapping(address, arguments, sender)
                    elif reason := type_fault(self._rows[address], arguments[0]):
                        reasons.append(reason)
                    else:
                        try:
                            name = self._rows[address].name
                            beyond = self._store.set(name, arguments[0], sender.origin) or beyond
                        except Fault as fault:
                            reasons.append(str(fault))
            if len(reasons) == len(found):
                self.error_replies.reply_error(sender, f"{pattern}: {reasons[0]}")
            elif beyond:
                self.error_replies.on_clamped(sender, pattern, f"{pattern}: {beyond}")

    def _cue_name(self, asked: Any) -> str:
        """The name of the cue that a name or number stands for. Raises Fault."""
        if self._engine is None or asked == "" or asked in self._stored:
            return str(asked)
        return self._engine.cues.named(asked).name

    def _set(self, row: Parameter, value: Any, address: str, sender: Sender) -> None:
        if reason := type_fault(row, value):
            self.error_replies.reply_error(sender, f"{address}: {reason}")
            return
        try:
            if row.name == "cue/fire":
                held = not isinstance(value, str) and self._buttons.held(
                    sender.origin, row.name, value
                )
                value = self._cue_name(value)
                if held:
                    return
            elif row.name == "cue/store" and self._engine is not None:
                self._engine.cues.check_name(str(value), self._stored)
            remark = self._store.set(row.name, value, sender.origin)
        except Fault as fault:
            self.error_replies.reply_error(
                sender, f"{address}: {_strip_name(row.name, str(fault))}"
            )
            return
        if row.name == "cue/store" and value:
            self._stored.add(str(value))
        if remark:
            self.error_replies.on_clamped(
                sender, address, f"{address}: {_strip_name(row.name, remark)}"
            )
        else:
            self.error_replies.on_in_range(sender, address)

    def _suggestion(self, address: str) -> str:
        """A suggestion of the nearest known address; rate-limited, and cached."""
        known = self._mistakes.get(address)
        if known is None:
            if not self._suggestions.allow():
                return ""
            if len(self._mistakes) >= KNOWN_MISTAKES:
                self._mistakes.clear()
            known = self._mistakes[address] = nearest(address[:100], [*self._rows, *self._mapped])
        return known


def _values(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a message as mappings take them: an array alone is its elements, an impulse
    among others is a press."""
    if len(arguments) == 1 and isinstance(arguments[0], tuple):
        arguments = arguments[0]
    return tuple(True if value is IMPULSE else value for value in arguments)


def _fires(mapping: ControlMapping) -> bool:
    return (
        mapping.row.kind == "trigger"
        or mapping.row.name == "record"
        or mapping.rule.value is not None
    )


def _strip_name(name: str, text: str) -> str:
    """A fault's text without the parameter's name, since the reply has its address."""
    return text.removeprefix(name).lstrip(": ")
