"""What stands behind `display:`."""

from __future__ import annotations

import pytest

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.display.address import DisplayOptions, parse_display
from vj.sinks import check_uri


@pytest.mark.parametrize(
    ("rest", "options"),
    [
        ("", DisplayOptions()),
        ("2", DisplayOptions("2", False)),
        ('"BenQ MH733"', DisplayOptions("BenQ MH733", False)),
        ("BenQ MH733", DisplayOptions("BenQ MH733", False)),
        ("window", DisplayOptions("", True)),
        ("full", DisplayOptions("", False)),
        ("2 window", DisplayOptions("2", True)),
        ("2, window 1280x720", DisplayOptions("2", Size(1280, 720))),
        ('"window" full', DisplayOptions("window", False)),
    ],
)
def test_what_a_display_is_called(rest: str, options: DisplayOptions) -> None:
    assert parse_display(rest) == options


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("display:0", "counted from 1"),
        ("display:2 window 12", "'12' is not a size"),
        ("display:full 640x480", "window 640x480"),
        ('display:"BenQ" at the back', "display:2, display:"),
    ],
)
def test_what_no_display_is_called(uri: str, words: str) -> None:
    with pytest.raises(Fault) as caught:
        check_uri(uri)
    assert words in str(caught.value)
