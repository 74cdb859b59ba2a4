"""Dream: a flight from a real moment. Until the trigger the picture is the source; after it the
source no longer matters, and the picture flies into itself with the beat and goes on."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.sinks.test_movie_sound import heard
from vj.app.offline import Rendering
from vj.commands.gallery import rendered
from vj.pipeline.flow_backends import make_flow
from vj.show.load import FIRST_SHOW, load_show
from vj.sound import RATE as RATE_OF_SOUND

SHOW = FIRST_SHOW.parent / "dream.yaml"
SIDE = 96
SMALL = {"size": f"{SIDE}x{SIDE}"}
RATE = 12.0
GO = 2.5
"""Seconds, at which the input is let go."""
OTHER = {"name": "other", "set": {"source": "room"}}


def apart(one: np.ndarray, two: np.ndarray) -> float:
    """Mean difference, 0..255."""
    return float(cv2.absdiff(one, two).mean())


def test_it_begins_at_a_real_moment_and_then_the_source_no_longer_matters() -> None:
    given = rendered("dream", {"model": "none", **SMALL}, GO, RATE)
    show = load_show(SHOW)
    cues = [{"name": one.name, "fade": "2 s", "set": dict(one.set)} for one in show.cues]
    timeline = [{"at": GO, "cue": "dream"}]
    more = {"cues": [*cues, OTHER], "sources": {"room": "drawn:room"}, **SMALL}
    flown = rendered("dream", {**more, "timeline": timeline}, GO + 1.5, RATE)
    moved = [*timeline, {"at": GO + 0.5, "cue": "other"}]
    elsewhere = rendered("dream", {**more, "timeline": moved}, GO + 1.5, RATE)
    begun = round(GO * RATE)
    assert all(map(np.array_equal, flown[:begun], given)), "untouched to the bit"
    assert apart(given[0], given[-1]) > 10, "and it moves"
    assert apart(flown[begun], given[-1]) < 12, "the flight begins with that very moment"
    assert all(map(np.array_equal, flown, elsewhere)), "twice the same bytes, whatever plays"
    assert apart(flown[-1], given[-1]) > 25, "and leads far away"


def test_the_flight_is_heard_and_the_moment_before_it_is_not(tmp_path: Path) -> None:
    small = {"model": "none", "size": "32x32", "fps": 10, "sinks": [f"record:{tmp_path}/out.mkv"]}
    Rendering(load_show(SHOW, small), print, GO + 2.5).run()
    sound = heard(tmp_path / "out.mkv")
    begun, end = round(GO * RATE_OF_SOUND), round((GO + 2.5) * RATE_OF_SOUND)
    assert not sound[:begun].any()
    loud = [float(np.sqrt((part**2).mean())) for part in np.array_split(sound[begun:end], 3)]
    assert loud == sorted(loud)
    assert loud[-1] > 0.05


def test_it_breathes_in_beats() -> None:
    from vj.app.setup import start_values
    from vj.control.build import make_engine
    from vj.parameters.store import Store

    show = load_show(SHOW)
    store = Store(start_values(show), show.table())
    store.automation, _ = make_engine(show, store, live=False, log=print, now=lambda: 0.0)
    beat = 60 / show.tempo.bpm
    falls = [store.sample(step * beat / 8)["feedback/dolly"] for step in range(64)]
    assert falls[:32] == pytest.approx(falls[8:40], abs=1e-6)
    assert max(falls) - min(falls) > 0.006
    assert min(falls) > 0, "it never goes back"


def streaked(picture: np.ndarray) -> float:
    """Share of what changes in a picture that does so across the way out from its middle: a half
    where it has forms, near 1 where it is streaks."""
    light = cv2.GaussianBlur(
        cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1
    )
    across, down = (cv2.Sobel(light, cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1)))
    y, x = (axis - (SIDE - 1) / 2 for axis in np.mgrid[:SIDE, :SIDE])
    out = np.hypot(x, y)
    beyond = out > SIDE / 10
    round_it = ((down * x - across * y) / np.maximum(out, 1))[beyond]
    return float((round_it**2).sum() / (across**2 + down**2)[beyond].sum())


def test_there_are_forms_in_it_and_not_streaks_alone() -> None:
    flown = rendered("dream", SMALL, GO + 9.5, RATE)[round((GO + 1) * RATE) :]
    assert np.median([streaked(picture) for picture in flown]) < 0.58


@pytest.mark.long
def test_it_falls_into_itself_and_goes_on_without_fading() -> None:
    painted = rendered("dream", SMALL, 20, RATE)[round((GO + 3) * RATE) :]
    light = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in painted]
    assert min(picture.std() for picture in light) > 15, "it never fades"
    assert all(40 < picture.mean() < 215 for picture in light)
    assert min(float(np.ptp(one, axis=2).mean()) for one in painted) > 15, "nor turns grey"
    middle = (SIDE - 1) / 2
    out = np.stack(np.meshgrid(*[np.arange(SIDE) - middle] * 2), axis=-1)
    find = make_flow("farneback")
    grown = [
        float((find(one, two) * out).sum() / (out * out).sum())
        for one, two in itertools.pairwise(light)
    ]
    assert 0.0015 < np.median(grown) < 0.04, (
        "what was there moves outwards, as far off as it is from the middle"
    )
    assert apart(painted[0], painted[-1]) > 25, "and becomes something else"
