"""Footage that the project draws itself."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.waiting import JumpingClock
from vj.app.offline import Rendering
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.show.load import check_show
from vj.sinks.movie import Movie
from vj.sources import EndOfSource, SourceSettings, make_source
from vj.sources.drawn import SCENES, Faced, Outlined, make_scene, still
from vj.sources.drawn.bumps import Bump
from vj.sources.drawn.faced import SceneWithFace
from vj.sources.drawn.fox import Fox
from vj.sources.drawn.paintings import Painting

SQUARE, WIDE, TALL = Size(128, 128), Size(160, 96), Size(96, 160)
MOVING = [name for name, scene in SCENES.items() if scene.period]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", SCENES)
def test_each_scene_is_a_picture_at_any_shape(name: str) -> None:
    for size in (WIDE, TALL):
        picture = still(name, size) if name != "sketch" else make_scene(name, size).draw(4.0)
        assert (picture.shape, picture.dtype) == ((size.height, size.width, 3), np.uint8)
        assert picture.std() > 15


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        *((name, 90, 20) for name in MOVING),
        *(pytest.param(name, 240, 60, marks=pytest.mark.long) for name in MOVING),
    ],
)
def test_a_moving_scene_begins_again_without_a_seam_and_never_jumps(
    name: str, first: int, last: int
) -> None:
    """Of a period its first frames and its last, which take seconds enough."""
    one, two = make_scene(name, SQUARE), make_scene(name, SQUARE)
    count = round(one.period * 30)
    numbers = [number for number in range(count + 1) if number <= first or number > count - last]
    rounds = [one.draw(number / 30) for number in numbers]
    assert np.array_equal(rounds[0], rounds[-1])
    assert np.array_equal(two.draw(one.period + 2.5), rounds[75]), (
        "the same moment, a period later, drawn by another"
    )
    steps = [
        float(cv2.absdiff(a, b).mean())
        for (a, b), (before, after) in zip(
            itertools.pairwise(rounds), itertools.pairwise(numbers), strict=True
        )
        if after == before + 1
    ]
    assert max(steps) < 18
    assert np.mean(steps) > 0.05


def test_a_still_picture_stays() -> None:
    scene = make_scene("meadow", SQUARE)
    assert np.array_equal(scene.draw(0), scene.draw(7.3))


def test_the_room_is_the_performers_room_to_the_bit() -> None:
    room, performer = still("room", WIDE), make_scene("performer", WIDE)
    for second in (0.0, 0.5, 0.99):
        assert np.array_equal(performer.draw(second), room), "nobody is there in the first second"
    there = cv2.absdiff(performer.draw(4.0), room).max(axis=2) > 0
    assert 0.03 < there.mean() < 0.4
    columns = np.flatnonzero(there.any(axis=0))
    assert columns.max() - columns.min() < 0.6 * WIDE.width, (
        "and nothing but the performer has changed"
    )


def test_the_green_wall_is_a_key() -> None:
    picture = still("green", WIDE)
    assert np.median(picture.reshape(-1, 3), axis=0) == pytest.approx((0, 165, 60), abs=20)


def test_they_come_as_sources_do() -> None:
    source = make_source(
        "drawn:puppet", SourceSettings(FrameClock(10), fps=10, size=SQUARE, loop=False)
    )
    source.open()
    frames = [source.read() for _ in range(60)]
    with pytest.raises(EndOfSource):
        source.read()
    assert np.array_equal(frames[15].pixels, make_scene("puppet", SQUARE).draw(1.5))  # type: ignore[union-attr]
    source.close()
    with pytest.raises(Fault, match=r"did you mean puppet.*kiss, kisses"):
        make_source("drawn:pupet", SourceSettings(FrameClock(10)))


def test_clips_play_one_after_the_other() -> None:
    source = make_source(
        "clips:drawn:puppet,drawn:drive", SourceSettings(FrameClock(5), fps=5, size=SQUARE)
    )
    source.open()
    seen = [source.read().pixels for _ in range(65)]  # type: ignore[union-attr]
    puppet, drive = make_scene("puppet", SQUARE), make_scene("drive", SQUARE)
    assert np.array_equal(seen[29], puppet.draw(29 / 5))
    assert np.array_equal(seen[30], drive.draw(0))
    assert np.array_equal(seen[60], puppet.draw(0)), "after the last the first again"
    source.close()
    once = make_source(
        "clips:drawn:puppet", SourceSettings(FrameClock(5), fps=5, size=SQUARE, loop=False)
    )
    once.open()
    for _ in range(30):
        once.read()
    with pytest.raises(EndOfSource):
        once.read()
    with pytest.raises(Fault, match="testcard has no end"):
        make_source("clips:testcard", SourceSettings(FrameClock(5)))
    with pytest.raises(Fault, match="name clips"):
        make_source("clips:", SourceSettings(FrameClock(5)))


def short_movie(path: Path, shade: int) -> str:
    """Half a second, 20 frames a second."""
    movie = Movie(path, Size(32, 32), 20, live=False)
    for _ in range(10):
        movie.add(np.full((32, 32, 3), shade, np.uint8), 0.0)
    movie.finish()
    return str(movie.path)


def test_live_clips_keep_time_for_ever_and_one_that_is_missing_is_passed_over(
    tmp_path: Path,
) -> None:
    messages: list[str] = []
    one, two = short_movie(tmp_path / "a.mp4", 40), short_movie(tmp_path / "b.mp4", 200)
    clock = JumpingClock()
    source = make_source(
        f"clips:{one},{tmp_path}/gone.mp4,{two}",
        SourceSettings(clock, fps=20, size=SQUARE, log=messages.append),
    )
    source.open()
    begun, last, turns = clock.now(), 40, []
    while clock.now() - begun < 4.8:
        frame = source.read()
        if frame is not None and abs(int(frame.pixels.mean()) - last) > 50:
            last = int(frame.pixels.mean())
            turns.append(clock.now() - begun)
    source.close()
    assert len(turns) >= 8
    assert turns == pytest.approx([0.5 * (number + 1) for number in range(len(turns))], abs=0.12), (
        "nothing adds up"
    )
    assert set(messages) == {
        f"video:{tmp_path}/gone.mp4: there is no such file (looked in {tmp_path}); the next clip "
        "plays"
    }


def test_offline_a_missing_clip_is_reported_before_the_first_frame(tmp_path: Path) -> None:
    source = make_source(
        f"clips:drawn:puppet,{tmp_path}/gone.mp4", SourceSettings(FrameClock(5), fps=5, size=SQUARE)
    )
    with pytest.raises(Fault, match=r"gone.mp4: there is no such file"):
        source.open()


def test_a_still_picture_has_no_end_and_rendering_wants_to_know_how_long(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="drawn:meadow has no end; movies"):
        make_source("clips:drawn:puppet,drawn:meadow", SourceSettings(FrameClock(5)))
    show = check_show(
        {
            "source": "drawn:meadow",
            "model": "none",
            "size": "64x64",
            "sinks": f"record:{tmp_path}/",
        },
        "here",
    )
    with pytest.raises(Fault, match="say how much to render"):
        Rendering(show, print).run()


def test_the_fox_says_where_its_face_is() -> None:
    scene = make_scene("fox", SQUARE)
    assert isinstance(scene, Faced)
    assert scene.rest.shape == (468, 2)
    left, right, upper, lower = 33, 263, 13, 14
    for seconds in np.linspace(0, scene.period, 60):
        points = scene.face(float(seconds))
        picture = scene.draw(float(seconds))
        middle = (points[left] + points[right]) / 2
        assert (middle > 0).all()
        assert (middle < 128).all()
        # The nose is where its tip's point is, and nothing else of the head is black or grey.
        x, y = np.rint(points[4] - 0.5).astype(int)
        assert picture[y, x].max() < 180, seconds
        assert np.ptp(picture[y, x].astype(int)) < 40, seconds
    gaps = [
        float(np.linalg.norm(face[lower] - face[upper]) / np.linalg.norm(face[right] - face[left]))
        for face in (scene.face(float(seconds)) for seconds in np.linspace(0, scene.period, 500))
    ]
    assert np.median(gaps) < 0.05, "it is silent for half of the time, as people are"
    assert max(gaps) > 0.2


def test_it_wears_every_look_with_every_other() -> None:
    scene = make_scene("fox", SQUARE)
    assert isinstance(scene, Fox)
    poses = [scene.pose(number / 30) for number in range(1500)]
    looks = np.array(
        [
            (
                *(pose.turn, pose.nod, pose.brows, pose.x),
                *(pose.jaw - 0.15, max(pose.eyes) - 0.5, pose.smile - 0.45, pose.size - 0.2),
            )
            for pose in poses
        ]
    )
    looks = looks > 0
    for one, two in itertools.combinations(range(looks.shape[1]), 2):
        for pair in itertools.product((False, True), repeat=2):
            together = (looks[:, one] == pair[0]) & (looks[:, two] == pair[1])
            assert together.sum() >= 40, (one, two, pair)


def test_who_kiss_can_be_told_from_their_evening() -> None:
    scene = make_scene("kisses", SQUARE)
    assert isinstance(scene, Outlined)
    shares = []
    for seconds in np.linspace(0, scene.period, 24, endpoint=False):
        mask = scene.subject(float(seconds))
        assert (mask.shape, mask.dtype) == ((128, 128), np.uint8)
        shares.append(float((mask > 127).mean()))
    assert 0.25 < min(shares) < 0.55 < max(shares), "from close by and from farther away"


def test_one_gentle_crash_happens_in_four_places_at_the_same_moment() -> None:
    for name in ("cars", "boats", "balloons", "moons"):
        scene = make_scene(name, SQUARE)
        middle = np.array([scene.draw(t / 10)[:, 60:68].astype(float) for t in range(40)])
        away = np.abs(middle - middle[0]).mean(axis=(1, 2, 3))
        assert np.argmax(away) in (19, 20, 21), f"{name}: they are in the middle when they touch"
        assert away[5] < 0.25 * away[20], f"{name}: and it is theirs alone"


@pytest.mark.parametrize("unfinished", [Bump, SceneWithFace, Painting])
def test_a_scene_that_leaves_out_what_it_draws_is_not_made(unfinished: type) -> None:
    with pytest.raises(TypeError, match="abstract method"):
        unfinished(SQUARE)
