"""Cuts from place to place: when they come, in which order, and what they set."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.control.harness import FPS, ControlHarness
from vj.core.errors import Fault
from vj.show.load import check_show

SOURCES = {name: f"drawn:{name}" for name in ("kiss", "drive", "crash")}
CUTS = ["drive", {"source": "crash", "at": "0:02.5"}, {"at": 1}, "kiss"]


def controls(**more: Any) -> ControlHarness:
    show = {"source": "drawn:kiss", "sources": SOURCES, "cuts": CUTS, **more}
    return ControlHarness(**show)


def cut_frames(made: ControlHarness) -> list[int]:
    """The frames in which another place is begun."""
    names = ("source", "source/start", "source/at", "source/again")
    seen = [tuple(frame[name] for name in names) for frame in made.frames]
    return [number for number, (a, b) in enumerate(pairwise(seen), 1) if a != b]


def test_they_come_at_their_rate_and_in_turn_each_at_its_place() -> None:
    made = controls(start={"cut/rate": 2})
    made.play(2.6)
    assert cut_frames(made) == [15, 30, 45, 60, 75]
    said = [(made.frames[n]["source"], made.frames[n]["source/at"]) for n in cut_frames(made)]
    assert said == [("drive", 0), ("crash", 2.5), ("crash", 1), ("kiss", 1), ("drive", 1)]


def test_they_are_hard_whatever_the_crossfade_and_only_they() -> None:
    made = controls(start={"cut/rate": 2, "crossfade": 3})
    made.play(1.6)
    hard = [number for number, frame in enumerate(made.frames) if frame["crossfade"] == 0]
    assert hard == cut_frames(made) == [15, 30, 45]


def test_a_curve_lets_them_come_faster_and_faster_without_a_jump_and_twice_alike() -> None:
    both = []
    for _ in range(2):
        made = controls(curves=[{"to": "cut/rate", "points": [["0:00", 0.5], ["0:10", 8]]}])
        made.engine.begin(0.0)
        made.play(10)
        both.append(cut_frames(made))
    assert both[0] == both[1]
    gaps = [b - a for a, b in pairwise(both[0])]
    assert all(b <= a + 1 for a, b in pairwise(gaps)), "never slower, but for a frame's rounding"
    assert gaps[0] > 15
    assert gaps[-1] <= 4
    whole = 0.5 * 10 + 7.5 * 10 / 2
    assert len(both[0]) == pytest.approx(whole, abs=1.5), "as many as the curve's area says"


def test_the_trigger_cuts_in_the_next_frame_and_the_count_begins_there() -> None:
    made = controls(start={"cut/rate": 1})
    made.play(0.8)
    made.store.set("cut/go", True)
    made.play(1.3)
    assert cut_frames(made) == [24, 54]
    calm = controls()
    calm.play(1)
    assert cut_frames(calm) == []
    calm.store.set("cut/go", True)
    calm.play(0.1)
    assert calm.frames[-1]["source"] == "drive"


def test_at_random_it_is_the_seeds_order_and_never_one_place_twice_running() -> None:
    def order(seed: int) -> list[tuple[Any, ...]]:
        made = controls(start={"cut/rate": 15, "cut/order": "random", "seed/a": seed})
        made.play(8)
        return [
            (made.frames[n]["source"], made.frames[n]["source/at"], made.frames[n]["source/again"])
            for n in cut_frames(made)
        ]

    one, again, other = order(3), order(3), order(4)
    assert one == again
    assert one != other
    assert len(one) == 8 * 15 - 1
    assert {name for name, _, _ in one} == {"kiss", "drive", "crash"}


def test_a_saved_show_goes_on_in_its_place_and_panic_begins_anew() -> None:
    made = controls(start={"cut/rate": 2})
    made.play(1.2)
    new = ControlHarness(
        source="drawn:kiss", sources=SOURCES, cuts=CUTS, start={"cut/rate": 2}
    ).engine
    new.take_over(made.engine)
    assert new.cutter.following == made.engine.cutter.following
    made.store.set("panic", True)
    made.play(0.1)
    assert made.engine.cutter.following.source == "drive"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("cuts", "said"),
    [
        (["kis"], "did you mean kiss"),
        ([{"at": "2 bars"}], "in its own time"),
        ([{}], "a cut names a source"),
        ([{"source": "kiss", "from": 2}], "from"),
    ],
)
def test_what_is_wrong_is_said(cuts: list[Any], said: str) -> None:
    with pytest.raises(Fault, match=said):
        check_show({"source": "drawn:kiss", "sources": SOURCES, "cuts": cuts}, "here")


def test_a_place_may_be_a_mark_also_one_that_was_set_by_hand() -> None:
    marks = {"drive": {"impact": "0:03.4"}, "lips": 2}
    made = controls(
        cuts=[{"source": "drive", "at": "impact"}, {"source": "kiss", "at": "lips"}],
        marks=marks,
        start={"cut/rate": 2},
    )
    made.play(1.1)
    said = [(made.frames[n]["source"], made.frames[n]["source/at"]) for n in cut_frames(made)]
    assert said == [("drive", pytest.approx(3.4)), ("kiss", 2)]
    with pytest.raises(Fault, match="no such mark in drive; did you mean impact"):
        controls(cuts=[{"source": "drive", "at": "impct"}], marks=marks)


def test_a_mark_that_a_clip_lacks_is_told_once_and_not_with_each_cut() -> None:
    made = controls(
        cuts=[{"at": "lips"}, "drive"],
        marks={"kiss": {"lips": 2}},
        start={"cut/rate": 10},
    )
    made.play(3)
    assert len(cut_frames(made)) > 10
    assert made.messages == ["cut: what plays has no mark lips; it plays on"]


def test_without_places_nothing_is_cut() -> None:
    made = ControlHarness(source="drawn:kiss", sources=SOURCES, start={"cut/rate": 15})
    made.play(1)
    assert cut_frames(made) == []
    assert FPS == 30
