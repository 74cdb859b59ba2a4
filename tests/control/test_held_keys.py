"""A key is a pedal: held, and let go, on the page and in a terminal that knows no key-up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control.harness import FPS, ControlHarness

PEDAL = {"pedal": {"drives": {"strength": [0.5, 0.9]}}}


def harness(**mapping: Any) -> ControlHarness:
    return ControlHarness(macros=PEDAL, mappings=[{"key": "c", "to": "pedal", **mapping}])


@pytest.mark.parametrize("as_", [{}, {"as": "momentary"}])
def test_a_terminals_key_is_down_while_it_repeats_and_up_a_moment_after(
    as_: dict[str, str],
) -> None:
    controls = harness(**as_)
    seen = []
    repeats = {0.0, *(0.5 + n / 33 for n in range(50))}  # until 2 s
    for n in range(4 * FPS):
        for moment in [one for one in repeats if one < (n + 1) / FPS]:
            repeats.discard(moment)
            controls.engine.on_key("c")
        seen.append(controls.at("strength"))
    assert set(seen[3 : 2 * FPS]) == {0.9}, "no gap before the first repeat"
    up = next(n for n, value in enumerate(seen) if n > FPS and value == 0.5) / FPS
    assert 2.0 < up <= 2.4


def test_a_tap_in_a_terminal_is_held_for_a_moment() -> None:
    controls = harness()
    controls.engine.on_key("c")
    down = [frame["strength"] > 0.5 for frame in controls.play(2)]
    assert 0.5 < sum(down) / FPS < 1.0


def test_a_page_says_when_a_key_goes_up() -> None:
    controls = harness()
    controls.engine.on_key("c", "down")
    for _ in range(10):
        assert controls.play(0.5)[-1]["strength"] == 0.9
        controls.engine.on_key("c", "held")
    controls.engine.on_key("c", "up")
    assert controls.at("strength") == 0.5
    controls.engine.on_key("c", "up")
    assert controls.at("strength") == 0.5


def test_a_page_that_goes_away_lets_go() -> None:
    controls = harness()
    controls.engine.on_key("c", "down")
    assert controls.play(1.5)[-1]["strength"] == 0.9
    assert controls.play(1)[-1]["strength"] == 0.5


def test_a_toggle_hears_each_press_of_a_page_once() -> None:
    controls = harness(**{"as": "toggle"})
    values = []
    for phase in ("down", "held", "up", "down", "up"):
        controls.engine.on_key("c", phase)  # type: ignore[arg-type]
        values.append(controls.at("strength"))
    assert values == [0.9, 0.9, 0.9, 0.5, 0.5]


def test_a_saved_show_knows_what_is_held() -> None:
    controls, other = harness(), harness()
    controls.engine.on_key("c", "down")
    controls.play(0.5)
    other.engine.take_over(controls.engine)
    other.store.set("macro/pedal", 1.0)
    other.now = controls.now
    assert other.play(0.5)[-1]["strength"] == 0.9
    other.engine.on_key("c", "up")
    assert other.at("strength") == 0.5
