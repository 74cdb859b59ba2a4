"""Sources and models that a show lists by name: what may be written, what they are called, and that
the parameters `source` and `model` take these names and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vj.control.osc.query import node_at, tree
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.show.load import check_show, read_show
from vj.show.model_section import ModelSection
from vj.show.names import model_names, public_name, source_names, without_paths
from vj.show.schema import Show


def show(**lines: Any) -> Show:
    return check_show(lines, "here")


def test_the_names_are_those_of_the_show_and_never_a_path(tmp_path: Path) -> None:
    made = show(
        source=["camera:0", "/home/me/night/loop.mp4"],
        sources={"kiss": "drawn:kiss", 7: "testcard"},
        model="/home/me/models/gold/",
        models={"paint": "pocket"},
    )
    rows = made.table().rows
    assert rows["source"].choices == ("kiss", "7", "camera:0", "loop.mp4")
    assert rows["model"].choices == (
        "paint",
        "gold",
        "pocket",
        "drawn",
        "styles",
        "picture",
        "kiss",
        "fox",
        "paintbox",
        "none",
    )
    assert (rows["source"].start, rows["model"].start) == ("", "")


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("video:/mnt/usb/loop.mp4", "loop.mp4"),
        ("C:\\clips\\loop.mp4", "loop.mp4"),
        ("image:faces/one.png", "one.png"),
        ("clips:/mnt/a.mp4,/mnt/b.mp4", "clips:a.mp4, b.mp4"),
        ("walk:drawn:meadow,/mnt/b.jpg", "walk:drawn:meadow, b.jpg"),
        ("camera:Logitech", "camera:Logitech"),
        ("camera:Logitech?fps=60", "camera:Logitech?fps=60"),
        ("camera:/dev/v4l/by-id/usb-HD-index0?fps=60", "camera:usb-HD-index0?fps=60"),
        ("drawn:kiss", "drawn:kiss"),
        ("record:/mnt/takes/", "record:takes"),
        ("ndi:vj", "ndi:vj"),
    ],
)
def test_what_is_a_file_is_called_after_it(uri: str, name: str) -> None:
    assert public_name(uri) == name


def test_a_line_for_the_page_has_no_path_in_it() -> None:
    uris = ["/mnt/a", "/mnt/a/loop.mp4", "record:/mnt/takes/", "testcard"]
    line = "/mnt/a/loop.mp4 lost, test card; record:/mnt/takes/ 12.3 s, 4.1 MB"
    assert without_paths(line, uris) == "loop.mp4 lost, test card; record:takes 12.3 s, 4.1 MB"


def test_a_list_names_itself_and_two_of_a_name_are_counted() -> None:
    made = show(sources=["a/loop.mp4", "drawn:kiss", "b/loop.mp4"])
    assert list(made.sources) == ["loop.mp4", "drawn:kiss", "loop.mp4 (2)"]


def test_the_shows_own_has_a_name_where_another_one_is_called_so() -> None:
    named = {"loop.mp4": "camera:0", "loop.mp4 (2)": "camera:1"}
    assert source_names(named, ["video:/b/loop.mp4", "camera:1"]) == {
        **named,
        "loop.mp4 (3)": "video:/b/loop.mp4",
    }
    models = {"gold": ModelSection(name="pocket")}
    own = ModelSection(name="/models/gold")
    assert model_names(models, own)["gold (2)"] == own


def test_a_show_begins_with_what_it_lists_by_name(tmp_path: Path) -> None:
    (tmp_path / "loop.mp4").touch()
    path = tmp_path / "mine.yaml"
    path.write_text(
        "source: [kiss, camera:0]\nsources: {kiss: drawn:kiss, testcard: drawn:fox, 7: loop.mp4}\n"
        "model: ink\nmodels: {ink: {name: drawn, device: cpu}, pocket: {name: none}}\n"
    )
    made = read_show(path)
    assert made.faults == []
    assert made.show is not None
    assert made.show.source == ["drawn:kiss", "camera:0"]
    assert (made.show.model.name, made.show.model.device) == ("drawn", "cpu")
    other = read_show(path, {"source": ["7"], "model": "pocket"}).show
    assert other is not None
    assert other.source == [str(tmp_path / "loop.mp4")]
    assert other.model.name == "pocket", "built in"
    assert show(source="testcard", sources={"testcard": "drawn:fox"}).source == ["testcard"]
    with pytest.raises(Fault, match="unknown kind 'kis'"):
        show(source="kis", sources={"kiss": "drawn:kiss"})


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ({"sources": {"a": "nothing"}}, "sources.a: source 'nothing': unknown kind"),
        ({"sources": {"a": None}}, "sources.a: no value is given"),
        ({"models": {"a": {"nme": "pocket"}}}, "unknown key nme; did you mean name?"),
        ({"start": {"source": "testcard"}}, "source: what a show begins with stands outside"),
        (
            {"sources": {"jugs": "drawn:kiss"}, "cues": [{"name": "x", "set": {"source": "jug"}}]},
            "source: no such source 'jug'; did you mean jugs? (jugs, testcard)",
        ),
        (
            {"sources": {"jugs": "drawn:kiss"}, "start": {"deck/b": "jug"}},
            "deck/b: no such source 'jug'; did you mean jugs? (jugs, testcard)",
        ),
        (
            {"sources": {"jugs": "drawn:kiss"}, "start": {"image/from": "jug"}},
            "image/from: no such source 'jug'; did you mean jugs? (input, output, jugs, testcard)",
        ),
        (
            {"mappings": [{"midi": "note 36", "to": "source", "value": 3}]},
            "source: 3 is not one of 0 .. 0 (0 testcard)",
        ),
        (
            {"mappings": [{"midi": "note 36", "to": "source", "value": 1.7}]},
            "source: 1.7 is neither a name nor a whole number from 0 on (testcard)",
        ),
        (
            {"cues": [{"name": "x", "set": {"model": "sd"}}]},
            "(pocket, drawn, styles, picture, kiss, fox, paintbox, none)",
        ),
    ],
)
def test_what_is_wrong_is_said_once_with_what_would_be_right(
    lines: dict[str, Any], words: str
) -> None:
    with pytest.raises(Fault) as raised:
        show(**lines)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value), "one fault, one line"


def test_paths_are_those_beside_the_show_and_faults_have_their_lines(tmp_path: Path) -> None:
    (tmp_path / "loop.mp4").touch()
    (tmp_path / "gold").mkdir()
    path = tmp_path / "mine.yaml"
    path.write_text(
        "sources:\n  loop: loop.mp4\nmodels:\n  gold: gold/\n"
        "cues:\n  - {name: one, set: {source: loop, model: gold}}\n"
    )
    made = read_show(path).show
    assert made is not None
    assert made.sources == {"loop": str(tmp_path / "loop.mp4")}
    assert made.models["gold"].name == str(tmp_path / "gold")
    path.write_text("sources:\n  loop: loop.mp4\n  lost: nowhere\n")
    (fault,) = read_show(path).faults
    assert fault.startswith(f"{path}:3: sources.lost: ")


def test_the_loras_of_every_model_can_be_played() -> None:
    made = show(
        model={"name": "a/b", "loras": ["ink.safetensors"]},
        models={"other": {"name": "c/d", "loras": [{"file": "oil.safetensors", "weight": 0.5}]}},
        cues=[{"name": "x", "set": {"lora/ink": 0.2, "lora/oil": 0.4, "model": "other"}}],
    )
    rows = made.table().rows
    assert (rows["lora/ink"].start, rows["lora/oil"].start) == (1.0, 0.5)


def test_the_store_refuses_other_names_and_the_tree_lists_them() -> None:
    made = show(sources={"kiss": "drawn:kiss"})
    store = Store({}, made.table())
    store.set("source", "kiss")
    with pytest.raises(Fault, match=r"no such source 'kis'; did you mean kiss"):
        store.set("source", "kis")
    assert store.get("source") == "kiss"
    store.reset()
    assert store.get("source") == ""
    node = node_at(tree(store), "/vj/source")
    assert node["RANGE"] == [{"VALS": ["kiss", "testcard"]}]


def test_a_number_counts_the_names_from_0_unless_a_source_is_called_so() -> None:
    store = Store({}, show(sources={"kiss": "drawn:kiss", "5": "none"}).table())
    for said, name in ((0, "kiss"), ("1", "5"), (2.0, "testcard"), (5, "5"), ("kiss", "kiss")):
        store.set("source", said)
        store.set("deck/b", said)
        assert (store.get("source"), store.get("deck/b")) == (name, name)
    with pytest.raises(Fault, match=r"source: 9 is not one of 0 .. 2 \(0 kiss, 1 5, 2 testcard"):
        store.set("source", 9)
    store.set("model", 1)
    assert store.get("model") == "drawn", "of a show's models, and the built-in ones"


def test_the_name_that_plays_set_again_is_an_event_that_takes_hold() -> None:
    store = Store({}, show(sources={"kiss": "drawn:kiss", "room": "drawn:room"}).table())
    store.set("source", "kiss")
    assert store.sample(0.0)["source/start"] == 0
    heard: list[str] = []
    store.listeners.append(lambda name, value, origin: heard.append(name))
    store.set("deck/a", 0)
    assert store.sample(0.1)["source/start"] == 1
    assert heard == ["source/start", "source"]
    store.set("source", "room")
    store.set("deck/b", "")
    snapshot = store.sample(0.2)
    assert (snapshot["source/start"], snapshot["deck/b/start"]) == (1, 1), "empty again, too"


def test_a_word_of_the_shows_names_is_no_folder_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    file = tmp_path / "show.yaml"
    file.write_text("source: a\nsources: {a: drawn:kiss, b: testcard}\n", encoding="utf-8")
    made = read_show(file).show
    assert made is not None
    assert made.source == ["drawn:kiss"]
    file.write_text("source: ./a\nsources: {a: drawn:kiss}\n", encoding="utf-8")
    made = read_show(file).show
    assert made is None or made.source == [str(tmp_path / "a")]
