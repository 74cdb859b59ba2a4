"""The OSC addresses of a show, and what lies there: a parameter, mappings, a question for the
status, nothing that is listened to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vj.control.engine import ControlEngine
from vj.control.mapping import ControlMapping
from vj.control.osc.packet import head_of
from vj.control.osc.pattern import PatternMatcher
from vj.parameters.table import ALIASES, Parameter, Table

PREFIX = "/vj/"
VJ_MESSAGES = ("/vj/status/", "/vj/error")
"""Addresses that vj itself sends. From another vj they are neither dispatched nor answered, or the
two would reply to each other for ever."""


@dataclass(eq=False, slots=True)
class Target:
    """The destination of a number: a parameter, or, without one, the mappings of the address."""

    address: str
    row: Parameter | None


class Addresses:
    """The addresses of one engine; another engine gets its own. Nothing in them changes."""

    def __init__(
        self,
        table: Table,
        engine: ControlEngine | None = None,
        status: Sequence[str] = (),
        ignored: Sequence[str] = (),
    ) -> None:
        """status, ignored: see `Dispatcher.use_engine`."""
        self.mappings: dict[str, list[ControlMapping]] = {}
        self._causes: frozenset[str] = frozenset()
        if engine is not None:
            for mapping in engine.mappings:
                if mapping.rule.osc is not None:
                    self.mappings.setdefault(mapping.rule.osc, []).append(mapping)
            self._causes = frozenset(
                cause[4:] for cause in engine.modulations.trigger_names if cause.startswith("osc ")
            )
        self.rows = {PREFIX + row.name: row for row in table.rows.values()}
        """Parameters by address, short forms too."""
        self.rows |= {PREFIX + short: table.rows[name] for short, name in ALIASES.items()}
        self.mapped = frozenset((*self.mappings, *self._causes))
        """Addresses of mappings, and those that start an envelope."""
        self.status = frozenset(("/vj/status", "/vj/status/*", *status))
        """Addresses that query the status."""
        self._ignored = frozenset(ignored)
        self._folders = tuple(entry for entry in ignored if entry.endswith("/"))
        self.settable = PatternMatcher(
            [
                *(
                    address
                    for address, row in self.rows.items()
                    if address == row.address and row.kind != "trigger" and row.name != "record"
                ),
                *(
                    address
                    for address, on in self.mappings.items()
                    if address not in self.rows and not any(map(_fires, on))
                ),
            ]
        )
        """What a pattern sets."""
        self.fast_paths = self._numbers()
        """Targets of single numbers, by the head of the packet, address and type tag: all but its
        last four bytes."""

    def _numbers(self) -> dict[bytes, Target]:
        targets = [
            Target(address, row)
            for address, row in self.rows.items()
            if row.kind in ("float", "int") and address not in self.mappings
        ]
        targets += [
            Target(address, None)
            for address, on in self.mappings.items()
            if address not in self._causes and all(mapping.continuous for mapping in on)
        ]
        return {
            head_of(target.address, tag): target
            for target in targets
            if not self.is_ignored(target.address) and not target.address.startswith(VJ_MESSAGES)
            for tag in "fi"
        }

    def is_ignored(self, address: str) -> bool:
        """Whether an address is ignored. Below an ignored folder, mapped addresses are not."""
        if address in self._ignored:
            return True
        return (
            bool(self._folders) and address.startswith(self._folders) and address not in self.mapped
        )


def _fires(mapping: ControlMapping) -> bool:
    return (
        mapping.row.kind == "trigger"
        or mapping.row.name == "record"
        or mapping.rule.value is not None
    )
