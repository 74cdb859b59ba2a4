"""Hard cuts from place to place of a show's `cuts:`, at a rate that may change at any moment.

The cuts are counted by a phase: the rate of each frame, summed over the time since the one before.
So they come faster and faster while the rate rises, without a jump where it changes, and in the
same frames each time that a show is rendered. A cut is due in the frame in which the phase comes to
the next whole number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vj.control.controlled_show import ControlledShow
from vj.core.seeded_noise import random_at
from vj.parameters.store import Store
from vj.parameters.table import Value

NEAR = 1e-6
"""Of a cut, by which the phase may be short of it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """source: by its name in the show; empty: the one that plays. at: seconds of the clip; None
    where the part that plays begins. mark: the name of such a place, where `at` is none."""

    source: str
    at: float | None
    mark: str | None = None


class Cutter:
    """Of one show. Belongs to the render thread, but for `following`."""

    def __init__(
        self,
        show: ControlledShow,
        store: Store,
        origin: object,
        marked: Callable[[str, str], float | None],
        log: Callable[[str], None],
    ) -> None:
        """store: for its table and its triggers; it is not kept. origin: who sets the source.
        marked: where a mark of a source is, in seconds of the clip; None where it has none.
        log: told once of such a mark."""
        names = store.table.find("source").choices
        self._marked, self._log = marked, log
        self._missed: set[Cut] = set()
        """Places whose marks were missing when it was their turn."""
        self._places = [
            Cut(_name(rule.source, names), rule.seconds, rule.mark) for rule in show.cuts
        ]
        self._rate, self._order, self._seed = 0.0, "", 0
        self._origin, self._asked = origin, int(store.get("cut/go"))
        """How often one was asked for at once."""
        self._cuts = False
        """There is one in this frame."""
        self._source = store.get("source")
        """What the last frame's parameters named."""
        self.begin()

    def begin(self) -> None:
        """The next cut is the first one, after a whole time between two."""
        self._phase, self._count, self._index = 0.0, 0, -1

    def take_over(self, old: Cutter) -> None:
        """Go on where another version of the show was."""
        self._phase, self._count = old._phase, old._count
        self._index, self._asked = min(old._index, len(self._places) - 1), old._asked
        self._rate, self._order, self._seed = old._rate, old._order, old._seed
        self._source = old._source

    @property
    def cuts(self) -> bool:
        """There is one in this frame."""
        return self._cuts

    @property
    def following(self) -> Cut | None:
        """Where the next one goes; None where the show has none. From any thread."""
        return self._found(self._places[self._next()]) if self._places else None

    def _found(self, cut: Cut) -> Cut:
        """With the second that its mark means."""
        return cut if cut.mark is None else Cut(cut.source, self._marked(cut.mark, cut.source))

    @property
    def sources(self) -> list[str]:
        """By name, of all places."""
        return list(dict.fromkeys(cut.source for cut in self._places))

    def _next(self) -> int:
        many = len(self._places)
        if self._order != "random" or many < 2:
            return (self._index + 1) % many
        if self._index < 0:
            return int(random_at(0, self._seed) * many)
        others = int(random_at(self._count, self._seed) * (many - 1))
        return others + (others >= self._index)

    def step(self, passed: float, store: Store) -> None:
        """Count on by the seconds since the last frame, and have the source of this one set where a
        cut is due."""
        asked, self._asked = self._asked, int(store.get("cut/go"))
        at_once = self._asked != asked
        # A cue that names a source in the frame of a cut, as the last one, has its way.
        rests = self._rate <= 0 or store.get("source") != self._source
        self._phase = 0.0 if rests else self._phase + passed * self._rate
        self._cuts = bool(self._places) and (at_once or self._phase >= 1 - NEAR)
        if not self._cuts:
            return
        self._phase = 0.0 if at_once else max(0.0, self._phase - int(self._phase + NEAR))
        self._index = self._next()
        self._count += 1
        place = self._places[self._index]
        cut = self._found(place)
        if place.mark is not None and cut.at is None and place not in self._missed:
            self._missed.add(place)
            self._log(_missing(place))
        if cut.source and (cut.at is None or store.get("source") != cut.source):
            store.set("source", cut.source, origin=self._origin)
        if cut.at is not None:
            store.set("source/at", cut.at, origin=self._origin)

    def follow(self, values: dict[str, Value]) -> None:
        """One frame's values: what the next ones are counted by. A cut is hard, whatever the
        crossfade."""
        self._rate, self._source = float(values["cut/rate"]), values["source"]
        self._order, self._seed = str(values["cut/order"]), int(values["seed/a"])
        if self._cuts:
            values["crossfade"] = 0.0


def _missing(cut: Cut) -> str:
    """What is told of a place whose clip lacks the mark."""
    if cut.source:
        return f"cut: {cut.source} has no mark {cut.mark}; it plays from its beginning"
    return f"cut: what plays has no mark {cut.mark}; it plays on"


def _name(given: str | None, names: tuple[str, ...]) -> str:
    """As the show calls it, of a number counted from 0, too."""
    if given is None or given in names or not given.isdecimal():
        return given or ""
    return names[int(given)]
