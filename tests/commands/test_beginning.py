"""`--from TIME`: a show that begins in the middle of its timeline."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from vj.cli import main
from vj.commands.beginning import begin_at
from vj.commands.options import parser
from vj.core.errors import Fault
from vj.show.load import check_show, load_show
from vj.show.schema import Show

SHOW = """\
show: dusk
source: grey.png
model: none
size: 64x64
fps: 10
start: {blend/smoothing: 0, feedback/amount: 0}
cues:
  - {name: dark, fade: 0, set: {picture/brightness: -0.3}}
  - {name: light, fade: 0.5, set: {picture/brightness: 0.1, picture/contrast: 1.3}}
timeline:
  - {at: 0:01, cue: dark}
  - {at: 0:02, cue: light}
curves:
  - {to: picture/saturation, points: [[0, 0], [4, 1]]}
"""


@pytest.fixture
def show(tmp_path: Path) -> Path:
    rows = np.linspace(40, 200, 64, dtype=np.uint8)
    cv2.imwrite(
        str(tmp_path / "grey.png"),
        np.stack([np.tile(rows, (64, 1))] * 2 + [np.full((64, 64), 90, np.uint8)], axis=-1),
    )
    path = tmp_path / "dusk.yaml"
    path.write_text(SHOW)
    return path


def rendered(show: Path, name: str, *options: str) -> list[bytes]:
    """The files of a render, in their order."""
    folder = show.parent / name
    code = main([str(show), "--offline", "--quiet", "--sink", f"record:{folder}/", *options])
    assert code == 0
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def test_a_render_from_there_on_is_that_part_of_the_whole_and_twice_the_same_bytes(
    show: Path,
) -> None:
    whole = rendered(show, "whole", "--for", "3.5")
    part = rendered(show, "part", "--from", "0:02.7", "--for", "0.8")
    assert len(part) == 8
    assert part == whole[27:]
    assert len(set(part)) > 4, "the curve goes on"
    assert part != whole[:8]
    assert rendered(show, "again", "--from", "2.7 s", "--for", "0.8") == part


def begun(show: Show, *options: str) -> float:
    found = parser().parse_args(["dusk.yaml", *options])
    found.overrides = {}
    made = begin_at(show, found)
    assert found.overrides["start"] == {"timeline/position": made.start["timeline/position"]}
    return float(made.start["timeline/position"])


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("1:30", 90), ("90", 90), ("0:01:30", 90), ("1.5 min", 90), ("0", 0), ("bar 3", 8)],
)
def test_times_are_written_as_in_a_show(show: Path, asked: str, seconds: float) -> None:
    made = load_show(show, {"tempo": 60})
    assert begun(made, "--from", asked) == pytest.approx(seconds)


def test_bars_count_at_the_tempo_that_the_show_starts_with(show: Path) -> None:
    made = load_show(show, {"tempo": 60, "start": {"tempo/bpm": 240}})
    assert begun(made, "--from", "bar 3") == pytest.approx(2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["soon"], r"^command line: --from soon: no time; write .*0:30"),
        (["-3"], "no time"),
        (["48 h"], "172800 is above 86400"),
        (["9", "--resume"], "--resume goes on where the show stood"),
        (["9", "--replay", "a.take"], "a take is played from its beginning"),
    ],
)
def test_what_cannot_be_begun_there_is_reported(show: Path, options: list[str], words: str) -> None:
    first, *rest = options
    with pytest.raises(Fault, match=words):
        begun(load_show(show), f"--from={first}", *rest)


def test_a_show_without_a_timeline_cannot_begin_in_the_middle() -> None:
    made = check_show({"show": "dusk"}, "test")
    with pytest.raises(Fault, match="dusk has no timeline and no curves; leave --from out"):
        begun(made, "--from", "9")
    with pytest.raises(Fault, match="--safe plays no timeline"):
        begun(made, "--from", "9", "--safe")
