"""A part of a rendering is what the whole one is there, to the byte."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.app.films import CUTS, FPS, FRAMES, draw_film, film_show, pictures
from vj.app.offline import Rendering
from vj.core.errors import Fault
from vj.pipeline.frame_range import WHOLE, FrameRange, part
from vj.show.load import check_show


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the film in it."""
    monkeypatch.chdir(tmp_path)
    return draw_film(tmp_path / "film.mkv")


def rendered(out: str, part: FrameRange = WHOLE, **more: Any) -> list[np.ndarray]:
    Rendering(check_show(film_show(f"{out}/", **more), "here"), print, part=part).run()
    return list(pictures(Path(out)).values())


PLAYED: dict[str, dict[str, Any]] = {
    "what travels and what listens to motion": {
        "start": {"noise/ride": 1, "prompt/travel": 2, "similarity": 0.2},
        "modulators": [{"motion": "amount", "to": "strength", "range": [0.4, 0.9]}],
        "timeline": [{"at": 1, "cue": "glass"}],
        "cues": [{"name": "glass", "set": {"prompt/a": "stained glass"}}],
    },
    "two steps": {"start": {"steps": 2, "guidance": 1.5}},
    "slow motion": {"slow": 2},
    "effects of one's own": {
        "model": "none",
        "effects": [
            {"file": "rgb_trails", "at": "before"},
            "slit_scan",
            {"file": "kaleidoscope", "at": "end"},
        ],
        "start": {"effects/kaleidoscope/spin": 60},
        "slow": 2,
    },
    "another model in each scene": {
        "model": "none",
        "cues": [
            {"name": "drawn", "set": {"model": "drawn"}},
            {"name": "none", "set": {"model": "none"}},
        ],
        "timeline": [{"at": 0.4, "cue": "drawn"}, {"at": 1.5, "cue": "none"}],
    },
    "no model": {"model": "none", "start": {"mask/mode": "motion", "mask/steady": 0.9}},
}


@pytest.mark.parametrize("name", PLAYED)
def test_a_part_that_begins_with_a_hard_cut_is_as_in_the_whole(film: Path, name: str) -> None:
    more = PLAYED[name]
    slow = more.get("slow", 1)
    whole = rendered("whole", **more)
    assert len(whole) == (FRAMES - 1) * slow + 1
    begins, ends = CUTS
    found = rendered("part", part(begins, ends), **more)
    assert len(found) == (ends - begins) * slow
    wanted = whole[begins * slow : ends * slow]
    assert all(map(np.array_equal, found, wanted))


def test_one_that_begins_elsewhere_is_not(film: Path) -> None:
    whole = rendered("whole")
    found = rendered("part", part(20, 22))
    assert not np.array_equal(found[0], whole[20])
    exact = rendered("exact", part(20, 22, paints=CUTS[0]))
    assert len(exact) == 2
    assert all(map(np.array_equal, exact, whole[20:22]))


def test_frames_at_varying_times_want_a_rate(film: Path) -> None:
    """A phone's clip: half of its frames last twice as long."""
    with av.open("phone.mkv", "w") as file:
        stream = file.add_stream("ffv1", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "bgr0"
        stream.time_base = Fraction(1, 1000)
        for number in range(9):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = number * 100 + number % 2 * 60, Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    more: dict[str, Any] = {"source": "phone.mkv", "model": "none"}
    with pytest.raises(Fault, match="--fps 30"):
        rendered("part", part(2, 4), **more)
    show = check_show(film_show("at/", **more), "here")
    Rendering(show, print, fps=20, part=part(2, 4)).run()
    assert len(pictures(Path("at"))) == 2
