"""`sinks:` of a show file: what may be said of each, and what is told of what may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from vj.show.load import read_show
from vj.show.names import named, public_name, without_paths
from vj.show.sink_section import as_sink, as_written


def read(folder: Path, text: str) -> tuple[list[str], list[str]]:
    """The sinks and the faults of a show."""
    path = folder / "show.yaml"
    path.write_text(text + "\n", encoding="utf-8")
    reading = read_show(path)
    return (
        [] if reading.show is None else reading.show.sinks,
        [fault.removeprefix(str(path)) for fault in reading.faults],
    )


def test_a_wall_a_key_and_a_clean_feed(tmp_path: Path) -> None:
    found, faults = read(
        tmp_path,
        """sinks:
  - ndi:vj
  - {to: ndi:key, show: mask}
  - {to: spout:left, crop: left third, size: 1920x1080}
  - {to: ndi:cut, crop: [0.1, 0, 0.25, 1]}
  - {to: record:clean.mp4, show: input}
  - {to: record:out.mov, codec: prores 4444, alpha: mask}
  - {to: record:loop.gif, loop_fade: 500 ms}
  - {to: ndi:fine, pixels: uyvy}
  - record:plain.mkv?codec=ffv1
""",
    )
    assert faults == []
    assert found == [
        "ndi:vj",
        "ndi:key?show=mask",
        "spout:left?crop=left-third&size=1920x1080",
        "ndi:cut?crop=0.1,0,0.25,1",
        "record:clean.mp4?show=input",
        "record:out.mov?alpha=mask&codec=prores-4444",
        "record:loop.gif?loop_fade=0.5",
        "ndi:fine?pixels=uyvy",
        "record:plain.mkv?codec=ffv1",
    ]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{to: ndi:key, sho: mask}", "unknown key sho; did you mean show?"),
        ("{to: ndi:key, what: mask}", "unknown key what; did you mean show?"),
        ("{to: ndi:key, show: maks}", "show: 'maks': no such choice; did you mean mask?"),
        ("{to: nid:key}", "unknown kind 'nid'; did you mean ndi?"),
        ("{show: mask}", "to: is missing"),
        ("{to: ndi:key, show: }", "show: no value is given"),
        ("{to: [ndi:key]}", "text is wanted, such as ndi:NAME"),
        ("{to: ndi:key, crop: left halv}", "did you mean left half?"),
        ("{to: ndi:key, crop: [0.5, 0, 0.6, 1]}", "reaches out of the picture"),
        ("{to: ndi:key, size: big}", "size: 'big' is not a size"),
        ("{to: preview, show: mask}", "preview: the page shows the picture by itself"),
        ("{to: record:a.mp4, alpha: mask}", "alpha: record:a.mp4 has none"),
        ("{to: record:a.mp4, codec: ffv1}", "record:a.mkv would be right"),
        ("{to: record:a.mp4, loop_fade: 1 s}", "loop_fade: is for pictures that loop"),
        ("{to: spout:a, pixels: uyvy}", "pixels: uyvy: spout:a has no such choice; it is for ndi:"),
        ("{to: ndi:a, pixels: uyvy, alpha: mask}", "pixels: uyvy: has no alpha"),
        ("{to: ndi:a, pixels: uyvi}", "did you mean uyvy?"),
        ("{to: record:a.wmv}", "can't write '.wmv' files"),
        ("[ndi:a]", "text is wanted, such as ndi:NAME"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(entry: str, message: str, tmp_path: Path) -> None:
    _, faults = read(tmp_path, f"show: x\nsinks:\n  - ndi:fill\n  - {entry}")
    assert len(faults) == 1
    assert faults[0].startswith(":4: ")
    assert message in faults[0]


def test_a_rule_is_said_in_one_way(tmp_path: Path) -> None:
    _, faults = read(tmp_path, "sinks: [{to: 'ndi:a?show=mask', crop: left half}]")
    message = "to: what stands behind the ? is a key of its own here: show: mask"
    assert faults == [f":1: {message}"]


def test_two_in_one_place_are_told(tmp_path: Path) -> None:
    _, faults = read(tmp_path, "sinks:\n  - ndi:vj\n  - {to: ndi:vj, show: mask}")
    assert faults == [":3: ndi:vj: is there twice, as ndi:vj too; ndi:vj-2 would be right"]
    _, faults = read(tmp_path, "sinks: ['record:takes/', {to: record:takes, show: input}]")
    assert "record:takes: is there twice" in faults[0]
    _, faults = read(tmp_path, "sinks: ['record:a/b.mp4', 'record:a/../a/b.mp4']")
    assert "b.mp4: is there twice" in faults[0]
    _, faults = read(tmp_path, "sinks: [ndi:, 'ndi:vj']")
    assert "ndi:vj: is there twice" in faults[0], "without a name it is vj"
    assert read(tmp_path, "sinks: [preview, preview, ndi:vj, spout:vj]")[1] == []


def test_a_rule_is_called_by_its_place_and_its_picture() -> None:
    texts = ["ndi:key?show=mask", "ndi:left?crop=left-third", "record:/mnt/a.mkv?codec=ffv1"]
    assert list(named(texts)) == ["ndi:key mask", "ndi:left", "record:a.mkv"]
    line = "record:/mnt/a.mp4?show=input 3.0 s"
    assert without_paths(line, ["record:/mnt/a.mp4?show=input"]) == "record:a.mp4 input 3.0 s"
    assert public_name("ndi:HOST (x)?what=1") == "ndi:HOST (x)?what=1", "a source may be called so"


@pytest.mark.parametrize(
    "written",
    [
        "ndi:vj",
        {"to": "ndi:key", "show": "mask", "crop": "left third"},
        {"to": "ndi:cut", "crop": [0.1, 0.0, 0.25, 1.0]},
        {"to": "record:loop.webp", "loop_fade": "0.5 s"},
        {"to": "record:out.mov", "alpha": "mask", "codec": "prores 4444"},
    ],
)
def test_it_is_saved_as_people_write_it(written: object) -> None:
    assert as_written(as_sink(written)) == written
