"""Mappings that are changed one by one in a show file: every other byte of it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from vj.core.errors import Fault
from vj.show.load import load_show
from vj.show.mapping_keys import mapping_files, mapping_key
from vj.show.save import add_mapping, change_range, remove_mapping

TEXT = """\
# my show
show: Mine   # nor this
start: {strength: 0.5}

mappings:
  # the left hand
  - {osc: /1/fader1, to: mix/wet}   # fader one
  - midi: cc 7        # the big knob
    to: strength      # how much
    range: [0.2, 0.8]
  # the right hand

  -
    {midi: note 36, to: steps, value: 2}
  - {midi: cc 9, to: noise/hold, invert: true}   # last

# what follows
cues:
  - {name: calm, set: {strength: 0.2}}   # slowly
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "mine.yaml"
    made.write_text(TEXT, encoding="utf-8")
    return made


def key(path: Path, to: str) -> str:
    return next(mapping_key(rule) for rule in load_show(path).mappings if rule.to == to)


@pytest.mark.parametrize(
    ("to", "lines"),
    [
        ("mix/wet", [6]),
        ("strength", [7, 8, 9]),
        ("steps", [12, 13]),
        ("noise/hold", [14]),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_mapping_is_taken_out_and_nothing_else(
    path: Path, to: str, lines: list[int], end: str
) -> None:
    path.write_bytes(TEXT.replace("\n", end).encode())
    report, raw = remove_mapping(path, key(path, to))
    left = [line for n, line in enumerate(TEXT.splitlines()) if n not in lines]
    assert path.read_bytes() == raw == (end.join(left) + end).encode()
    assert to not in [rule.to for rule in load_show(path).mappings]
    assert f"taken out of {path}: " in report


@pytest.mark.parametrize("index", [0, 1, 2])
def test_an_entry_of_many_lines_goes_whole(path: Path, index: int) -> None:
    entries = [
        "  - {osc: /a,\n     to: steps}   # one\n",
        "  - osc: /b\n    to: prompt/a\n    value: |\n      gold\n      and silver\n",
        '  - {osc: /c, to: prompt/b, value: "a\n      b"}\n',
    ]
    tail = "# behind\ncues: []\n"
    path.write_text("mappings:\n" + "".join(entries) + tail)
    remove_mapping(path, mapping_key(load_show(path).mappings[index]))
    del entries[index]
    assert path.read_text() == "mappings:\n" + "".join(entries) + tail


def test_all_mappings_can_be_taken_out_and_one_learned_again(path: Path) -> None:
    for to in ("steps", "mix/wet", "noise/hold", "strength"):
        remove_mapping(path, key(path, to))
    assert load_show(path).mappings == []
    add_mapping(path, {"osc": "/a", "to": "strength"})
    assert [rule.osc for rule in load_show(path).mappings] == ["/a"]
    for kept in ("# the left hand", "# the right hand", "# what follows", "# slowly"):
        assert kept in path.read_text(encoding="utf-8")


def test_a_list_on_one_line_is_written_anew(path: Path) -> None:
    path.write_text("mappings: [{osc: /a, to: strength}, {osc: /b, to: steps}]  # two\n")
    remove_mapping(path, key(path, "strength"))
    assert [rule.osc for rule in load_show(path).mappings] == ["/b"]
    assert "# two" in path.read_text()


def test_the_same_line_twice_goes_at_once(path: Path) -> None:
    path.write_text("mappings:\n  - {osc: /a, to: steps}\n  - {osc: /a, to: steps}  # again\n")
    remove_mapping(path, key(path, "steps"))
    assert load_show(path).mappings == []


def test_a_range_is_changed_and_comments_stay(path: Path) -> None:
    change_range(path, key(path, "mix/wet"), (0.25, 1))
    change_range(path, key(path, "strength"), (0.1, 0.9))
    rules = {rule.to: rule for rule in load_show(path).mappings}
    assert rules["mix/wet"].range == (0.25, 1)
    assert rules["strength"].range == (0.1, 0.9)
    text = path.read_text(encoding="utf-8")
    assert "- {osc: /1/fader1, to: mix/wet, range: [0.25, 1]} # fader one" in text
    changed = [line for line in text.splitlines() if line not in TEXT.splitlines()]
    assert changed == [
        "  - {osc: /1/fader1, to: mix/wet, range: [0.25, 1]} # fader one",
        "    range: [0.1, 0.9]",
        "  - {midi: note 36, to: steps, value: 2}",
    ]


def test_a_range_that_runs_backwards_is_inverted_and_back(path: Path) -> None:
    change_range(path, key(path, "mix/wet"), (1, 0.5))
    change_range(path, key(path, "noise/hold"), (0.1, 0.2))
    rules = {rule.to: rule for rule in load_show(path).mappings}
    assert (rules["mix/wet"].range, rules["mix/wet"].invert) == ((0.5, 1), True)
    assert (rules["noise/hold"].range, rules["noise/hold"].invert) == ((0.1, 0.2), False)
    assert "# last" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("ends", "words"),
    [((0.5, 0.5), "two different"), ((0, 7), "above 1"), ((float("nan"), 1), "nothing|wanted")],
)
def test_a_range_that_cannot_be_is_refused(
    path: Path, ends: tuple[float, float], words: str
) -> None:
    with pytest.raises(Fault, match=words):
        change_range(path, key(path, "mix/wet"), ends)
    assert path.read_text(encoding="utf-8") == TEXT


def test_a_mapping_of_an_included_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pads.yaml").write_text("mappings:\n  - {osc: /pad, to: steps}\n")
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace("value: 2", "value: 3") + "include: pads\n")
    before = path.read_bytes()
    rule = next(rule for rule in load_show(path).mappings if rule.osc == "/pad")
    assert mapping_files(path)[mapping_key(rule)].name == "pads.yaml"
    assert mapping_files(path)[key(path, "mix/wet")] == path
    for change in (
        lambda: remove_mapping(path, mapping_key(rule)),
        lambda: change_range(path, mapping_key(rule), (1, 2)),
    ):
        with pytest.raises(Fault, match=r"stands in pads\.yaml, which other shows may include"):
            change()
    with pytest.raises(Fault, match=r"mine\.yaml: has no such mapping"):
        remove_mapping(path, "0" * 12)
    assert path.read_bytes() == before


