"""Cues by name, by number and by key."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from vj.app.banner import banner
from vj.control.cues import CueList
from vj.control.session import ControlSession
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.show.load import check_show
from vj.show.timeline_section import CueRule


def cues(*names: str) -> CueList:
    return CueList([CueRule(name=name) for name in names])


@pytest.mark.parametrize(
    ("names", "asked", "found"),
    [
        (("dawn", "noon", "dusk"), 0, "dawn"),
        (("dawn", "noon", "dusk"), 2.0, "dusk"),
        (("dawn", "noon", "dusk"), "1", "noon"),
        (("1", "2", "3"), "2", "2"),
        (("1", "2", "3"), 2, "2"),
        (("1", "2", "3"), 1.0, "1"),
        (("1", "2", "3"), 0, "1"),
        (("inf", "nan"), "inf", "inf"),
    ],
)
def test_a_number_is_a_name_where_a_cue_has_it_and_else_a_place_counted_from_0(
    names: tuple[str, ...], asked: object, found: str
) -> None:
    assert cues(*names).named(asked).name == found


@pytest.mark.parametrize("asked", [3, -1, 0.5, float("nan"), float("inf"), "3", True])
def test_a_number_that_no_cue_has_is_none(asked: object) -> None:
    with pytest.raises(Fault, match="counted from 0"):
        cues("dawn", "noon", "dusk").named(asked)


class Played:
    """A control session with its show."""

    def __init__(self, **show: Any) -> None:
        self.said: list[str] = []
        self.show = check_show({"midi": "off", **show}, "test")
        self.store = Store(self.show.start, self.show.table())
        self.session = ControlSession(self.show, self.store, FrameClock(30.0), self.said.append)

    def gate_on(self, key: str) -> str:
        """A key. Returns the cue that stands in the next frame."""
        self.session.key(key)
        self.store.sample(0.0)
        return self.session.engine.cues.current or ""


def test_keys_fire_cues_by_their_place_also_where_names_are_numbers() -> None:
    played = Played(cues=[{"name": "0"}, {"name": "calm"}, {"name": "1"}])
    assert played.session.cue_keys() == {"1": "0", "2": "calm", "3": "1"}
    assert [played.gate_on(key) for key in "123"] == ["0", "calm", "1"]
    assert played.gate_on("7") == "1"
    assert played.said[-1] == "key 7: there is no such cue; 1 0, 2 calm, 3 1"
    assert played.gate_on("0") == "1", "there is no place before the first"


def test_keys_that_a_mapping_names_go_before() -> None:
    played = Played(
        cues=[{"name": "calm"}, {"name": "storm"}],
        mappings=[
            {"key": "1", "to": "panic"},
            {"key": "s", "to": "cue/fire", "value": "storm"},
            {"key": "c", "to": "cue/fire", "value": "0"},
            {"key": "z", "to": "cue/fire", "value": "9"},
        ],
    )
    assert played.session.cue_keys() == {"2": "storm", "s": "storm", "c": "calm"}
    assert played.gate_on("s") == "storm"
    assert played.gate_on("c") == "calm"
    assert played.gate_on("2") == "storm"


def test_the_start_says_which_key_fires_which_cue() -> None:
    played = Played(
        cues=[{"name": "calm"}, {"name": "a name that is so long that it fills a line"}]
    )
    osc: Any = SimpleNamespace(address=("127.0.0.1", 9000), describe=list)
    lines = banner(played.show, "testcard", None, osc, played.session.cue_keys())
    assert any(
        line.startswith("  keys   1 calm, 2 a name that is so long") and line.endswith("…")
        for line in lines
    ), lines
    assert any("/vj/cue/fire counts from 0" in line for line in lines)


def test_a_cue_fires_what_happens_once_each_time_it_is_fired() -> None:
    once = {"image/grab": True, "canvas/clear": True}
    played = Played(cues=[{"name": "calm"}, {"name": "grab", "set": once}])
    counts = []
    for key in "1212":
        played.gate_on(key)
        counts.append(tuple(played.store.sample(0.0)[name] for name in once))
    assert counts == [(0, 0), (1, 1), (1, 1), (2, 2)]
