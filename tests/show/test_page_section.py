"""`page:` of a show: where the page is, its PIN, and what stands on its first screen; by its older
name too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vj.show.load import ShowFaults, load_show, read_show
from vj.show.page_section import PadRule, PageSection, parse_address

CUES = "cues:\n  - {name: crash, set: {strength: 1}}\n"
MACROS = "macros:\n  pedal: {drives: {strength: [0, 1]}}\n"


def page(folder: Path, text: str, option: str | None = None) -> PageSection:
    """The page of a show file with this text, and perhaps --page. Raises ShowFaults."""
    path = folder / "my.yaml"
    path.write_text(text, encoding="utf-8")
    return load_show(path, None if option is None else {"page": option}).page


@pytest.mark.parametrize(
    ("text", "on", "listen"),
    [
        ("show: a\n", True, "127.0.0.1:9080"),
        ("page: off\n", False, "127.0.0.1:9080"),
        ("page: on\n", True, "127.0.0.1:9080"),
        ("page: false\n", False, "127.0.0.1:9080"),
        ("page:\n", True, "127.0.0.1:9080"),
        ('page: "0.0.0.0:9080"\n', True, "0.0.0.0:9080"),
        ("page: 9081\n", True, "9081"),
        ("page: {listen: ':9082'}\n", True, ":9082"),
        ("preview: 127.0.0.1:9083\n", True, "127.0.0.1:9083"),
        ("preview: off\n", False, "127.0.0.1:9080"),
        ("sinks: [preview]\n", True, "127.0.0.1:9080"),
        ("sinks: []\n", True, "127.0.0.1:9080"),
        ("sinks: [preview]\npage: off\n", False, "127.0.0.1:9080"),
    ],
)
def test_where_the_page_is(tmp_path: Path, text: str, on: bool, listen: str) -> None:
    found = page(tmp_path, text)
    assert (found.on, found.listen) == (on, listen)
    parse_address(found.listen)


def test_what_stands_on_the_first_screen(tmp_path: Path) -> None:
    found = page(
        tmp_path,
        "page:\n  faders: [pedal, strength, seed]\n  xy: [feedback/zoom, pedal]\n"
        f"  pads: [crash, {{prompt: fog}}, {{cue: crash, name: Boom}}]\n{CUES}{MACROS}",
    )
    assert found.faders == ["macro/pedal", "strength", "seed/a"]
    assert found.xy == ["feedback/zoom", "macro/pedal"]
    assert found.pads == [
        PadRule(cue="crash"),
        PadRule(prompt="fog"),
        PadRule(cue="crash", name="Boom"),
    ]
    nothing = page(tmp_path, "page: {faders: [], pads: [], xy: []}\n")
    assert (nothing.faders, nothing.pads, nothing.xy) == ([], [], [])
    open_ = page(tmp_path, "page: {faders: , pads: , xy: }\n")
    assert (open_.faders, open_.pads, open_.xy) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("preview: 9081\npage: 9082\n", 1, "preview: is the older name of page:, and both stand"),
        ("show: a\npage: nowhere\n", 2, "'nowhere' is not an address; write HOST:PORT"),
        ("show: a\npreview: {listen: nowhere}\n", 2, "'nowhere' is not an address"),
        ("page:\n  pin: 1234\n", 2, 'as text it wants quotes: "1234"'),
        ('page:\n  pin: "12"\n', 2, "4 to 12 digits in quotes"),
        ('page:\n  pin: "１２３４"\n', 2, "4 to 12 digits in quotes"),
        ("page:\n  pin: [1]\n", 2, "4 to 12 digits in quotes"),
        ("page:\n  faders: [strenght]\n", 2, "did you mean strength"),
        (f"page:\n  faders:\n    - padal\n{MACROS}", 3, "did you mean pedal"),
        ("page:\n  faders:\n    - delta\n    - prompt/a\n", 4, "prompt/a: is no number"),
        ("page:\n  faders:\n    - delta\n    - delta\n", 4, "delta: is named twice"),
        (f"page:\n  faders: [{', '.join(['delta'] * 9)}]\n", 2, "9 came, at most 8"),
        ("page:\n  faders: delta\n", 2, "a list is wanted"),
        ("page:\n  xy: [delta]\n", 2, "two parameters, such as"),
        ("page:\n  xy: [delta, output/freeze]\n", 2, "output/freeze: is no number"),
        (f"page:\n  pads:\n    - crahs\n{CUES}", 3, "did you mean crash? (crash)"),
        ("page:\n  pads:\n    - crash\n", 3, "no such cue (the show has none)"),
        ("page:\n  pads:\n    - {source: tetscard}\n", 3, "did you mean testcard?"),
        ("page:\n  pads:\n    - {name: x}\n", 3, "a pad has one of cue:, prompt: and source:"),
        (
            "page:\n  pads:\n    - {prompt: x, cue: y}\n",
            3,
            "a pad has one of cue:, prompt: and source:",
        ),
        ("page:\n  fader: [delta]\n", 2, "did you mean faders?"),
        ("page: [9080]\n", 1, "names and values are wanted"),
    ],
)
def test_what_is_wrong_is_reported_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    with pytest.raises(ShowFaults) as faults:
        page(tmp_path, text)
    assert [one for one in faults.value.lines if f"my.yaml:{line}: " in one and words in one]
    assert len(faults.value.lines) == 1


def test_faults_elsewhere_are_reported_too_but_not_twice(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(
        "page: {faders: [pedal], pads: [crash]}\n"
        "macros: {pedal: {drives: {strenght: [0, 1]}}}\n"
        "cues: [{name: crash, fade: soon}]\n"
    )
    faults = read_show(path).faults
    assert [fault.split(": ")[0].rpartition(":")[2] for fault in faults] == ["2", "3"], faults


def test_the_option_says_where_and_leaves_the_rest(tmp_path: Path) -> None:
    text = 'page: {listen: "127.0.0.1:1", pin: "1234", faders: [delta]}\n'
    found = page(tmp_path, text, "0.0.0.0:9080")
    assert (found.on, found.listen, found.pin) == (True, "0.0.0.0:9080", "1234")
    assert found.faders == ["delta"]
    assert page(tmp_path, "page: off\n", "9080").on
    assert not page(tmp_path, text, "off").on
    assert page(tmp_path, "preview: {pin: off}\n", "9080").pin == "off"
    with pytest.raises(ShowFaults, match="command line: --page nowhere: 'nowhere' is not an"):
        page(tmp_path, text, "nowhere")
    with pytest.raises(ShowFaults, match=r"my.yaml:1: strenght"):
        page(tmp_path, "page: {faders: [strenght]}\n", "9080")


@pytest.mark.parametrize(("written", "pin"), [("off", "off"), ('"0042"', "0042"), ("on", None)])
def test_pins(tmp_path: Path, written: str, pin: Any) -> None:
    assert page(tmp_path, f"page: {{pin: {written}}}\n").pin == pin
