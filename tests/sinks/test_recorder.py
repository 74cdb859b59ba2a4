"""Recording: what is on the disk afterwards is what was played, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests import disks
from tests.waiting import until
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.core.mailbox import Mailbox
from vj.sinks import SinkSettings
from vj.sinks.output_file import OutputFile
from vj.sinks.recorder import Recorder
from vj.sinks.runner import SinkRunner

PATCHES = {"red": (255, 0, 0), "green": (0, 200, 0), "blue": (20, 40, 230), "grey": (128, 128, 128)}


class SteppedClock:
    """A live clock that is set by hand, so that seconds of recording take none."""

    live = True

    def __init__(self) -> None:
        self.moment = 100.0

    def now(self) -> float:
        return self.moment

    def wait_until(self, moment: float, stop: object = None) -> bool:
        return True


def generated(width: int = 160, height: int = 120, number: int = 0) -> np.ndarray:
    """Four patches, and a white square that walks along the top by 4 pixels a frame."""
    drawn = np.empty((height, width, 3), np.uint8)
    for index, colour in enumerate(PATCHES.values()):
        top, left = (index // 2) * (height // 2), (index % 2) * (width // 2)
        drawn[top : top + height - height // 2, left : left + width - width // 2] = colour
    at = number * 4 % (width - 8)
    drawn[:8, at : at + 8] = 255
    return drawn


def noise(number: int, size: int = 256) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (size, size, 3), np.uint8)


def record(
    path: Path | str,
    count: int,
    fps: float = 30,
    live: bool = True,
    moments: list[float] | None = None,
    size: tuple[int, int] = (160, 120),
) -> Recorder:
    """`count` generated images into a recording, at the frame rate or at `moments` (seconds)."""
    clock = SteppedClock()
    recorder = Recorder(str(path), SinkSettings(clock if live else FrameClock(fps), live))
    recorder.open(*size, fps)
    for number in range(count):
        clock.moment = 100.0 + (moments[number] if moments else number / fps)
        recorder.send(Frame(generated(*size, number), number, 0.0))
    recorder.close()
    return recorder


def frames_of(path: Path) -> list[tuple[float, np.ndarray]]:
    """(seconds, (H, W, 3) RGB) of every picture that can be decoded."""
    with av.open(str(path)) as movie:
        return [
            (float(picture.time), picture.to_ndarray(format="rgb24"))
            for picture in movie.decode(video=0)
        ]


def check_colours(picture: np.ndarray) -> None:
    height, width = picture.shape[:2]
    for index, (name, colour) in enumerate(PATCHES.items()):
        at = picture[
            height // 4 + (index // 2) * height // 2, width // 4 + (index % 2) * width // 2
        ].astype(int)
        assert np.abs(at - colour).max() <= 6, f"{name} came back as {at}"


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("live", [True, False])
def test_a_movie_reads_back_as_it_was_played(ending: str, live: bool, tmp_path: Path) -> None:
    recorder = record(tmp_path / f"new/out.{ending}", 45, live=live)
    back = frames_of(recorder.path)
    assert len(back) == 45
    check_colours(back[20][1])
    assert [moment for moment, _ in back] == pytest.approx([n / 30 for n in range(45)], abs=0.001)
    at = int(back[20][1][3].sum(axis=1).argmax())
    assert abs(at - 80) < 8, "the walking square is where it was"
    assert recorder.state().startswith("finished: 1.5 s, 0.0")


def test_players_see_the_same_red(tmp_path: Path) -> None:
    """Another program's reading, by the colour tags in the file."""
    path = record(tmp_path / "out.mp4", 10).path
    picture = cv2.VideoCapture(str(path)).read()[1]
    check_colours(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
    with av.open(str(path)) as movie:
        context = movie.streams.video[0].codec_context
        assert (
            context.color_range,
            context.colorspace,
            context.color_primaries,
            context.color_trc,
        ) == (1, 1, 1, 1)


def test_a_stuttering_show_keeps_its_speed(tmp_path: Path) -> None:
    """Frames come when they come; each is shown at the moment it came."""
    moments = [0, 0.031, 0.07, 0.1, 0.5, 0.52, 0.53, 2.6, 2.6, 2.65, 4.0]
    for ending in ("mp4", "mkv"):
        path = record(tmp_path / f"out.{ending}", len(moments), moments=moments).path
        back = [moment for moment, _ in frames_of(path)]
        assert back == pytest.approx(moments, abs=0.002)
        assert len(set(back)) == len(back)


def test_a_slow_show_too_loses_no_more_than_a_second(tmp_path: Path) -> None:
    """ImageSequence that stand by themselves come by the clock, not by the count of frames."""
    path = record(tmp_path / "out.mp4", 40, moments=[number / 5 for number in range(40)]).path
    with av.open(str(path)) as movie:
        keys = [
            float(packet.pts * packet.time_base)
            for packet in movie.demux(video=0)
            if packet.is_keyframe and packet.pts is not None
        ]
    assert max(np.diff([*keys, 8.0])) <= 1.21


def test_an_odd_size_loses_no_row(tmp_path: Path) -> None:
    path = record(tmp_path / "out.mp4", 5, size=(161, 121)).path
    picture = frames_of(path)[2][1]
    assert picture.shape == (122, 162, 3)
    check_colours(picture)


def test_a_change_of_size_is_fitted_in(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "out.mp4"), SinkSettings(FrameClock(30), live=False))
    recorder.open(160, 120, 30)
    for number, size in enumerate([(160, 120), (80, 120), (320, 120), (160, 120)]):
        recorder.send(Frame(generated(*size), number, 0.0))
    recorder.send(Frame(np.dstack([generated(), np.full((120, 160), 7, np.uint8)]), 4, 0.0))
    recorder.close()
    back = [picture for _, picture in frames_of(recorder.path)]
    assert {picture.shape for picture in back} == {(120, 160, 3)}
    assert back[1][:, :30].max() < 20, "black beside the tall one"
    check_colours(back[1][:, 40:120])
    assert back[2][:25].max() < 20, "black above the wide one"
    check_colours(back[2][30:90])
    check_colours(back[3])
    check_colours(back[4])


