"""The monitors of this machine, and which of them a display means. The list itself is asked for by
`vj.display.glfw_monitors`, in the display's own process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from vj.core.errors import Fault

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Monitor:
    """A monitor as it is set now. number: from 1, the main one first, the others from left to
    right. box: x, y, width, height on the desktop, in the system's units. rate: pictures a second,
    0 where it is not known."""

    number: int
    name: str
    box: Box
    rate: int
    main: bool

    @property
    def size(self) -> str:
        return f"{self.box[2]}x{self.box[3]}"

    def __str__(self) -> str:
        """`BenQ 1920x1080 60 Hz`."""
        return " ".join(filter(None, [self.name, self.size, f"{self.rate} Hz" * bool(self.rate)]))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, given: dict[str, Any]) -> Monitor:
        return cls(**{**given, "box": tuple(given["box"])})


def numbered(found: Sequence[tuple[str, Box, int]]) -> list[Monitor]:
    """Monitors in their order, of (name, box, rate); the main one comes first."""
    others = sorted(found[1:], key=lambda one: (one[1][0], one[1][1]))
    return [
        Monitor(index + 1, name, box, rate, index == 0)
        for index, (name, box, rate) in enumerate([*found[:1], *others])
    ]


def chosen(monitors: Sequence[Monitor], wanted: str) -> Monitor | None:
    """The monitor that a display means, None while it is not there.

    wanted: a number, a name or a part of one, whatever the case; "" the first that is not the main
    one, else the main one.
    """
    if not wanted:
        return next((one for one in monitors if not one.main), next(iter(monitors), None))
    if wanted.isdecimal():
        return next((one for one in monitors if one.number == int(wanted)), None)
    low = wanted.casefold()
    exact = [one for one in monitors if one.name.casefold() == low]
    return next(iter([*exact, *(one for one in monitors if low in one.name.casefold())]), None)


def waiting_for(monitors: Sequence[Monitor], wanted: str) -> str:
    """What is said while a monitor is not there."""
    there = ", ".join(f"{one.number} {one}" for one in monitors) or "none"
    which = f"monitor {wanted}" if wanted.isdecimal() else f"a monitor {wanted!r}"
    return f"waiting for {which if wanted else 'a monitor'} (there: {there})"


def check_wanted(wanted: str) -> None:
    """Raises Fault for what no monitor can be called."""
    if wanted.isdecimal() and int(wanted) == 0:
        raise Fault("monitors are counted from 1; display:1 is the main one")


def setup_name(monitors: Sequence[Monitor], monitor: Monitor) -> str:
    """Under which name a monitor's setup is kept: its own, with a number behind it where two are
    called the same."""
    same = [one for one in monitors if one.name == monitor.name]
    nth = same.index(monitor) + 1 if monitor in same else 1
    return monitor.name if nth == 1 else f"{monitor.name} {nth}"
