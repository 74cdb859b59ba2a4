"""The picture between two others, of things whose true way is known: nothing is seen half in two
places."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.pipeline.test_optical_flow import texture
from vj.pipeline.flow_backends import careful_flow
from vj.pipeline.in_between import between
from vj.pipeline.interpolation import SlowMotion
from vj.pipeline.optical_flow import FlowFinder

SIDE = 192
GROUND = texture(SIDE, SIDE, seed=5) * 0.6 + 30
PALE, DARK = (
    0.5 * texture(SIDE, SIDE, seed=seed) + 0.5 * np.array(colour)
    for seed, colour in ((6, (255, 170, 140)), (7, (20, 30, 120)))
)


def disc() -> np.ndarray:
    out = np.zeros((SIDE, SIDE), np.float32)
    cv2.circle(out, (96, 96), 26, 1.0, -1, cv2.LINE_AA)
    return out


def hand() -> np.ndarray:
    out = np.zeros((SIDE, SIDE), np.float32)
    cv2.circle(out, (96, 110), 15, 1.0, -1, cv2.LINE_AA)
    for angle in np.radians((-40, -18, 4, 26)):
        tip = round(96 + 34 * np.sin(angle)), round(110 - 40 * np.cos(angle))
        cv2.line(out, (96, 110), tip, 1.0, 7, cv2.LINE_AA)
    return out


def laid(under: np.ndarray, paint: np.ndarray, shape: np.ndarray, x: float, y: float) -> np.ndarray:
    move = np.array([[1.0, 0, x], [0, 1, y]])
    size = (SIDE, SIDE)
    cover = cv2.warpAffine(shape, move, size)[..., None]
    moved = cv2.warpAffine(paint, move, size, borderMode=cv2.BORDER_REFLECT)
    return under * (1 - cover) + moved * cover


def crossing(share: float, far: float = 12) -> np.ndarray:
    """A pale disc goes to the right in front of a dark one that goes to the left."""
    way = far * (2 * share - 1)
    picture = laid(laid(GROUND, DARK, disc(), -way, -6), PALE, disc(), way, 6)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def waving(share: float, far: float = 9) -> np.ndarray:
    return np.clip(np.rint(laid(GROUND, PALE, hand(), far * (2 * share - 1), 0)), 0, 255).astype(
        np.uint8
    )


def flows(old: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    finder = FlowFinder(careful_flow())
    return finder.find(new, old).grid, finder.find(old, new).grid


def plain_blend(old: np.ndarray, new: np.ndarray, share: float) -> np.ndarray:
    return cv2.addWeighted(old, 1 - share, new, share, 0)


def far_from_all(made: np.ndarray, pictures: list[np.ndarray], reach: int = 3) -> float:
    """The share of the pixels whose colour is none of those near there in any of the pictures: what
    is a blend of two things."""
    least = np.full(made.shape[:2], 255, np.uint8)
    for picture in pictures:
        for right in range(-reach, reach + 1):
            for down in range(-reach, reach + 1):
                apart = cv2.absdiff(made, np.roll(picture, (down, right), (0, 1)))
                least = np.minimum(least, apart.max(axis=2))
    return float((least > 24).mean())


def error(made: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(made.astype(int) - truth).mean())


@pytest.mark.parametrize(("scene", "far"), [(crossing, 12.0), (crossing, 20.0), (waving, 34.0)])
@pytest.mark.parametrize("share", [0.45, 0.5])
def test_no_pixel_is_a_blend_of_two_things_though_nobody_knows_their_ways(
    scene: object, far: float, share: float
) -> None:
    old, truth, new = (scene(at, far) for at in (0.0, share, 1.0))  # type: ignore[operator]
    made = between(old, new, *flows(old, new), share)
    ghosts = far_from_all(made, [old, new, truth])
    blended = far_from_all(plain_blend(old, new, share), [old, new, truth])
    assert blended > 0.012, "a plain blend has them"
    assert ghosts < 0.3 * blended
    assert ghosts < 0.005


@pytest.mark.parametrize(("scene", "better"), [(crossing, 0.55), (waving, 0.4)])
@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_it_is_near_the_truth_also_where_something_comes_out_from_behind(
    scene: object, better: float, share: float
) -> None:
    old, truth, new = (scene(at) for at in (0.0, share, 1.0))  # type: ignore[operator]
    made = between(old, new, *flows(old, new), share)
    nearer = old if share <= 0.5 else new
    assert error(made, truth) < better * error(plain_blend(old, new, share), truth)
    assert error(made, truth) < 0.65 * error(nearer, truth)


def test_a_hand_is_in_one_place_and_jumps_half_way_where_its_way_is_not_known() -> None:
    old, new = waving(0, 34), waving(1, 34)
    back, forth = flows(old, new)
    for share, seen in ((0.4, old), (0.6, new)):
        made = between(old, new, back, forth, share)
        changed = np.abs(made.astype(int) - seen).max(axis=2) > 24
        assert changed.mean() < 0.01, "all of it is where that picture has it"


def test_a_standing_picture_stays_and_slow_motion_is_made_so() -> None:
    old, new = crossing(0), crossing(1)
    assert np.array_equal(between(old, old, *flows(old, old), 0.5), old)
    got: list[np.ndarray] = []
    slow = SlowMotion(2, lambda picture, guide, views: got.append(picture))
    for picture in (old, new):
        slow.put(picture, picture)
    assert np.array_equal(got[1], between(old, new, *flows(old, new), 0.5))
