"""What a message to a pattern of addresses does: it sets all that it matches, or asks for their
values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vj.control.osc.addresses import Addresses
from vj.control.osc.arguments import type_fault
from vj.control.osc.parameter_messages import ParameterMessages
from vj.control.replies import ErrorReplies, Sender
from vj.core.errors import Fault
from vj.parameters.store import Store

PlayMapping = Callable[[str, tuple[Any, ...], Sender], None]


class PatternMessages:
    """Plays messages to patterns, or replies with an error. From any thread."""

    def __init__(
        self,
        store: Store,
        error_replies: ErrorReplies,
        parameters: ParameterMessages,
        play_mapping: PlayMapping,
    ) -> None:
        """play_mapping: plays a message to a mapped address."""
        self._store, self._error_replies = store, error_replies
        self._parameters, self._play_mapping = parameters, play_mapping

    def dispatch(
        self, pattern: str, arguments: tuple[Any, ...], sender: Sender, addresses: Addresses
    ) -> None:
        """Play a message to all addresses that its pattern matches."""
        found = addresses.settable.matching(pattern)
        if not found:
            self._error_replies.reply_error(sender, f"{pattern}: matches no address")
        elif not arguments:
            for address in found:
                if address in addresses.rows:
                    self._parameters.reply_value(addresses.rows[address], address, sender)
        elif len(arguments) > 1:
            self._error_replies.reply_error(
                sender, f"{pattern}: {len(arguments)} values came, one would be right"
            )
        else:
            reasons, beyond = [], ""
            with self._error_replies.deferred_log(), self._store.together():
                for address in found:
                    sender.moved(address)
                    if address in addresses.mapped:
                        self._play_mapping(address, arguments, sender)
                    elif reason := type_fault(addresses.rows[address], arguments[0]):
                        reasons.append(reason)
                    else:
                        try:
                            name = addresses.rows[address].name
                            beyond = self._store.set(name, arguments[0], sender.origin) or beyond
                        except Fault as fault:
                            reasons.append(str(fault))
            if len(reasons) == len(found):
                self._error_replies.reply_error(sender, f"{pattern}: {reasons[0]}")
            elif beyond:
                self._error_replies.on_clamped(sender, pattern, f"{pattern}: {beyond}")