def test_a_movie_that_exists_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    first = record(path, 5)
    kept = path.read_bytes()
    second = record(path, 8)
    second.open(160, 120, 30)
    second.send(Frame(generated(), 0, 0.0))
    assert second.state().endswith(" in out-3.mp4")
    second.close()
    assert path.read_bytes() == kept
    assert first.path == path
    assert len(frames_of(tmp_path / "out-2.mp4")) == 8
    assert len(frames_of(tmp_path / "out-3.mp4")) == 1


def test_a_webp_that_fills_the_memory_goes_on_in_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sinks.loop_picture.MOST", 5)
    messages: list[str] = []
    settings = SinkSettings(FrameClock(25), live=False, log=messages.append)
    recorder = Recorder(str(tmp_path / "loop.webp"), settings)
    recorder.open(160, 120, 25)
    for number in range(12):
        recorder.send(Frame(np.full((120, 160, 3), 20 * number, np.uint8), number, number / 25))
    recorder.close()
    assert [(path.name, frames) for path, frames in recorder.recorded] == [
        ("loop.webp", 5),
        ("loop-2.webp", 5),
        ("loop-3.webp", 2),
    ]
    assert len(messages) == 2
    assert "it goes on in" in messages[0]
    assert "loop-2.webp" in messages[0]


def test_a_loop_that_waits_in_memory_is_not_written_over_by_the_next(tmp_path: Path) -> None:
    """Its file is empty until its end. A saved show that changes loop_fade opens the next before
    it closes this one, and another vj may play the same show."""
    path, loops = tmp_path / "loop.webp", []
    for number in (0, 1):
        loops.append(Recorder(str(path), SinkSettings(SteppedClock())))
        loops[number].open(160, 120, 30)
        loops[number].send(Frame(generated(), 0, 0.0))
    for loop in loops:
        loop.close()
    kept = sorted(one.name for one in tmp_path.iterdir())
    assert kept == ["loop-2.webp", "loop.webp"]
    assert all((tmp_path / name).stat().st_size > 100 for name in kept)


def test_offline_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    made: list[list[Path]] = []
    for folder in ("a", "b"):
        if made:
            time.sleep(1.1)  # a date in the file would differ by now
        named = (tmp_path / f"{folder}/out.{ending}" for ending in ("mp4", "mkv"))
        made.append([record(path, 70, fps=29.97, live=False).path for path in named])
    for one, two in zip(*made, strict=True):
        assert one.read_bytes() == two.read_bytes()
        with av.open(str(one)) as movie:
            assert movie.streams.video[0].average_rate == pytest.approx(30000 / 1001, abs=0.01)


