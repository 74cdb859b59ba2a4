"""Another person's face moves the trained one: by geometry, with faces made up of ovals."""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np
import pytest

from vj.pipeline.landmarks.connections import OVAL
from vj.translator.face_place import (
    POINTS,
    REGIONS,
    FacePlace,
    FacePose,
    mean_face,
    placed,
    pose,
    to_pixels,
    to_units,
    unplaced,
)
from vj.translator.trackers import Found, drawn

SHAPE = (256, 256)
TRAINED = {"wide": 1.0, "eyes": 1.0, "mouth": 1.0, "x": 0.5, "y": 0.48, "size": 0.5}
OTHER = {"wide": 1.25, "eyes": 0.8, "mouth": 1.3, "x": 0.42, "y": 0.66, "size": 0.27}


def ring(points: tuple[int, ...], x: float, y: float, wide: float, high: float) -> np.ndarray:
    turn = 2 * np.pi * np.arange(len(points)) / len(points)
    return np.stack([x + wide * np.cos(turn), y + high * np.sin(turn)], -1)


def face(
    who: dict[str, float],
    opened: float = 0.3,
    shut: float = 0.0,
    turn: float = 0.0,
    across: float = 0.0,
) -> np.ndarray:
    """(468, 2) in units of the picture. opened: the mouth, shut: the eyes, 0..1. turn: of the head,
    radians. across: its way from its place, in its own sizes."""
    points = np.random.default_rng(5).uniform(-0.3, 0.3, (POINTS, 2)) * (0.5, 1)
    points[list(OVAL)] = ring(OVAL, 0, 0.05, 0.36, 0.5)
    eye = 0.035 * who["eyes"] * (1 - shut) + 0.002
    for side, name in ((1, "left"), (-1, "right")):
        points[list(REGIONS[f"{name} eye"])] = ring(
            REGIONS[f"{name} eye"], side * 0.15, -0.08, 0.07 * who["eyes"], eye
        )
        points[list(REGIONS[f"{name} brow"])] = ring(
            REGIONS[f"{name} brow"], side * 0.15, -0.2, 0.09, 0.012
        )
    lips = REGIONS["mouth"]
    wide, high = 0.12 * who["mouth"], (0.03 + 0.09 * opened) * who["mouth"]
    points[list(lips[:20])] = ring(lips[:20], 0, 0.28, wide, high)
    points[list(lips[20:])] = ring(lips[20:], 0, 0.28, 0.8 * wide, 0.8 * high - 0.015)
    points[:, 0] *= who["wide"]
    cos, sin = math.cos(turn), math.sin(turn)
    points = points @ np.array([[cos, sin], [-sin, cos]])
    points[:, 0] += across
    return np.asarray(points * who["size"] + (who["x"], who["y"]), np.float32)


def acted(who: dict[str, float], seconds: float = 24.0) -> list[tuple[float, np.ndarray]]:
    """The same play by anybody: talking, blinking, turning, swaying; ten frames a second."""
    frames = []
    for number in range(int(10 * seconds)):
        time = number / 10
        frames.append(
            (
                time,
                face(
                    who,
                    opened=0.3 + 0.3 * math.sin(2.1 * time),
                    shut=1.0 if number % 23 == 7 else 0.0,
                    turn=0.2 * math.sin(0.7 * time),
                    across=0.25 * math.sin(0.45 * time),
                ),
            )
        )
    return frames


def drawing(points: np.ndarray) -> np.ndarray:
    """Softened, so that what is next to each other counts as near."""
    lines = drawn(Found(face=to_pixels(points, SHAPE)), SHAPE, 0.9)
    return cv2.GaussianBlur(lines, (0, 0), 5)


def apart(one: np.ndarray, two: np.ndarray) -> float:
    """How far points lie apart, in sizes of the trained face."""
    return float(np.abs(one - two).mean()) / TRAINED["size"]


def test_a_wider_lower_smaller_face_gives_nearly_the_same_drawing() -> None:
    place = FacePlace(mean_face([points for _, points in acted(TRAINED)]))
    trained, others = acted(TRAINED), acted(OTHER)
    made = [place.of(points, time) for time, points in others]
    drawn_of = set(OVAL) | {point for region in REGIONS.values() for point in region}
    shown = sorted(drawn_of)
    for number in range(120, 240, 7):  # once it has seen a little of them
        truth, raw = trained[number][1], others[number][1]
        assert apart(made[number][shown], truth[shown]) < 0.02
        assert apart(raw[shown], truth[shown]) > 0.2
        near = np.abs(drawing(made[number]) - drawing(truth)).mean()
        assert near < 0.3 * np.abs(drawing(raw) - drawing(truth)).mean()


