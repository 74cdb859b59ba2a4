"""`--from PICTURE.png`: what a snapshot says of itself plays."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import pytest

from tests.app.test_snapshot import SHOW, picture
from vj.app.snapshot import write_picture
from vj.commands.from_picture import is_picture, play_picture
from vj.commands.options import overrides, parser
from vj.commands.play import play
from vj.core.errors import Fault
from vj.core.png_text import text_chunk, with_chunks
from vj.parameters.store import Store
from vj.show.load import load_show
from vj.show.picture_settings import KEYWORD, PictureSettings, file_texts, settings_of
from vj.show.reload import ShowFile


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "kiss.yaml"
    path.write_text(SHOW, encoding="utf-8")
    return path


def taken_from(path: Path, **more: Any) -> Path:
    """A picture of the show, with other values."""
    show = load_show(path)
    values = Store(show.start, show.table()).base() | more.pop("values", {})
    made = settings_of("0.1.0", show, values, show.table(), 12.0, more.pop("position", None))
    texts = {"file": path.name, "text": path.read_text(encoding="utf-8")} | more
    known = {name: getattr(made, name) for name in made.__dataclass_fields__} | texts
    return write_picture(picture(), PictureSettings(**known), None, Path("takes/shot.png"))


def played(*arguments: str) -> tuple[Path, dict[str, Any], list[str]]:
    options = parser().parse_args([str(argument) for argument in arguments])
    options.overrides = overrides(options)
    messages: list[str] = []
    assert is_picture(options.begin)
    return *play_picture(options, messages.append, ExitStack()), messages


def test_it_plays_the_show_with_its_values(show: Path) -> None:
    shot = taken_from(show, values={"mix/wet": 0.9, "prompt/a": "gold", "macro/pedal": 0.5})
    path, given, messages = played("--from", shot, "--set", "mix/wet=0.1")
    assert path == Path("kiss.yaml")
    start = load_show(path, given).start
    assert (start["mix/wet"], start["prompt/a"], start["macro/pedal"]) == (0.1, "gold", 0.5)
    assert messages == [f"{shot}: Kiss & go, none, as it was 12.0 s into it"]


def test_it_goes_on_where_the_timeline_was(show: Path) -> None:
    _, given, _ = played("--from", taken_from(show, position=0.4))
    assert given["start"]["timeline/position"] == 0.4


def test_the_model_and_the_source_that_were_chosen_play(show: Path) -> None:
    shot = taken_from(show, model="painted", source="kiss", size="128x128", output="", fps=25.0)
    path, given, _ = played("--from", shot)
    chosen = load_show(path, given)
    assert (chosen.model.name, chosen.source) == ("drawn", ["drawn:kiss", "testcard"])
    assert (str(chosen.size), chosen.output, chosen.fps) == ("128x128", None, 25)
    path, given, _ = played("--from", shot, "--model", "pocket")
    assert load_show(path, given).model.name == "pocket", "an option goes first"
    _, given, messages = played("--from", taken_from(show, model="sd-local", source="me.mp4"))
    assert "model" not in given
    assert any("painted with sd-local; --model PATH plays it" in line for line in messages)
    assert any("painted of me.mp4; --source PATH plays it" in line for line in messages)


def test_a_show_that_is_not_here_or_has_changed_is_played_as_the_picture_holds_it(
    show: Path,
) -> None:
    shot = taken_from(show, values={"mix/wet": 0.9})
    show.write_text(SHOW.replace("fps: 10", "fps: 50"), encoding="utf-8")
    path, given, messages = played("--from", shot)
    assert load_show(path, given).fps == 10
    assert "kiss.yaml is another by now" in messages[0]
    show.unlink()
    path, given, messages = played("--from", shot)
    assert path.read_text(encoding="utf-8") == SHOW
    assert load_show(path, given).start["mix/wet"] == 0.9
    assert "kiss.yaml is not here" in messages[0]


def test_the_show_of_a_picture_leaves_nothing_behind(
    show: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    shot = taken_from(show)
    show.unlink()
    sink = ("--sink", f"record:{tmp_path}/out/")
    options = parser().parse_args(["--from", str(shot), "--offline", "--for", "0.1", *sink])
    assert play(options) == 0
    assert options.file.is_relative_to(tmp_path / "temporary")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_what_is_written_into_the_show_of_a_picture_goes_into_a_copy(show: Path) -> None:
    shot = taken_from(show)
    show.unlink()
    path, given, _ = played("--from", shot)
    messages: list[str] = []
    file = ShowFile(path, given, messages.append)
    file.add_mapping({"osc": "/mine", "to": "strength"})
    assert messages == ["kiss.yaml is the show of a picture; a copy was written: shows/kiss.yaml"]
    assert file.path == Path("shows/kiss.yaml")
    assert "/mine" in file.path.read_text(encoding="utf-8")
    assert "/mine" not in path.read_text(encoding="utf-8")


def test_files_of_a_picture_are_looked_for_where_one_stands(show: Path) -> None:
    text = "source: clips/kiss.mp4\nmodel: none\n"
    show.write_text(text, encoding="utf-8")
    shot = taken_from(show)
    show.unlink()
    path, given, messages = played("--from", shot)
    assert load_show(path, given, messages.append).source == ["clips/kiss.mp4"]
    assert len(messages) == 2, "and nobody is told of a folder that is not theirs"


def test_what_it_includes_goes_along(show: Path) -> None:
    (show.parent / "maps").mkdir()
    (show.parent / "maps/pads.yaml").write_text("mappings: [{midi: cc 1, to: strength}]")
    show.write_text(f"include: [maps/pads, surfaces/touchdesigner]\n{SHOW}", encoding="utf-8")
    with_include = file_texts(show)
    assert list(with_include["included"]) == ["maps/pads.yaml"], "the others come with vj"
    shot = taken_from(show, included={**with_include["included"], "../../evil.yaml": "x"})
    shot = shot.rename("shot.png")
    show.unlink()
    (show.parent / "maps/pads.yaml").unlink()
    path, given, _ = played("--from", shot)
    assert [rule.to for rule in load_show(path, given).mappings if rule.to == "strength"]
    assert not (path.parent / "../../evil.yaml").exists()


def test_the_passwords_of_addresses_do_not_go_along(show: Path) -> None:
    show.write_text("source: 'rtsp://me:hidden@host/1?key=hidden'\nmodel: none\n")
    shot = taken_from(show, **file_texts(show))
    assert b"hidden" not in shot.read_bytes()
    path, given, messages = played("--from", shot)
    assert path.resolve() == show.resolve()
    assert len(messages) == 1, "here it is still the same show"
    show.unlink()
    path, given, _ = played("--from", shot)
    assert load_show(path, given).source == ["rtsp://me:***@host/1?key=***"]


def test_what_a_show_does_not_have_is_left_out_and_told(show: Path) -> None:
    shot = taken_from(show)
    other = show.with_name("other.yaml")
    other.write_text(SHOW.replace("pedal", "wheel"), encoding="utf-8")
    path, given, messages = played("other.yaml", "--from", shot)
    assert path == Path("other.yaml")
    assert "macro/pedal" not in given["start"]
    assert messages[0] == f"{shot}: not in this show, left out: macro/pedal"


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (None, "holds no settings of vj"),
        ("{", "the settings in it are broken"),
        ("[1]", "the settings in it are broken"),
        (json.dumps({"vj": "0", "show": 3}), "the settings in it are broken"),
        (json.dumps({"vj": "0", "show": "x", "time": "now"}), "the settings in it are broken"),
        (json.dumps({"vj": "0", "show": "x", "fps": None}), "the settings in it are broken"),
        (json.dumps({"vj": "0", "show": "x"}), "says nothing of its show; name one"),
        (
            json.dumps({"vj": "0", "show": "x", "text": "a: 1", "file": "a\0"}),
            "cannot be written out",
        ),
        (
            json.dumps({"vj": "0", "show": "x", "text": "a: 1", "file": "x" * 999}),
            "cannot be written out",
        ),
        (json.dumps({"vj": "0", "show": "x", "text": "\ud800"}), "cannot be written out"),
    ],
)
def test_a_picture_without_settings_is_told(broken: str | None, message: str, show: Path) -> None:
    png = cv2.imencode(".png", picture())[1].tobytes()
    if broken is not None:
        png = with_chunks(png, text_chunk(KEYWORD, broken))
    Path("shot.png").write_bytes(png)
    with pytest.raises(Fault, match=message):
        played("--from", "shot.png")


def test_what_is_no_picture_is_told(show: Path) -> None:
    Path("no.png").write_bytes(b"GIF89a")
    with pytest.raises(Fault, match=r"no\.png: is no PNG; a picture that /vj/snapshot wrote"):
        played("--from", "no.png")
    with pytest.raises(Fault, match=r"none\.png: cannot be read"):
        played("--from", "none.png")
    with pytest.raises(Fault, match="--resume brings values of its own"):
        played("--from", "no.png", "--resume")
    assert not is_picture("1:30")
    assert os.path.exists("kiss.yaml")
