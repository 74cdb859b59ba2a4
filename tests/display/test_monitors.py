"""Which monitor a display means, and where its window is while monitors come and go."""

from __future__ import annotations

from typing import Any

import pytest

from vj.display.monitors import Box, Monitor, chosen, numbered, setup_name, waiting_for
from vj.display.placement import Placement

MAIN = ("Built-in", (0, 0, 1440, 900), 60)
WALL = ("BenQ MH733", (1440, 0, 1920, 1080), 60)
LEFT = ("EPSON", (-1280, 0, 1280, 800), 0)


def names(*found: Any) -> list[str]:
    return [one.name for one in numbered(found)]


def test_the_main_one_is_the_first_and_the_others_go_from_left_to_right() -> None:
    assert names(MAIN, WALL, LEFT) == ["Built-in", "EPSON", "BenQ MH733"]
    assert str(numbered([WALL])[0]) == "BenQ MH733 1920x1080 60 Hz"
    assert str(numbered([LEFT])[0]) == "EPSON 1280x800"


@pytest.mark.parametrize(
    ("wanted", "name"),
    [("", "EPSON"), ("1", "Built-in"), ("3", "BenQ MH733"), ("4", None), ("benq", "BenQ MH733"),
     ("epson", "EPSON"), ("Sony", None)],
)  # fmt: skip
def test_a_monitor_is_named_or_counted(wanted: str, name: str | None) -> None:
    found = chosen(numbered([MAIN, WALL, LEFT]), wanted)
    assert (found and found.name) == name


def test_the_whole_name_goes_before_a_part_of_another() -> None:
    monitors = numbered([("DELL U2", (0, 0, 10, 10), 60), ("DELL", (10, 0, 10, 10), 60)])
    found = chosen(monitors, "dell")
    assert found is not None
    assert found.number == 2
    assert chosen([], "") is None


def test_two_of_the_same_name_have_two_setups() -> None:
    monitors = numbered([MAIN, WALL, (WALL[0], (3360, 0, 1920, 1080), 60)])
    assert [setup_name(monitors, one) for one in monitors] == [
        "Built-in", "BenQ MH733", "BenQ MH733 2",
    ]  # fmt: skip


class Recorder:
    """In place of a window: what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def fill(self, monitor: Monitor) -> None:
        self.told.append(f"fill {monitor}")

    def float_at(self, box: Box) -> None:
        self.told.append(f"float {box}")

    def hide(self) -> None:
        self.told.append("hide")


def test_a_monitor_that_is_unplugged_and_plugged_in_comes_back() -> None:
    window = Recorder()
    placement = Placement(window, "benq", False)
    both = numbered([MAIN, WALL])
    assert placement.follow(both).monitor is not None
    placement.follow(both)
    assert placement.follow(numbered([MAIN])).monitor is None
    placement.follow(numbered([MAIN]))
    placement.follow(both)
    smaller = numbered([MAIN, ("BenQ MH733", (1440, 0, 1280, 720), 50)])
    placement.follow(smaller)
    assert window.told == [
        "fill BenQ MH733 1920x1080 60 Hz",
        "hide",
        "fill BenQ MH733 1920x1080 60 Hz",
        "fill BenQ MH733 1280x720 50 Hz",
    ]
    said = waiting_for(numbered([MAIN]), "benq")
    assert said == "waiting for a monitor 'benq' (there: 1 Built-in 1440x900 60 Hz)"


def test_the_only_screen_is_not_taken_from_the_performer_unless_it_is_named() -> None:
    window = Recorder()
    Placement(window, "", None).follow(numbered([MAIN]))
    Placement(window, "", None).follow(numbered([MAIN, WALL]))
    Placement(window, "", False).follow(numbered([MAIN]))
    Placement(window, "1", False).follow(numbered([MAIN]))
    Placement(window, "2", (800, 600)).follow(numbered([MAIN, WALL]))
    assert window.told == [
        "float (240, 150, 960, 600)",
        "fill BenQ MH733 1920x1080 60 Hz",
        "fill Built-in 1440x900 60 Hz",
        "fill Built-in 1440x900 60 Hz",
        "float (2000, 240, 800, 600)",
    ]


def test_full_screen_and_back() -> None:
    window = Recorder()
    placement = Placement(window, "1", False)
    monitors = numbered([MAIN])
    placement.follow(monitors)
    placement.toggle(monitors)
    placement.toggle(monitors)
    assert [one.split()[0] for one in window.told] == ["fill", "float", "fill"]
