"""The clip as the clock of whole shows: every frame has its number drawn into it, and its
parameters are those of that number, rendered and live."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import pytest

from tests.conftest import PlayShow
from tests.sources.numbered import SIZE, number_of, numbered_clip
from vj.app.offline import Rendering
from vj.control.takes import Take
from vj.core.frame import Frame
from vj.parameters.store import Snapshot
from vj.show.load import check_show, load_show
from vj.show.reload import ShowFile

RATE = 10
KISS, DRIVE = 1000, 2000
"""The numbers of the first frames of the clips, of 2 s and of 3 s."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    numbered_clip(folder / "kiss.mkv", 20, rate=RATE, first=KISS)
    numbered_clip(folder / "drive.mkv", 30, rate=RATE, first=DRIVE)
    return folder


def show(clips: Path, **more: Any) -> dict[str, Any]:
    return {
        "size": str(SIZE),
        "fps": RATE,
        "model": "none",
        "source": str(clips / "kiss.mkv"),
        "sources": {name: str(clips / f"{name}.mkv") for name in ("kiss", "drive")},
        "start": {"feedback/amount": 0, "blend/smoothing": 0, "crossfade": 0},
        "page": "off",
        "osc": "127.0.0.1:0",
        "curves": [
            {"to": "strength", "on": "clip", "clip": "kiss", "points": [[0, 0], [2, 0.4]]},
            {"to": "strength", "on": "clip", "clip": "drive", "points": [[0, 0.5], [3, 1.0]]},
        ],
        **more,
    }


def wanted(number: int) -> float:
    """What the curves say in a frame that shows this number."""
    return 0.5 + (number - DRIVE) / 60 if number >= DRIVE else (number - KISS) / 50


def rendered(folder: Path, tree: dict[str, Any], seconds: float) -> list[tuple[int, float]]:
    """The number that each frame shows, and its strength."""
    folder.mkdir()
    tree = {**tree, "sinks": [f"record:{folder}/out/"]}
    log = folder / "values.take"
    Rendering(check_show(tree, "here"), print, seconds, take_log=log).run()
    take = Take(log, check_show(tree, "here").table())
    found = []
    for index, path in enumerate(sorted(folder.glob("out/**/*.png"))):
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        assert picture is not None
        value = take.at("strength", index / RATE)
        assert isinstance(value, int | float)
        found.append((number_of(Frame(picture, 0, 0.0)), value))
    return found


CHANGES: dict[float, dict[str, Any]] = {
    0.5: {"source/position": 0.9},
    0.9: {"source/speed": 2},
    1.2: {"source": "drive"},
    1.6: {"source/speed": -1},
    2.0: {"source": "kiss", "source/position": 0.5},
    2.4: {"source/speed": 0.5, "source/loop": "ping-pong"},
    3.0: {"source/in": 0.2, "source/out": 0.5, "source/speed": 4},
}


def test_rendered_each_frame_has_the_values_of_the_picture_it_shows(
    clips: Path, tmp_path: Path
) -> None:
    tree = show(
        clips,
        cues=[{"name": f"at {at}", "set": values} for at, values in CHANGES.items()],
        timeline=[{"at": at, "cue": f"at {at}"} for at in CHANGES],
    )
    frames = rendered(tmp_path / "one", tree, 4.0)
    numbers = [number for number, _ in frames]
    assert len(set(numbers)) > 15
    assert any(number >= DRIVE for number in numbers)
    for number, value in frames:
        # slowed down a clip stands between two of its pictures
        assert wanted(number) - 1e-4 <= value <= wanted(number + 1) + 1e-4
    assert rendered(tmp_path / "two", tree, 4.0) == frames


def test_rendered_an_entry_of_the_clip_cuts_in_its_very_frame(clips: Path, tmp_path: Path) -> None:
    tree = show(
        clips,
        marks={"kiss": {"lips": "0:00.7"}},
        cues=[{"name": "cut", "set": {"source": "drive"}}, {"name": "back", "set": {"source": ""}}],
        timeline=[
            {"at": "lips", "on": "clip", "clip": "kiss", "cue": "cut"},
            {"at": "0:00.4", "on": "clip", "clip": "drive", "cue": "back"},
        ],
    )
    frames = rendered(tmp_path / "one", tree, 2.2)
    kiss, drive = list(range(KISS, KISS + 7)), list(range(DRIVE, DRIVE + 4))
    assert [number for number, _ in frames] == [*kiss, *drive, *kiss, *drive]
    assert [value for _, value in frames] == pytest.approx([wanted(n) for n, _ in frames], abs=1e-4)


