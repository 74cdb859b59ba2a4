"""`sound:` of a show: which words there are, what YAML makes of them, and where a file lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from vj.core.errors import Fault
from vj.show.load import load_show
from vj.show.moved import move_paths
from vj.show.parse import plain_tree, read
from vj.show.sound_section import sound_choice


def written(folder: Path, line: str) -> Path:
    path = folder / "show.yaml"
    path.write_text(f"source: testcard\n{line}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "kind", "name"),
    [
        ("", "source", ""),
        ("sound: source", "source", ""),
        ("sound: on", "source", ""),
        ("sound: off", "off", ""),
        ("sound: no", "off", ""),
        ("sound: false", "off", ""),
        ("sound: 'off'", "off", ""),
        ("sound: input", "input", ""),
        ("sound: input USB Audio 2.0", "input", "USB Audio 2.0"),
        ("sound: /music/some song.flac", "file", "/music/some song.flac"),
    ],
)
def test_a_show_says_what_is_heard(tmp_path: Path, line: str, kind: str, name: str) -> None:
    assert sound_choice(load_show(written(tmp_path, line)).sound) == (kind, name)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sound: sorce", "did you mean source?"),
        ("sound: loud", "off, source, input NAME, or a file"),
        ("sound:", "no value is given"),
        ("sound: [a.wav]", "an audio file would be right"),
        ("sound: 3", "an audio file would be right"),
        ("soundd: off", "did you mean sound?"),
    ],
)
def test_what_is_no_sound_is_refused_with_what_would_be(
    tmp_path: Path, line: str, words: str
) -> None:
    with pytest.raises(Fault) as raised:
        load_show(written(tmp_path, line))
    assert "show.yaml:2" in str(raised.value)
    assert words in str(raised.value)


def test_a_file_lies_beside_the_show_and_moves_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "song.ogg").touch()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    path = written(tmp_path / "set", "sound: song.ogg")
    assert load_show(path).sound == str(tmp_path / "set" / "song.ogg")
    tree = read(path)
    assert move_paths(tree, path, tmp_path / "mine.yaml")
    assert plain_tree(tree, "")["sound"] == "set/song.ogg"


def test_the_command_line_goes_before_the_show(tmp_path: Path) -> None:
    path = written(tmp_path, "sound: off")
    assert load_show(path, {"sound": "input Loopback"}).sound == "input Loopback"
    with pytest.raises(Fault, match=r"command line: --sound laud: .*no such sound"):
        load_show(path, {"sound": "laud"})