def test_offline_pictures_are_exact_and_the_same(tmp_path: Path) -> None:
    recorder = record(f"{tmp_path}/takes/", 4, live=False)
    names = sorted(entry.name for entry in (tmp_path / "takes").iterdir())
    assert names == [f"{number:06d}.png" for number in range(4)]
    assert (cv2.imread(str(tmp_path / "takes/000002.png"))[..., ::-1] == generated(number=2)).all()
    before = {name: (tmp_path / "takes" / name).read_bytes() for name in names}
    (tmp_path / "takes/000041.png").write_bytes(b"somebody's")
    recorder = record(tmp_path / "takes", 2, live=False)  # an existing folder needs no slash
    assert sorted(entry.name for entry in (tmp_path / "takes").iterdir())[4:] == [
        "000041.png",
        "000042.png",
        "000043.png",
    ]
    assert all(
        (tmp_path / "takes" / name).read_bytes() == content for name, content in before.items()
    )
    assert (tmp_path / "takes/000042.png").read_bytes() == before["000000.png"]
    assert recorder.state().startswith("finished: 0.1 s")


def test_pictures_keep_their_alpha(tmp_path: Path) -> None:
    recorder = Recorder(f"{tmp_path}/keyed/", SinkSettings(SteppedClock()))
    recorder.open(8, 8, 30)
    pixels = np.arange(8 * 8 * 4, dtype=np.uint8).reshape(8, 8, 4)
    recorder.send(Frame(pixels, 0, 0.0))
    back = cv2.imread(str(tmp_path / "keyed/000000.png"), cv2.IMREAD_UNCHANGED)
    assert (cv2.cvtColor(back, cv2.COLOR_BGRA2RGBA) == pixels).all()


KILLED = """
import sys, time
sys.path.insert(0, sys.argv[1])
from tests.sinks.test_recorder import SteppedClock, generated, noise
from vj.core.clock import FrameClock
from vj.core.frame import Frame
from vj.sinks import SinkSettings
from vj.sinks.recorder import Recorder
live = sys.argv[3] == "live"
clock = SteppedClock()
recorder = Recorder(sys.argv[2], SinkSettings(clock if live else FrameClock(30), live))
recorder.open(160, 120, 30)
for number in range(150):
    clock.moment = number / 30
    recorder.send(Frame(generated(number=number), number, 0.0))
print("recorded", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is for systems that have it")
@pytest.mark.parametrize(
    ("ending", "mode"),
    [
        ("mp4", "live"),
        pytest.param("mov", "live", marks=pytest.mark.long),
        ("mkv", "live"),
        ("mp4", "offline"),
    ],
)
def test_a_killed_recording_is_there_up_to_the_last_seconds(
    ending: str, mode: str, tmp_path: Path
) -> None:
    path = tmp_path / f"out.{ending}"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(Path(__file__).parents[2]), str(path), mode],
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "recorded\n"
        child.send_signal(signal.SIGKILL)
    back = frames_of(path)
    assert len(back) >= 150 - 45
    assert [moment for moment, _ in back] == pytest.approx(
        [n / 30 for n in range(len(back))], abs=0.002
    )
    check_colours(back[-1][1])


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for rest in (
        f"{tmp_path}/file/out.mp4",
        f"{tmp_path}/file/takes/",
        "/proc/out.mp4",
        "/proc/takes/",
    ):
        with pytest.raises(
            Fault, match=rf"^record:{rest}: can't write in .*; record somewhere else"
        ):
            Recorder(rest, SinkSettings(SteppedClock())).open(160, 120, 30)


@pytest.mark.parametrize(
    ("rest", "remedy"),
    [("", "record:takes/"), ("out.avi", ".mp4, .mov, .mkv"), ("takes/v1.2", "with / for a folder")],
)
def test_a_path_that_makes_no_sense_is_answered_before_the_show(rest: str, remedy: str) -> None:
    with pytest.raises(Fault, match=remedy):
        Recorder(rest, SinkSettings(SteppedClock()))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disks.small_disk(tmp_path, 2) as disk:
        yield disk


def record_noise_until_full(recorder: Recorder) -> str:
    """The message with which the recording stopped."""
    clock = recorder._settings.clock
    assert isinstance(clock, SteppedClock)
    recorder.open(256, 256, 30)
    with pytest.raises(Fault) as report:  # noqa: PT012
        for number in range(1000):
            clock.moment = number / 30
            recorder.send(Frame(noise(number), number, 0.0))
    recorder.send(Frame(noise(0), 0, 0.0))  # it is said once
    recorder.close()
    return str(report.value)


@pytest.mark.parametrize("ending", ["mp4", pytest.param("mov", marks=pytest.mark.long), "mkv"])
def test_a_full_disk_stops_the_recording_and_keeps_it(ending: str, small_disk: Path) -> None:
    recorder = Recorder(str(small_disk / f"out.{ending}"), SinkSettings(SteppedClock()))
    messages = record_noise_until_full(recorder)
    assert "recording stopped, No space left on device" in messages
    assert " MB are in " in messages
    assert messages.endswith("free some space and record again")
    back = frames_of(recorder.path)
    assert len(back) >= 15
    assert os.path.getsize(recorder.path) > 1_000_000
    assert recorder.state().startswith("stopped (No space left on device): ")


def test_a_full_disk_leaves_only_whole_pictures(small_disk: Path) -> None:
    messages = record_noise_until_full(
        Recorder(f"{small_disk}/takes/", SinkSettings(SteppedClock()))
    )
    assert "No space left" in messages
    names = sorted(entry.name for entry in (small_disk / "takes").iterdir())
    assert names == [f"{number:06d}.png" for number in range(len(names))]
    assert (
        cv2.imread(str(small_disk / "takes" / names[-1]))[..., ::-1] == noise(len(names) - 1)
    ).all()


def disk_with(room: int) -> Callable[[OutputFile, memoryview], int]:
    """Writing as on a disk with so many bytes free."""

    def write(output_file: OutputFile, piece: memoryview) -> int:
        nonlocal room
        if room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = os.write(output_file._descriptor, piece[:room])
        room -= written
        return written

    return write


def test_a_piece_that_does_not_fit_is_taken_back_and_is_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output_file = OutputFile(tmp_path / "out.mp4")
    output_file.write(b"whole")
    with monkeypatch.context() as small:
        small.setattr(OutputFile, "_write", disk_with(3))
        with pytest.raises(OSError, match="No space left"):
            output_file.write(b"torn")
    output_file.seek(0)
    with pytest.raises(OSError, match="has ended"):
        output_file.write(b"W")
    output_file.release()
    output_file.release()
    assert (tmp_path / "out.mp4").read_bytes() == b"whole"


@pytest.mark.parametrize(
    ("room", "left"),
    [(100, 39), (36_500, 40)],
    ids=["no room for the last fragment", "no room for the index"],
)
def test_a_disk_that_fills_at_the_very_end_does_not_spoil_the_movie(
    room: int, left: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index at the end goes over the beginning of the file, and must not when it has no room
    itself."""
    clock = SteppedClock()
    recorder = Recorder(str(tmp_path / "out.mp4"), SinkSettings(clock))
    recorder.open(256, 256, 30)
    for number in range(40):
        clock.moment = number / 30
        recorder.send(Frame(noise(number), number, 0.0))
    monkeypatch.setattr(OutputFile, "_write", disk_with(room))
    with pytest.raises(Fault, match="No space left"):
        recorder.close()
    recorder.close()
    assert len(frames_of(recorder.path)) == left


