"""Where the time of a file begins and ends, and what is seen when: GIFs, gaps, edit lists, sound
that begins first, streams that begin at hours or before zero."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.sources.numbered import SIZE, number_of, numbered, numbered_clip
from tests.sources.played import B_FRAMES, played
from tests.waiting import JumpingClock
from vj.sources import SourceSettings
from vj.sources.clip_times import times_of
from vj.sources.video import Video
from vj.sources.video_file import VideoFile

SOUND = 48_000


def with_sound(
    path: Path, begins: Sequence[int], sound_begins: int, options: Mapping[str, str] | None = None
) -> Path:
    """A clip of numbered frames of ten a second. begins: milliseconds."""
    with av.open(str(path), "w") as file:
        track: Any = file.add_stream("libx264", rate=10, options=dict(options or {"bf": "0"}))
        track.width, track.height, track.pix_fmt = *SIZE, "yuv420p"
        track.codec_context.time_base = Fraction(1, 1000)
        heard: Any = file.add_stream("pcm_s16le", rate=SOUND, layout="mono")
        for number in range(20):
            silence = np.zeros((1, SOUND // 10), np.int16)
            sound = av.AudioFrame.from_ndarray(silence, format="s16", layout="mono")
            sound.sample_rate, sound.time_base = SOUND, Fraction(1, SOUND)
            sound.pts = sound_begins * SOUND // 1000 + number * SOUND // 10
            file.mux(heard.encode(sound))
        for number, begin in enumerate(begins):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = begin, Fraction(1, 1000)
            file.mux(track.encode(frame))
        file.mux(track.encode())
        file.mux(heard.encode())
    return path


def shown(path: Path, count: int, **transport: Any) -> list[int]:
    """What is seen every tenth of a second."""
    clip = played(path, **transport)
    clip.clock.fps = 10
    return clip.next(count)


def zero_of(path: Path) -> float:
    file = VideoFile(path, 30)
    file.open()
    file.close()
    return file.times.zero


@pytest.mark.parametrize("ending", ["mkv", "mov"])
def test_a_picture_that_begins_after_its_sound_is_seen_from_the_beginning(
    ending: str, tmp_path: Path
) -> None:
    path = with_sound(tmp_path / f"late.{ending}", [700, 800, 900, 1000], 0)
    assert zero_of(path) == pytest.approx(0, abs=0.001)
    assert shown(path, 12) == [*8 * [0], 1, 2, 3, 0]
    assert shown(path, 11, speed=-1.0) == [3, 2, 1, *8 * [0]]


def test_one_that_begins_before_its_sound_sets_the_beginning(tmp_path: Path) -> None:
    path = with_sound(tmp_path / "early.mkv", [200, 300, 400], 900)
    assert zero_of(path) == pytest.approx(0.2)
    assert shown(path, 4) == [0, 1, 2, 0]


def test_a_little_silence_that_an_encoder_puts_before_counts_for_nothing(tmp_path: Path) -> None:
    path = with_sound(tmp_path / "aac.mkv", [1023, 1123, 1223], 1000)
    assert zero_of(path) == pytest.approx(1.023)
    assert not times_of(VideoFile(path, 30)).varying


def test_sound_of_another_day_is_wrong(tmp_path: Path) -> None:
    path = with_sound(tmp_path / "day.mkv", [3_600_000, 3_600_100, 3_600_200], 0)
    assert zero_of(path) == pytest.approx(3600)
    assert shown(path, 4) == [0, 1, 2, 0]


def test_times_that_begin_below_zero(tmp_path: Path) -> None:
    begins = [-500, -400, -200, -100, 0]
    path = numbered_clip(tmp_path / "below.mkv", 5, milliseconds=begins, options=B_FRAMES, rate=10)
    assert shown(path, 7) == [0, 1, 1, 2, 3, 4, 0]


def test_times_that_begin_below_zero_in_the_file_too(tmp_path: Path) -> None:
    """FFmpeg's own muxers move them up unless they are told not to."""
    path = tmp_path / "below.mkv"
    with av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as file:
        track: Any = file.add_stream("mpeg4", rate=10, options={"g": "3"})
        track.width, track.height, track.pix_fmt = *SIZE, "yuv420p"
        for number in range(12):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = number - 7, Fraction(1, 10)
            file.mux(track.encode(frame))
        file.mux(track.encode())
    assert zero_of(path) == pytest.approx(-0.7)
    assert shown(path, 14) == [*range(12), 0, 1]
    assert shown(path, 13, speed=-1.0) == [*range(11, -1, -1), 11]


