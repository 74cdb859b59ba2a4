"""What modulators hear of the input: how it moves, how bright it is, what colour it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from vj.core.frame import BlankFrame, Frame, Size
from vj.core.input_features import InputFeatures
from vj.core.metrics import Metrics
from vj.parameters.store import Snapshot, Store
from vj.pipeline.flow_backends import make_flow
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.input_measure import motion_of
from vj.pipeline.optical_flow import Motion

SIDE, FPS = 128, 25
STILL = {"feedback/amount": 0.0, "blend/smoothing": 0.0}
"""Nothing else asks for the flow."""


def texture(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).random((2 * SIDE, 2 * SIDE, 3), dtype=np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 3)
    return ((soft - soft.min()) / np.ptp(soft) * 255).astype(np.uint8)


def seen(picture: np.ndarray, x: float = 0, y: float = 0, scale: float = 1) -> np.ndarray:
    """The middle of a picture, moved to the right and down by so many pixels, grown about its
    middle."""
    middle = SIDE - 0.5
    matrix = np.array(
        [[scale, 0, x + middle * (1 - scale)], [0, scale, y + middle * (1 - scale)]], np.float32
    )
    whole = cv2.warpAffine(picture, matrix, picture.shape[1::-1], flags=cv2.INTER_CUBIC)
    return whole[SIDE // 2 : -SIDE // 2, SIDE // 2 : -SIDE // 2].copy()


class Measured:
    """A pipeline without a model, and what it measures."""

    def __init__(self, calculate: Callable[..., np.ndarray] | None = None) -> None:
        self.features = InputFeatures()
        self.messages: list[str] = []
        self.pipeline = FramePipeline(
            Size(SIDE, SIDE),
            "crop",
            Metrics(),
            self.messages.append,
            flow=calculate,
            features=self.features,
        )
        self.snapshot: Snapshot = Store(STILL).sample(0.0)
        self.frame = 0

    def play(self, picture: np.ndarray, frames: int = 1, kind: type[Frame] = Frame) -> None:
        """So many frames at FPS, each after its parameters were sampled."""
        for _ in range(frames):
            for name in ("amount", "x", "y", "zoom"):
                self.features.motion(name)
            self.features.picture("hue")
            now = self.frame / FPS
            self.pipeline.process(kind(picture, self.frame, now), self.snapshot)
            self.frame += 1

    def motion(self) -> dict[str, float]:
        return {name: self.features.motion(name) for name in ("amount", "x", "y", "zoom")}


@pytest.fixture
def measured() -> Iterator[Measured]:
    made = Measured()
    yield made
    made.pipeline.close()


@pytest.mark.parametrize(
    ("x", "y", "wanted"), [(2, 0, (1, 0)), (-2, 0, (-1, 0)), (0, 2, (0, 1)), (0, -2, (0, -1))]
)
def test_a_camera_that_pans_moves_everything_one_way(
    measured: Measured, x: float, y: float, wanted: tuple[int, int]
) -> None:
    """Two pixels of 128 at 25 frames a second are .39 of the height a second: .78 of full."""
    room = texture()
    for step in range(4):
        measured.play(seen(room, x * step, y * step))
    found, full = measured.motion(), 2 / SIDE * FPS / 0.5
    assert found["amount"] == pytest.approx(full, rel=0.1)
    assert (found["x"], found["y"]) == pytest.approx([full * way for way in wanted], abs=0.1)
    assert abs(found["zoom"]) < 0.1


def test_coming_nearer_is_a_zoom_and_no_move_to_a_side(measured: Measured) -> None:
    """By a hundredth a frame, a quarter a second: half of full. Going away is below 0."""
    room = texture()
    for step in range(4):
        measured.play(seen(room, scale=1.01**step))
    found = measured.motion()
    assert found["zoom"] == pytest.approx(0.5, abs=0.12)
    assert abs(found["x"]) < 0.1
    assert abs(found["y"]) < 0.1
    for step in range(3, 0, -1):
        measured.play(seen(room, scale=1.01**step))
    assert measured.motion()["zoom"] == pytest.approx(-0.5, abs=0.12)


def test_who_walks_in_at_an_edge_moves_to_a_side_and_hardly_zooms(measured: Measured) -> None:
    """A growth about some place explains a part of any movement at an edge."""
    room, person = seen(texture(1)), seen(texture(2))[20:110, :40]
    for step in range(4):
        picture = room.copy()
        place = SIDE - 35 - 2 * step
        picture[20:110, place : place + 35] = person[:, :35]
        measured.play(picture)
    found = measured.motion()
    assert found["x"] < -0.2
    assert abs(found["zoom"]) < 0.5 * abs(found["x"])


def test_a_cut_is_no_motion_and_neither_is_a_still_picture(measured: Measured) -> None:
    measured.play(seen(texture(1)))
    measured.play(seen(texture(2)))
    assert measured.motion() == {"amount": 0, "x": 0, "y": 0, "zoom": 0}
    measured.play(seen(texture(2), 2))
    assert measured.motion()["amount"] > 0.5
    measured.play(seen(texture(2), 2), frames=FPS)
    assert measured.motion()["amount"] == 0


def test_a_clip_of_fewer_frames_does_not_stop_between_two(measured: Measured) -> None:
    """Each picture twice, as 12.5 frames a second are played at 25: the pace is the clip's."""
    room, amounts = texture(), []
    for step in range(5):
        for _ in range(2):
            measured.play(seen(room, 2 * step))
            amounts.append(measured.motion()["amount"])
    assert amounts[3:] == pytest.approx([2 / SIDE * FPS / 2 / 0.5] * 7, rel=0.1)


