"""Points of faces and bodies, found in a photograph that is moved, turned and scaled as footage."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetched import needs
from vj.core.fetched import fetched
from vj.pipeline.landmarks.body import Body, BodyFinder
from vj.pipeline.landmarks.face import FaceFinder
from vj.pipeline.landmarks.regions import Region
from vj.pipeline.selfie_segmentation import SQUARE, WIDE, SelfieSegmentation
from vj.pipeline.tflite import Engine, TfliteNetwork

FACE = ("face_detection_short_range.tflite", "face_landmark.tflite")
POSE = "pose_landmark_full.tflite"
BODY = (SQUARE, WIDE, POSE)
LITERT = pytest.mark.skipif(
    importlib.util.find_spec("ai_edge_litert") is None, reason="LiteRT is not installed"
)
SIDE = 256
EMPTY = np.full((SIDE, SIDE, 3), 110, np.uint8)


def network(name: str, engine: Engine | None = None) -> TfliteNetwork:
    path = fetched(name)
    assert path is not None
    return TfliteNetwork(path, engine=engine)


def face_finder(engine: Engine | None = None) -> FaceFinder:
    return FaceFinder(*(network(name, engine) for name in FACE))


def body_finder(engine: Engine | None = None) -> BodyFinder:
    return BodyFinder(SelfieSegmentation().find, network(POSE, engine))


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    """(256, 256, 3): an astronaut's face, shoulders and arms."""
    picture = cv2.imread(str(Path(__file__).parents[1] / "pictures" / "astronaut.jpg"))
    assert picture is not None
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small[..., ::-1])


@pytest.fixture
def faces() -> FaceFinder:
    return face_finder()


def placed(
    x: float = 0, y: float = 0, degrees: float = 0, scale: float = 1, about: float = SIDE / 2
) -> np.ndarray:
    """(2, 3): how a picture is moved by so many pixels, turned and scaled about its middle."""
    matrix = cv2.getRotationMatrix2D((about, about), -degrees, scale)
    matrix[:, 2] += x, y
    return matrix


def shown(picture: np.ndarray, place: np.ndarray) -> np.ndarray:
    return cv2.warpAffine(
        picture, place, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )


def moved(points: np.ndarray, place: np.ndarray) -> np.ndarray:
    # a pixel's middle is at half a pixel for points, and a whole number for the warp
    return (points - 0.5) @ place[:, :2].T + place[:, 2] + 0.5


def far(one: np.ndarray, other: np.ndarray) -> float:
    """The mean distance of points."""
    return float(np.linalg.norm(one - other, axis=1).mean())


@pytest.mark.parametrize(("angle", "side"), [(0.0, 60.0), (0.7, 60.0), (-2.0, 400.0)])
def test_what_is_seen_in_a_region_is_where_it_was_in_the_picture(angle: float, side: float) -> None:
    picture = np.zeros((300, 400, 3), np.uint8)
    cv2.circle(picture, (150, 140), 7, (255, 255, 255), -1)
    region = Region(160.0, 130.0, side, angle)
    light = region.cut(picture, 96)[..., 0]
    y, x = np.mgrid[:96, :96] + 0.5
    seen = np.array([[(x * light).sum(), (y * light).sum()]]) / light.sum() / 96
    assert far(region.to_picture(seen), np.array([[150.5, 140.5]])) < 0.35


def test_the_region_around_turned_points_holds_them_closely() -> None:
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    points = Region(50.0, 40.0, 30.0, 0.5).to_picture(corners)
    region = Region.around(points, 0.5, 1.5)
    assert (region.x, region.y, region.side) == pytest.approx((50, 40, 45), abs=1e-3)
    assert Region.around(points, 0.0, 1.5).side > 55, "an upright square has to be larger"


@needs(*FACE)
def test_a_faces_points_lie_on_the_face(faces: FaceFinder, portrait: np.ndarray) -> None:
    (points,) = faces.find(portrait, 0.0)
    right_eye, left_eye, lips = points[[33, 133]].mean(0), points[[263, 362]].mean(0), points[13]
    assert right_eye == pytest.approx((101, 50), abs=4)  # measured in the picture by hand
    assert left_eye == pytest.approx((124, 51), abs=4)
    assert lips == pytest.approx((111, 71), abs=4)


@needs(*FACE)
@pytest.mark.parametrize(
    "steps",
    [
        [placed(x=3 * step, y=2 * step) for step in range(12)],
        [placed(degrees=4 * step) for step in range(12)],
        [placed(scale=1 + 0.05 * step) for step in range(12)],
        [placed(x=30, y=40, degrees=-3 * step, scale=1 - 0.03 * step) for step in range(12)],
    ],
    ids=["moved", "turned", "nearer", "away"],
)
def test_points_follow_the_face(
    faces: FaceFinder, portrait: np.ndarray, steps: list[np.ndarray]
) -> None:
    (still,) = face_finder().find(portrait, 0.0)
    for number, place in enumerate(steps):
        (points,) = faces.find(shown(portrait, place), number / 25)
        assert far(points, moved(still, place)) < 2.5, f"frame {number}"


@needs(*FACE)
def test_a_face_that_goes_is_lost_and_one_that_comes_is_found_wherever_it_is(
    faces: FaceFinder, portrait: np.ndarray
) -> None:
    assert len(faces.find(portrait, 0.0)) == 1
    assert faces.find(EMPTY, 0.04) == []
    elsewhere = placed(x=-60, y=90)
    (points,) = faces.find(shown(portrait, elsewhere), 0.08)
    (still,) = face_finder().find(portrait, 0.0)
    assert far(points, moved(still, elsewhere)) < 2.5
    cut = placed(x=60, y=20, degrees=10)
    (points,) = faces.find(shown(portrait, cut), 0.12)
    assert far(points, moved(still, cut)) < 2.5, "two scenes meet: nothing drags"


