"""Me kissing me: one person and a mirror; a kiss on black, in other worlds, and the source comes up
between them."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from vj.commands.gallery import rendered
from vj.core.frame import Size
from vj.sources.drawn.profile import Profile

SIDE, RATE = 96, 4.0
SMALL = {"size": f"{SIDE}x{SIDE}"}
KISSES = (4.0, 12.0, 20.0)
"""Seconds in the middle of each."""
APART = (0.0, 8.0, 16.0)


@lru_cache(1)
def shown() -> list[np.ndarray]:
    return rendered("me_kissing_me", SMALL, 21, RATE)


@lru_cache(1)
def given() -> list[np.ndarray]:
    """What the model is given: the profile in the mirror."""
    return rendered("me_kissing_me", {**SMALL, "model": "none"}, 21, RATE, timeline=[])


def at(film: list[np.ndarray], seconds: float) -> np.ndarray:
    return film[round(seconds * RATE)]


def mirrored(picture: np.ndarray) -> float:
    """How alike it and its mirror image are: correlation of the brightness."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), 1.0).astype(float)
    return float(np.corrcoef(grey.ravel(), grey[:, ::-1].ravel())[0, 1])


def at_the_seam(picture: np.ndarray) -> np.ndarray:
    """The rows in which somebody is seen on both sides of the middle."""
    light = picture.max(axis=2)[:, SIDE // 2 - 1 : SIDE // 2 + 1]
    return np.flatnonzero(light.min(axis=1) > 40)


def test_one_person_is_two_who_mirror_each_other() -> None:
    for seconds in (*KISSES, *APART, 2.0, 6.5):
        assert mirrored(at(given(), seconds)) > 0.999
        assert mirrored(at(shown(), seconds)) > 0.9


def test_around_them_it_is_black_however_they_are_painted() -> None:
    for seconds in (*KISSES, *APART):
        nobody = cv2.dilate(at(given(), seconds).max(axis=2), np.ones((5, 5), np.uint8)) < 4
        assert nobody.mean() > 0.25
        assert at(shown(), seconds)[nobody].max() < 4


def test_they_touch_in_the_middle_at_the_kiss_and_part() -> None:
    lips = Profile(Size(SIDE, SIDE)).lips(4.0)[1]
    for seconds in KISSES:
        rows = at_the_seam(at(shown(), seconds))
        assert np.abs(rows - lips).min() < 3, "the lips"
        assert len(rows) < 0.2 * SIDE, "and no face goes into the other"
    for seconds in APART:
        assert len(at_the_seam(at(shown(), seconds))) == 0


def test_each_kiss_is_another_world_and_the_source_comes_up_between() -> None:
    looks = []
    for seconds in KISSES:
        there = at(given(), seconds).max(axis=2) > 40
        far = cv2.absdiff(at(shown(), seconds), at(given(), seconds))[there].mean()
        assert far > 20
        looks.append(at(shown(), seconds)[there].mean(axis=0))
    for one, two in ((0, 1), (1, 2), (0, 2)):
        assert np.abs(looks[one] - looks[two]).max() > 20
    for seconds in APART:
        assert cv2.absdiff(at(shown(), seconds), at(given(), seconds)).mean() < 1
