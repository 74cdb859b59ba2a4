"""artwalk, rendered: things move from a painting to the next on an S-curve, and on the way no blend
of the two explains what is seen; each is seen to be painted, in a manner of its own."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from vj.commands.gallery import rendered
from vj.core.frame import Size
from vj.pipeline.walk_leg import LegLayout
from vj.show.load import FIRST_SHOW, load_show
from vj.sources.drawn import still

SIDE, RATE, LEG = 144, 8.0, 2.0
FRAMES = round(LEG * RATE)
"""Of a leg."""
PAINTINGS = ("meadow", "harbour", "portrait")
MOVES = 0.06
"""Share of the side by which a point moves that is looked at."""


@pytest.fixture(scope="module")
def film() -> list[np.ndarray]:
    """Both legs, (H, W, 3) uint8 each frame, painted so little that what moves can be followed."""
    small = f"{SIDE}x{SIDE}"
    start = {"walk/leg": LEG, "walk/ease": "s-curve", "walk/end": "stay", "strength": 0.18}
    return rendered(
        "artwalk",
        {"size": small, "output": small, "start": {**start, "prompt/a": "brush strokes"}},
        2 * LEG + 0.2,
        RATE,
        prompts=[],
        modulators=[],
    )


def leg_of(film: list[np.ndarray], number: int) -> list[np.ndarray]:
    return film[number * FRAMES : (number + 1) * FRAMES + 1]


def explained(picture: np.ndarray, one: np.ndarray, two: np.ndarray) -> float:
    """How well the best blend `a one + b two + c` correlates with a picture."""
    parts = np.stack([one.ravel(), two.ravel(), np.ones(one.size)], 1).astype(np.float64)
    seen = picture.ravel().astype(np.float64)
    best = parts @ np.linalg.lstsq(parts, seen, rcond=None)[0]
    return float(np.corrcoef(best, seen)[0, 1])


def apart(one: np.ndarray, two: np.ndarray) -> float:
    return float(cv2.absdiff(one, two).mean())


def s_curve(share: float) -> float:
    return share * share * (3 - 2 * share)


@pytest.mark.parametrize("number", [0, 1])
def test_in_mid_leg_no_blend_of_the_two_paintings_explains_the_picture(
    film: list[np.ndarray], number: int
) -> None:
    frames = leg_of(film, number)
    middle = frames[round(0.35 * FRAMES) : round(0.65 * FRAMES) + 1]
    assert max(explained(frame, frames[0], frames[-1]) for frame in middle) <= 0.9


def progress(frames: list[np.ndarray], points: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """How far points are, 0..1 of their way, in each frame, as a tracker sees them that knows
    nothing of the way: (frames, points), NaN once it has lost one. points, ways: (n, 2) pixels."""
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    here, out = points.astype(np.float32), []
    alive = np.ones(len(points), bool)
    for before, after in itertools.pairwise(greys):
        given = here.reshape(-1, 1, 2)
        there, found, _ = cv2.calcOpticalFlowPyrLK(before, after, given, None, winSize=(13, 13))  # type: ignore[call-overload]
        again, _, _ = cv2.calcOpticalFlowPyrLK(after, before, there, None, winSize=(13, 13))  # type: ignore[call-overload]
        off = np.abs(again.reshape(-1, 2) - here).max(1)
        here = there.reshape(-1, 2)
        alive &= (found.ravel() > 0) & (off < 0.7)
        done = ((here - points) * ways).sum(1) / (ways * ways).sum(1)
        out.append(np.where(alive, done, np.nan))
    return np.array(out)


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("way", ["from the first", "back from the second"])
def test_points_move_steadily_from_their_place_in_one_to_their_place_in_the_next(
    film: list[np.ndarray], number: int, way: str
) -> None:
    one, two = (still(name, Size(SIDE, SIDE)) for name in PAINTINGS[number : number + 2])
    layout = LegLayout.between(one, two)
    begin = 0.0 if way == "from the first" else 1.0
    frames = leg_of(film, number)
    frames = frames if begin == 0 else frames[::-1]
    corners = cv2.goodFeaturesToTrack(cv2.cvtColor(frames[0], cv2.COLOR_RGB2GRAY), 80, 0.02, 5)
    points = corners.reshape(-1, 2)
    side = layout.way.shape[0]
    at = (points / SIDE * side - 0.5).astype(np.float32)
    half, moved = (
        cv2.remap(np.ascontiguousarray(part), at[:, 0], at[:, 1], cv2.INTER_LINEAR).reshape(-1, 2)
        for part in layout.at(begin)
    )
    fine = ((half + 0.5) * layout.order.shape[0] / side - 0.5).astype(np.float32)
    order = cv2.remap(layout.order, fine[:, 0], fine[:, 1], cv2.INTER_LINEAR).ravel()
    stays = order if begin == 0 else 1 - order
    ways = 2 * SIDE * moved * (1 if begin == 0 else -1)
    looked_at = (np.hypot(*ways.T) > MOVES * SIDE) & (stays > 0.4)
    assert looked_at.sum() >= 20
    shares = np.array([s_curve((frame + 1) / FRAMES) for frame in range(FRAMES)])
    done = progress(frames, points[looked_at], ways[looked_at])
    # each as long as it is seen: until its place shows the other picture
    done[shares[:, None] > stays[looked_at][None] - 0.12] = np.nan
    late = shares > 0.2
    seen = np.isfinite(done[late]).any(axis=0)
    assert seen.mean() > 0.7, "most can be followed"
    off = done[late] - shares[late][:, None]
    assert np.nanmedian(np.abs(off)) < 0.06
    assert np.nanpercentile(np.abs(off), 85) < 0.15
    ahead = np.diff(done, axis=0)
    assert np.nanpercentile(ahead, 5) > -0.02, "none goes back"
    pace = ahead / np.diff(shares)[:, None]
    middle = (shares[1:] > 0.1) & (shares[1:] < 0.6)
    assert np.nanpercentile(pace[middle], 10) > 0.4
    assert np.nanpercentile(pace[middle], 90) < 2.0


def test_it_goes_from_its_first_picture_to_its_last_without_a_jump(film: list[np.ndarray]) -> None:
    paintings = [still(name, Size(SIDE, SIDE)) for name in PAINTINGS]
    whole = apart(paintings[0], paintings[2])
    for frame, painting in zip((0, FRAMES, len(film) - 1), paintings, strict=True):
        assert apart(film[frame], painting) < 0.2 * whole
    assert max(apart(one, two) for one, two in itertools.pairwise(film)) < whole / 3


def test_each_painting_is_seen_to_be_painted_in_a_manner_of_its_own() -> None:
    """The walk comes by each of the three, and is back at the first."""
    small, leg = "128x128", 0.5
    start = {"walk/leg": leg, "walk/way": "latent", "blend/smoothing": 0}
    frames = rendered("artwalk", {"size": small, "output": small, "start": start}, 4 * leg, 1 / leg)
    blue = []
    for frame, name in zip(frames, PAINTINGS, strict=False):
        bare = still(name, Size(128, 128))
        assert apart(frame, bare) > 15, f"{name} is repainted"
        greys = [
            cv2.GaussianBlur(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), (0, 0), 4).ravel()
            for one in (frame, bare)
        ]
        assert np.corrcoef(greys[0], greys[1])[0, 1] > 0.8, f"{name} is still known"
        blue.append(float(np.percentile(frame[..., 2], 95)))
    assert blue[2] < 60 < min(blue[:2]), "the last one is of gold, her blue dress too"
    assert apart(frames[3], frames[0]) < 5, "round"


def test_it_leaves_in_2k() -> None:
    show = load_show(FIRST_SHOW.parent / "artwalk.yaml")
    assert show.output == (2048, 2048)
    picture = rendered("artwalk", {"size": "128x128", "start": {"walk/way": "latent"}}, 0.1, RATE)[
        0
    ]
    assert picture.shape == (2048, 2048, 3)
