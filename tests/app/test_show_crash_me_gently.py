"""crash_me_gently: one pedal through many contexts, sound and cuts that quicken, calm by itself."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from vj.app.setup import start_values
from vj.commands.gallery import ENTRIES, rendered
from vj.control.build import make_engine
from vj.parameters.store import Store
from vj.pipeline.mixture_travel import prompt_weights
from vj.show.load import FIRST_SHOW, load_show

FPS = 24
CALM = ("strength", "noise/hold", "cut/rate", "sound/heart/pace", "sound/heart/level", "source")


class Played:
    """The show's controls without pictures, frame by frame. cuts: when there were any."""

    def __init__(self) -> None:
        show = load_show(FIRST_SHOW.parent / "crash_me_gently.yaml")
        self.store = Store(start_values(show), show.table())
        self.engine, _ = make_engine(show, self.store, live=False, log=lambda text: None)
        self.store.automation = self.engine
        self.store.listeners.append(self.engine.changed)
        self.number = 0
        self.cuts: list[float] = []

    def play(self, seconds: float) -> list[Mapping[str, Any]]:
        made = []
        for _ in range(round(seconds * FPS)):
            made.append(self.store.sample(self.number / FPS))
            if self.engine.cutter.cuts:
                self.cuts.append(self.number / FPS)
            self.number += 1
        return made  # type: ignore[return-value]

    def foot(self, down: float) -> None:
        assert self.engine.on_osc("/pedal", (down,))


def loudest(frame: Any) -> str:
    return max(prompt_weights(frame), key=lambda one: one[1])[0]


def test_the_foot_walks_through_the_contexts_in_order_and_all_quickens() -> None:
    show = Played()
    rest = show.play(5)
    assert len({loudest(frame) for frame in rest}) == 1
    assert show.cuts == []
    show.foot(1.0)
    down = show.play(9)
    words = list(dict.fromkeys(loudest(frame) for frame in down))
    assert words == [text for text, _ in prompt_weights(rest[0])], "each, in their order"
    sources = list(dict.fromkeys(frame["source"] for frame in down))
    assert sources[:4] == ["", "boats", "balloons", "moons"]
    spans = ((5, 7.5), (7.5, 10), (10, 12), (12, 14))
    cuts = [sum(a <= cut < b for cut in show.cuts) / (b - a) for a, b in spans]
    assert cuts[0] == 0, "the first contexts are walked through"
    assert 0 < 1.5 * cuts[1] < cuts[2] < 0.67 * cuts[3], "then it is cut, faster and faster"
    assert cuts[3] == pytest.approx(8, abs=1)
    for name, ends in (("sound/heart/pace", (0.9, 3.4)), ("sound/heart/level", (0.25, 1.0))):
        values = [frame[name] for frame in down]
        assert values == sorted(values)
        assert (values[0], values[-1]) == (pytest.approx(ends[0], abs=0.1), pytest.approx(ends[1]))


def test_the_foot_lifts_and_calm_comes_back_within_its_time() -> None:
    show = Played()
    first = show.play(1)[-1]
    show.foot(1.0)
    show.play(9)
    show.foot(0.0)
    show.play(4.3)
    count = len(show.cuts)
    after = show.play(6)
    for frame in (after[0], after[-1]):
        assert {name: frame[name] for name in CALM} == {name: first[name] for name in CALM}
        assert loudest(frame) == loudest(first)
    assert len(show.cuts) == count, "and it is cut no more"


def test_a_short_tap_is_a_small_wave() -> None:
    show = Played()
    show.play(1)
    show.foot(1.0)
    show.play(0.5)
    show.foot(0.0)
    tap = show.play(3)
    assert {loudest(frame) for frame in tap} == {loudest(tap[0])}
    assert show.cuts == []


def test_a_fader_that_was_left_up_comes_down_when_nobody_plays() -> None:
    show = Played()
    show.play(1)
    show.store.set("strength", 0.9, ("a hand", 1))
    show.store.set("macro/pedal", 0.5, ("a hand", 1))
    assert show.play(59)[-1]["strength"] > 0.8
    calm = show.play(12)[-1]
    assert (calm["macro/pedal"], calm["strength"], calm["source"]) == (0, 0.42, "")


@pytest.mark.long
def test_at_rest_it_is_calm_and_the_foot_brings_many_pictures() -> None:
    entry = ENTRIES["crash_me_gently"]
    rate = 8.0
    frames = rendered("crash_me_gently", {**entry.overrides, "size": "96x96"}, entry.seconds, rate)
    changes = np.array([float(cv2.absdiff(one, two).mean()) for one, two in pairwise(frames)])
    first, last = frames[: round(rate)], frames[-round(0.5 * rate) :]
    assert changes[: len(first) - 1].max() < 12
    assert changes[round(7 * rate) : round(9 * rate)].mean() > 30, "cut upon cut"
    assert changes[-round(0.4 * rate) :].max() < 12, "calm again"
    colour = [frame.mean(axis=(0, 1)) for frame in (*first, *last)]
    assert np.ptp(np.array(colour), axis=0).max() < 12, "in one place, the same"
    seen = np.array([frame.mean(axis=(0, 1)) for frame in frames])
    apart = 0
    for place in range(len(seen)):
        apart += all(np.abs(seen[place] - seen[other]).max() > 20 for other in range(place))
    assert apart >= 6, "several worlds"


def test_places_follow_each_other_hard_and_are_never_seen_through_each_other() -> None:
    """The first change of place comes before there are cuts."""
    show = Played()
    show.play(1)
    show.foot(1.0)
    for before, now in pairwise(show.play(9)):
        if before["source"] != now["source"]:
            assert now["crossfade"] == 0