def test_what_they_do_is_done_by_its_own_size() -> None:
    place = FacePlace(face(TRAINED))
    for time, points in acted(OTHER):
        place.of(points, time)

    def shown(**does: float) -> np.ndarray:
        return place.of(face(OTHER, **does), 24.0)

    def high(points: np.ndarray, region: str) -> float:
        return float(np.ptp(points[list(REGIONS[region])], axis=0)[1]) / TRAINED["size"]

    assert high(shown(shut=1.0), "left eye") < 0.35 * high(shown(), "left eye")
    opened = high(shown(opened=1.0), "mouth") - high(shown(opened=0.0), "mouth")
    own = [high(face(TRAINED, opened=much), "mouth") for much in (0.0, 1.0)]
    assert opened == pytest.approx(own[1] - own[0], rel=0.25)
    moved = shown(across=0.4).mean(0) - shown().mean(0)
    assert moved == pytest.approx((0.4 * TRAINED["size"], 0), abs=0.03)
    assert moved[0] > 0
    tilted = pose(face(TRAINED), shown(turn=0.3)).turn - pose(face(TRAINED), shown()).turn
    assert tilted == pytest.approx(0.3, abs=0.05)


def test_the_trained_face_itself_stays_as_it_is() -> None:
    frames = acted(TRAINED)
    place = FacePlace(mean_face([points for _, points in frames]))
    for number, (time, points) in enumerate(frames):
        made = place.of(points, time)
        if number > 100:
            assert apart(made, points) < 0.02


def test_the_first_frame_is_in_its_place_and_keeps_its_expression() -> None:
    made = FacePlace(face(TRAINED)).of(face(OTHER, opened=1.0), 0.0)
    assert made.mean(0) == pytest.approx(face(TRAINED).mean(0), abs=0.05)
    lips = list(REGIONS["mouth"])
    size = np.ptp(made[lips], axis=0)[1] / np.ptp(face(TRAINED)[lips], axis=0)[1]
    assert size > 1.5


def test_nobody_keeps_another_ones_proportions() -> None:
    """Whoever comes after a second of nobody, or stands elsewhere at once, is somebody else; so is
    everybody when a clip begins anew."""
    new = FacePlace(face(TRAINED)).of(face(TRAINED), 0.0)
    for later, points in ((26.0, face(TRAINED)), (24.05, face(TRAINED, across=1.5))):
        place = FacePlace(face(TRAINED))
        for time, other in acted(OTHER):
            place.of(other, time)
        assert np.allclose(place.of(points, later), new, atol=1e-4)
    place = FacePlace(face(TRAINED))
    for time, other in acted(OTHER):
        place.of(other, time)
    assert np.allclose(place.of(face(TRAINED), 1.0), new, atol=1e-4)


def test_it_settles_without_a_jump() -> None:
    place = FacePlace(face(TRAINED))
    still = face(OTHER)
    made = [place.of(still, number / 30) for number in range(300)]
    steps = [apart(one, two) for one, two in pairwise(made)]
    assert max(steps) < 0.004
    assert apart(made[-1], face(TRAINED)) < 0.02


def test_poses_are_undone() -> None:
    shape = face(TRAINED)
    where = pose(shape, face(OTHER, turn=0.4, across=0.3))
    centre = shape.mean(0)
    assert np.allclose(unplaced(placed(shape, centre, where), centre, where), shape, atol=1e-9)
    assert pose(shape, shape) == pytest.approx(
        FacePose(*pose(shape, shape)[:2], scale=1.0, turn=0.0), abs=1e-6
    )


def test_points_that_are_no_face_break_nothing() -> None:
    place = FacePlace(face(TRAINED))
    assert np.isfinite(place.of(np.zeros((POINTS, 2), np.float32), 0.0)).all()
    assert np.isfinite(place.of(face(OTHER), 0.1)).all()


def test_units_are_those_of_the_middle_square() -> None:
    points = np.array([[240.0, 90.0], [160.0, 90.0]])
    wide = (180, 320, 3)
    assert to_units(points, wide).tolist() == [[80 / 180 + 0.5, 0.5], [0.5, 0.5]]
    assert np.allclose(to_pixels(to_units(points, wide), wide), points)
