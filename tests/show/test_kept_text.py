"""What is written into a show file leaves the rest of it as it stands there."""

from __future__ import annotations

from pathlib import Path

from vj.show.load import load_show
from vj.show.save import add_mapping, write_cues
from vj.show.save_marks import put_marks
from vj.show.yaml_file import open_tree, text_of

ODD = """\
# a night, laid out by hand
show:   Kiss
source: testcard
sources: {one: 'drawn:kiss',
          two: "drawn:drive"}
cuts: [two, {at: 0:02}]   # in this order

curves:
    - to: strength
      points: [[0:00, .20],
               [0:30, 1]]

# What the hand plays.
mappings:
- {midi: cc 1, to: strength}   # the big knob
"""


def odd(folder: Path, text: str = ODD) -> Path:
    path = folder / "show.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_mark_is_one_more_line_and_no_other_letter_changes(tmp_path: Path) -> None:
    path = odd(tmp_path)
    put_marks(path, {"": {"lips": 5.1}})
    text = path.read_text(encoding="utf-8")
    assert text == ODD.replace("curves:", "marks: {lips: 0:05.1}\ncurves:")
    put_marks(path, {"": {"hit": 3.4}, "one": {"lips": 2.0}})
    assert path.read_text(encoding="utf-8") == text.replace(
        "0:05.1}", "0:05.1, hit: 0:03.4, one: {lips: 0:02}}"
    )


def test_a_remark_stays_above_its_section_where_another_is_put_before_it(tmp_path: Path) -> None:
    text = ODD[: ODD.index("curves:")] + ODD[ODD.index("# What") :]
    path = odd(tmp_path, text)
    put_marks(path, {"": {"lips": 5.1}})
    assert path.read_text(encoding="utf-8") == text.replace(
        "# What", "marks: {lips: 0:05.1}\n# What"
    )


def test_a_mapping_or_a_cue_changes_its_own_section_alone(tmp_path: Path) -> None:
    path = odd(tmp_path, ODD.removesuffix("\n"))
    write_cues(path, {"calm": {"strength": 0.2}})
    text = path.read_text(encoding="utf-8")
    assert text.startswith(ODD)
    assert text[len(ODD) :].startswith("cues:")
    add_mapping(path, {"midi": "cc 2", "to": "guidance"})
    above = ODD[: ODD.index("- {midi")]
    assert path.read_text(encoding="utf-8").startswith(above)
    show = load_show(path)
    assert [rule.to for rule in show.mappings] == ["strength", "guidance"]
    assert [cue.name for cue in show.cues] == ["calm"]


def test_a_section_that_an_anchor_of_another_one_means_is_written_with_it(tmp_path: Path) -> None:
    path = odd(
        tmp_path,
        "source: testcard\n"
        "cues: [{name: a, set: &low {strength: .1}}, {name: b, set:   *low}]\n"
        "start:   *low\n",
    )
    write_cues(path, {"a": {"strength": 0.9}})
    show = load_show(path)
    assert [cue.set["strength"] for cue in show.cues] == [0.9, 0.1]
    assert show.start["strength"] == 0.1


def test_a_single_key_in_a_list_keeps_its_braces_where_all_is_written(tmp_path: Path) -> None:
    path = odd(tmp_path)
    assert "cuts: [two, {at: 0:02}]" in text_of(open_tree(path)[0], path)
