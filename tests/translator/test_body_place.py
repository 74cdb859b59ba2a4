"""Another person's body, nearer or farther, stands where the trained one stood."""

from __future__ import annotations

import numpy as np
import pytest

from vj.pipeline.landmarks.body import POINTS, Body
from vj.translator.body_place import BodyPlace, Stature, mean_stature, stature
from vj.translator.face_place import to_pixels, to_units

SHAPE = (256, 256, 3)
SHOULDERS, ELBOWS, HIPS, HEAD = [11, 12], [13, 14], [23, 24], [*range(11)]


def body(x: float, y: float, size: float, lifted: float = 0.0, narrow: float = 1.0) -> Body:
    """Somebody whose shoulders are `size` wide. lifted: the arms, 0..1. narrow: of the shoulders,
    as of one who turns."""
    points = np.zeros((POINTS, 2))
    points[HEAD] = (0, -0.6)
    points[SHOULDERS] = [(0.5 * narrow, 0), (-0.5 * narrow, 0)]
    points[ELBOWS] = [(0.8, 0.6 - 1.2 * lifted), (-0.8, 0.6 - 1.2 * lifted)]
    points[HIPS] = [(0.35 * narrow, 1.4), (-0.35 * narrow, 1.4)]
    points[25:] = (0, 2.6)
    visible = np.ones(POINTS, np.float32)
    return Body(to_pixels(points * size + (x, y), SHAPE), visible)


TRAINED = Stature(0.5, 0.35, 0.3)


def far() -> list[Body]:
    """Somebody small at the right who lifts the arms, and sways."""
    return [
        body(0.7 + 0.02 * np.sin(n / 5), 0.6, 0.12, lifted=0.5 + 0.5 * np.sin(n / 7))
        for n in range(300)
    ]


def test_a_body_far_from_the_camera_moves_the_trained_one() -> None:
    place = BodyPlace(TRAINED)
    made = [place.of(one, SHAPE, n / 30) for n, one in enumerate(far())]
    for number in (150, 200, 290):
        lifted = 0.5 + 0.5 * np.sin(number / 7)
        own = body(0.5 + 0.05 * np.sin(number / 5), 0.35, 0.3, lifted=lifted)
        assert np.abs(made[number].points - own.points).max() / 256 < 0.03
        assert np.abs(far()[number].points - own.points).max() / 256 > 0.2
        assert np.array_equal(made[number].visible, own.visible)
    first = to_units(made[0].points, SHAPE)
    assert first[SHOULDERS].mean(0) == pytest.approx((0.5, 0.35), abs=0.01)


def test_who_turns_aside_does_not_grow() -> None:
    place = BodyPlace(TRAINED)
    for number in range(60):
        place.of(body(0.5, 0.5, 0.2), SHAPE, number / 30)
    made = [place.of(body(0.5, 0.5, 0.2, narrow=0.2), SHAPE, 2 + n / 30) for n in range(60)]
    heights = [np.ptp(one.points[:, 1]) for one in made]
    assert max(heights) < 1.05 * min(heights)


def test_the_trained_body_stays_where_it_is() -> None:
    own = [body(0.5, 0.35, 0.3, lifted=n / 40) for n in range(40)]
    mean = mean_stature([(to_units(one.points, SHAPE), one.visible) for one in own])
    assert mean == pytest.approx(TRAINED, abs=1e-4)
    assert mean is not None
    place = BodyPlace(mean)
    for number, one in enumerate(own):
        assert np.allclose(place.of(one, SHAPE, number / 30).points, one.points, atol=0.1)


def test_without_shoulders_a_body_waits_for_them() -> None:
    hidden = body(0.7, 0.6, 0.12)
    hidden.visible[SHOULDERS] = 0.1
    assert stature(to_units(hidden.points, SHAPE), hidden.visible) is None
    assert mean_stature([(to_units(hidden.points, SHAPE), hidden.visible)]) is None
    place = BodyPlace(TRAINED)
    assert np.array_equal(place.of(hidden, SHAPE, 0.0).points, hidden.points)
    seen = place.of(body(0.7, 0.6, 0.12), SHAPE, 0.1)
    after = place.of(hidden, SHAPE, 0.2)
    assert np.allclose(after.points, seen.points, atol=0.1)


def test_who_comes_after_nobody_is_somebody_else() -> None:
    place = BodyPlace(TRAINED)
    for number, one in enumerate(far()):
        place.of(one, SHAPE, number / 30)
    near = body(0.3, 0.3, 0.5)
    later = to_units(place.of(near, SHAPE, 20.0).points, SHAPE)
    assert later[SHOULDERS].mean(0) == pytest.approx((0.5, 0.35), abs=0.01)
    assert np.linalg.norm(later[11] - later[12]) == pytest.approx(0.3, rel=0.05)
