"""Video files that follow a transport: real files of the kinds that performers have, whose frames
are told by the number drawn into them."""

from __future__ import annotations

import itertools
import math
import random
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.sources.numbered import SIZE, number_of, numbered_clip
from tests.sources.played import B_FRAMES, live, played
from vj.core.kinds import CLIP_LOOPS
from vj.sources import EndOfSource, picture_finder
from vj.sources.transport import Transport

KINDS: dict[str, dict[str, Any]] = {
    "b-frames.mp4": {"options": B_FRAMES},
    "milliseconds.mkv": {"options": B_FRAMES},
    "open-groups.ts": {"options": {**B_FRAMES, "x264-params": "open-gop=1"}},
    "one-group.mp4": {"frames": 90, "options": {"g": "1000", "preset": "ultrafast", "crf": "18"}},
    "b-frames.avi": {"codec": "mpeg4", "options": {"bf": "2", "g": "12", "q": "2"}},
    "program.mpg": {"codec": "mpeg2video", "rate": 25, "options": {"bf": "2", "b": "800k"}},
    "no-times.h264": {"options": B_FRAMES, "container": "h264"},
    "vp9.webm": {
        "codec": "libvpx-vp9",
        "options": {"g": "12", "crf": "10", "b:v": "0", "cpu-used": "8", "deadline": "realtime"},
    },
    "lossless.mkv": {"codec": "ffv1"},
    "picture.gif": {"codec": "gif", "rate": 20, "pixels": "rgb8"},
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for name, made in KINDS.items():
        numbered_clip(folder / name, **made)
    return folder


@pytest.mark.parametrize("name", KINDS)
def test_every_frame_is_found_forwards_backwards_and_at_random(clips: Path, name: str) -> None:
    clip = played(clips / name)
    count = KINDS[name].get("frames", 40)
    order = list(range(count))
    assert clip.frames == count
    assert clip.next(count + 5) == order + order[:5], "and it loops without a gap"
    clip.control.set(Transport(-1.0))
    clip.control.restart()
    assert clip.next(count + 5) == order[::-1] + order[:-6:-1]
    clip.control.set(Transport(0.0))
    wanted = random.Random(name).choices(order, k=25)
    found = []
    for number in wanted:
        clip.control.seek(number / count)
        found += clip.next(1)
    assert found == wanted
    assert clip.video.broken == 0
    clip.video.close()


@pytest.mark.parametrize("speed", [-4.0, -1.5, -0.25, 0.25, 1.5, 4.0])
def test_speeds_skip_and_repeat_frames_and_twice_they_give_the_same(
    clips: Path, speed: float
) -> None:
    path = clips / "b-frames.mp4"
    one, two = played(path, speed=speed), played(path, speed=speed)
    found = one.next(50)
    low = math.floor(speed)
    steps = {low % 40} if speed == low else {low % 40, (low + 1) % 40}
    assert {(b - a) % 40 for a, b in itertools.pairwise(found)} == steps
    assert two.next(50) == found


def test_the_part_between_in_and_out_loops_to_and_fro_and_stops(clips: Path) -> None:
    path = clips / "one-group.mp4"
    clip = played(path, start=0.5, end=0.6)
    assert clip.next(12) == [*range(45, 54), 45, 46, 47]
    clip = played(path, start=0.5, end=0.6, loop="ping-pong", speed=-1.0)
    assert clip.next(18) == [*range(53, 44, -1), *range(46, 54), 52]


def test_once_stands_on_its_last_frame_or_ends_with_the_show(clips: Path) -> None:
    path = clips / "b-frames.mp4"
    stands = played(path, speed=4.0, loop="once")
    assert stands.next(13)[-4:] == [36, 39, 39, 39]
    stands.control.seek(0.5)
    assert stands.next(2) == [20, 24], "and goes on from where it is put"
    ends = played(path, show_loops=False, loop="once")
    assert ends.next(40) == list(range(40))
    with pytest.raises(EndOfSource):
        ends.video.read()
    assert ends.video.due == pytest.approx(40 / 30)


def test_next_says_when_the_next_source_is_due(clips: Path) -> None:
    one = played(clips / "b-frames.mp4", loop="next")
    assert one.next(40) == list(range(40))
    assert one.control.over is None
    assert one.next(2) == [39, 39], "the last picture stands"
    assert one.control.over == pytest.approx(40 / 30)


def test_where_it_is_can_be_asked(clips: Path) -> None:
    clip = played(clips / "b-frames.mp4", speed=0.0)
    assert clip.video.position() == 0
    clip.control.seek(0.25)
    clip.next(1)
    assert clip.video.position() == pytest.approx(0.25)
    clip.control.seek(1.0)
    clip.next(1)
    assert clip.video.position() == pytest.approx(39 / 40), "where its last frame begins"
    assert clip.video.length == pytest.approx(40 / 30)


def test_backwards_a_long_group_is_decoded_few_times_and_little_is_kept(
    clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_finder, "MEMORY", 30 * 96 * 64 * 3 // 2 * 2)
    clip = played(clips / "one-group.mp4", speed=-1.0)
    assert clip.next(90) == list(range(89, -1, -1))
    plays = clip.video._plays
    assert plays is not None
    assert plays.finder.decoded < 90 * 3, "and not 90 * 45"


@pytest.mark.parametrize("speed", [1.0, -1.0, 0.5, -0.5])
def test_live_a_picture_comes_when_it_is_due_and_nothing_adds_up(clips: Path, speed: float) -> None:
    video, _, clock = live(clips / "one-group.mp4", speed=speed)
    clock.wait_until(60.0)  # it waits for its first read
    found: list[tuple[int, float]] = []
    while len(found) < 250:
        frame = video.read()
        if frame is not None:
            found.append((number_of(frame), frame.captured - 60))
    order = list(range(90)) if speed > 0 else list(range(89, -1, -1))
    assert [number for number, _ in found] == [order[n % 90] for n in range(250)]
    late = [moment - n / 30 / abs(speed) for n, (_, moment) in enumerate(found)]
    assert late == pytest.approx([0] * 250, abs=0.006 / abs(speed))


def test_live_it_skips_above_the_shows_rate(clips: Path) -> None:
    video, _, clock = live(clips / "one-group.mp4", speed=3.0)
    found = [frame for frame in (video.read() for _ in range(60)) if frame is not None]
    assert [number_of(frame) for frame in found][:28] == [*range(0, 84, 3)]
    assert clock.now() == pytest.approx((len(found) - 1) / 30, abs=0.02)


def test_live_nothing_comes_while_it_holds_and_a_seek_comes_at_once(clips: Path) -> None:
    video, control, clock = live(clips / "one-group.mp4", speed=0.0)
    assert number_of(video.read()) == 0
    assert video.read() is None
    assert clock.now() == pytest.approx(0.2, abs=0.02), "but the one who asks is not kept waiting"
    for number in (70, 3, 44, 44):
        control.seek(0.1)
        control.seek(number / 90)
        before = clock.now()
        assert number_of(video.read()) == number, "the newest wins"
        assert clock.now() == before


def test_live_the_end_is_said_at_its_moment(clips: Path) -> None:
    video, control, clock = live(clips / "b-frames.mp4", loop="next")
    while control.over is None:
        video.read()
    assert clock.now() == pytest.approx(40 / 30, abs=0.012)
    assert control.over == pytest.approx(40 / 30)


def test_live_what_comes_next_is_decoded_while_pictures_stand(
    clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No read has to decode a group of pictures at once, where it runs back through a long one, or
    goes on in the midst of one: a second decoder has been there."""
    monkeypatch.setattr(picture_finder, "MEMORY", 30 * SIZE.width * SIZE.height * 3 // 2)
    for speed, begin in ((-1.0, 0.0), (1.0, 0.5)):
        video, _, _ = live(clips / "one-group.mp4", speed=speed, start=begin)
        plays = video._plays
        assert plays is not None
        done: list[int] = []
        while len(done) < 120:
            before = plays.finder.decoded
            if video.read() is not None:
                done.append(plays.finder.decoded - before)
        assert max(done) < 25


@pytest.mark.parametrize("name", ["b-frames.mp4", "open-groups.ts"])
def test_whatever_is_asked_for_the_picture_is_that_of_the_place(
    clips: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Live, in any order of speeds, parts, modes and seeks, while a second decoder is on its way to
    somewhere else."""
    chance = random.Random(name)
    for _ in range(12):
        kept = chance.choice([5, 12, 1000])
        monkeypatch.setattr(picture_finder, "MEMORY", kept * SIZE.width * SIZE.height * 3 // 2)
        video, control, _ = live(clips / name)
        for _ in range(120):
            if chance.random() < 0.08:
                speed = chance.choice([0, 1, -1, 0.3, -2.5, 4, -4])
                part = chance.choice([(0, 1), (0, chance.random()), (chance.random(), 1)])
                control.set(Transport(speed, *part, chance.choice(CLIP_LOOPS)))
            elif chance.random() < 0.08:
                control.seek(chance.random())
            frame = video.read()
            if frame is not None:
                assert video._plays is not None
                place = 30 * video._plays.head.place
                assert number_of(frame) in (int(place - 1e-6), int(place + 1e-6))
        video.close()


def test_pictures_that_are_kept_have_no_threads_of_their_own(clips: Path) -> None:
    clip = played(clips / "one-group.mp4")
    clip.next(2)
    before = psutil.Process().num_threads()
    clip.control.set(Transport(-1.0))
    assert len(clip.next(60)) == 60
    assert psutil.Process().num_threads() <= before + 8, "those of another decoder"
