"""The mappings of a show at work: which control plays what, and what waits for a beat."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from vj.control.macros import PREFIX as MACRO
from vj.control.mapping import BEATS, Hand, taken
from vj.control.tempo import Tempo
from vj.parameters.table import Table
from vj.show.control_sections import MappingRule
from vj.show.midi_controls import Control


class Mappings:
    """Finds hands by their controls and parameters."""

    def __init__(self, rules: Sequence[MappingRule], table: Table) -> None:
        self.hands: list[Hand] = []
        self._on: dict[str, list[Hand]] = {}
        """The hands on each parameter."""
        self._osc: dict[str, list[Hand]] = {}
        self._midi: dict[tuple[str, int], list[Hand]] = {}
        self._keys: dict[str, list[Hand]] = {}
        self._pending: list[tuple[Hand, object]] = []
        for rule in rules:
            self._add(rule, table)

    def _add(self, rule: MappingRule, table: Table) -> None:
        target = table.find(MACRO + rule.to if MACRO + rule.to in table.rows else rule.to)
        span = rule.in_ or (rule.midi.span if rule.midi is not None else (0.0, 1.0))
        hand = Hand(rule, target, span)
        self.hands.append(hand)
        self._on.setdefault(target.name, []).append(hand)
        if rule.osc is not None:
            self._osc.setdefault(rule.osc, []).append(hand)
        elif rule.midi is not None:
            self._midi.setdefault((rule.midi.kind, rule.midi.number), []).append(hand)
        elif rule.key is not None:
            self._keys.setdefault(rule.key, []).append(hand)

    def take_over(self, old: Mappings) -> None:
        """Go on where others were: the mapping of the same rule, else of the same control and
        parameter."""
        former: dict[tuple[str, str, str], list[Hand]] = {}
        for hand in old.hands:
            former.setdefault(_place(hand), []).append(hand)
        heirs: dict[int, Hand] = {}
        served: set[int] = set()
        for exactly in (True, False):
            for hand in self.hands:
                alike = former.get(_place(hand), [])
                found = next((one for one in alike if not exactly or one.rule == hand.rule), None)
                if found is not None and id(hand) not in served:
                    alike.remove(found)
                    hand.take_over(found)
                    heirs[id(found)] = hand
                    served.add(id(hand))
        for hand, value in old._pending:
            heir = heirs.get(id(hand))
            if heir is not None and heir.rule.quantise:
                self._pending.append((heir, value))

    def drop(self, hand: Hand) -> None:
        """Without this one from now on."""
        for hands in (
            *self._on.values(),
            *self._osc.values(),
            *self._midi.values(),
            *self._keys.values(),
        ):
            if hand in hands:
                hands.remove(hand)
        self._pending = [(other, value) for other, value in self._pending if other is not hand]
        self.hands.remove(hand)

    def let_go(self) -> None:
        """Nothing is held, smoothed, or waits for a beat."""
        self._pending.clear()
        for hand in self.hands:
            hand.let_go()
            hand.due = None

    def on(self, parameter: str) -> Sequence[Hand]:
        return self._on.get(parameter, ())

    def hears_osc(self, address: str) -> bool:
        return address in self._osc

    def hears_key(self, key: str) -> bool:
        return key in self._keys

    # An event -> the mappings it is for, with the raw value each takes from it.

    def by_osc(self, address: str, arguments: tuple[object, ...]) -> list[tuple[Hand, object]]:
        pairs = [(hand, taken(hand.rule, arguments)) for hand in self._osc.get(address, ())]
        return [(hand, raw) for hand, raw in pairs if raw is not None]

    def by_key(self, key: str) -> list[tuple[Hand, object]]:
        return [(hand, raw) for hand in self._keys.get(key, ()) for raw in (1.0, 0.0)]

    def by_midi(self, heard: Control, raw: float, device: str) -> list[tuple[Hand, object]]:
        return [
            (hand, raw)
            for hand in self._midi.get((heard.kind, heard.number), ())
            if hand.rule.midi is not None
            and hand.rule.midi.channel in (0, heard.channel)
            and hand.rule.device.casefold() in device.casefold()
        ]

    # Quantised changes.

    def at_beat(self, hand: Hand, value: object) -> None:
        """Keep a quantised change for its beat; a later one of the same hand takes its place."""
        self._pending = [(other, kept) for other, kept in self._pending if other is not hand] + [
            (hand, value)
        ]

    def due(self, time: float, tempo: Tempo, latency: float) -> Iterator[tuple[Hand, object]]:
        """Those whose beat has come. What is let go between two of them waits no more."""
        for one in list(self._pending):
            if not any(one is kept for kept in self._pending):
                continue
            hand = one[0]
            beats = BEATS[hand.rule.quantise or "beat"] * (
                1 if hand.rule.quantise == "beat" else tempo.beats_per_bar / 4
            )
            ahead = hand.rule.ahead.seconds + latency
            due = hand.due if hand.due is not None else tempo.next(time + ahead, beats)
            if time + ahead < due - 1e-6:
                hand.due = due if math.isfinite(due) else None  # a tempo that stands may go on
                continue
            hand.due = None
            self._pending = [kept for kept in self._pending if kept is not one]
            yield one


def _place(hand: Hand) -> tuple[str, str, str]:
    return hand.rule.control, hand.rule.device, hand.row.name
