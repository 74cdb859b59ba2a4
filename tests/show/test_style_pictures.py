"""`style_pictures:` of a show: where its paths are looked for, and which of its places counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vj.app.setup import model_spec
from vj.core.errors import Fault
from vj.show.as_played import put_chosen
from vj.show.load import check_show, load_show
from vj.show.moved import move_paths
from vj.show.own_shows import writable
from vj.show.parse import plain_tree, read


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A show in a folder of its own with pictures beside it, seen from another folder."""
    (tmp_path / "set" / "art").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    for name in ("a.jpg", "art/b.jpg"):
        (tmp_path / "set" / name).touch()
    monkeypatch.chdir(tmp_path / "here")
    path = tmp_path / "set" / "show.yaml"
    path.write_text(
        "model: picture\nstyle_pictures: [a.jpg, art]\n"
        "models:\n  cats: {name: picture, style_pictures: art/b.jpg}\n",
        encoding="utf-8",
    )
    return path


def test_paths_are_looked_for_beside_the_show_and_a_models_own_come_first(show: Path) -> None:
    made, folder = load_show(show), show.parent
    assert model_spec(made).style_pictures == (str(folder / "a.jpg"), str(folder / "art"))
    cats = made.model_copy(update={"model": made.models["cats"]})
    assert model_spec(cats).style_pictures == (str(folder / "art" / "b.jpg"),)
    assert model_spec(made).pictures_folder == str(Path("shows/pictures"))


def test_the_command_lines_model_takes_the_shows_pictures(show: Path) -> None:
    made = load_show(show, {"model": "picture"})
    assert len(model_spec(made).style_pictures) == 2
    assert load_show(show, {"model": "styles"}).model.name == "styles"


def test_a_copy_in_another_folder_names_the_same_pictures(show: Path) -> None:
    tree, target = read(show), show.parent / "mine" / "copy.yaml"
    target.parent.mkdir()
    assert move_paths(tree, show, target)
    assert plain_tree(tree, "")["style_pictures"] == ["../a.jpg", "../art"]
    assert plain_tree(tree, "")["models"]["cats"]["style_pictures"] == "../art/b.jpg"


def test_a_shipped_shows_copy_names_them_too(show: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.show.own_shows.SHIPPED", show.parent)
    copy, _ = writable(show)
    spec = model_spec(load_show(copy))
    assert [Path(name).resolve() for name in spec.style_pictures] == [
        show.parent / "a.jpg",
        show.parent / "art",
    ]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ({"model": {"name": "pocket", "style_pictures": "a.jpg"}}, "are for name: picture"),
        ({"style_pictures": ""}, "the name of a picture would be right"),
        ({"style_pictures": ["a.jpg", " "]}, "style_pictures.1: no value is given; the name"),
        ({"style_pictures": "http://x/y.jpg"}, "http://x/y.jpg: is an address, and pictures are"),
        ({"style_pictures": [{"a": 1}]}, "style_pictures"),
        ({"style_picture": "a.jpg"}, "did you mean style_pictures?"),
    ],
)
def test_what_cannot_be_right_is_said(lines: dict[str, Any], words: str) -> None:
    with pytest.raises(Fault, match="style_pictures") as raised:
        check_show(lines, "here")
    assert words in str(raised.value)


def test_a_show_saved_as_it_plays_names_the_pictures_of_the_model_that_was_chosen(
    show: Path,
) -> None:
    file = load_show(Path("../set/show.yaml"))  # seen from where vj was started
    target = show.parent / "mine" / "saved.yaml"
    tree = read(show)
    assert move_paths(tree, show, target)
    now = file.model_copy(update={"model": file.models["cats"]})
    put_chosen(tree, now, file, target)
    assert plain_tree(tree, "")["model"] == {"name": "picture", "style_pictures": ["../art/b.jpg"]}
    assert plain_tree(tree, "")["style_pictures"] == ["../a.jpg", "../art"]