@pytest.mark.parametrize("speed", [1.0, -1.0])
def test_pictures_that_a_seek_to_the_beginning_misses_are_shown(
    speed: float, tmp_path: Path
) -> None:
    """The index of this Matroska file leaves out what begins below zero, and the two pictures that
    the edit list of this MP4 begins with need others before it."""
    matroska, mp4 = tmp_path / "below.mkv", tmp_path / "cut.mp4"
    for path, codec, options in (
        (matroska, "ffv1", {}),
        (mp4, "mpeg4", {"g": "12", "bf": "2", "qmin": "1", "qmax": "2"}),
    ):
        kept = {"avoid_negative_ts": "disabled"} if path is matroska else {}
        with av.open(str(path), "w", options=kept) as file:
            track: Any = file.add_stream(codec, rate=10, options=options)
            track.width, track.height, track.pix_fmt = *SIZE, "yuv420p"
            for number in range(20):
                frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
                frame.pts, frame.time_base = number - 5, Fraction(1, 10)
                file.mux(track.encode(frame))
            file.mux(track.encode(None))
    for path, whole in ((matroska, list(range(20))), (mp4, list(range(5, 20)))):
        seen = whole if speed > 0 else whole[::-1]
        assert shown(path, 2 * len(seen), speed=speed) == 2 * seen
        assert len(times_of(VideoFile(path, 10)).begins) == len(seen)


def test_times_that_begin_at_hours(tmp_path: Path) -> None:
    begins = [18_000_000 + 100 * n for n in range(12)]
    path = numbered_clip(tmp_path / "hours.ts", 12, milliseconds=begins, options=B_FRAMES, rate=10)
    assert zero_of(path) == pytest.approx(18_000, abs=2)
    assert shown(path, 12) == list(range(12))


def test_streams_that_were_put_one_behind_the_other_play_to_the_end(tmp_path: Path) -> None:
    """Their times begin anew in the midst."""
    parts = [
        numbered_clip(tmp_path / f"{first}.ts", 20, rate=10, options=B_FRAMES, first=first)
        for first in (0, 20)
    ]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert shown(path, 42) == [*range(40), 0, 1]
    assert shown(path, 42, speed=-1.0) == [*range(39, -1, -1), 39, 38]
    assert not times_of(VideoFile(path, 30)).varying
    assert played(parts[1]).video.length == pytest.approx(2.0)


def gif(path: Path, durations: Sequence[int]) -> Path:
    first, *more = (Image.fromarray(numbered(number)) for number in range(len(durations)))
    first.save(path, save_all=True, append_images=more, duration=list(durations), loop=0)
    return path


def test_a_picture_that_is_named_as_a_film_may_say_no_time(tmp_path: Path) -> None:
    head = b"P7\nWIDTH 96\nHEIGHT 64\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n"
    (tmp_path / "one.pam").write_bytes(head + numbered(5).tobytes())
    times = times_of(VideoFile(tmp_path / "one.pam", 30))
    assert list(times.begins) == [0]
    assert not times.varying
    assert shown(tmp_path / "one.pam", 2) == [5, 5]


def test_a_single_picture_that_states_a_rate_of_thousands_has_none(tmp_path: Path) -> None:
    """An icon is rendered at the rate of the show."""
    path = numbered_clip(tmp_path / "one.ico", 1, "png", pixels="rgba")
    clip = played(path)
    assert clip.video.fps is None
    assert clip.video.length == pytest.approx(1 / 30)
    assert clip.next(2) == [0, 0]


def test_a_gif_that_is_not_played_by_a_deck_waits_for_its_last_picture(tmp_path: Path) -> None:
    """As a picture on a page: a loop begins anew when the last one has been seen."""
    path = gif(tmp_path / "loop.gif", [300, 100, 1700])
    clock = JumpingClock()
    video = Video(str(path), SourceSettings(clock, 30, SIZE))
    video.open()
    begins: list[tuple[int, float]] = []
    while len(begins) < 5:
        frame = video.read()
        if frame is not None:
            begins.append((number_of(frame), round(clock.now(), 2)))
    assert begins == [(0, 0.0), (1, 0.3), (2, 0.4), (0, 2.1), (1, 2.4)]


def test_a_gif_on_a_deck_too(tmp_path: Path) -> None:
    path = gif(tmp_path / "loop.gif", [300, 100, 1700])
    assert shown(path, 25) == [*3 * [0], 1, *17 * [2], *3 * [0], 1]
    assert shown(path, 21, speed=-1.0) == [*17 * [2], 1, *3 * [0]]


def test_a_gif_whose_last_picture_is_short_loops_early(tmp_path: Path) -> None:
    assert shown(gif(tmp_path / "loop.gif", [1000, 1000, 200]), 24)[20:] == [2, 2, 0, 0]


def edited(path: Path, edits: Sequence[tuple[int, int]]) -> Path:
    """An MP4 of one track with another edit list. edits: milliseconds that each lasts, and where it
    begins in the track, in its ticks; -1 for nothing."""
    film = bytearray(path.read_bytes())
    at = film.index(b"elst")
    new = b"".join(struct.pack(">Iii", lasts, begins, 0x10000) for lasts, begins in edits)
    more = len(new) - 12 * struct.unpack_from(">I", film, at + 8)[0]
    struct.pack_into(">I", film, at + 8, len(edits))
    film[at + 12 : at + 12 + len(new) - more] = new
    for name in (b"elst", b"edts", b"trak", b"moov"):
        size = film.index(name) - 4
        struct.pack_into(">I", film, size, struct.unpack_from(">I", film, size)[0] + more)
    path.write_bytes(film)
    return path


