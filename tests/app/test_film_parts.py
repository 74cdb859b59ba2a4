"""A part of a rendering is what the whole one is there, to the byte."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.films import CUTS, FRAMES, draw_film, film_show, pictures
from tests.sources.numbered import SIZE as NUMBERED
from tests.sources.numbered import number_of, numbered_clip
from vj.app.films.film import FilmRendering
from vj.app.offline import Rendering
from vj.core.frame import Frame
from vj.pipeline.frame_range import WHOLE, FrameRange, part
from vj.show.load import check_show
from vj.sources.clip_times import ClipTimes, nominal_rate


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


PHONE = (0, 31, 68, 100, 133, 166, 205, 605, 633, 640, 666, 705)
"""Milliseconds at which a phone's frames begin, most of them 30 a second."""


def test_frames_at_varying_times_are_parted_at_the_rate_of_most(film: Path) -> None:
    """Which stands at which frame says its time alone, wherever a piece begins."""
    options = {"bf": "2", "g": "6", "sc_threshold": "0"}
    numbered_clip(Path("phone.mkv"), len(PHONE), milliseconds=PHONE, options=options)
    more: dict[str, Any] = {"source": "phone.mkv", "model": "none", "size": str(NUMBERED)}
    calm = {"feedback/amount": 0, "blend/smoothing": 0}
    show = check_show(film_show("parts/", start=calm, **more), "here")
    said: list[str] = []
    made = FilmRendering(show, said.append, None, None, None, None, None)
    count = made.run()
    assert count in (22, 23), "the last picture lasts as long as the others"
    assert sum("30 a second, as most of them come (--fps" in line for line in said) == 1
    found = pictures(Path("parts"))
    numbers = [number_of(Frame(one, 0, 0.0)) for one in found.values()]
    moments = [number * 1000 / 30 for number in range(count)]
    early, late = ([bisect_right(PHONE, at + off) - 1 for at in moments] for off in (0, 4))
    assert all(one <= number <= two for one, number, two in zip(early, numbers, late, strict=True))
    at_once = check_show(film_show("whole/", start=calm, **more), "here")
    Rendering(at_once, print, fps=30).run()
    assert all(map(np.array_equal, found.values(), pictures(Path("whole")).values()))
    for first, last in ((17, 20), (5, 6)):
        show = check_show(film_show(f"from{first}/", start=calm, **more), "here")
        part_of = FilmRendering(show, print, None, None, None, None, None, frames=(first, last))
        assert part_of.run() == last - first + 1
        part = pictures(Path(f"from{first}"))
        assert all(np.array_equal(found[number], one) for number, one in part.items())
        assert list(part) == list(range(first, last + 1))


RATES: dict[str, tuple[list[float], float]] = {
    "a phone": ([0, 34, 66, 101, 132, 168, 230, 266], 30),
    "television with gaps": ([1001 / 30 * n for n in (0, 1, 2, 3, 5, 6, 7, 8, 20)], 30 / 1.001),
    "a screen": ([0, 16.7, 33.3, 50, 66.7, 2000, 2016.7], 60),
    "no usual rate": ([0, 65, 130, 195, 200], 1000 / 65),
    "slides": ([0, 4000, 9000], 1),
}


@pytest.mark.parametrize("name", RATES)
def test_the_rate_is_that_of_most_pictures(name: str) -> None:
    milliseconds, wanted = RATES[name]
    begins = [one / 1000 for one in milliseconds]
    last = begins[1]
    assert nominal_rate(ClipTimes(begins, begins[-1] + last, True)) == pytest.approx(wanted, 1e-6)
