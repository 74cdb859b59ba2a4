"""One dispatcher for all messages: those over UDP, the OSCQuery WebSocket and the page; replies go
back the same way."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from vj.control.engine import ControlEngine
from vj.control.osc.addresses import VJ_MESSAGES, Addresses, Target
from vj.control.osc.packet import IMPULSE, Message, Unpacked
from vj.control.osc.parameter_messages import ParameterMessages
from vj.control.osc.pattern import is_pattern
from vj.control.osc.pattern_messages import PatternMessages
from vj.control.osc.scheduler import Scheduler
from vj.control.osc.suggestions import Suggestions
from vj.control.replies import ErrorReplies, Sender
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.parameters.table import Parameter, Value

OnControl = Callable[[str, tuple[Any, ...]], bool]
OnStep = Callable[[int, Callable[[int], None]], None]
Status = Callable[[], Mapping[str, Sequence[float | int | str]]]

STEP = ("/vj/step", "/vj/output/step")
"""Frames of a picture that is frozen. No short name of the parameter: it would be the nearest one
to a misspelt `steps`."""
HOLD = 0.02
"""Seconds of work for which the store's lock may be held to apply a bundle within one frame; a
bundle of a thousand patterns takes longer. Then it is released for as long again."""


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
        self.on_control: OnControl = lambda address, arguments: False
        """Called with every message to an address that is no parameter's own, mapped or not; must
        not block. True: an unknown address gets no error reply, since it is being learned."""
        self.on_step: OnStep = _never_steps
        """Called with a number of frames, and what is told of each as it has left. Raises
        Fault."""
        self._store = store
        self._parameters = ParameterMessages(store, self.error_replies, steady)
        self._patterns = PatternMessages(
            store, self.error_replies, self._parameters, self._dispatch_mapping
        )
        self._suggestions = Suggestions(steady)
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
        addresses = Addresses(self._store.table, engine, status_addresses, ignored)
        self._engine, self._addresses = engine, addresses
        self._parameters.use_engine(engine)
        self._suggestions.use([*addresses.rows, *addresses.mapped])

    @property
    def engine(self) -> ControlEngine | None:
        return self._engine

    def row(self, address: str) -> Parameter | None:
        """The parameter at an address, short forms too."""
        return self._addresses.rows.get(address)

    @property
    def fast_paths(self) -> Mapping[bytes, Target]:
        """See `Addresses`."""
        return self._addresses.fast_paths

    def dispatch_packet(self, unpacked: Unpacked, sender: Sender) -> None:
        """Dispatch a packet's messages now, or when their timetags are due, and reply with its
        errors."""
        messages = unpacked.messages
        if len(messages) == 1 and messages[0].when is None:
            self._dispatch(messages[0], sender)
            if messages[0].address in self._addresses.status:
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
                while rest:
                    message = rest.popleft()
                    asked |= message.address in self._addresses.status
                    if message != before or not is_pattern(
                        message.address
                    ):  # a repeated pattern is applied once
                        self._dispatch(message, sender)
                    before = message
                    if time.thread_time() >= end:  # one at least is applied in each turn
                        break
            if rest:
                self._sleep(HOLD)
        if asked:
            self._reply_status(sender)

    def set_number(self, target: Target, value: float, sender: Sender) -> None:
        """Set a number, for a packet whose head is in `fast_paths`."""
        sender.moved(target.address)
        if target.row is not None:
            self._parameters.set(target.row, value, target.address, sender)
        elif self._engine is not None:
            self.on_control(target.address, (value,))
            self._engine.on_osc(target.address, (value,))

    def _dispatch(self, message: Message, sender: Sender) -> None:
        """Dispatch one message, or reply with an error."""
        address, arguments = message.address, message.arguments
        addresses = self._addresses
        if addresses.is_ignored(address):
            return
        if address in addresses.status and address not in addresses.mapped:
            return
        if address.startswith(VJ_MESSAGES):
            return
        sender.moved(address)
        if address in ("/vj/subscribe", "/vj/unsubscribe"):
            if refusal := sender.subscribe(address, arguments):
                self.error_replies.reply_error(sender, f"{address}: {refusal}")
            return
        row = addresses.rows.get(address)
        if address in addresses.mapped and (arguments or row is None):
            self._dispatch_mapping(address, arguments, sender)
        elif address in STEP:
            self._step(address, arguments, sender)
        elif row is not None:
            self._parameters.dispatch(row, address, arguments, sender)
        elif is_pattern(address):
            self._patterns.dispatch(address, arguments, sender, addresses)
        elif not self.on_control(address, _values(() if arguments == (IMPULSE,) else arguments)):
            self.error_replies.reply_error(
                sender, lambda: f"{address}: no such address{self._suggestions.nearest_to(address)}"
            )

    def _step(self, address: str, arguments: tuple[Any, ...], sender: Sender) -> None:
        """`/vj/step`, or `/vj/step 10`: each frame is answered with `/vj/stepped NUMBER`."""
        count = 1 if arguments in ((), (IMPULSE,)) else arguments[0]
        if isinstance(count, bool) or not isinstance(count, int | float) or count != int(count):
            self.error_replies.reply_error(
                sender, f"{address}: {count!r:.40}; a number of frames would be right, or no value"
            )
            return
        try:
            self.on_step(int(count), lambda number: sender.answer("/vj/stepped", [number]))
        except Fault as fault:
            self.error_replies.reply_error(sender, f"{address}: {fault}")

    def _dispatch_mapping(self, address: str, arguments: tuple[Any, ...], sender: Sender) -> None:
        """A message to a mapped address. Without a value, an address with faders only is a query of
        their position."""
        mappings = self._addresses.mappings.get(address, ())
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
        if address not in self._addresses.rows:
            self.on_control(address, report)
        if self._engine is not None:
            self._engine.on_osc(address, report)

    def _reply_status(self, sender: Sender) -> None:
        for name, values in self.status().items():
            sender.answer(name if name.startswith("/") else f"/vj/status/{name}", values)


def _never_steps(count: int, answer: Callable[[int], None]) -> None:
    raise Fault("nothing renders here")


def _values(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a message as mappings take them: an array alone is its elements, an impulse
    among others is a press."""
    if len(arguments) == 1 and isinstance(arguments[0], tuple):
        arguments = arguments[0]
    return tuple(True if value is IMPULSE else value for value in arguments)