@needs(*FACE)
def test_two_faces_are_followed_and_none_twice(faces: FaceFinder, portrait: np.ndarray) -> None:
    both = np.hstack([portrait[:, 30:190], portrait[:, 30:190][:, ::-1]])
    for number in range(60):
        found = faces.find(both, number / 25)
    assert sorted(points[:, 0].mean() > 160 for points in found) == [False, True]
    assert len(faces.find(portrait, 3.0)) == 1, "another size of frame"


@needs(*FACE)
@pytest.mark.parametrize("size", [(16, 16), (17, 200), (200, 16)])
def test_tiny_frames_and_faces_at_the_border_harm_nothing(
    faces: FaceFinder, portrait: np.ndarray, size: tuple[int, int]
) -> None:
    for number in range(3):
        for points in faces.find(cv2.resize(portrait, size), number / 25):
            assert np.isfinite(points).all()
    for number in range(14):
        for points in faces.find(shown(portrait, placed(x=-12 * number)), 1 + number / 25):
            assert np.isfinite(points).all()
            assert points[:, 0].mean() > -20


class Broken:
    """A network whose places are no numbers, or how sure it is of them is none, once it has
    answered well so many times."""

    def __init__(self, network: TfliteNetwork, well: int, places: bool = True) -> None:
        self._network, self._well, self._places = network, well, places

    def run(self, picture: np.ndarray) -> dict[str, np.ndarray]:
        self._well -= 1
        out = self._network.run(picture)
        if self._well >= 0:
            return out
        return {
            n: one * np.nan if (one.size > 1) == self._places else one for n, one in out.items()
        }


@needs(*FACE, *BODY)
@pytest.mark.parametrize("places", [False, True])
def test_no_numbers_are_nobody(portrait: np.ndarray, places: bool) -> None:
    detector, points = map(network, FACE)
    faces = FaceFinder(detector, Broken(points, 2, places))
    assert len(faces.find(portrait, 0.0)) == 1
    assert faces.find(portrait, 0.04) == []
    assert FaceFinder(Broken(detector, 0), points).find(portrait, 0.0) == []
    people, pose = SelfieSegmentation(), network(POSE)
    bodies = BodyFinder(people.find, Broken(pose, 3, places))
    assert bodies.find(portrait, 0.0) is not None
    assert bodies.find(portrait, 0.04) is None
    nowhere = BodyFinder(lambda image: np.full((256, 256), np.nan, np.float32), pose)
    assert nowhere.find(portrait, 0.0) is None


def body_in(finder: BodyFinder, picture: np.ndarray, time: float) -> Body:
    found = finder.find(picture, time)
    assert found is not None
    return found


UPPER = [0, 2, 5, 7, 8, 11, 12]
"""Nose, eyes, ears, shoulders."""


@needs(*BODY)
def test_whoever_comes_in_is_shown_in_the_right_pose_at_once(portrait: np.ndarray) -> None:
    """Of half a figure the knees were looked for at the hips, for a second."""
    half, knees = portrait[:170], [25, 26]
    finder = body_finder()
    first = body_in(finder, half, 0.0).points[knees]
    for number in range(1, 15):
        later = body_in(finder, half, number / 5).points[knees]
    assert (later[:, 1] > 2 * len(half)).all(), "far below the picture"
    assert far(first, later) < 70


@needs(*BODY)
def test_a_bodys_points_follow_it_and_what_is_not_in_the_picture_is_not_visible(
    portrait: np.ndarray,
) -> None:
    finder = body_finder()
    still = body_in(body_finder(), portrait, 0.0)
    assert still.points[0] == pytest.approx((112, 58), abs=8), "the nose"
    assert (still.visible[UPPER] > 0.8).all()
    assert (still.visible[23:] < 0.3).all(), "hips, knees and feet"
    for number in range(8):
        place = placed(x=4 * number, y=2 * number, degrees=number)
        body = body_in(finder, shown(portrait, place), number / 25)
        assert far(body.points[UPPER], moved(still.points, place)[UPPER]) < 6, f"frame {number}"


@needs(*BODY)
def test_a_body_that_goes_is_lost_and_found_again(portrait: np.ndarray) -> None:
    finder = body_finder()
    before = body_in(finder, portrait, 0.0)
    assert finder.find(EMPTY, 0.04) is None
    place = placed(x=25, y=30, scale=0.8)
    again = body_in(finder, shown(portrait, place), 0.08)
    assert far(again.points[UPPER], moved(before.points, place)[UPPER]) < 6
    assert finder.find(EMPTY[:16, :16], 0.12) is None


@LITERT
@needs(*FACE, *BODY)
def test_both_engines_find_the_same(portrait: np.ndarray) -> None:
    engines: tuple[Engine, ...] = ("litert", "opencv")
    one, two = (face_finder(engine).find(portrait, 0.0)[0] for engine in engines)
    assert far(one, two) < 0.05
    first, second = (body_in(body_finder(engine), portrait, 0.0) for engine in engines)
    assert far(first.points, second.points) < 0.3
    assert np.abs(first.visible - second.visible).max() < 0.02


@needs(*FACE)
def test_the_same_frames_give_the_same_points(portrait: np.ndarray) -> None:
    def run() -> list[np.ndarray]:
        finder = face_finder()
        frames = [shown(portrait, placed(x=2 * n, degrees=math.sin(n) * 9)) for n in range(6)]
        return [finder.find(frame, n / 25)[0] for n, frame in enumerate(frames)]

    assert all(np.array_equal(one, two) for one, two in zip(run(), run(), strict=True))