def test_a_full_disk_stops_the_recording_not_the_show(small_disk: Path) -> None:
    messages: list[str] = []
    clock = SteppedClock()
    box: Mailbox[Frame] = Mailbox()
    uri = f"record:{small_disk}/out.mp4"
    runner = SinkRunner(
        uri, Recorder(uri.removeprefix("record:"), SinkSettings(clock)), box, 30, messages.append
    )
    for number in range(120):
        clock.moment = number / 30
        if not runner.deliver(Frame(noise(number), number, 0.0)):
            break
    assert not runner.deliver(Frame(noise(0), 0, 0.0))
    runner.stop()
    assert len(messages) == 1
    assert messages[0].startswith(f"{uri} failed: recording stopped, No space left")
    assert "trying again" not in messages[0]
    assert len(list(small_disk.iterdir())) == 1


def test_stopping_the_show_finishes_the_recording(tmp_path: Path) -> None:
    """Within two seconds, with every frame that was sent."""
    clock = SteppedClock()
    box: Mailbox[Frame] = Mailbox()
    uri = f"record:{tmp_path}/out.mp4"
    runner = SinkRunner(
        uri, Recorder(uri.removeprefix("record:"), SinkSettings(clock)), box, 30, print
    )
    runner.start()
    for number in range(60):
        clock.moment = number / 30
        box.put(Frame(generated(number=number), number, 0.0))
        until(lambda: box._item is None)
    assert runner.state().startswith(uri)
    assert runner.stop(timeout=60)
    assert len(frames_of(tmp_path / "out.mp4")) == runner.sent == 60 - box.dropped
    assert runner.state().startswith(f"{uri} finished: 2.0 s")
