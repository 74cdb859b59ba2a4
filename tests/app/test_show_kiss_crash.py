"""kiss_crash.yaml: a drive becomes a kiss on its own clock, faster from cut to cut, and the last
cut is the kiss itself, untouched and slow."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from vj.app.offline import Rendering
from vj.commands.gallery import rendered
from vj.control.takes import Take
from vj.core.frame import Size
from vj.show.load import FIRST_SHOW, load_show
from vj.sources.drawn import make_scene

SHOW = FIRST_SHOW.parent / "kiss_crash.yaml"
SIDE, RATE = 96, 4.0
DRIVE, KISS = (make_scene(name, Size(SIDE, SIDE)) for name in ("drive", "kiss"))


def edges(picture: np.ndarray) -> np.ndarray:
    """How strong they are, place by place."""
    raw = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = cv2.GaussianBlur(raw, (0, 0), 1.2)
    return np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1))


def alike(one: np.ndarray, two: np.ndarray) -> float:
    """The correlation of their edges."""
    return float(np.corrcoef(edges(one).ravel(), edges(two).ravel())[0, 1])


def off_colour(one: np.ndarray, two: np.ndarray) -> float:
    """How far the mean colours are apart, whatever the brightness."""
    ones, twos = (
        np.diff(picture.astype(np.float32), axis=2).reshape(-1, 2).mean(0) for picture in (one, two)
    )
    return float(np.linalg.norm(ones - twos))


def test_the_drive_is_untouched_then_its_lines_are_skin_then_they_are_the_kiss() -> None:
    painted = rendered("kiss_crash", {"size": f"{SIDE}x{SIDE}"}, 4.75, RATE)
    given = [DRIVE.draw(number / RATE) for number in range(len(painted))]
    kiss = KISS.draw(3.4)
    for one, drive in zip(painted[:10], given, strict=False):
        assert np.array_equal(one, drive), "at strength 0 to the bit"
    skin = painted[13]  # at 3.25 s: the macro is half way
    assert alike(skin, given[13]) > 0.5 > 0.2 > alike(skin, kiss), "the lines of the drive"
    assert off_colour(skin, kiss) < 0.6 * off_colour(skin, given[13]), "in the colours of skin"
    for number in (17, 18):
        top, drive = painted[number], given[number]
        assert alike(top, kiss) > 0.55, "the lines of the kiss"
        assert alike(top, drive) < 0.2
        assert off_colour(top, kiss) < 0.4 * off_colour(top, drive)
        assert not np.array_equal(top, KISS.draw(3.4)), "which is painted"


FILM_RATE, END = 12.0, 19.0
"""Frames a second; when the last cut comes, in seconds."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[np.ndarray], Take]:
    """The input of the film, and its parameters, frame by frame."""
    folder = tmp_path_factory.mktemp("film")
    own = {"size": f"{SIDE}x{SIDE}", "model": "none", "sinks": f"record:{folder}/out/"}
    show, log = load_show(SHOW, own), folder / "film.take"
    Rendering(show, lambda text: None, 24.0, FILM_RATE, take_log=log).run()
    pictures = [cv2.imread(str(path), cv2.IMREAD_COLOR_RGB) for path in sorted(_made(folder))]
    return [one for one in pictures if one is not None], Take(log, show.table())


def of(take: Take, name: str, seconds: float) -> list[float]:
    """A parameter in every frame of so many seconds."""
    times = (number / FILM_RATE + 3e-6 for number in range(round(seconds * FILM_RATE)))
    return [round(float(take.at(name, time) or 0.0), 3) for time in times]


def _made(folder: Path) -> list[Path]:
    return list(folder.glob("out/**/*.png"))


def test_it_cuts_faster_and_faster(film: tuple[list[np.ndarray], Take]) -> None:
    values = of(film[1], "source/at", END)
    changes = [one != two for one, two in itertools.pairwise(values)]
    cuts = [number / FILM_RATE for number, changed in enumerate(changes, 1) if changed]
    waits = [two - one for one, two in itertools.pairwise(cuts)]
    assert len(cuts) > 20
    assert 10 < cuts[0] < 11.5
    assert waits[0] > 4 * np.mean(waits[-4:])
    for one, two in itertools.pairwise(waits):
        assert two <= one + 1 / FILM_RATE + 1e-6, "each as soon as the one before, within a frame"


def test_the_last_cut_is_the_kiss_untouched_and_slow(
    film: tuple[list[np.ndarray], Take],
) -> None:
    pictures, take = film
    first = round(END * FILM_RATE)
    for name in ("strength", "mix/wet", "deck/mix"):
        assert of(take, name, END + 4)[first:] == [0.0] * 48
    for number in range(first, first + 48, 6):
        exact = KISS.draw(1.2 + 0.25 * (number / FILM_RATE - END))
        assert cv2.absdiff(pictures[number], exact).max() <= 6, "drawn between its frames"
    steps = [np.abs(one.astype(int) - two).mean() for one, two in itertools.pairwise(pictures)]
    assert max(steps[first + 1 : first + 48]) < 0.3 * np.median(steps[:40])


def test_the_crash_is_heard_at_rest_and_the_song_at_the_top(
    film: tuple[list[np.ndarray], Take],
) -> None:
    take = film[1]
    names = ("sound/engine/level", "sound/crash/level", "sound/song/level", "strength")
    frames = list(zip(*(of(take, name, END) for name in names), strict=True))
    rests = [levels for *levels, strength in frames if strength == 0]
    tops = [levels for *levels, strength in frames if strength == 1]
    assert rests == [[0.5, 1.0, 0.0]] * len(rests)
    assert np.abs(np.array(tops) - (0.0, 0.0, 1.0)).max() < 0.03
    assert len(rests) > 60
    assert len(tops) > 30
    struck = of(take, "sound/crash/play", 2.0)
    assert struck[12] < struck[14] == struck[-1], "as the lights pass"
    last = [of(take, name, END + 1)[-1] for name in names]
    assert last == [0.0, 1.0, 1.0, 0.0]
