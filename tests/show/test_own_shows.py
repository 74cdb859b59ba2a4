"""A shipped show is never written to: what is learned and stored goes into a copy in shows/, whose
paths still mean the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from vj.core.errors import Fault
from vj.show import own_shows
from vj.show.load import find_show, load_show
from vj.show.moved import move_paths
from vj.show.own_shows import copies, is_shipped, named, offer, save_as, writable
from vj.show.reload import ShowFile
from vj.show.yaml_file import open_tree

TEXT = """\
# Night: a lesson.
show: Night
source: [video:clip.mp4, "clips:clip.mp4,drawn:kiss", testcard]   # yours
model: none
include: [pads, surfaces/pedal]
start: {strength: 0.3}
modulators:
  - {name: level, audio: level, input: song.wav, to: strength, depth: 0.1}

mappings:
  - {osc: /mine, to: strength}   # mine
"""


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shipped show with files beside it; the working directory is another one."""
    folder = tmp_path / "vj" / "mappings"
    (folder / "surfaces").mkdir(parents=True)
    (folder / "pads.yaml").write_text("mappings:\n  - {osc: /pad, to: steps}\n")
    (folder / "surfaces" / "pedal.yaml").write_text("mappings:\n  - {osc: /pedal, to: steps}\n")
    for name in ("clip.mp4", "song.wav"):
        (folder / name).touch()
    path = folder / "night.yaml"
    path.write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr(own_shows, "SHIPPED", folder)
    monkeypatch.setattr("vj.show.find.FIRST_SHOW", folder / "first_show.yaml")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return path


def resolved(path: Path) -> tuple[list[str], list[str | None], str]:
    show = load_show(path)
    sources = [
        ",".join(
            part if ":" in part else os.path.realpath(part)
            for part in uri.partition(":")[2].split(",")
        )
        for uri in show.source
    ]
    addresses = [rule.osc for rule in show.mappings]
    return sources, addresses, os.path.realpath(show.modulators[0].input)


def test_a_copy_keeps_the_comments_and_its_paths_mean_the_same(shipped: Path) -> None:
    copy, remark = writable(shipped)
    assert copy == Path("shows/night.yaml")
    assert remark == ("mappings/night.yaml is a shipped show; a copy was written: shows/night.yaml")
    text = copy.read_text(encoding="utf-8")
    first, rest = text.split("\n", 1)
    assert first == "# A copy of mappings/night.yaml:  python3 launch.py shows/night.yaml"
    for kept in ("# Night: a lesson.", "# yours", "# mine", "include: [pads, surfaces/pedal]"):
        assert kept in rest
    assert "video:../../vj/mappings/clip.mp4" in rest
    assert resolved(copy) == resolved(shipped)
    assert shipped.read_text(encoding="utf-8") == TEXT
    assert not is_shipped(copy)
    assert writable(copy) == (copy, "")


def test_without_paths_the_copy_is_the_text_itself(shipped: Path) -> None:
    text = "show:   Night      # oddly set\nstart: {strength:   0.5}\n"
    shipped.write_text(text, encoding="utf-8")
    copy, _ = writable(shipped)
    assert copy.read_text(encoding="utf-8").split("\n", 1)[1] == text


def test_a_copy_is_gone_on_with_while_it_is_the_same_show(shipped: Path) -> None:
    copy, _ = writable(shipped, playing=True)
    ShowFile(copy, None, print).add_mapping({"osc": "/a", "to": "strength"})
    assert writable(shipped, playing=True)[0] == copy, "learned mappings make no other show of it"
    copy.write_text(copy.read_text().replace("strength: 0.3", "strength: 0.9"))
    other, remark = writable(shipped, playing=True)
    assert other == Path("shows/night-2.yaml"), "what plays does not jump to another show"
    assert "a copy was written: shows/night-2.yaml" in remark
    os.utime(other, (1, 1))
    assert copies(shipped) == [copy, other]
    assert writable(shipped)[0] == copy, "nothing plays: the one saved last"


def test_the_copy_is_offered_and_found_by_its_name(shipped: Path) -> None:
    assert offer(shipped) == ""
    writable(shipped)
    assert offer(shipped) == (
        "shows/night.yaml is your copy of it: python3 launch.py shows/night.yaml"
    )
    assert offer(Path("shows/night.yaml")) == ""
    assert find_show("night") == shipped, "the shipped one, by its name"
    Path("shows/night.yaml").rename("shows/my night.yaml")
    assert find_show("my night") == Path("shows/my night.yaml")
    with pytest.raises(Fault, match=r"did you mean my night\?.*in shows/: my night"):
        find_show("my nigth")


