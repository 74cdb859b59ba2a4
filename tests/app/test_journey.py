"""A journey in a show: the input is let go on a trigger, the picture flies on from that moment, and
the input comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from vj.app.offline import Rendering
from vj.core.frame import Size
from vj.parameters.store import Store
from vj.pipeline.journey import Journey
from vj.show.load import check_show
from vj.sources.image import read_picture

RATE, SIDE = 12, 96
BARE = {"strength": 0, "feedback/amount": 0, "blend/smoothing": 0, "crossfade": 0}
GO = {"name": "go", "fade": 0, "set": {"journey": True}}
BACK = {"name": "back", "fade": 0, "set": {"journey": False}}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rendered(
    here: Path, seconds: float, start: dict[str, Any], timeline: list[Any], **more: Any
) -> list[np.ndarray]:
    """Every picture, (H, W, 3) uint8. timeline: (seconds, cue)."""
    folder = here / f"out{len(list(here.glob('out*')))}"
    tree: dict[str, Any] = {
        "show": "journey",
        "size": f"{SIDE}x{SIDE}",
        "fps": RATE,
        "source": "drawn:crash",
        "model": "none",
        "sinks": [f"record:{folder}/"],
        "start": {**BARE, **start},
        "cues": [GO, BACK, {"name": "other", "fade": 0, "set": {"source": "room"}}],
        "sources": {"room": "drawn:room"},
        "timeline": [{"at": at, "cue": cue} for at, cue in timeline],
        **more,
    }
    Rendering(check_show(tree, "here"), lambda text: None, seconds, RATE).run()
    return [read_picture(path, "test")[..., :3] for path in sorted(folder.glob("*.png"))]


def apart(one: np.ndarray, two: np.ndarray) -> float:
    """Mean difference, 0..255."""
    return float(cv2.absdiff(one, two).mean())


def test_from_the_trigger_on_the_source_no_longer_matters(here: Path) -> None:
    moves = {"feedback/yaw": 2, "feedback/dolly": 0.01}
    flight = rendered(here, 2.5, moves, [(1, "go")])
    bare = rendered(here, 2.5, moves, [])
    elsewhere = rendered(here, 2.5, moves, [(1, "go"), (1.5, "other")])
    assert all(map(np.array_equal, flight[:RATE], bare)), "until then the input passes untouched"
    assert apart(flight[RATE], bare[RATE - 1]) < 15, "it goes on from that very moment"
    assert all(map(np.array_equal, flight, elsewhere)), "whatever the source does"
    assert apart(flight[-1], bare[-1]) > 30
    assert all(map(np.array_equal, flight, rendered(here, 2.5, moves, [(1, "go")])))


def test_what_is_seen_moves_outwards_at_the_pace_of_the_dolly(here: Path) -> None:
    picture = np.full((SIDE, SIDE, 3), 40, np.uint8)
    cv2.circle(picture, (58, 58), 3, (255, 255, 255), -1, cv2.LINE_AA)
    cv2.imwrite("dot.png", picture)
    dolly = 0.04
    flown = rendered(here, 1.5, {"feedback/dolly": dolly}, [(0.5, "go")], source="dot.png")
    light = [np.maximum(one[..., 0].astype(float) - 80, 0) for one in flown]
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    off = [((x + y) * one).sum() / one.sum() / 2 for one in light]
    begun = RATE // 2
    for number in range(begun, begun + 10):
        steps = number - begun + 1
        assert off[number] == pytest.approx(off[0] / (1 - dolly) ** steps, rel=0.03), number


@pytest.mark.parametrize(("seconds", "kept"), [(0, "none"), (0.5, "none"), (0.5, "luma")])
def test_the_input_comes_back_over_the_crossfade(here: Path, seconds: float, kept: str) -> None:
    start = {"feedback/yaw": 3, "crossfade": seconds, "mask/mode": kept, "mask/threshold": 0.1}
    flown = rendered(here, 2.5, start, [(0.5, "go"), (1.5, "back")])
    bare = rendered(here, 2.5, start, [])
    far = [apart(one, two) for one, two in zip(flown, bare, strict=True)]
    begin, end = round(1.5 * RATE), round((1.5 + seconds) * RATE)
    assert far[begin - 1] > 20
    assert max(far[end:]) == 0, "and then it is the input to the bit"
    between = far[begin:end]
    assert between == sorted(between, reverse=True)
    if seconds:
        assert between[0] > 0.8 * far[begin - 1], "nothing of it jumps in"
        assert 0.2 < between[len(between) // 2] / far[begin - 1] < 0.8


def test_it_begins_with_the_frame_as_it_is_painted_or_with_the_input(here: Path) -> None:
    start = {"feedback/amount": 0.8, "feedback/flow": 0, "feedback/x": 0.05}
    painted = rendered(here, 1.5, start, [(1, "go")])
    given = rendered(here, 1.5, {**start, "journey/from": "input"}, [(1, "go")])
    untouched = rendered(here, 1.5, {}, [])
    assert all(map(np.array_equal, painted[:RATE], given[:RATE]))
    moved = np.roll(untouched[RATE], round(0.05 * SIDE), axis=1)[:, 10:]
    assert apart(given[RATE][:, 10:], moved) < 0.5 * apart(painted[RATE][:, 10:], moved)


def test_who_stands_still_on_a_journey_sees_the_same_to_the_bit(here: Path) -> None:
    """No motion of the input is left, no mask, and the light is the moment's."""
    flown = rendered(here, 2, {"mask/mode": "motion", "blend/smoothing": 0.5}, [(0.5, "go")])
    flight = flown[RATE // 2 + 1 :]
    assert all(np.array_equal(one, flight[0]) for one in flight)


def test_smoothing_follows_the_camera(here: Path) -> None:
    """Or it would smear all that moves."""

    def sharpness(start: dict[str, Any]) -> float:
        moves = {"feedback/yaw": 2, "feedback/edge": "mirror"}
        picture = rendered(here, 1.5, {**moves, **start}, [(0.5, "go")])[-1][20:-20, 20:-20]
        return float(np.abs(np.diff(picture.astype(float), axis=1)).mean())

    assert sharpness({"blend/smoothing": 0.8}) > 0.75 * sharpness({})


@pytest.mark.parametrize("edge", ["auto", "mirror"])
def test_new_edges_are_painted_on_a_journey_and_mirrored_where_that_is_asked(
    here: Path, edge: str
) -> None:
    moves = {"feedback/x": -0.25, "feedback/edge": edge}
    flown = rendered(here, 0.5, moves, [(4 / RATE, "go")])[4]
    strip = flown[:, -SIDE // 4 + 1 :].astype(float)
    inside = flown[:, SIDE // 2 : -SIDE // 4 - 1].astype(float)[:, ::-1]
    width = min(strip.shape[1], inside.shape[1])
    alike = np.corrcoef(strip[:, :width].ravel(), inside[:, :width].ravel())[0, 1]
    assert (alike > 0.8) == (edge == "mirror"), alike


def test_new_edges_have_the_texture_of_the_model_and_another_model_goes_on(here: Path) -> None:
    def flown(edge: float) -> list[np.ndarray]:
        start = {"strength": 0.2, "prompt/a": "gold", "feedback/x": -0.06}
        return rendered(
            here,
            1,
            {**start, "journey/edge/strength": edge},
            [(2 / RATE, "go"), (8 / RATE, "other model")],
            model="drawn",
            cues=[GO, {"name": "other model", "fade": 0, "set": {"model": "none"}}],
        )

    painted, again, as_before = flown(1), flown(1), flown(0)
    assert all(map(np.array_equal, painted, again))
    assert all(map(np.array_equal, painted[:2], as_before[:2])), "nothing without a journey"
    strip = np.s_[:, -5:]
    for one, two in list(zip(painted, as_before, strict=True))[2:7]:
        assert apart(one[strip], two[strip]) > 8
        middle = np.s_[:, 10 : SIDE // 2]
        assert apart(one[middle], two[middle]) < 3


@pytest.mark.long
def test_a_pan_of_a_minute_keeps_its_light_and_colours(here: Path) -> None:
    start = {"feedback/yaw": 3, "feedback/pitch": 0.6}
    flown = rendered(here, 20, start, [(0.5, "go")], source="drawn:room")
    began = flown[0]
    for picture in flown[RATE::RATE]:
        assert 0.45 < picture.std() / began.std() < 1.6
        assert np.abs(picture.mean(axis=(0, 1)) - began.mean(axis=(0, 1))).max() < 60


@pytest.mark.parametrize("style", ["oil", "watercolour"])
def test_at_the_strength_shows_begin_with_it_does_not_become_a_poster(
    here: Path, style: str
) -> None:
    """Each frame is painted over the one before: contrast and colour stay near those it began
    with."""
    start = {"strength": 0.5, "feedback/dolly": 0.01, "prompt/a": style, "seed/a": 1}
    more = {"model": "drawn", "source": "drawn:drive"}
    flown = rendered(here, 2.5, start, [(0.25, "go")], **more)
    moment, late = flown[2].astype(np.float32), flown[-1].astype(np.float32)
    contrast = [float(one.mean(2).std()) for one in (moment, late)]
    colour = [float((one.max(2) - one.min(2)).mean()) for one in (moment, late)]
    assert contrast[1] < 1.6 * contrast[0]
    assert colour[1] < 1.8 * colour[0]
    assert apart(flown[-1], flown[-4]) > 1, "and it flies on"


def test_on_the_way_back_strength_becomes_what_it_is_elsewhere() -> None:
    journey = Journey(Size(8, 8))
    store = Store({"strength": 0.5, "journey": True, "crossfade": 1.0})
    picture, strengths = np.zeros((8, 8, 3), np.uint8), []
    for number in range(60):
        store.set("journey", number < 12, "test")
        snapshot = store.sample(number / 24)
        flight = journey.of(picture, snapshot)
        strengths.append(
            snapshot["strength"] if flight is None else flight.gentler(snapshot)["strength"]
        )
    assert strengths[11] == 0.25
    assert strengths[12:] == sorted(strengths[12:])
    assert strengths[-1] == 0.5
    assert max(np.diff(strengths[12:])) < 0.06, "it jumps nowhere"