def test_a_control_learned_again_for_the_same_keeps_its_range(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = (
        "macros:\n  push: {drives: {strength: [0, 1]}}\n"
        "mappings:\n  - {midi: cc 7 ch 2, device: nano, to: strength, range: [0.2, 0.4]}\n"
        "  - {osc: /x, to: macro/push}\n  - {midi: note 1, to: strength, value: 1}\n"
    )
    path.write_text(text)
    report = add_mapping(path, {"midi": "cc 7", "device": "nanoKONTROL2", "to": "strength"})
    assert "already" in report
    assert "already" in add_mapping(path, {"osc": "/x", "to": "push"})
    assert path.read_text() == text
    add_mapping(path, {"osc": "/x", "to": "push", "in": [0, 127]})
    add_mapping(path, {"osc": "/x", "to": "steps"})
    add_mapping(path, {"osc": "/x", "to": "push", "take": 1})
    add_mapping(path, {"midi": "note 1", "to": "strength"})
    assert path.read_text().startswith(text[: text.index("to: macro/push")])
    assert [(rule.control, rule.to, rule.in_) for rule in load_show(path).mappings] == [
        ("midi cc 7 ch 2 of nano", "strength", None),
        ("osc /x", "macro/push", (0, 127)),
        ("midi note 1", "strength", None),
        ("osc /x", "steps", None),
        ("osc /x value 1", "push", None),
        ("midi note 1", "strength", None),
    ]


def test_what_an_included_file_maps_already_is_said(tmp_path: Path) -> None:
    (tmp_path / "pads.yaml").write_text("mappings:\n  - {osc: /pad, to: steps}\n")
    path = tmp_path / "mine.yaml"
    path.write_text("include: pads\n")
    assert "in pads.yaml already" in add_mapping(path, {"osc": "/pad", "to": "steps"})
    assert path.read_text() == "include: pads\n"