def after_a_save(file: ShowFile, save: Callable[[], str]) -> str:
    """The message of a save, which the show that plays has taken."""
    report = save()
    found = file.changed()
    assert found is not None
    assert file.written_by_vj
    assert file.changed() is None
    return report


def test_a_playing_show_goes_on_from_its_copy(shipped: Path) -> None:
    messages: list[str] = []
    time = [0.0]
    file = ShowFile(shipped, {"model": "none"}, messages.append, lambda: time[0])
    report = after_a_save(file, lambda: file.add_mapping({"osc": "/new", "to": "mix/wet"}))
    assert report == "written into shows/night.yaml: - {osc: /new, to: mix/wet}"
    assert file.path == Path("shows/night.yaml")
    after_a_save(file, lambda: file.write_cues({"calm": {"strength": 0.2}}))
    assert messages == [
        "mappings/night.yaml is a shipped show; a copy was written: shows/night.yaml"
    ], "said once"
    assert shipped.read_text(encoding="utf-8") == TEXT
    shipped.write_text(TEXT.replace("0.3", "0.7"))
    assert file.changed() is None, "the shipped file is followed no longer"
    file.path.write_text(file.path.read_text().replace("0.3", "0.6"))
    assert file.changed() is None
    time[0] = 60
    show = file.changed()
    assert show is not None
    assert show.start["strength"] == 0.6
    assert [rule.osc for rule in show.mappings] == ["/pedal", "/pad", "/mine", "/new"]


def test_what_cannot_be_changed_makes_no_copy(shipped: Path) -> None:
    file = ShowFile(shipped, None, print)
    with pytest.raises(Fault, match="no such mapping"):
        file.remove_mapping("0" * 12)
    assert not Path("shows").exists()


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("friday", "friday.yaml"),
        (" Friday night.yaml ", "Friday night.yaml"),
        ("Größe 2", "Größe 2.yaml"),
        ("a.b-c_d", "a.b-c_d.yaml"),
    ],
)
def test_a_name_is_a_file_in_shows(name: str, file: str) -> None:
    assert named(name) == Path("shows") / file


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", ".", "..", "../x", "a/b", "a\\b", ".hidden", "con", "LPT1.yaml", "a\0b", "a\nb"),
        *("x" * 61, "~", None, 7, "-rf", "C:x", "*"),
    ],
)
def test_a_name_that_is_a_path_or_none_is_refused(name: object) -> None:
    with pytest.raises(Fault, match="save as"):
        named(name)


def test_a_show_that_is_there_is_kept_beside_the_new_one(shipped: Path) -> None:
    tree, _ = open_tree(shipped)
    target = named("friday night")
    tree["source"] = "testcard"
    tree["modulators"] = []
    tree["include"] = []
    assert save_as(tree, target) == (
        "saved as shows/friday night.yaml: python3 launch.py 'shows/friday night.yaml'"
    )
    before = target.read_bytes()
    tree["show"] = "Another"
    assert "what stood there is kept as shows/friday night.yaml.bak" in save_as(tree, target)
    assert target.with_name("friday night.yaml.bak").read_bytes() == before
    assert load_show(target).show == "Another"
    tree["show"] = {"not": "a name"}
    with pytest.raises(Fault):
        save_as(tree, target)
    assert load_show(target).show == "Another"
    assert target.with_name("friday night.yaml.bak").read_bytes() == before, "nothing is changed"


def test_a_show_that_cannot_be_kept_is_not_replaced(shipped: Path) -> None:
    tree, _ = open_tree(shipped)
    target = named("friday night")
    move_paths(tree, shipped, target)
    save_as(tree, target)
    before = target.read_bytes()
    target.with_name(".friday night.yaml.bak").mkdir()  # in the way, as a full disk would be
    tree["show"] = "Another"
    with pytest.raises(Fault, match="cannot be kept"):
        save_as(tree, target)
    assert target.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_a_fault(shipped: Path) -> None:
    Path("shows").write_text("a file is in the way")
    with pytest.raises(Fault, match="cannot be written"):
        writable(shipped)
