"""Times as a show file writes them."""

from __future__ import annotations

import math

import pytest

from vj.core.errors import Fault
from vj.show.durations import Duration, duration, moment


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("4 s", Duration(4.0)),
        ("300 ms", Duration(0.3)),
        (0.5, Duration(0.5)),
        ("1:30", Duration(90.0)),
        ("1:02:03", Duration(3723.0)),
        ("2 bars", Duration(bars=2.0)),
        ("1/4 bar", Duration(bars=0.25)),
        ("beat", Duration(beats=1.0)),
        ("2 min", Duration(120.0)),
    ],
)
def test_times_are_read_as_they_are_written(asked: object, found: Duration) -> None:
    assert duration(asked) == found


@pytest.mark.parametrize("asked", ["4 q", "", "soon", -1, "1/0 bar", math.nan, "bar"])
def test_what_is_no_moment_is_refused(asked: object) -> None:
    with pytest.raises(Fault, match=r"no time|divides by zero|no moment"):
        moment("bar zero" if asked == "bar" else asked)


def test_bars_count_from_one() -> None:
    assert moment("bar 9") == Duration(bars=8.0)
    with pytest.raises(Fault, match="count from 1"):
        moment("bar 0")