def film_for_edits(path: Path) -> tuple[Path, int, int]:
    """A clip of 20 frames, where its pictures begin in its track, and how long one lasts there."""
    numbered_clip(path, 20, rate=10, options={**B_FRAMES, "g": "8"})
    film = path.read_bytes()
    lasts, begins, _ = struct.unpack_from(">Iii", film, film.index(b"elst") + 12)
    assert lasts == 2000
    with av.open(str(path)) as file:
        ticks = file.streams.video[0].time_base
    assert ticks is not None
    return path, begins, int(Fraction(1, 10) / ticks)


@pytest.mark.parametrize("skipped", [3, 8, 13])
def test_a_beginning_that_an_edit_list_cuts_off_is_not_seen(skipped: int, tmp_path: Path) -> None:
    path, begins, step = film_for_edits(tmp_path / "film.mp4")
    edited(path, [(2000 - 100 * skipped, begins + step * skipped)])
    left = list(range(skipped, 20))
    assert shown(path, len(left) + 1) == [*left, skipped]
    assert shown(path, len(left), speed=-1.0) == left[::-1]
    assert times_of(VideoFile(path, 30)).begins[:2] == pytest.approx([0, 0.1])


def test_an_end_that_an_edit_list_cuts_off_is_not_seen(tmp_path: Path) -> None:
    path, begins, _ = film_for_edits(tmp_path / "film.mp4")
    clip = played(edited(path, [(750, begins)]))
    assert clip.video.length == pytest.approx(0.75)


def test_an_edit_list_that_begins_with_nothing_moves_a_film_alone_not(tmp_path: Path) -> None:
    path, begins, _ = film_for_edits(tmp_path / "film.mp4")
    assert shown(edited(path, [(500, -1), (2000, begins)]), 21) == [*range(20), 0]


def test_an_edit_list_of_an_impossible_length_is_passed_over(tmp_path: Path) -> None:
    path, begins, _ = film_for_edits(tmp_path / "film.mp4")
    assert played(edited(path, [(2_000_000, begins)])).video.length == pytest.approx(2.0)


def test_a_film_that_is_cut_off_is_as_long_as_what_is_left(tmp_path: Path) -> None:
    """Its index, which comes first, and its edit list still tell of the whole."""
    whole, path = tmp_path / "whole.mp4", tmp_path / "cut.mp4"
    with av.open(str(whole), "w", options={"movflags": "+faststart"}) as file:
        track: Any = file.add_stream("libx264", rate=10, options={"g": "8", "qp": "1"})
        track.width, track.height, track.pix_fmt = *SIZE, "yuv420p"
        for number in range(40):
            file.mux(track.encode(av.VideoFrame.from_ndarray(numbered(number), format="rgb24")))
        file.mux(track.encode())
    film = whole.read_bytes()
    path.write_bytes(film[: len(film) * 6 // 10])
    assert played(whole).video.length == pytest.approx(4.0)
    length = played(path).video.length
    assert length is not None
    assert 1.0 < length < 3.2


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("even.mkv", "libx264", 30),
        ("even.mp4", "libx264", 24),
        ("even.ts", "mpeg2video", 25),
        ("even.avi", "mpeg4", 15),
        ("even.webm", "libvpx", 60),
        ("even.mpg", "mpeg2video", 30),
        ("even.flv", "flv1", 30),
    ],
)
def test_what_is_only_rounded_comes_at_a_constant_rate(
    name: str, codec: str, rate: int, tmp_path: Path
) -> None:
    times = times_of(VideoFile(numbered_clip(tmp_path / name, 30, codec, rate), 30))
    assert not times.varying
    assert len(times.begins) == 30
    assert times.fps == pytest.approx(rate)


@pytest.mark.parametrize(
    "begins",
    [
        [0, 30, 75, 100, 130, 170],
        [0, 33, 67, 100, 167, 200],
        [0, 33, 67, 1100, 1133, 1167],
    ],
)
def test_jitter_a_lost_frame_and_a_gap_make_times_vary(begins: list[int], tmp_path: Path) -> None:
    path = numbered_clip(tmp_path / "phone.mkv", 6, rate=30, milliseconds=begins)
    times = times_of(VideoFile(path, 30))
    assert times.varying
    assert times.begins == pytest.approx([begin / 1000 for begin in begins])


def test_there_and_back_shows_no_end_twice_however_long_it_is(tmp_path: Path) -> None:
    path = gif(tmp_path / "loop.gif", [500, 100, 200, 1200])
    there = [*5 * [0], 1, *2 * [2], *12 * [3]]
    back = [*2 * [2], 1]
    assert shown(path, 29, loop="ping-pong") == [*there, *back, *5 * [0], 1]


def test_a_short_picture_beside_long_ones_does_not_come_earlier(tmp_path: Path) -> None:
    path = gif(tmp_path / "loop.gif", [2000, 20, 2000])
    clip = played(path)
    clip.clock.fps = 100
    seen = clip.next(250)
    assert (seen.count(0), seen.count(1)) == (200, 2)
