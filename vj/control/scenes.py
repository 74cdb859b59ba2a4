"""What the scenes of a show set besides their words, along `prompt/position`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vj.parameters.fit import fit
from vj.parameters.store import Store
from vj.parameters.table import Table, Value
from vj.show.prompts_section import SceneRule

POSITION = "prompt/position"
SCENES = "prompt/scenes"
STAYS = 0.55
"""Of the way to the next scene: so far the choices of one stand, so that a pedal that trembles in
the middle does not load a model to and fro."""


class SceneWalk:
    """The values that scenes set. Numbers are interpolated between two neighbours and shift the
    parameter from where the show starts, as a macro does, so that hands and modulators come on top;
    what a scene does not set is at the show's start there. Anything else is set, as by a cue, when
    the position comes nearer to the scene. Belongs to the render thread."""

    def __init__(self, rules: Sequence[SceneRule], store: Store, origin: object) -> None:
        """store: for its table and start values; it is not kept. origin: who sets parameters."""
        self._rules, self._origin = list(rules), origin
        self._own = store.start_of(SCENES)
        self._shifts: dict[str, list[float]] = {}
        self._choices: dict[str, list[Value]] = {}
        for name in dict.fromkeys(name for rule in rules for name in rule.set):
            row, start = store.table.find(name), store.start_of(name)
            values = [given(rule, row.name, store.table, start) for rule in rules]
            if row.kind in ("float", "int"):
                self._shifts[row.name] = [float(value) - float(start) for value in values]
            else:
                self._choices[row.name] = values
        self._chosen: dict[str, Value] = {}
        """What was set last of each choice; the show's start without an entry."""
        self._nearest: int | None = None
        self._place: float | None = None
        """In the last frame, in scenes from the first; None before it."""
        self.position = 0.0
        """prompt/position in the last frame, after everything that moves it."""

    @property
    def drives(self) -> tuple[str, ...]:
        """The parameters that scenes set."""
        return (*self._shifts, *self._choices)

    def take_over(self, old: SceneWalk) -> None:
        """Take over the state of another version of the show."""
        self._chosen, self._place = dict(old._chosen), old._place
        if len(self._rules) == len(old._rules):
            self._nearest = old._nearest

    def reset(self) -> None:
        """Panic: the store has reset every parameter."""
        self._chosen.clear()
        self._nearest = self._place = None

    def choose(self, store: Store, released: Callable[[str], None]) -> None:
        """Set the choices of the scene that was nearest in the last frame. released: told of each
        that was set."""
        if not (self._choices or self._chosen):
            return
        nearest = self._look(store)
        for name in [name for name in self._chosen if name not in self._choices]:
            self._set(store, name, store.start_of(name), released)
            del self._chosen[name]
        for name, values in self._choices.items():
            value = values[nearest]
            if self._chosen.get(name, store.start_of(name)) != value:
                self._set(store, name, value, released)
            self._chosen[name] = value

    def _look(self, store: Store) -> int:
        count = len(self._rules)
        place = self._place
        if place is None:
            place = float(store.get(POSITION)) * (count - 1)
        if self._nearest is None or abs(place - self._nearest) > STAYS:
            self._nearest = min(count - 1, int(place + 0.5)) if count else 0
        return self._nearest

    def _set(self, store: Store, name: str, value: Value, released: Callable[[str], None]) -> None:
        store.fade(name, value, 0.0, None, self._origin)
        released(name)

    def apply(self, values: dict[str, Value]) -> set[str]:
        """Shift the numbers of one frame, after everything else; returns their names. Scenes that
        were sent in place of the show's own bring words alone."""
        self.position = float(values[POSITION])
        if not self._rules:
            return set()
        last = len(self._rules) - 1
        place = min(1.0, max(0.0, self.position)) * last
        self._place = place
        if not self._shifts or values[SCENES] != self._own:
            return set()
        left = min(int(place), max(0, last - 1))
        share = place - left
        right = min(left + 1, last)
        for name, shifts in self._shifts.items():
            shift = shifts[left] + share * (shifts[right] - shifts[left])
            if shift:
                values[name] = float(values[name]) + shift
        return set(self._shifts)


def given(rule: SceneRule, name: str, table: Table, start: Value) -> Value:
    """What a scene sets a parameter to; its start value where the scene does not set it."""
    found = (value for key, value in rule.set.items() if table.find(key).name == name)
    value = next(found, None)
    return start if value is None else fit(table.rows[name], value)[0]
