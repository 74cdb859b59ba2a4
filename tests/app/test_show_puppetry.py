"""puppetry: a face moves the fox, and the same pose is the same picture."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from vj.app.portraits import open_portrait
from vj.commands.gallery import rendered
from vj.core.frame import Size
from vj.core.mean_face import LIDS
from vj.sources.drawn.speaker import Speaker

SIDE, RATE = 112, 8.0
SMALL = {"size": f"{SIDE}x{SIDE}"}
FOX = open_portrait((), "fox", Size(SIDE, SIDE))
SPEAKER = Speaker(Size(SIDE, SIDE))


def moments(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * RATE)) / RATE


@lru_cache(2)
def film(model: str) -> list[np.ndarray]:
    """The fox of somebody who holds the head still, painted or as it goes to the painter."""
    start: dict[str, Any] = {"portrait/pose": 0.0}
    return rendered("puppetry", {**SMALL, "model": model, "start": start}, 6, RATE)


def light(
    picture: np.ndarray, points: np.ndarray, about: tuple[int, int, int, int], channel: int
) -> float:
    """How light it is about the middle of points: left, up, right, down, in pixels. channel: 1 of
    green, 2 of blue, of which fur has little."""
    x, y = points.mean(axis=0).astype(int)
    left, up, right, down = about
    return float(picture[y - up : y + down, x - left : x + right, channel].mean())


def opened(face: np.ndarray) -> float:
    return float(np.linalg.norm(face[14] - face[13]))


def lids(face: np.ndarray) -> float:
    upper, lower = LIDS[1]
    return float((face[list(lower), 1] - face[list(upper), 1]).mean())


def test_its_mouth_opens_as_the_performers_does() -> None:
    faces = [SPEAKER.face(float(now)) for now in moments(6)]
    spoken = np.array([opened(face) for face in faces])
    for model, least in (("none", 0.93), ("drawn", 0.8)):
        seen = [-light(one, FOX.points[[13, 14]], (7, 0, 8, 12), 1) for one in film(model)]
        assert np.corrcoef(spoken[8:], seen[8:])[0, 1] > least, model
    assert spoken.max() > 4 * spoken[0]


def test_its_eyes_close_as_the_performers_do() -> None:
    upper, lower = LIDS[1]
    eye = FOX.points[[*upper, *lower]]
    faces = [SPEAKER.face(float(now)) for now in moments(6)]
    # The performer's lids by the size of the face, which turns and nods.
    open_ = np.array([lids(face) for face in faces])
    shut = [number for number, now in enumerate(moments(6)) if SPEAKER.pose(now).eyes[1] > 0.9]
    awake = [number for number, now in enumerate(moments(6)) if SPEAKER.pose(now).eyes[1] == 0]
    assert len(shut) >= 2
    assert open_[shut].max() < open_[awake].min()
    for model in ("none", "drawn"):
        white = np.array([light(one, eye, (6, 5, 6, 4), 2) for one in film(model)])
        for number in shut:
            near = [other for other in awake if abs(other - number) < RATE]
            assert white[number] < white[near].mean() - 3 * white[near].std() - 4, model


def test_the_background_stands_still_while_the_head_moves() -> None:
    shown = rendered("puppetry", {**SMALL, "model": "none"}, 6, RATE)
    moved = np.max([np.abs(one.astype(int) - shown[0]) for one in shown], axis=0).max(axis=2)
    edges = moved[:3], moved[-3:], moved[:, :3], moved[:, -3:]
    assert max(edge.max() for edge in edges) < 12
    corners = moved[:24, :24], moved[:24, -24:], moved[-40:, :12], moved[-40:, -12:]
    assert max(corner.max() for corner in corners) < 12
    assert (moved > 30).mean() > 0.15
    x, y = FOX.points[4].astype(int)
    assert moved[y, x - 12 : x + 13].max() > 100, "the head turns"


def test_the_same_pose_is_the_same_picture_to_the_bit_and_so_much_as_the_same_painting() -> None:
    given = rendered("puppetry", {**SMALL, "model": "none"}, 14.4, 5.0)
    painted = rendered("puppetry", SMALL, 14.4, 5.0)
    period = round(SPEAKER.period * 5)
    for number in range(6, 12):
        assert np.array_equal(given[number], given[number + period])
        apart = np.abs(painted[number].astype(int) - painted[number + period]).mean()
        assert apart < 1.5, "the painter holds still for what a camera's noise changes"
    assert len({given[number].tobytes() for number in range(6, 12)}) == 6, "and it moves"
    other = rendered("puppetry", {**SMALL, "start": {"seed/a": 1234}}, 0.4, 5.0)
    assert np.abs(other[0].astype(int) - painted[0]).mean() > 4, "another seed is somebody else"
