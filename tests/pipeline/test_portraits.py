"""A still picture that does what a performer's face does: the fox that vj draws."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.mean_face import LIDS, mean_face
from vj.pipeline.landmarks.connections import FACE_CLOSED
from vj.pipeline.portraits.anchors import ANCHORS, from_anchors, read_anchors
from vj.pipeline.portraits.head_pose import HeadPose, placed, pose_of
from vj.pipeline.portraits.mesh import triangles, unfolded, ways, with_rings
from vj.pipeline.portraits.performance import NOTHING, Doing, FacePerformance
from vj.pipeline.portraits.portrait import MovedPortrait
from vj.sources.drawn.face_anchors import PORTRAIT, fox_anchors
from vj.sources.drawn.face_shape import FaceLook, face_points
from vj.sources.drawn.fox import EYES, PLACE, Fox

SIDE = 256
STILL = FaceLook()


def pixels(points: np.ndarray) -> np.ndarray:
    return np.asarray(points * SIDE + SIDE / 2, np.float32)


@lru_cache(1)
def fox() -> MovedPortrait:
    picture = Fox(Size(SIDE, SIDE)).drawn(FaceLook(x=PLACE[0], y=PLACE[1], size=EYES))
    points = from_anchors(fox_anchors(*PLACE, EYES), "fox")
    return MovedPortrait(picture, pixels(points))


def doing(*looks: FaceLook, still: FaceLook = STILL) -> list[Doing]:
    """What a performer does who first does nothing for more than a second."""
    performance = FacePerformance()
    for number in range(32):
        performance.of(pixels(face_points(still)), number / 30)
    return [performance.of(pixels(face_points(look)), 1.1 + n / 30) for n, look in enumerate(looks)]


def test_a_pose_is_found_again_and_an_expression_is_none() -> None:
    head = mean_face()[0]
    for pose in (HeadPose(10, 20, 50, 0.3, 0.4, -0.2), HeadPose(9, 2, 30, -0.5, -0.6, 0.4)):
        assert np.allclose(pose_of(head, placed(head, pose)), pose, atol=1e-6)
    speaks = face_points(FaceLook(turn=0.3, nod=0.2, tilt=10, jaw=0.6, eyes=(1.0, 0.0)))
    found = pose_of(head, speaks)
    assert (found.turn, found.nod) == pytest.approx((0.3, 0.2), abs=0.02)
    assert math.degrees(found.tilt) == pytest.approx(10, abs=1)


def test_lips_and_lids_are_edges_of_the_triangles() -> None:
    edges = {frozenset(pair) for a, b, c in triangles().tolist() for pair in ((a, b), (b, c))}
    edges |= {frozenset((a, c)) for a, _, c in triangles().tolist()}
    for line in FACE_CLOSED[1:]:
        for pair in zip(line, (*line[1:], line[0]), strict=True):
            assert frozenset(pair) in edges


def test_who_does_nothing_moves_nothing_and_the_same_pose_is_the_same_picture() -> None:
    portrait = fox()
    assert portrait.moved(NOTHING)[0] is portrait.picture
    once, other, again = doing(
        FaceLook(turn=0.3, jaw=0.7), FaceLook(tilt=-10), FaceLook(turn=0.3, jaw=0.7)
    )
    first, _ = portrait.moved(once)
    assert not np.array_equal(first, portrait.moved(other)[0])
    assert np.array_equal(first, portrait.moved(again)[0])
    off, points = portrait.moved(once, head=0.0, face=0.0)
    assert off is portrait.picture
    assert points is portrait.points


def test_what_lies_far_from_the_face_stands_still_and_the_face_does_not() -> None:
    portrait = fox()
    (one,) = doing(FaceLook(turn=0.4, nod=0.2, tilt=14, x=0.08, size=0.23, jaw=1.0))
    out, _ = portrait.moved(one)
    changed = cv2.absdiff(out, portrait.picture).max(axis=2) > 8
    assert changed.mean() > 0.2
    edges = (changed[:2], changed[-2:], changed[:, :2], changed[:, -2:])
    assert max(edge.mean() for edge in edges) < 0.02
    corners = (changed[:40, :40], changed[:40, -40:], changed[-60:, :20], changed[-60:, -20:])
    assert max(corner.mean() for corner in corners) < 0.1


def test_the_mouth_opens_as_the_performers_does() -> None:
    portrait = fox()
    jaws = np.linspace(0, 1, 12)
    x, y = portrait.points[[13, 14]].mean(axis=0).astype(int)
    seen = []
    for one in doing(*(FaceLook(jaw=float(jaw)) for jaw in jaws)):
        out, _ = portrait.moved(one)
        red, green, _ = np.moveaxis(out[y - 4 : y + 30, x - 14 : x + 15].astype(int), 2, 0)
        # The inside of a mouth, dark or red: the muzzle is cream, the scarf is teal.
        seen.append(int(((green < 140) & (red > green)).sum()))
    assert np.corrcoef(jaws, seen)[0, 1] > 0.97
    assert seen[-1] > 2.5 * seen[0]


def test_what_is_between_its_lips_is_the_inside_of_a_mouth() -> None:
    portrait = fox()
    x, y = portrait.points[[13, 14]].mean(axis=0).astype(int)

    def tongue(picture: np.ndarray) -> int:
        red, green, blue = np.moveaxis(picture[y - 4 : y + 30, x - 14 : x + 15].astype(int), 2, 0)
        return int(((red > 130) & (red - green > 40) & (abs(green - blue) < 25)).sum())

    (one,) = doing(FaceLook(jaw=0.9))
    assert tongue(portrait.picture) < 10
    assert tongue(portrait.moved(one)[0]) > 60


def test_a_picture_that_shows_teeth_keeps_them_at_the_upper_lip() -> None:
    picture = np.full((SIDE, SIDE, 3), (200, 150, 120), np.uint8)
    points = pixels(face_points(FaceLook(jaw=0.25)))
    cv2.fillPoly(picture, [np.rint(points[list(FACE_CLOSED[2])]).astype(np.int32)], (245, 245, 245))
    portrait = MovedPortrait(picture, points)
    (one,) = doing(FaceLook(jaw=0.9))
    out, moved = portrait.moved(one)
    (x, top), (_, bottom) = moved[13].astype(int), moved[14].astype(int)
    line = out[top:bottom, x].min(axis=1)
    own = float(points[14, 1] - points[13, 1])
    assert len(line) > 1.8 * own
    assert int((line > 215).sum()) == pytest.approx(own, abs=3), "as high as they were"
    assert line[round(own) + 3 : round(own) + 6].max() < 130, "and below them it is dark"


def test_the_eyes_close_altogether_each_for_itself() -> None:
    portrait = fox()
    (wink, drowsy) = doing(FaceLook(eyes=(1.0, 0.0)), FaceLook(eyes=(0.45, 0.45)))

    def white(picture: np.ndarray, eye: int) -> int:
        upper, lower = (portrait.points[list(lid)] for lid in LIDS[eye])
        low, high = upper.min(axis=0).astype(int), lower.max(axis=0).astype(int)
        # not what is about it: the white of the cheek is below
        there = picture[low[1] + 5 : high[1] - 8, low[0] + 5 : high[0] - 5]
        return int((there.min(axis=2) > 225).sum())

    open_ = white(portrait.picture, 0)
    assert open_ > 40
    assert white(portrait.moved(wink)[0], 0) < 0.03 * open_
    assert white(portrait.moved(wink)[0], 1) > 0.9 * open_
    assert 0.15 * open_ < white(portrait.moved(drowsy)[0], 0) < 0.9 * open_


def test_the_head_turns_and_moves_within_bounds() -> None:
    portrait = fox()
    eyes = portrait.points[[33, 263]].astype(np.float64)
    unit = float(np.linalg.norm(eyes[1] - eyes[0]))
    right, left, far = (
        portrait.moved(one)[1]
        for one in doing(FaceLook(turn=0.4), FaceLook(turn=-0.4), FaceLook(x=3.0, size=0.6))
    )
    nose = [points[4, 0] - points[[33, 263], 0].mean() for points in (right, left)]
    assert nose[0] > 0.1 * unit
    assert nose[1] < -0.1 * unit
    assert np.abs(far - portrait.points).max() < 1.5 * unit, "somebody else stands beside"


@pytest.mark.parametrize("seed", range(6))
def test_nothing_folds_whatever_is_done(seed: int) -> None:
    portrait, random = fox(), np.random.default_rng(seed)
    look = FaceLook(
        turn=random.uniform(-0.6, 0.6),
        nod=random.uniform(-0.6, 0.6),
        tilt=random.uniform(-30, 30),
        x=random.uniform(-0.2, 0.2),
        size=random.uniform(0.14, 0.28),
        jaw=random.uniform(0, 1),
        smile=random.uniform(0, 1),
        brows=random.uniform(-1, 1),
    )
    (one,) = doing(look)
    _, points = portrait.moved(one)
    about = with_rings(portrait.points.astype(np.float64))
    still = np.concatenate([portrait.points.astype(np.float64), about])
    moved = np.concatenate([points.astype(np.float64), about])
    found = ways(still, unfolded(still, moved), SIDE, SIDE)
    assert found is not None
    _, x, y = found
    turned = np.gradient(x, axis=1) * np.gradient(y, axis=0)
    turned -= np.gradient(x, axis=0) * np.gradient(y, axis=1)
    assert (turned < -0.05).mean() < 0.004


def test_another_face_of_another_size_does_the_same_with_it() -> None:
    small = FaceLook(size=0.1, x=0.2, y=-0.1, tilt=8)
    (one,) = doing(FaceLook(jaw=0.8))
    (other,) = doing(FaceLook(size=0.1, x=0.2, y=-0.1, tilt=8, jaw=0.8), still=small)
    apart = np.abs(fox().moved(one)[1] - fox().moved(other)[1])
    assert apart.max() < 0.6


def test_somebody_else_is_learned_anew_and_so_is_who_asks_for_it() -> None:
    performance = FacePerformance()
    open_ = pixels(face_points(FaceLook(jaw=0.5)))
    for number in range(40):
        performance.of(pixels(face_points(STILL)), number / 30)
    assert np.abs(performance.of(open_, 1.4).face).max() > 0.1  # type: ignore[arg-type]
    performance.relearn()
    for number in range(40):
        does = performance.of(open_, 1.5 + number / 30)
    assert does.face is not None
    assert np.abs(does.face).max() < 1e-3
    does = performance.of(pixels(face_points(STILL)), 9.0)
    assert does.face is not None
    assert np.abs(does.face).max() < 1e-3, "after seconds without a face it is a new one"


SHUT = """\
left eye: [[2, 8], [4, 8], [6, 8], {}]
right eye: [[14, 8], [12, 7], [10, 8], [12, 9]]
mouth: [[5, 12], [8, 11], [11, 12], [8, 13]]
"""


def test_anchors_are_met_and_what_is_wrong_with_them_is_said(tmp_path: Path) -> None:
    points = from_anchors(PORTRAIT, "portrait")
    for name, places in PORTRAIT.items():
        if name.endswith("brow"):
            continue  # what lies about an eye makes room for its lids
        for chosen, place in zip(ANCHORS[name], places, strict=True):
            assert points[list(chosen)].mean(axis=0) == pytest.approx(place, abs=4e-3), name
    file = tmp_path / "cat.face.yaml"
    for text, words in (
        ("chin: [3, 4]", "left eye is missing"),
        ("chim: [3, 4]", "did you mean chin"),
        ("chin: [3]", r"chin: \[3\]: \[x, y\] would be right"),
        ("left eye: [[1, 2], [3, 4]]", r"4 of \[x, y\] would be right"),
        (SHUT.format("[5, 8]"), "left eye: its places lie on one line, or on each other"),
        (SHUT.format("[2, 8], [2, 8]"), r"4 of \[x, y\] would be right"),
        ("- chin", "anchors are wanted"),
        ("chin: [", "is no YAML"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(Fault, match=words):
            read_anchors(file)
    with pytest.raises(Fault, match="cannot be read"):
        read_anchors(tmp_path / "gone.face.yaml")
