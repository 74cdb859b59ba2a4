"""What hands have sent, and the mappings that play it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vj.control.held_keys import HeldKeys
from vj.control.mapping import ControlMapping
from vj.control.mapping_player import MappingPlayer
from vj.control.mapping_table import MappingTable
from vj.control.modulation import ModulationMatrix
from vj.parameters.store import Store
from vj.parameters.table import Table
from vj.show.mapping_section import MappingRule

KINDS = ("osc", "midi", "key")
"""Events that hands make."""


class ControlInputs:
    """Of one show. Belongs to the render thread; the table may be asked from any."""

    def __init__(
        self,
        rules: Sequence[MappingRule],
        table: Table,
        modulations: ModulationMatrix,
        remark: Callable[[str], None],
        failed: Callable[[str, Exception], None],
    ) -> None:
        """modulations: whose envelopes hear the same. remark: takes messages about wrong input.
        failed: takes what is switched off, and why."""
        self.mapping_table = MappingTable(rules, table)
        self.player = MappingPlayer(self.mapping_table, remark, failed)
        self._modulations = modulations
        self._keys = HeldKeys()

    @property
    def held(self) -> bool:
        """A key, button or pedal is down."""
        return bool(self._keys) or self.mapping_table.any_held()

    def take_over(self, old: ControlInputs) -> None:
        """Take over the state of another version of the show."""
        self.mapping_table.take_over(old.mapping_table)
        self._keys.take_over(old._keys)

    def play(self, kind: str, event: list[Any], time: float, store: Store) -> None:
        """An event of a hand, in the frame at `time`. Raises Fault."""
        device = event[2] if kind == "midi" else ""
        self.player.receive(self._mappings_for(kind, event, time), device, store)

    def end_events(self, time: float, store: Store) -> None:
        """All events of the frame have been played."""
        for key in self._keys.let_go(time):
            self.player.receive(self.mapping_table.by_key(key, "up"), "", store)
        self.player.set_moved(store)

    def _mappings_for(
        self, kind: str, event: list[Any], time: float
    ) -> list[tuple[ControlMapping, object]]:
        """The mappings that an event is for, with the raw value for each."""
        if kind == "osc":
            address, arguments = event
            self._modulations.trigger(f"osc {address}", arguments[0] if arguments else 1.0, time)
            return self.mapping_table.by_osc(address, arguments)
        if kind == "key":
            key, phase = event
            moved = self._keys.lift(key) if phase == "up" else self._keys.press(key, phase, time)
            return self.mapping_table.by_key(key, phase, moved)
        control, raw, device = event
        if raw is not None:
            self._modulations.trigger_by_control(control, raw, time)
        return self.mapping_table.by_midi(control, raw, device)

    def panic(self) -> None:
        """What was moved in this frame before it does not count; nothing is held or quantised."""
        self.player.forget_moved()
        self.mapping_table.release()

    def release(self, name: str, origin: object = None) -> None:
        """Another one than the mappings of a parameter has set it."""
        for mapping in self.mapping_table.on(name):
            if mapping is not origin:
                mapping.release()
