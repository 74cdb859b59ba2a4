"""A subject that is picked by a point and tracked from then on."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import pytest

from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.parameters.store import Snapshot, Store
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.subject_tracker import SubjectTracker

WIDTH, HEIGHT, FRAMES, PICKED = 192, 108, 104, 2


def patches(width: int, height: int, colour: tuple[int, int, int], seed: int) -> np.ndarray:
    """Something with a pattern, (height, width, 3) float32."""
    drawn = np.random.default_rng(seed).normal(0, 1, (6, 8, 3)).astype(np.float32)
    wide = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(18 * wide + np.array(colour, np.float32), 0, 255)


class Thing:
    """An oval in two colours that walks through the room."""

    def __init__(self, side: int, above: tuple[int, int, int], below: tuple[int, int, int]) -> None:
        self._side = side
        self._look = patches(side, side, above, side)
        self._look[side // 2 :] = patches(side, side, below, side + 1)[side // 2 :]
        y, x = (np.mgrid[0:side, 0:side] + 0.5) / side * 2 - 1
        self._shape = cv2.GaussianBlur(
            ((x / 0.84) ** 2 + y**2 < 0.95).astype(np.float32), (3, 3), 0
        )

    def lay(self, picture: np.ndarray, x: float, y: float) -> np.ndarray:
        """Into the picture; where it is, (H, W) float32."""
        matrix = np.array([[1, 0, x - self._side / 2], [0, 1, y - self._side / 2]], np.float32)
        look, shape = (
            cv2.warpAffine(one, matrix, (WIDTH, HEIGHT)) for one in (self._look, self._shape)
        )
        picture += (look - picture) * shape[..., None]
        return shape


@lru_cache
def crossing(in_front: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """Two that walk past each other: pictures, and where what is seen of the first one is.
    in_front: it is the first that hides the other."""
    one, two = Thing(34, (200, 70, 50), (60, 60, 170)), Thing(42, (60, 150, 70), (190, 170, 60))
    room, grain = patches(WIDTH, HEIGHT, (120, 128, 124), 1), np.random.default_rng(5)
    film = []
    for turn in range(FRAMES):
        u, picture = turn / (FRAMES - 1), room.copy()
        places = (30 + 132 * u, 52 + 10 * np.sin(6 * u)), (165 - 135 * u, 57 + 8 * np.cos(5 * u))
        if in_front:
            two.lay(picture, *places[1])
            seen = one.lay(picture, *places[0])
        else:
            seen = one.lay(picture, *places[0])
            seen = seen * (1 - two.lay(picture, *places[1]))
        picture += grain.normal(0, 2, picture.shape)
        film.append((np.clip(picture, 0, 255).astype(np.uint8), seen))
    return film


def at(turn: int, picks: int = 1, x: float = 32.6 / WIDTH, y: float = 0.5) -> Snapshot:
    values = {"subject/pick": picks if turn >= PICKED else 0, "subject/x": x, "subject/y": y}
    return Snapshot(values, turn / 24)


def overlap(one: np.ndarray, two: np.ndarray) -> float:
    """Intersection over union."""
    return float(((one > 0.5) & (two > 0.5)).sum() / max(1, ((one > 0.5) | (two > 0.5)).sum()))


def tracked(in_front: bool) -> tuple[np.ndarray, list[str], list[bool]]:
    """The overlap of each frame with the truth, what was said, and where it was lost."""
    messages: list[str] = []
    tracker, found, lost = SubjectTracker(messages.append), [], []
    for turn, (picture, seen) in enumerate(crossing(in_front)):
        mask = tracker.find(picture, at(turn), None)
        assert (mask.shape, mask.dtype) == ((HEIGHT, WIDTH), np.float32)
        found.append(overlap(mask, seen))
        lost.append(tracker.lost)
    return np.array(found), messages, lost


def test_what_is_picked_is_kept_through_a_crossing_with_another() -> None:
    found, messages, lost = tracked(in_front=True)
    assert found[PICKED:].min() > 0.8
    assert not any(lost)
    assert messages == [
        "mask/mode subject: nothing is picked: click it on the page, or fire subject/pick"
    ]


def test_who_is_hidden_for_a_moment_is_said_to_be_lost_and_found_again() -> None:
    found, messages, lost = tracked(in_front=False)
    share = np.array([seen.sum() for _, seen in crossing(False)])
    share = share / share[0]
    goes, comes = lost.index(True), FRAMES - lost[::-1].index(True)
    assert share[goes] < 0.4
    assert found[PICKED:goes].min() > 0.8, "as much of them as is seen"
    assert found[comes : comes + 3].max() > 0.8
    assert found[comes + 3 :].min() > 0.8
    assert comes - goes < 20
    assert [line.split(": ")[1].split(";")[0] for line in messages[1:]] == ["lost", "found again"]


def test_another_is_picked_by_another_click() -> None:
    tracker = SubjectTracker(print)
    for turn, (picture, seen) in enumerate(crossing(True)[:20]):
        mask = tracker.find(
            picture, at(turn, 1 if turn < 10 else 2, x=0.2 if turn < 10 else 0.77), None
        )
        if turn >= PICKED:
            assert (overlap(mask, seen) > 0.8) == (turn < 10), turn
    assert mask[round(0.53 * HEIGHT), round(0.72 * WIDTH)] > 0.5


def test_a_person_is_picked_whole_where_people_are_found() -> None:
    picture, seen = crossing(True)[0]
    others = np.zeros((HEIGHT // 2, WIDTH // 2), np.float32)
    others[:, -12:] = 1
    people = np.maximum(cv2.resize(seen, (WIDTH // 2, HEIGHT // 2)), others)
    tracker = SubjectTracker(print)
    tracker.find(picture, at(0), people)
    mask = tracker.find(picture, at(PICKED), people)
    assert overlap(mask, seen) > 0.9
    assert mask[:, -20:].max() < 0.3, "and nobody else"
    late = SubjectTracker(print)  # live the network is a few frames late
    for turn in range(4):
        late.find(picture, at(turn), None)
    assert overlap(late.find(picture, at(5), people), seen) > 0.9


@pytest.mark.parametrize("place", [(0.0, 0.0), (1.0, 1.0), (0.9, 0.1)])
def test_a_click_anywhere_picks_something_near_and_stops_nothing(
    place: tuple[float, float],
) -> None:
    tracker = SubjectTracker(print)
    for turn, (picture, _) in enumerate(crossing(True)[:6]):
        mask = tracker.find(picture, at(turn, x=place[0], y=place[1]), None)
        assert np.isfinite(mask).all()
    for size in ((33, 640), (400, 40)):
        assert tracker.find(np.zeros((*size, 3), np.uint8), at(9), None).shape == size


def test_the_picked_one_stays_and_the_rest_is_painted_through_the_whole_pipeline() -> None:
    pipeline = FramePipeline(Size(WIDTH, HEIGHT), "crop", Metrics(), print)
    store = Store(
        {
            "mask/mode": "subject",
            "mask/feather": 0,
            "mask/steady": 0,
            "background/source": "black",
            "subject/x": 32.6 / WIDTH,
        }
    )
    film = crossing(True)
    assert pipeline.process(Frame(film[0][0], 0, 0.0), store.sample(0.0)).picture.max() == 0
    store.set("subject/pick", True)
    for turn in range(1, 12):
        shown = pipeline.process(Frame(film[turn][0], turn, turn / 24), store.sample(turn / 24))
    picture, seen = film[11]
    inside = cv2.erode((seen > 0.9).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    outside = cv2.dilate((seen > 0.1).astype(np.uint8), np.ones((11, 11), np.uint8)) == 0
    assert np.abs(shown.picture[inside].astype(int) - picture[inside]).max() <= 1
    assert shown.picture[outside].max() == 0
    store.set("panic", True)
    pipeline.process(Frame(film[12][0], 12, 0.5), store.sample(0.5))
    assert not pipeline.preparation.masks.tracker.lost, "panic picks nobody else"
    pipeline.close()
