"""A film that is rendered keeps its sound: each click is heard where its flash is seen, however the
clip is played."""

from __future__ import annotations

import wave
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.sinks.test_movie_sound import flash_moments, heard
from tests.sound.drawn_sound import click_moments, clicks, encode, sound_stream, write_sound
from vj.app.offline import Rendering
from vj.core.errors import Fault
from vj.show.load import check_show
from vj.sound import RATE
from vj.sound.sound_file import SoundFile

FPS = 25
SIDE = 32
WIDTH = 24
"""Samples of a click: half a millisecond, which is still one at four times its speed."""
CALM = {"feedback/amount": 0, "blend/smoothing": 0, "crossfade": 0}
FLASHES = {"film": (10, 23, 38), "other": (0, 20, 33)}
"""The numbers of the white frames; a click begins with each."""
FRAMES = 50
"""Of a clip: two seconds."""


def film(
    path: Path, flashes: Sequence[int], times: Sequence[int] = (), frames: int = FRAMES
) -> Path:
    """times: when frames begin, in hundredths of a second; else at a constant rate."""
    base = Fraction(1, 100) if times else Fraction(1, FPS)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"bf": "0", "g": "12"})
        stream.width = stream.height = SIDE
        stream.pix_fmt, stream.time_base = "yuv420p", base
        stream.codec_context.time_base = base
        sounds = sound_stream(container, "flac")
        count = len(times) - 1 if times else frames
        for number in range(count):
            pixels = np.full((SIDE, SIDE, 3), 255 if number in flashes else 10, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = times[number] if times else number, base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        begins = [(times[n] if times else n) * float(base) for n in flashes]
        seconds = times[-1] / 100 if times else frames / FPS
        encode(container, sounds, clicks(begins, seconds, width=WIDTH))
    return path


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    for name, flashes in FLASHES.items():
        film(folder / f"{name}.mkv", flashes)
    return folder


class Rig:
    """Renders shows of these clips, without a model."""

    def __init__(self, folder: Path, clips: Path) -> None:
        self.folder, self.clips = folder, clips
        self.said: list[str] = []

    def render(
        self,
        start: Mapping[str, Any] | None = None,
        changes: Mapping[int, Mapping[str, Any]] | None = None,
        seconds: float | None = None,
        to: str = "out.mkv",
        rate: float | None = None,
        **more: Any,
    ) -> Path:
        """changes: by the number of the frame, what a cue sets there. Returns the recording."""
        tree: dict[str, Any] = {
            "size": f"{SIDE}x{SIDE}",
            "model": "none",
            "source": "film",
            "sources": {name: str(self.clips / f"{name}.mkv") for name in FLASHES},
            "start": {**CALM, **(start or {})},
            "sinks": [f"record:{self.folder}/{to}"],
            **more,
        }
        if changes:
            tree["cues"] = [{"name": f"at {n}", "set": dict(one)} for n, one in changes.items()]
            tree["timeline"] = [{"at": n / FPS, "cue": f"at {n}"} for n in changes]
        Rendering(check_show(tree, "here"), self.said.append, seconds, rate).run()
        return self.folder / to.partition("?")[0]


@pytest.fixture
def rig(tmp_path: Path, clips: Path) -> Rig:
    return Rig(tmp_path, clips)


def moments(path: Path) -> tuple[list[float], list[float]]:
    """When flashes begin, and when clicks do."""
    flashes = flash_moments(path)
    first = [
        moment
        for number, moment in enumerate(flashes)
        if not number or moment - flashes[number - 1] > 0.05
    ]
    return first, click_moments(heard(path))


@pytest.mark.parametrize("to", ["out.mp4", "out.mkv", "out.mov?codec=prores-422-hq"])
def test_a_film_comes_out_with_its_sound(rig: Rig, to: str) -> None:
    path = rig.render(to=to)
    flashes, found = moments(path)
    assert flashes == pytest.approx([n / FPS for n in FLASHES["film"]], abs=1e-3)
    assert found == pytest.approx(flashes, abs=1e-3)
    file = SoundFile(path)
    assert file.open()
    assert file.length == pytest.approx(FRAMES / FPS, abs=1e-3)


def test_not_a_sample_changes_at_its_own_speed(rig: Rig) -> None:
    given = SoundFile(rig.clips / "film.mkv")
    given.open()
    whole = given.read(0.0, 2 * RATE)
    assert np.abs(heard(rig.render())[: 2 * RATE] - whole).max() < 2**-15
    # A loop joins without a seam.
    twice = heard(rig.render(seconds=3.0, to="twice.mkv"))
    assert np.abs(twice[: 3 * RATE] - np.tile(whole, (2, 1))[: 3 * RATE]).max() < 2**-15


@pytest.mark.parametrize("to", ["out.mp4", "out.mkv"])
def test_two_renderings_are_the_same_bytes(rig: Rig, to: str) -> None:
    start = {"source/speed": 1.3}
    one = rig.render(start, seconds=2.0, to=f"one-{to}").read_bytes()
    assert one == rig.render(start, seconds=2.0, to=f"two-{to}").read_bytes()


@pytest.mark.parametrize(
    ("start", "late"),
    [
        ({"source/speed": 2}, 0.0),
        ({"source/speed": 0.5}, 0.0),
        ({"source/in": 0.4, "source/out": 0.8}, 0.0),
        ({"source/in": 1 / 3, "source/loop": "ping-pong", "source/speed": 1}, None),
        ({"source/speed": -1}, 1 / FPS),
        ({"source/speed": -2}, 0.5 / FPS),
    ],
)
def test_sound_follows_the_transport(rig: Rig, start: dict[str, Any], late: float | None) -> None:
    """late: backwards a click is heard as its frame goes, since it begins with it."""
    flashes, found = moments(rig.render(start, seconds=3.0))
    assert len(flashes) >= 2
    near = 1.5e-3 if late is not None else 1 / FPS + 1.5e-3
    for moment in flashes:  # twice as fast some are passed over, and their clicks are heard
        assert min(abs(click - moment - (late or 0.0)) for click in found) < near
    if abs(start.get("source/speed", 1)) <= 1:
        assert len(found) == len(flashes)


def test_a_seek_and_a_stop_are_heard(rig: Rig) -> None:
    path = rig.render(
        changes={
            15: {"source/position": 36 / FRAMES},
            20: {"source/speed": 0},
            35: {"source/speed": 1},
        },
        seconds=2.0,
    )
    flashes, found = moments(path)
    assert found == pytest.approx(flashes, abs=5e-3)
    assert flashes[:2] == pytest.approx([10 / FPS, 17 / FPS], abs=1e-3)
    sound = heard(path)
    assert not sound[round(0.81 * RATE) : round(1.39 * RATE)].any()
    assert sound[round(1.41 * RATE) : round(1.6 * RATE)].any()


@pytest.mark.parametrize("speeds", [(1, 2), (2, 0.5), (1, -1)])
def test_another_speed_leaves_no_seam(rig: Rig, speeds: tuple[float, float]) -> None:
    path = rig.render({"source/speed": speeds[0]}, {15: {"source/speed": speeds[1]}}, seconds=1.6)
    sound = heard(path)[:, 0]
    where = round(15 / FPS * RATE)
    assert np.abs(np.diff(sound[where - 2400 : where + 2400])).max() < 0.012  # of the tone
    flashes, found = moments(path)
    near = 1 / FPS + 6e-3 if speeds[1] < 0 else 1e-3  # a picture is seen on both sides of the turn
    for moment in flashes:
        assert min(abs(click - moment) for click in found) < near


def test_a_cut_to_another_clip_cuts_its_sound_without_a_click(rig: Rig) -> None:
    path = rig.render(changes={27: {"source": "other"}}, seconds=2.0)
    flashes, found = moments(path)
    assert flashes == pytest.approx([n / FPS for n in (10, 23, 27, 47)], abs=1e-3)
    assert found == pytest.approx(flashes, abs=1e-3)
    cut = round(27 / FPS * RATE)
    leaves = np.abs(np.diff(heard(path)[cut - 960 : cut, 0])).max()
    assert leaves < 0.003  # of the tone itself


def test_clips_of_a_list_bring_their_own_sound(rig: Rig) -> None:
    path = rig.render(source=f"clips:{rig.clips}/film.mkv,{rig.clips}/other.mkv")
    flashes, found = moments(path)
    expected = [n / FPS for n in FLASHES["film"]] + [2 + n / FPS for n in FLASHES["other"]]
    assert flashes == pytest.approx(expected, abs=1e-3)
    assert found == pytest.approx(flashes, abs=1e-3)


def test_a_clip_that_begins_between_two_frames_is_heard_at_once(rig: Rig) -> None:
    """At 30 frames a second a clip of 25 ends in the middle of one."""
    short = film(rig.folder / "short.mkv", (5,), frames=31)  # 1.24 s: 37.2 frames
    path = rig.render(source=f"clips:{short},{rig.clips}/film.mkv", rate=30, seconds=2.0)
    sound = np.abs(heard(path)[:, 0])
    loud = np.convolve(sound > 0.01, np.ones(480), "same")
    seam = round(1.24 * RATE)
    assert loud[seam - 2400 : seam + 4800].min() > 0
    _, found = moments(path)
    assert found == pytest.approx([5 / FPS, 1.24 + 10 / FPS], abs=1e-3)


def test_both_decks_are_mixed(rig: Rig) -> None:
    loud = {
        mix: heard(rig.render({"deck/b": "other", "deck/mix": mix}, to=f"mix{mix}.mkv"))
        for mix in (0, 0.25, 1)
    }
    assert click_moments(loud[0]) == pytest.approx([n / FPS for n in FLASHES["film"]], abs=1e-3)
    assert click_moments(loud[1]) == pytest.approx([n / FPS for n in FLASHES["other"]], abs=1e-3)
    mixed = 0.75 * loud[0] + 0.25 * loud[1]
    assert np.abs(loud[0.25] - mixed)[: 2 * RATE].max() < 1e-4


def test_a_crossfade_fades_the_sound(rig: Rig) -> None:
    path = rig.render({"crossfade": 0.8}, {15: {"source": "other"}}, seconds=2.0)
    sound = heard(path)[:, 0]
    middle = np.abs(sound[round(0.96 * RATE) : round(0.98 * RATE)]).max()
    assert 0.045 < middle < 0.055  # both tones are in phase
    old = np.abs(sound[round(23 / FPS * RATE) :][: WIDTH // 2]).max()
    assert old == pytest.approx(0.6 * 0.9, abs=0.04), "of 0.8 s in which it goes 0.32 have gone"
    assert click_moments(heard(path))[-1] == pytest.approx((15 + 33) / FPS, abs=1e-3)


def test_frames_at_varying_times_keep_their_sound(rig: Rig) -> None:
    times = [0, 4, 8, 30, 34, 60, 61, 90, 120, 150]
    path = film(rig.folder / "phone.mkv", (3, 7), times=times)
    flashes, found = moments(rig.render(source=str(path), to="vfr.mp4"))
    assert flashes == pytest.approx([0.30, 0.90], abs=1e-3)
    assert found == pytest.approx(flashes, abs=1e-3)


def test_slow_motion_keeps_the_pitch(rig: Rig) -> None:
    path = rig.render(slow=3, source=str(rig.clips / "film.mkv"), to="slow.mkv")
    sound = heard(path)
    with av.open(str(path)) as movie:
        length = float((movie.duration or 0) / av.time_base)
    assert length == pytest.approx((3 * (FRAMES - 1) + 1) / FPS, abs=0.01)
    window = sound[round(3.0 * RATE) : round(4.0 * RATE), 0]
    assert abs(int(np.argmax(np.abs(np.fft.rfft(window)))) - 330) <= 3
    slow = [moment for moment in click_moments(sound) if moment < 3 * 20 / FPS]
    assert slow
    assert slow[0] == pytest.approx(3 * 10 / FPS, abs=0.06)


def test_a_folder_of_pictures_gets_its_sound_beside_them(rig: Rig) -> None:
    rig.render(to="frames/", seconds=1.0)
    path = rig.folder / "frames" / "sound.wav"
    with wave.open(str(path)) as file:
        assert file.getnframes() == RATE
    assert click_moments(heard(path)) == pytest.approx([10 / FPS, 23 / FPS], abs=1e-3)


def test_the_show_says_what_is_heard(rig: Rig) -> None:
    assert not SoundFile(rig.render(sound="off", seconds=1.0, to="off.mkv")).open()
    assert not SoundFile(rig.render(sound="input USB", seconds=1.0, to="in.mkv")).open()
    assert [text for text in rig.said if "input USB is live" in text]
    song = write_sound(rig.folder / "song.flac", clicks([0.3], 0.8, 44_100), "flac", rate=44_100)
    path = rig.render(sound=str(song), seconds=1.3, to="song.mkv")
    assert click_moments(heard(path)) == pytest.approx([0.3, 1.1], abs=1e-4)
    path = rig.render(sound=str(song), loop=False, seconds=1.3, to="once.mkv")
    assert click_moments(heard(path)) == pytest.approx([0.3], abs=1e-4)


def test_a_sound_file_that_is_not_there_stops_the_rendering(rig: Rig) -> None:
    with pytest.raises(Fault, match=r"sound: .*sang\.wav: there is no such file"):
        rig.render(sound=str(rig.folder / "sang.wav"), seconds=1.0)
    silent = rig.render(sound="off", seconds=1.0, to="silent.mkv")
    with pytest.raises(Fault, match=r"silent\.mkv: has no sound"):
        rig.render(sound=str(silent), seconds=1.0)
    with pytest.raises(Fault, match=r"^sound: http://radio/live\.mp3: .* not from addresses"):
        rig.render(sound="http://radio/live.mp3", seconds=1.0)


def test_a_show_without_anything_to_hear_has_no_sound_stream(rig: Rig) -> None:
    path = rig.render(source="testcard", sources={}, seconds=0.5, fps=FPS)
    assert not SoundFile(path).open()


def test_modulators_hear_what_the_decks_sound_like(rig: Rig) -> None:
    """Also where nothing of it is recorded: the picture goes dark just after a click."""
    rule = {"audio": "onset", "input": "source", "to": "output/blackout", "range": [0, 1]}
    path = rig.render(modulators=[rule], sound="off", source="film")
    with av.open(str(path)) as movie:
        assert not movie.streams.audio
        light = [frame.to_ndarray(format="gray").mean() for frame in movie.decode(video=0)]
    dark = [number for number, one in enumerate(light) if one < 20 and number]
    assert set(dark) >= {n + 1 for n in FLASHES["film"]}
    assert light[5] > light[FLASHES["film"][0] + 1]
