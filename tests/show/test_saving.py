"""Saving a show while it plays: what is half written changes nothing, and what is written back says
what was meant."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import vj.show.reload
from vj.core.errors import Fault
from vj.show import yaml_file
from vj.show.load import ShowFaults, check_show, load_show
from vj.show.presence import AWAY
from vj.show.reload import DOUBTFUL_DELAY, ShowFile
from vj.show.save import add_mapping, write_cues
from vj.show.schema import Show

TEXT = """\
# a night
show: Harbour
source: testcard
sinks: [record:night.mp4]
start: {strength: 0.3}
cues:
  - {name: fog, set: {strength: 0.2}}
  - {name: sun, set: {strength: 0.9}}
"""


class WatchedFile:
    """A show file that is watched for saves, on a clock that the test moves."""

    def __init__(self, path: Path, text: str = TEXT) -> None:
        path.write_text(text, encoding="utf-8")
        self.path = path
        self.time = 0.0
        self.messages: list[str] = []
        self.file = ShowFile(path, {"model": "none"}, self.messages.append, lambda: self.time)

    def after(self, seconds: float) -> Show | None:
        """The show that comes of looking four times a second for so long."""
        for _ in range(round(seconds * 4)):
            found = self.file.changed()
            if found is not None:
                return found
            self.time += 0.25
        return None

    def put(self, text: str) -> None:
        """Written elsewhere, then put in its place, as careful editors do."""
        part = self.path.with_name("elsewhere")
        part.write_text(text, encoding="utf-8")
        os.replace(part, self.path)


@pytest.fixture
def watched(tmp_path: Path) -> WatchedFile:
    return WatchedFile(tmp_path / "night.yaml")


def test_an_atomic_save_is_taken_at_the_first_look(watched: WatchedFile) -> None:
    watched.put(TEXT.replace("0.3", "0.6"))
    found = watched.file.changed()
    assert found is not None
    assert found.start["strength"] == 0.6
    assert watched.after(5) is None, "and once"
    assert watched.messages == []


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# all of it is a remark\n", "---\n", "{}\n", "\0" * 40]
)
@pytest.mark.parametrize("atomic", [False, True])
def test_an_empty_file_is_logged_and_never_played(
    watched: WatchedFile, text: str, atomic: bool
) -> None:
    (watched.put if atomic else watched.path.write_text)(text)
    assert watched.after(10) is None
    assert len(watched.messages) == 1, "once"
    assert "is empty; the running show goes on as it was" in watched.messages[0]
    watched.path.write_text(TEXT)
    assert watched.after(10) is None, "back to what plays: there is nothing to do"
    assert len(watched.messages) == 1
    watched.path.write_text(TEXT.replace("0.3", "0.4"))
    assert watched.after(3) is not None


def test_a_file_that_is_being_written_is_not_played_before_it_stands_still(
    watched: WatchedFile,
) -> None:
    whole = TEXT.replace("Harbour", "Harbour by night").replace("0.9", "0.8")
    for end in range(60, len(whole), 7):
        watched.path.write_text(whole[:end], encoding="utf-8")
        assert watched.file.changed() is None
        watched.time += 0.25
    watched.path.write_text(whole, encoding="utf-8")
    assert watched.file.changed() is None
    watched.time += 0.25
    assert watched.file.changed() is None, "it has changed often: it is waited for longer"
    found = watched.after(3)
    assert found is not None
    assert found.show == "Harbour by night"


def test_a_file_that_is_taken_away_is_told_once_and_plays_again_when_it_is_back(
    watched: WatchedFile,
) -> None:
    away = watched.path.with_name("renamed.yaml")
    watched.path.rename(away)
    assert watched.after(AWAY - 0.3) is None
    assert watched.messages == [], "editors do that for a moment"
    assert watched.after(30) is None
    assert watched.messages == [
        f"{watched.path}: is no longer there; the running show goes on as it was, and what is "
        "saved under this name is played"
    ]
    with pytest.raises(Fault, match=r"night\.yaml"):
        watched.file.write_cues({"fog": {"strength": 0.25}})
    away.rename(watched.path)
    assert watched.after(5) is None
    assert watched.messages[1:] == [f"{watched.path}: is there again"]
    watched.path.unlink()
    watched.after(1)
    watched.put(TEXT.replace("0.3", "0.6"))
    assert watched.after(1) is not None
    assert len(watched.messages) == 2


def test_what_was_saved_is_named(watched: WatchedFile) -> None:
    blur, faders = watched.path.with_name("blur.py"), watched.path.with_name("faders.yaml")
    blur.write_text("def effect(frame, parameters, time):\n    return frame\n")
    faders.write_text("mappings: []\n")
    watched.put(TEXT + "effects: [blur.py]\ninclude: faders.yaml\n")
    assert watched.after(2) is not None, watched.messages
    assert watched.file.saved == "the show file was"
    faders.write_text("mappings: [{osc: /a, to: steps}]\n")
    assert watched.after(2) is not None
    assert watched.file.saved == "faders.yaml was"
    watched.file.write_cues({"fog": {"strength": 0.25}})
    assert watched.after(2) is not None
    assert watched.file.written_by_vj
    blur.write_text("def effect(frame, parameters, time):\n    return frame + 1\n")
    assert watched.after(2) is not None
    assert watched.file.saved == "blur.py was"
    assert not watched.file.written_by_vj, "what was saved by hand is told"


def test_bytes_count_and_not_times(watched: WatchedFile) -> None:
    stamp = watched.path.stat()
    watched.path.write_text(TEXT.replace("0.3", "0.7"), encoding="utf-8")
    os.utime(watched.path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert watched.after(3) is not None
    os.utime(watched.path)
    assert watched.after(3) is None, "touched only"


@pytest.mark.parametrize("atomic", [False, True])
def test_sections_that_are_gone_are_asked_for_twice_and_then_named(
    watched: WatchedFile, atomic: bool
) -> None:
    cut = TEXT[: TEXT.index("sinks")].replace("Harbour", "Pier")
    (watched.put if atomic else watched.path.write_text)(cut)
    assert watched.after(DOUBTFUL_DELAY - 0.3) is None
    found = watched.after(1.5)
    assert found is not None
    assert found.sinks == ["preview"]
    assert len(watched.messages) == 1
    assert "sinks, start, cues: no longer in the file" in watched.messages[0]


def test_a_file_cut_inside_its_last_section_is_asked_for_twice(watched: WatchedFile) -> None:
    watched.path.write_text(TEXT[: TEXT.index("  - {name: sun")], encoding="utf-8")
    assert watched.after(DOUBTFUL_DELAY - 0.3) is None
    assert watched.after(1.5) is not None


def test_a_fault_is_logged_once_and_soon_and_what_is_put_right_plays(
    watched: WatchedFile,
) -> None:
    watched.path.write_text(TEXT.replace("testcard", "tetscard"), encoding="utf-8")
    assert watched.after(1) is None
    assert len(watched.messages) == 1
    assert f"{watched.path}:3: " in watched.messages[0]
    assert watched.after(5) is None
    watched.path.write_text(TEXT.replace("0.3", "0.5"), encoding="utf-8")
    assert watched.after(1) is not None
    assert len(watched.messages) == 1


def test_what_is_included_counts_too(tmp_path: Path) -> None:
    (tmp_path / "pads.yaml").write_text(
        "mappings:\n  - {osc: /a, to: strength}\n", encoding="utf-8"
    )
    watched = WatchedFile(tmp_path / "night.yaml", TEXT + "include: pads\n")
    (tmp_path / "pads.yaml").write_text("", encoding="utf-8")
    assert watched.after(10) is None
    assert "pads.yaml: is empty" in watched.messages[0]
    (tmp_path / "pads.yaml").unlink()
    assert watched.after(1) is None, "it may come back"
    (tmp_path / "pads.yaml").write_text(
        "mappings:\n  - {osc: /b, to: strength}\n", encoding="utf-8"
    )
    found = watched.after(3)
    assert found is not None
    assert found.mappings[0].osc == "/b"
    (tmp_path / "pads.yaml").unlink()
    assert watched.after(5) is None
    assert "pads: no such file" in watched.messages[-1]


def test_whatever_loading_throws_the_watch_goes_on(
    watched: WatchedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Show:
        raise ZeroDivisionError("nobody thought of this")

    with monkeypatch.context() as patch:
        patch.setattr(vj.show.reload, "load_show", broken)
        watched.put(TEXT.replace("0.3", "0.1"))
        assert watched.after(1) is None
    assert "nobody thought of this" in watched.messages[0]
    watched.put(TEXT.replace("0.3", "0.2"))
    assert watched.after(1) is not None


HARD = [
    "?? who is there",
    "? yes",
    "- x",
    "a: b",
    "#x",
    "gold #x",
    "yes",
    "null",
    "~",
    "1e3",
    "12:30",
    "0x10",
    "two\nlines\n",
    " spaces around ",
    "\ttab",
    "🌊 sea, {foam}, [wind]",
    'it\'s "both"',
    "%TAG",
    "@home",
    "`tick`",
    "*star",
    "&amp",
    "!bang",
    "a, b]",
    "}",
    "|",
    ">",
    "",
    "e\u0301\u2028x\u0085y",
    "word " * 60,
    "---",
    "... ",
    "=",
    "<<",
]


@pytest.mark.parametrize("text", HARD)
def test_a_prompt_survives_being_written(tmp_path: Path, text: str) -> None:
    path = tmp_path / "night.yaml"
    path.write_text(TEXT, encoding="utf-8")
    write_cues(
        path, {"fog": {"prompt/a": text, "strength": 0.1}, "new one: ?? 2": {"prompt/b": text}}
    )
    cues = {cue.name: cue for cue in load_show(path).cues}
    assert cues["fog"].set == {"prompt/a": text, "strength": 0.1}
    assert cues["new one: ?? 2"].set == {"prompt/b": text}
    assert path.read_text(encoding="utf-8").startswith("# a night\nshow: Harbour\n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["night.yaml"], (
        "nothing is left beside it"
    )


@pytest.mark.parametrize("text", ["?? who", "a line\u2028and another\u0085end"])
def test_what_would_be_read_as_something_else_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    path = tmp_path / "night.yaml"
    path.write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr("vj.show.yaml_file.quoted", lambda given: given)
    with pytest.raises(Fault, match=r"read.*nothing is written"):
        write_cues(path, {"fog": {"prompt/a": text}})
    assert path.read_text(encoding="utf-8") == TEXT
    assert [entry.name for entry in tmp_path.iterdir()] == ["night.yaml"]


@pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")
def test_rights_links_and_ends_of_lines_stay(tmp_path: Path) -> None:
    real = tmp_path / "shows" / "night.yaml"
    real.parent.mkdir()
    real.write_bytes(TEXT.replace("\n", "\r\n").encode())
    real.chmod(0o640)
    link = tmp_path / "now.yaml"
    link.symlink_to(real)
    assert "written into" in add_mapping(link, {"osc": "/1/fader1", "to": "strength"})
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    raw = real.read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n") > 8
    assert load_show(link).mappings[0].osc == "/1/fader1"


def test_a_disk_that_is_full_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "night.yaml"
    path.write_text(TEXT, encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vj.show.yaml_file.os.fsync", full)
    with pytest.raises(Fault, match="No space left"):
        add_mapping(path, {"osc": "/x", "to": "strength"})
    assert path.read_text(encoding="utf-8") == TEXT
    assert [entry.name for entry in tmp_path.iterdir()] == ["night.yaml"]


def test_a_show_with_includes_can_be_taught(tmp_path: Path) -> None:
    (tmp_path / "pads.yaml").write_text(
        "macros:\n  push: {drives: {strength: [0, 1]}}\n", encoding="utf-8"
    )
    path = tmp_path / "night.yaml"
    path.write_text(TEXT + "include: pads\n", encoding="utf-8")
    add_mapping(path, {"osc": "/push", "to": "push"})
    assert load_show(path).mappings[0].to == "push"


def test_what_an_editor_saves_while_a_cue_is_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "night.yaml"
    path.write_text(TEXT, encoding="utf-8")
    compare, saves = yaml_file.verify, ["# by hand\n"]

    def editor(*given: Any) -> None:
        compare(*given)
        if saves:
            path.write_text(TEXT + saves.pop(), encoding="utf-8")

    monkeypatch.setattr(yaml_file, "verify", editor)
    write_cues(path, {"fog": {"strength": 0.25}})
    assert "# by hand" in path.read_text(encoding="utf-8")
    assert {cue.name: cue for cue in load_show(path).cues}["fog"].set == {"strength": 0.25}


def test_a_cue_of_an_included_file_is_named_and_the_others_are_written(tmp_path: Path) -> None:
    (tmp_path / "pads.yaml").write_text(
        "cues: [{name: shared, set: {steps: 2}}]\n", encoding="utf-8"
    )
    path = tmp_path / "night.yaml"
    path.write_text(TEXT + "include: pads\n", encoding="utf-8")
    report = write_cues(path, {"shared": {"steps": 3}, "mine": {"steps": 4}})
    assert "mine written" in report
    assert "shared (pads.yaml) is of an included file" in report
    cues = {cue.name: cue.set for cue in load_show(path).cues}
    assert (cues["shared"], cues["mine"]) == ({"steps": 2}, {"steps": 4})


def test_cues_that_the_program_writes_itself_are_no_news(watched: WatchedFile) -> None:
    watched.file.write_cues({"fog": {"strength": 0.25}})
    found = watched.after(2)
    assert found is not None
    assert watched.file.written_by_vj
    assert watched.after(5) is None
    watched.put(TEXT)
    assert watched.after(1) is not None
    assert not watched.file.written_by_vj


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("show: a\nsinks: [record:x.avi]\n", 2),
        ("show: a\nsinks:\n  - preview\n  - 'record:'\n", 4),
        ("show: a\nsinks: ['record:~nobody-of-this-name/x.mp4']\n", 2),
        ("show: a\nsource: ~nobody-of-this-name/x.mp4\n", 2),
        ("show: a\nsource: walk:one.jpg\n", 2),
        ("show: a\nmodel: ~nobody-of-this-name/x\n", 2),
        ("show: a\nmodel:\n  name: ~nobody-of-this-name/x\n", 3),
        ("show: a\nupscale: ~nobody-of-this-name/x.pth\n", 2),
        ("show: a\nflow: raft:~nobody-of-this-name/x.pth\n", 2),
        ("show: a\nperson: ~nobody-of-this-name/x.onnx\n", 2),
        ("show: a\nstart:\n  mix/mode: .inf\n", 3),
        ("show: a\nstart:\n  strength: .nan\n", 3),
        ("show: a\nfps: .inf\n", 2),
        ("show: a\nslow: .nan\n", 2),
        (
            "show: a\nmodulators:\n  - {lfo: sine, rate: 1 s, depth: 0.1, phase: .nan, to: "
            "strength}\n",
            3,
        ),
        ("show: a\nfps: 1" + "0" * 400 + "\n", 2),
        ("show: a\nslow: 1" + "0" * 5000 + "\n", 2),
        ("show: a\nstart:\n  strength: 1" + "0" * 400 + "\n", 3),
        ("show: a\ntempo: 1" + "0" * 400 + "\n", 2),
        ("show: a\nstart: &me\n  strength: 0.5\n  more: *me\n", 4),
        ("show: a\ncues: &all\n  - *all\n", 2),
    ],
)
def test_whatever_stands_in_a_show_is_answered_with_its_line(
    tmp_path: Path, text: str, line: int
) -> None:
    path = tmp_path / "show.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ShowFaults) as caught:
        load_show(path)
    assert [one.split(":")[1] for one in caught.value.lines] == [str(line)], caught.value.lines
    assert all(len(one) < 700 for one in caught.value.lines)


def test_aliases_that_grow_without_bound_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    path = tmp_path / "show.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(Fault, match="aliases"):
        load_show(path)


def test_a_surprise_of_a_check_is_a_fault_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(uri: Any) -> None:
        if uri.startswith("walk:"):
            raise ZeroDivisionError("of a source")

    monkeypatch.setattr("vj.sources.check_uri", check)
    path = tmp_path / "show.yaml"
    path.write_text("show: a\nsource:\n  - testcard\n  - walk:a.jpg,b.jpg\n", encoding="utf-8")
    with pytest.raises(ShowFaults, match=r"show\.yaml:4: source\.1: .*ZeroDivisionError"):
        load_show(path)


EMPTY: list[tuple[str, Callable[[Show], object]]] = [
    ("cues:\n", lambda show: show.cues),
    ("cues:\n  # - {name: fog}\n", lambda show: show.cues),
    ("mappings:\n", lambda show: show.mappings),
    ("macros:\n", lambda show: show.macros),
    ("timeline:\n", lambda show: show.timeline),
    ("curves:\n", lambda show: show.curves),
    ("answers:\n", lambda show: show.answers),
    ("ignored:\n", lambda show: show.ignored),
    ("start:\n", lambda show: show.start),
    ("sinks:\n", lambda show: show.sinks),
    ("include:\n", lambda show: show.include),
    ("finish:\n", lambda show: show.finish),
    ("ndi_addresses:\n", lambda show: show.ndi_addresses),
    ("model: {name: none, loras: }\n", lambda show: show.model.loras),
    ("cues:\n  - name: fog\n    set:\n", lambda show: show.cues[0].set),
]


@pytest.mark.parametrize(("text", "of"), EMPTY)
def test_a_section_without_entries_is_an_empty_one(
    tmp_path: Path, text: str, of: Callable[[Show], object]
) -> None:
    path = tmp_path / "show.yaml"
    path.write_text(text, encoding="utf-8")
    assert not of(load_show(path))


@pytest.mark.parametrize("name", ["osc", "tempo", "midi", "page"])
def test_a_section_of_settings_without_any_has_its_defaults(name: str) -> None:
    assert getattr(check_show({name: None}, "here"), name) == getattr(Show(), name)


def test_a_source_of_which_nothing_is_written_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "show.yaml"
    path.write_text("show: a\nsource:\n", encoding="utf-8")
    with pytest.raises(ShowFaults, match=r":2: source"):
        load_show(path)
