"""LFOs and envelopes that a pedal makes faster and slower."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from tests.control.harness import FPS, ControlHarness
from vj.control.build import make_engine
from vj.show.load import ShowFaults, check_show

WAVE = {"name": "sway", "lfo": "sine", "rate": "2 s", "to": "strength", "range": [0.0, 1.0]}
HIT = {
    "name": "hit",
    "envelope": "osc /kick",
    "attack": "1 s",
    "decay": "1 s",
    "to": "strength",
    "depth": 1.0,
}
START = {"strength": 0.0}


def crests(values: list[float]) -> int:
    return sum(a < b >= c for a, b, c in zip(values, values[1:], values[2:], strict=False))


def test_a_pedal_makes_a_wave_faster_without_a_break() -> None:
    controls = ControlHarness(
        start=START,
        modulators=[WAVE],
        macros={"pedal": {"attack": "2 s", "release": "2 s", "drives": {"mod/sway/rate": [1, 4]}}},
        mappings=[{"midi": "cc 64", "to": "pedal"}],
    )
    calm = [frame["strength"] for frame in controls.play(10)]
    controls.midi("cc 64 ch 1", 127)
    rising = [frame["strength"] for frame in controls.play(2)]
    fast = [frame["strength"] for frame in controls.play(10)]
    controls.midi("cc 64 ch 1", 0)
    falling = [frame["strength"] for frame in controls.play(2)]
    after = [frame["strength"] for frame in controls.play(10)]
    assert (crests(calm), crests(after)) == (5, 5)
    assert 19 <= crests(fast) <= 21
    whole = [*calm, *rising, *fast, *falling, *after]
    steepest = math.pi * 4 / 2 / FPS  # of a sine of four times its rate, 0 to 1
    assert max(abs(b - a) for a, b in pairwise(whole)) <= steepest * 1.01


def test_at_its_written_rate_it_is_the_same_to_the_bit() -> None:
    controls = ControlHarness(start=START, modulators=[WAVE])
    for n, frame in enumerate(controls.play(5)):
        moment = controls.frames[0].time + n / FPS
        assert frame["strength"] == pytest.approx(0.5 - 0.5 * math.cos(math.pi * moment), abs=1e-9)
        assert frame["mod/sway/rate"] == 1


def test_a_rate_of_nothing_holds_it_also_while_it_is_off() -> None:
    controls = ControlHarness(start=START, modulators=[WAVE])
    controls.play(0.7)
    controls.store.set("mod/sway/rate", 0)
    held = [frame["strength"] for frame in controls.play(1)]
    assert max(held) - min(held) < 1e-9
    controls.store.set("mod/sway", 0)
    controls.play(1.3)
    controls.store.set("mod/sway", 1)
    assert controls.play(0.5)[-1]["strength"] == pytest.approx(held[0])


def test_an_envelope_takes_so_many_times_its_attack_and_decay() -> None:
    lengths = {}
    for attack, decay in ((1, 1), (0.5, 1), (1, 3)):
        controls = ControlHarness(start=START, modulators=[HIT])
        controls.store.set("mod/hit/attack", attack)
        controls.store.set("mod/hit/decay", decay)
        controls.play(0.1)
        controls.osc("/kick", 1)
        values = [frame["strength"] for frame in controls.play(6)]
        top = values.index(max(values))
        lengths[attack, decay] = (
            top / FPS,
            next(n for n in range(top, 999) if values[n] < 0.01) / FPS,
        )
    assert lengths[1, 1] == (pytest.approx(1, abs=0.1), pytest.approx(2, abs=0.1))
    assert lengths[0.5, 1] == (pytest.approx(0.5, abs=0.1), pytest.approx(1.5, abs=0.1))
    assert lengths[1, 3] == (pytest.approx(1, abs=0.1), pytest.approx(4, abs=0.1))


@pytest.mark.parametrize("moment", [0.4, 1.4, 2.5])
def test_an_envelope_whose_pace_changes_on_its_way_goes_on_from_where_it_is(moment: float) -> None:
    controls = ControlHarness(start=START, modulators=[{**HIT, "sustain": 0.5}])
    controls.osc("/kick", 1)
    before = controls.play(moment)[-1]["strength"]
    controls.store.set("mod/hit/attack", 4)
    controls.store.set("mod/hit/decay", 4)
    after = controls.at("strength")
    assert after == pytest.approx(before, abs=1.2 / FPS)


def test_a_saved_show_goes_on_where_its_wave_is() -> None:
    controls = ControlHarness(start=START, modulators=[WAVE])
    controls.store.set("mod/sway/rate", 3)
    before = controls.play(1.1)[-1]["strength"]
    made, _ = make_engine(controls.show, controls.store, live=False, log=print)
    made.take_over(controls.engine)
    controls.engine = controls.store.automation = made
    assert controls.at("strength") == pytest.approx(before, abs=math.pi * 3 / 2 / FPS)


def test_only_what_has_a_pace_has_a_parameter_for_it() -> None:
    table = check_show({"modulators": [WAVE, HIT]}, "test").table()
    assert [name for name in table.rows if name.startswith("mod/")] == [
        "mod/sway",
        "mod/hit",
        "mod/sway/rate",
        "mod/hit/attack",
        "mod/hit/decay",
    ]
    with pytest.raises(ShowFaults, match="cannot be modulated"):
        check_show({"modulators": [WAVE, {"lfo": "sine", "to": "mod/sway/rate", "depth": 1}]}, "t")