def test_what_nobody_reads_is_not_measured() -> None:
    asked: list[int] = []
    dis = make_flow()

    def calculate(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        asked.append(1)
        return dis(one, two)

    measured = Measured(calculate)
    room = texture()
    for step in range(3):
        picture = seen(room, 2 * step)
        measured.pipeline.process(Frame(picture, step, step / FPS), measured.snapshot)
    assert not asked
    measured.play(seen(room, 6))
    measured.play(seen(room, 8))
    assert asked
    measured.pipeline.close()


def test_the_flow_of_feedback_is_the_same_one() -> None:
    """With one step the motion that feedback follows is that of the input: found once."""
    asked: list[int] = []
    dis = make_flow()

    def calculate(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        asked.append(1)
        return dis(one, two)

    measured, room = Measured(calculate), texture()
    measured.snapshot = Store({"feedback/amount": 0.5}).sample(0.0)
    for step in range(4):
        measured.play(seen(room, 2 * step))
    assert len(asked) == 2 * 3, "there and back, from each frame to the one before"
    assert measured.motion()["x"] == pytest.approx(2 / SIDE * FPS / 0.5, rel=0.15)
    measured.pipeline.close()


def test_a_flow_that_fails_leaves_the_picture_and_what_was_measured(measured: Measured) -> None:
    def broken(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        raise RuntimeError("no card")

    room = texture()
    measured.pipeline.use_flow(broken)
    for step in range(3):
        measured.play(seen(room, 2 * step))
    assert measured.motion()["amount"] > 0.5, "dis has gone on"
    assert any("dis is used" in message for message in measured.messages)


@pytest.mark.parametrize(
    ("colour", "brightness", "hue", "saturation"),
    [
        ((255, 0, 0), 0.299, 0.0, 1.0),
        ((0, 255, 0), 0.587, 1 / 3, 1.0),
        ((0, 0, 255), 0.114, 2 / 3, 1.0),
        ((255, 128, 128), 0.65, 0.0, 0.5),
    ],
)
def test_the_means_of_a_picture(
    measured: Measured,
    colour: tuple[int, int, int],
    brightness: float,
    hue: float,
    saturation: float,
) -> None:
    assert measured.features.picture("brightness") is None
    measured.play(np.full((SIDE, SIDE, 3), colour, np.uint8))
    found = measured.features
    assert found.picture("brightness") == pytest.approx(brightness, abs=0.01)
    assert found.picture("saturation") == pytest.approx(saturation, abs=0.01)
    assert (found.picture("hue") or 0) == pytest.approx(hue, abs=0.01)
    measured.play(np.full((SIDE, SIDE, 3), 200, np.uint8))
    assert (found.picture("hue") or 0) == pytest.approx(hue, abs=0.01), "grey has none of its own"
    assert found.picture("saturation") == 0


def test_one_place_that_is_sure_is_movement_and_no_zoom() -> None:
    grid = np.zeros((40, 30, 3), np.float32)
    grid[20, 10] = -4, 0, 1
    amount, x, y, zoom = motion_of(Motion(grid, False), 40, 1 / FPS)
    assert amount == pytest.approx(x)
    assert x > 0
    assert (y, zoom) == (0, 0)


def test_without_an_input_nothing_moves(measured: Measured) -> None:
    room = texture()
    measured.play(seen(room))
    measured.play(seen(room, 2))
    assert measured.motion()["amount"] > 0.5
    measured.play(np.full((SIDE, SIDE, 3), 128, np.uint8), kind=BlankFrame)
    assert measured.motion()["amount"] == 0
