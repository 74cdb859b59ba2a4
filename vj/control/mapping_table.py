"""The mappings of a show by their controls and parameters, and the queue of quantised changes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from vj.control.held_keys import Phase
from vj.control.macros import PREFIX as MACRO
from vj.control.mapping import BEATS, ControlMapping, selected_argument
from vj.control.tempo import Tempo
from vj.parameters.table import Table
from vj.show.mapping_section import MappingRule
from vj.show.midi_controls import Control


class MappingTable:
    """Finds mappings by their controls and parameters."""

    def __init__(self, rules: Sequence[MappingRule], table: Table) -> None:
        self.mappings: list[ControlMapping] = []
        self._on: dict[str, list[ControlMapping]] = {}
        """The mappings of each parameter."""
        self._osc: dict[str, list[ControlMapping]] = {}
        self._devices: dict[tuple[str, int], list[ControlMapping]] = {}
        self._keys: dict[str, list[ControlMapping]] = {}
        self._pending: list[tuple[ControlMapping, object]] = []
        for rule in rules:
            self._add(rule, table)

    def _add(self, rule: MappingRule, table: Table) -> None:
        target = table.find(MACRO + rule.to if MACRO + rule.to in table.rows else rule.to)
        control = rule.device_control
        span = rule.in_ or (control.span if control is not None else (0.0, 1.0))
        mapping = ControlMapping(rule, target, span)
        self.mappings.append(mapping)
        self._on.setdefault(target.name, []).append(mapping)
        if rule.osc is not None:
            self._osc.setdefault(rule.osc, []).append(mapping)
        elif control is not None:
            self._devices.setdefault((control.kind, control.number), []).append(mapping)
        elif rule.key is not None:
            self._keys.setdefault(rule.key, []).append(mapping)

    def take_over(self, old: MappingTable) -> None:
        """Take over the state of another table's mappings: of the same rule, else of the same
        control and parameter."""
        former: dict[tuple[str, str, str], list[ControlMapping]] = {}
        for mapping in old.mappings:
            former.setdefault(_place(mapping), []).append(mapping)
        heirs: dict[int, ControlMapping] = {}
        served: set[int] = set()
        for exactly in (True, False):
            for mapping in self.mappings:
                alike = former.get(_place(mapping), [])
                found = next(
                    (one for one in alike if not exactly or one.rule == mapping.rule), None
                )
                if found is not None and id(mapping) not in served:
                    alike.remove(found)
                    mapping.take_over(found)
                    heirs[id(found)] = mapping
                    served.add(id(mapping))
        for mapping, value in old._pending:
            heir = heirs.get(id(mapping))
            if heir is not None and heir.rule.quantise:
                self._pending.append((heir, value))

    def drop(self, mapping: ControlMapping) -> None:
        """Remove a mapping."""
        for mappings in (
            *self._on.values(),
            *self._osc.values(),
            *self._devices.values(),
            *self._keys.values(),
        ):
            if mapping in mappings:
                mappings.remove(mapping)
        self._pending = [(other, value) for other, value in self._pending if other is not mapping]
        self.mappings.remove(mapping)

    def release(self) -> None:
        """Release all mappings, and drop quantised changes."""
        self._pending.clear()
        for mapping in self.mappings:
            mapping.release()
            mapping.due = None

    def on(self, parameter: str) -> Sequence[ControlMapping]:
        return self._on.get(parameter, ())

    def has_osc(self, address: str) -> bool:
        return address in self._osc

    def has_key(self, key: str) -> bool:
        return key in self._keys

    # An event -> the mappings it is for, with the raw value for each.

    def by_osc(
        self, address: str, arguments: tuple[object, ...]
    ) -> list[tuple[ControlMapping, object]]:
        pairs = [
            (mapping, selected_argument(mapping.rule, arguments))
            for mapping in self._osc.get(address, ())
        ]
        return [(mapping, raw) for mapping, raw in pairs if raw is not None]

    def by_key(
        self, key: str, phase: Phase, moved: bool = True
    ) -> list[tuple[ControlMapping, object]]:
        """moved: the key goes down, or up, and was not so before. Some mappings are held as long as
        the key, others hear each press."""
        found: list[tuple[ControlMapping, object]] = []
        for mapping in self._keys.get(key, ()):
            if mapping.is_held:
                found += [(mapping, 0.0 if phase == "up" else 1.0)] if moved else []
            elif phase in ("tap", "down"):
                found += [(mapping, 1.0), (mapping, 0.0)]
        return found

    def any_held(self) -> bool:
        """A button or pedal is down that is played as long as it is held."""
        return any(mapping.is_down for mapping in self.mappings)

    def by_midi(
        self, control: Control, raw: float | None, device: str
    ) -> list[tuple[ControlMapping, object]]:
        return [
            (mapping, raw)
            for mapping in self._devices.get((control.kind, control.number), ())
            if (own := mapping.rule.device_control) is not None
            and own.is_played_by(control)
            and mapping.rule.device.casefold() in device.casefold()
        ]

    # Quantised changes.

    def quantise(self, mapping: ControlMapping, value: object) -> None:
        """Queue a change until its beat; a later one of the same mapping replaces it."""
        self._pending = [(other, kept) for other, kept in self._pending if other is not mapping] + [
            (mapping, value)
        ]

    def due(
        self, time: float, tempo: Tempo, latency: float
    ) -> Iterator[tuple[ControlMapping, object]]:
        """The changes whose beat has come. A mapping released meanwhile is skipped."""
        for one in list(self._pending):
            if not any(one is kept for kept in self._pending):
                continue
            mapping = one[0]
            beats = BEATS[mapping.rule.quantise or "beat"] * (
                1 if mapping.rule.quantise == "beat" else tempo.beats_per_bar / 4
            )
            ahead = mapping.rule.ahead.seconds + latency
            due = mapping.due if mapping.due is not None else tempo.next(time + ahead, beats)
            if time + ahead < due - 1e-6:
                mapping.due = due if math.isfinite(due) else None  # a stopped clock may go on
                continue
            mapping.due = None
            self._pending = [kept for kept in self._pending if kept is not one]
            yield one


def _place(mapping: ControlMapping) -> tuple[str, str, str]:
    return mapping.rule.control, mapping.rule.device, mapping.row.name
