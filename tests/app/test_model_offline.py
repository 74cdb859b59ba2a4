"""Models that are chosen in a rendering: each plays from the frame that asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from vj.app.offline import Rendering
from vj.control.takes import Take
from vj.core.errors import Fault
from vj.show.load import check_show

GREY = 90


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a picture of one grey in it."""
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("grey.png", np.full((64, 64, 3), GREY, np.uint8))
    return tmp_path


def show_lines(out: str, **more: Any) -> dict[str, Any]:
    return {
        "size": "64x64",
        "source": "image:grey.png",
        "model": "none",
        "fps": 10,
        "sinks": [f"record:{out}/"],
        "start": {"crossfade": 0, "blend/smoothing": 0, "feedback/amount": 0, "noise/hold": 0.5},
        "cues": [
            {"name": "gold", "set": {"model": "drawn", "prompt/a": "gold leaf"}},
            {"name": "bare", "set": {"model": "none"}},
        ],
        "timeline": [
            {"at": 0.3, "cue": "gold"},
            {"at": 0.6, "cue": "bare"},
            {"at": 0.8, "cue": "gold"},
        ],
        **more,
    }


def pictures(folder: Path) -> list[np.ndarray]:
    return [cv2.imread(str(path)) for path in sorted(folder.iterdir())]


def painted(folder: Path) -> list[bool]:
    """Of each picture, whether it is another one than the source's."""
    return [float(np.abs(one.astype(int) - GREY).mean()) > 2 for one in pictures(folder)]


def test_a_model_plays_from_its_frame_on_and_the_bytes_are_the_same_twice(here: Path) -> None:
    said: list[str] = []
    for out in ("one", "two"):
        lines = show_lines(out)
        assert Rendering(check_show(lines, "here"), said.append, seconds=1.0).run() == 10
    assert painted(here / "one") == [False] * 3 + [True] * 3 + [False] * 2 + [True] * 2
    one, two = (sorted((here / out).iterdir()) for out in ("one", "two"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert not any("live only" in line for line in said)


def test_it_fades_in_by_the_time_of_the_frames(here: Path) -> None:
    lines = show_lines("out", timeline=[{"at": 0.2, "cue": "gold"}])
    lines["start"] |= {"crossfade": 0.4, "noise/hold": 1, "prompt/travel": 0}
    assert Rendering(check_show(lines, "here"), print, seconds=1.0).run() == 10
    found = pictures(here / "out")
    gold = found[-1].astype(int)
    ways = [float(np.abs(one - gold).mean()) for one in found]
    shares = [way / ways[0] for way in ways[:8]]
    assert shares == pytest.approx([1, 1, 1, 0.75, 0.5, 0.25, 0, 0], abs=0.06)


def test_a_take_plays_its_models_again(here: Path) -> None:
    live = show_lines("live")
    rendering = Rendering(check_show(live, "here"), print, seconds=1.0, take_log=here / "a.take")
    assert rendering.run() == 10
    again = show_lines("again", timeline=[], cues=[])
    show = check_show(again, "here")
    take = Take(here / "a.take", show.table())
    assert Rendering(show, print, replay=take, seconds=1.0).run() == 10
    one, two = (pictures(here / out) for out in ("live", "again"))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_a_model_that_is_not_here_ends_it_before_it_begins(here: Path) -> None:
    lines = show_lines("out", models={"lost": "./nowhere"})
    lines["cues"][0]["set"]["model"] = "lost"
    with pytest.raises(Fault, match=r"model .*nowhere.*no such file or folder"):
        Rendering(check_show(lines, "here"), print, seconds=1.0).run()
    assert not (here / "out").exists()


def test_a_recording_says_what_is_painted_in_it_from_its_begin(here: Path) -> None:
    lines = show_lines("out") | {"sinks": ["record:film.mp4"]}
    said: list[str] = []
    assert Rendering(check_show(lines, "here"), said.append, seconds=1.0).run() == 10
    assert [path.name for path in here.glob("*.mp4")] == ["film.mp4"], said
