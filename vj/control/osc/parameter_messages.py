"""What a message to a parameter's own address does: it sets or fires the parameter, or asks for its
value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vj.control.engine import ControlEngine
from vj.control.osc.arguments import named, type_fault
from vj.control.osc.buttons import Buttons
from vj.control.osc.packet import IMPULSE, TimeTag
from vj.control.replies import ErrorReplies, Sender
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.parameters.table import Parameter


class ParameterMessages:
    """Plays messages to parameters, or replies with an error. From any thread."""

    def __init__(
        self, store: Store, error_replies: ErrorReplies, steady: Callable[[], float]
    ) -> None:
        """steady: seconds of a monotonic clock, for buttons that are held."""
        self._store, self._error_replies = store, error_replies
        self._buttons = Buttons(steady)
        self._engine: ControlEngine | None = None
        self._stored: set[str] = set()

    def use_engine(self, engine: ControlEngine | None) -> None:
        """Set the engine whose cues are fired and stored."""
        self._engine, self._stored = engine, set()

    def dispatch(
        self, row: Parameter, address: str, arguments: tuple[Any, ...], sender: Sender
    ) -> None:
        """Play a message to a parameter's address."""
        if len(arguments) > 1:
            self._error_replies.reply_error(
                sender, f"{address}: {len(arguments)} values came, one would be right ({row.range})"
            )
        elif row.kind == "trigger":
            value = arguments[0] if arguments else IMPULSE
            if isinstance(value, bytes | tuple | TimeTag | None):
                self._error_replies.reply_error(
                    sender,
                    f"{address}: {named(value)} came, a press would be right (1, or no value)",
                )
            elif self._buttons.pressed(sender.origin, row.name, value):
                self.set(row, True, address, sender)
        elif arguments:
            self.set(row, arguments[0], address, sender)
        else:
            self.reply_value(row, address, sender)

    def reply_value(self, row: Parameter, address: str, sender: Sender) -> None:
        """Reply with the value that stands."""
        sender.answer(address, [self._store.get(row.name)], "f" if row.kind == "float" else None)

    def set(self, row: Parameter, value: Any, address: str, sender: Sender) -> None:
        """Set a parameter, or reply why it is not set."""
        if reason := type_fault(row, value):
            self._error_replies.reply_error(sender, f"{address}: {reason}")
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
            self._error_replies.reply_error(
                sender, f"{address}: {_strip_name(row.name, str(fault))}"
            )
            return
        if row.name == "cue/store" and value:
            self._stored.add(str(value))
        if remark:
            self._error_replies.on_clamped(
                sender, address, f"{address}: {_strip_name(row.name, remark)}"
            )
        else:
            self._error_replies.on_in_range(sender, address)

    def _cue_name(self, asked: Any) -> str:
        """The name of the cue that a name or number stands for. Raises Fault."""
        if self._engine is None or asked == "" or asked in self._stored:
            return str(asked)
        return self._engine.cues.named(asked).name


def _strip_name(name: str, text: str) -> str:
    """A fault's text without the parameter's name, since the reply has its address."""
    return text.removeprefix(name).lstrip(": ")
