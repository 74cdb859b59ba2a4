"""The mappings of a show, played frame by frame: what controls have sent, what is due on its beat,
what is smoothed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from vj.control.mapping import ControlMapping
from vj.control.mapping_table import MappingTable
from vj.control.tempo import Tempo
from vj.core.errors import Fault
from vj.parameters.store import Store


class MappingPlayer:
    """Plays the mappings of a table. One that fails is switched off, and the others go on. Belongs
    to the render thread."""

    def __init__(
        self,
        table: MappingTable,
        remark: Callable[[str], None],
        failed: Callable[[str, Exception], None],
    ) -> None:
        """remark: takes messages about wrong input. failed: takes what is switched off, and why."""
        self._table, self._remark, self._failed = table, remark, failed
        self._moves: dict[tuple[int, str], tuple[ControlMapping, object]] = {}
        """The last value of each fader in this frame, by mapping and device."""

    def receive(
        self, values: Iterable[tuple[ControlMapping, object]], device: str, store: Store
    ) -> None:
        """A control has sent this. Of a fader only the last value in a frame counts, and is set by
        `set_moved`."""
        for mapping, raw in values:
            if mapping.continuous:
                self._moves.pop((id(mapping), device), None)
                self._moves[id(mapping), device] = mapping, raw
            else:
                self._set(mapping, raw, device, store)

    def forget_moved(self) -> None:
        """Panic: what was moved before it in this frame does not count."""
        self._moves.clear()

    def set_moved(self, store: Store) -> None:
        """Set what faders have moved in this frame."""
        moves = list(self._moves.items())
        self._moves.clear()
        for (_, device), (mapping, raw) in moves:
            self._set(mapping, raw, device, store)

    def _set(self, mapping: ControlMapping, raw: object, device: str, store: Store) -> None:
        self._try(mapping, mapping.on_value, raw, store, self._table, device)

    def set_due(self, time: float, tempo: Tempo, latency: float, store: Store) -> None:
        """Set what was quantised to a beat that has come. latency: as of `ControlEngine`."""
        for mapping, value in self._table.due(time, tempo, latency):
            self._try(mapping, mapping.apply, value, store)

    def step(self, passed: float, store: Store) -> None:
        """Smooth by one frame. passed: its seconds."""
        for mapping in list(self._table.mappings):
            self._try(mapping, mapping.step, passed, store)

    def _try(self, mapping: ControlMapping, play: Callable[..., None], *values: object) -> None:
        try:
            play(*values)
            if mapping.clamp_remark:
                self._remark(f"{mapping.rule.control}: {mapping.clamp_remark}; the nearest is set")
                mapping.clamp_remark = ""
        except Fault as fault:
            self._remark(f"{mapping.rule.control}: {fault}")
        except Exception as error:  # an error of our own: the others and the picture go on
            self._table.drop(mapping)
            self._failed(f"the mapping of {mapping.rule.control} to {mapping.row.name}", error)
