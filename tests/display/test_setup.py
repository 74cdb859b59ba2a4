"""A monitor's setup: its file, and what is no setup."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vj.core.errors import Fault
from vj.display.setup import ScreenSetup, read_setup, setup_file, write_setup

KEYSTONE = ((0.1, 0.05), (0.9, 0.2), (0.8, 0.95), (0.05, 0.7))


def test_a_setup_is_kept_by_the_monitors_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = setup_file("BenQ: MH/733")
    assert path.as_posix() == "displays/BenQ_ MH_733.json"
    assert setup_file("..").as_posix() == "displays/display.json"
    assert read_setup(path) == ScreenSetup()
    setup = ScreenSetup(KEYSTONE, 270, "across", "cover", "stage.png")
    write_setup(path, setup)
    assert read_setup(path) == setup
    assert [one.name for one in path.parent.iterdir()] == [path.name], "no draft is left"
    assert json.loads(path.read_text())["corners"]["bottom-left"] == [0.05, 0.7]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"corner": 1}, "corner; did you mean corners? (known: corners, rotate"),
        ([], "[]: corners, rotate"),
        ({"corners": [[0, 0], [1, 0], [1, 1]]}, "four pairs"),
        ({"corners": "abcd"}, "four pairs"),
        ({"corners": {"top-left": [0, 0]}}, "top-left, top-right, bottom-right, bottom-left"),
        ({"corners": [[0, 0], [1, 0], [0, 1], [1, 1]]}, "folded or flat"),
        ({"corners": [[0, 0], [3, 0], [1, 1], [0, 1]]}, "-0.5 .. 1.5"),
        ({"corners": [[0, 0], [float("nan"), 0], [1, 1], [0, 1]]}, "four pairs"),
        ({"rotate": 45}, "rotate 45: one of 0, 90, 180, 270"),
        ({"rotate": False}, "rotate False"),
        ({"rotate": [90]}, "rotate [90]"),
        ({"flip": "left"}, "none, across, down, both"),
        ({"fit": ""}, "contain, cover, stretch"),
        ({"mask": 3}, "PNG whose white shows"),
    ],
)
def test_what_is_no_setup_is_told_and_changes_nothing(given: object, words: str) -> None:
    with pytest.raises(Fault) as caught:
        ScreenSetup().changed(given)
    assert words in str(caught.value)


@pytest.mark.parametrize(("text", "words"), [("{", "is no JSON"), ('{"fit": 3}', "fit 3: one of")])
def test_a_spoilt_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "wall.json"
    path.write_text(text)
    with pytest.raises(Fault, match=r"wall\.json") as caught:
        read_setup(path)
    assert words in str(caught.value)


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "displays").write_text("a file")
    with pytest.raises(Fault, match="cannot be written"):
        write_setup(tmp_path / "displays" / "wall.json", ScreenSetup())