def test_rendered_deck_b_follows_the_clip_on_deck_a_across_cuts(
    clips: Path, tmp_path: Path
) -> None:
    changes = {0.5: {"source/position": 0.75}, 0.9: {"source/position": 0.1}}
    tree = show(
        clips,
        start={"crossfade": 0, "deck/b": "drive", "deck/b/speed": 0, "deck/mix": 1},
        curves=[{"to": "deck/b/at", "on": "clip", "points": [[0, 0.5], [2, 2.5]]}],
        cues=[{"name": f"at {at}", "set": values} for at, values in changes.items()],
        timeline=[{"at": at, "cue": f"at {at}"} for at in changes],
    )
    numbers = [number - DRIVE for number, _ in rendered(tmp_path / "one", tree, 1.2)]
    assert numbers == [*range(5, 10), *range(20, 24), *range(7, 10)]


TEXT = """\
# a night
size: 96x64
fps: 10
model: none
source: {clips}/kiss.mkv
sources: {{drive: {clips}/drive.mkv}}
sinks: []
page: off
osc: 127.0.0.1:0
start: {{crossfade: 0}}      # hard
curves:
  - {{to: strength, on: clip, points: [[0:00, 0], [0:02, 0.4]]}}
mappings:
  - {{key: m, to: mark/set, value: lips}}     # while it plays
"""


def test_live_too_and_a_mark_is_set_by_a_key_and_written(
    clips: Path, tmp_path: Path, play_show: PlayShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "night.yaml"
    path.write_text(TEXT.format(clips=clips), encoding="utf-8")
    file = ShowFile(path, None, print)
    played = play_show(path, file=file)
    performance = played.performance
    shown: list[tuple[int, float]] = []
    process = performance.loop.pipeline.process

    def processed(frame: Frame, snapshot: Snapshot, other: Frame | None = None) -> Any:
        if frame.place is not None:
            shown.append((number_of(frame), snapshot["strength"]))
        return process(frame, snapshot, other)

    monkeypatch.setattr(performance.loop.pipeline, "process", processed)
    played.until(lambda: performance.run_state.playing_since is not None)
    shown.clear()
    played.frames(30)
    performance.store.set("source/position", 0.25)
    played.frames(8)
    assert len({number for number, _ in shown}) > 15
    for number, value in shown:
        assert value == pytest.approx(wanted(number), abs=0.021), "within a frame"

    marks = performance.session.engine.sequencer.clip.marks
    performance.session.key("m")
    played.until(marks.unwritten)
    at = marks.unwritten()[""]["lips"]
    assert any(abs(at - (number - KISS) / RATE) < 0.101 for number, _ in shown[-4:])
    performance.store.set("mark/write", True)
    played.until(lambda: not marks.unwritten())
    text = path.read_text(encoding="utf-8")
    assert "# hard" in text
    assert "# while it plays" in text
    assert load_show(path).marks == {"": {"lips": pytest.approx(at, abs=1e-3)}}


def test_marks_are_put_beside_those_that_stand_there(tmp_path: Path) -> None:
    path = tmp_path / "night.yaml"
    path.write_text(
        "source: kiss\nsources: {kiss: drawn:kiss}\nmarks:\n  kiss: {lips: 0:05.1}   # when\n"
        "  impact: 0:02      # own\ncues: []\n",
        encoding="utf-8",
    )
    file = ShowFile(path, None, print)
    report = file.write_marks({"kiss": {"lips": 4.0, "part": 61.25}, "": {"end": 0.5}})
    assert "lips, part, end written into" in report
    assert load_show(path).marks == {
        "kiss": {"lips": 4.0, "part": 61.25},
        "": {"impact": 2.0, "end": 0.5},
    }
    text = path.read_text(encoding="utf-8")
    assert "lips: 0:04" in text
    assert "part: 1:01.25" in text
    assert "# own" in text
