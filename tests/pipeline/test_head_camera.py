"""A camera that keeps a head in the picture: steady, smooth, never in the way of the picture."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetched import needs
from tests.waiting import until
from vj.core.frame import Frame, Size
from vj.core.supervisor import Supervisor
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline import head_camera as module
from vj.pipeline.head_camera import HOLD, Damped, FollowedInput
from vj.pipeline.input_view import NEUTRAL, View, viewed
from vj.pipeline.landmarks.heads import FILES, Head, HeadFinder, head_of_person
from vj.sources.image import read_picture

CAME, SIZE, RATE = Size(640, 360), Size(256, 256), 30
MIDDLE = Head(0.5, 0.5, 0.3)
ASTRONAUT = Path(__file__).parents[1] / "pictures" / "astronaut.jpg"


class Scripted(HeadFinder):
    """Finds what a function of time says."""

    def __init__(self, at: Callable[[float], Head | None]) -> None:
        self.at, self.looked = at, 0

    def find(self, image: np.ndarray, time: float) -> Head | None:
        self.looked += 1
        return self.at(time)


class Run:
    """Offline, frame by frame."""

    def __init__(
        self, at: Callable[[float], Head | None], start: Mapping[str, Value] | None = None
    ) -> None:
        self.store, self.messages = Store({"input/follow": "head", **(start or {})}), list[str]()
        self.finder = Scripted(at)
        self.input = FollowedInput(
            self.messages.append, Supervisor(self.messages.append), False, self.finder
        )
        self.count = 0

    def views(self, seconds: float, size: Size = SIZE) -> list[View]:
        made = []
        for _ in range(round(seconds * RATE)):
            time = self.count / RATE
            pixels = np.zeros((CAME.height, CAME.width, 3), np.uint8)
            frame = Frame(pixels, self.count, time)
            made.append(self.input.view(frame, self.store.sample(time), size, "crop"))
            self.count += 1
        return made


def shown(head: Head, view: View, size: Size = SIZE) -> tuple[float, float]:
    """Where a head lies in the picture, 0..1; of an unturned view, cropped."""
    across = min(1.0, CAME.height * size.width / size.height / CAME.width)
    return (
        0.5 + (head.x - 0.5 - view.x / 2) * view.zoom / across,
        0.5 + (head.y - 0.5 - view.y / 2) * view.zoom,
    )


def test_a_damped_number_arrives_without_swinging_whatever_the_frame_rate() -> None:
    paths = []
    for steps in (10, 40):
        number = Damped()
        path = [number.value]
        for _ in range(steps * 2):
            number.toward(1.0, 1 / steps, 0.3, 100)
            path.append(number.value)
        assert all(later >= sooner for sooner, later in pairwise(path))
        assert 0.99 < path[-1] <= 1
        paths.append(path[:: steps // 10])
    np.testing.assert_allclose(paths[0], paths[1], atol=1e-9)


def test_a_head_stands_a_little_above_the_middle_from_the_first_frame_on() -> None:
    head = Head(0.62, 0.4, 0.18)
    (view,) = Run(lambda time: head).views(1 / RATE)
    assert view.zoom == pytest.approx(2.0)
    x, y = shown(head, view)
    assert x == pytest.approx(0.5)
    assert 0.4 < y < 0.5


def test_a_head_that_hardly_moves_does_not_move_the_camera() -> None:
    rng = np.random.default_rng(2)
    views = Run(lambda time: Head(*(MIDDLE + rng.normal(0, 0.004, 3)))).views(2)
    assert len(set(views)) == 1


@pytest.mark.parametrize("rate", [0.1, 0.25])
def test_whoever_walks_stays_in_the_middle_half_and_the_camera_moves_smoothly(rate: float) -> None:
    def at(time: float) -> Head:
        return Head(0.5 + 0.32 * math.sin(2 * math.pi * rate * time), 0.5, 0.2)

    views = Run(at).views(8)
    places = np.array([shown(at(n / RATE), view) for n, view in enumerate(views)])
    assert np.abs(places - 0.5).max() < 0.25
    path = np.array([(view.x, view.y, math.log2(view.zoom)) for view in views])
    steps = np.diff(path, axis=0)
    assert np.abs(steps[:, 0]).max() > 0.005, "it moves"
    assert np.abs(np.diff(steps, axis=0)).max() < 0.3 * np.abs(steps[:, 0]).max()


def test_one_wrong_look_is_not_believed_and_another_head_is_in_the_end() -> None:
    other = Head(0.85, 0.3, 0.3)
    run = Run(lambda time: other if 1 < time < 1.1 else MIDDLE)
    assert len(set(run.views(2))) == 1
    run = Run(lambda time: other if time > 1 else MIDDLE)
    views = run.views(1.2)
    assert views[-1] == views[0]
    assert shown(other, run.views(2)[-1])[0] == pytest.approx(0.5, abs=0.26)


def test_a_lost_head_is_waited_for_and_then_all_is_seen() -> None:
    run = Run(lambda time: MIDDLE if time < 1 else None)
    first = run.views(1)[-1]
    assert first.zoom == pytest.approx(1.2)
    assert run.views(HOLD - 0.1)[-1] == first
    last = run.views(4)[-1]
    assert last.zoom < 1.17


def test_nothing_beyond_the_input_is_seen() -> None:
    for head in (Head(0.02, 0.05, 0.2), Head(0.97, 0.98, 0.5)):
        view = Run(lambda time, head=head: head).views(1)[-1]  # type: ignore[misc]
        across = CAME.height / CAME.width
        assert abs(view.x) <= 1 - across / view.zoom + 1e-9
        assert abs(view.y) <= 1 - 1 / view.zoom + 1e-9


def test_the_hand_comes_on_top() -> None:
    plain = Run(lambda time: MIDDLE).views(0.1)[-1]
    closer = Run(lambda time: MIDDLE, {"input/zoom": 2.0, "input/mirror": "across"}).views(0.1)[-1]
    assert closer.zoom == pytest.approx(2 * plain.zoom)
    assert closer.mirror == "across"
    aside = Run(lambda time: MIDDLE, {"input/x": 0.5}).views(0.1)[-1]
    assert shown(MIDDLE, aside)[0] == pytest.approx(0.25)


@pytest.mark.parametrize("mirror", ["none", "across", "both"])
def test_a_mirrored_head_is_followed_where_it_is_seen(mirror: str) -> None:
    head = Head(0.68, 0.4, 0.18)
    run = Run(lambda time: head, {"input/mirror": mirror, "input/rotate": 15.0})
    pixels = np.zeros((CAME.height, CAME.width, 3), np.uint8)
    cv2.circle(pixels, (round(0.68 * CAME.width), round(0.4 * CAME.height)), 9, (255,) * 3, -1)
    seen = viewed(pixels, SIZE, "crop", run.views(0.1)[-1])
    y, x = (axis.mean() / 256 for axis in np.nonzero(seen[..., 0] > 128))
    assert x == pytest.approx(0.5, abs=0.03)
    assert 0.4 < y < 0.6


def test_following_begins_and_ends_with_a_glide() -> None:
    run = Run(lambda time: Head(0.7, 0.5, 0.15), {"input/follow": "none", "input/zoom": 1.5})
    by_hand = View(zoom=1.5)
    assert set(run.views(0.5)) == {by_hand}
    assert run.finder.looked == 0, "nobody is looked for in vain"
    for follow in ("head", "none"):
        run.store.set("input/follow", follow)
        zooms = [run.views(1 / RATE)[0].zoom for _ in range(2 * RATE)]
        assert np.abs(np.diff(zooms)).max() < 0.25
        assert (zooms[-1] == 1.5) == (follow == "none")
    assert set(run.views(0.5)) == {by_hand}


def test_live_nobody_waits_for_a_head() -> None:
    may, messages = threading.Event(), list[str]()

    def at(time: float) -> Head:
        may.wait(20)
        return Head(0.7, 0.5, 0.2)

    followed = FollowedInput(messages.append, Supervisor(messages.append), True, Scripted(at))
    store, count = Store({"input/follow": "head"}), 0

    def view() -> View:
        nonlocal count
        count += 1
        frame = Frame(np.zeros((36, 64, 3), np.uint8), count, count / RATE)
        return followed.view(frame, store.sample(count / RATE), SIZE, "crop")

    try:
        assert {view() for _ in range(50)} == {NEUTRAL}
        may.set()
        until(lambda: view().zoom > 1.5, lambda: messages)
    finally:
        may.set()
        followed.close()


def test_what_is_not_installed_or_fails_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(time: float) -> Head:
        raise RuntimeError("no such layer")

    run = Run(broken)
    assert set(run.views(0.3)) == {NEUTRAL}
    assert len([line for line in run.messages if "no such layer" in line]) == 1
    why = "is not installed: python3 launch.py add person"
    monkeypatch.setattr(module, "missing", lambda: why)
    messages: list[str] = []
    followed = FollowedInput(messages.append, Supervisor(messages.append), False)
    store = Store({"input/follow": "head"})
    frame = Frame(np.zeros((36, 64, 3), np.uint8), 0, 0.0)
    for follow in ("head", "none", "head"):
        store.set("input/follow", follow)
        assert followed.view(frame, store.sample(0.0), SIZE, "crop") == NEUTRAL
    assert messages == [f"input/follow head: {why}; the input stays as it is"]


@pytest.mark.parametrize("mask_shape", [(256, 256), (144, 256)])
def test_the_head_of_a_person_is_the_round_end_above(mask_shape: tuple[int, int]) -> None:
    person = np.zeros((360, 640), np.float32)
    cv2.rectangle(person, (300, 150), (340, 200), 1, -1)
    cv2.ellipse(person, (320, 120), (32, 42), 0, 0, 360, 1, -1)
    cv2.ellipse(person, (320, 330), (100, 130), 0, 0, 360, 1, -1)
    cv2.rectangle(person, (100, 5), (112, 12), 1, -1)  # a wrong spot
    mask = cv2.resize(person, mask_shape[::-1], interpolation=cv2.INTER_AREA)
    head = head_of_person(mask, person.shape)
    assert head is not None
    assert (head.x, head.y) == pytest.approx((0.5, 120 / 360), abs=0.03)
    assert head.height == pytest.approx(84 / 360, rel=0.15)
    assert head_of_person(np.zeros(mask_shape, np.float32), person.shape) is None


@needs(*FILES)
def test_the_head_of_an_astronaut() -> None:
    picture = read_picture(ASTRONAUT, "test")[..., :3]
    finder = HeadFinder()
    head = finder.find(picture, 0.0)
    assert head is not None
    away = np.hypot(head.x - 0.44, head.y - 0.22)
    assert away < 0.05, head
    assert 0.25 < head.height < 0.5
    assert finder.find(np.full_like(picture, 90), 1.0) is None
