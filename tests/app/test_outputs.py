"""Recordings whose place goes: that is logged, they go on in takes/ or stop, and what was written
plays."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests import disks
from tests.waiting import PATIENCE, Stopwatch, until
from vj.app.sink_group import SinkGroup
from vj.core.clock import WallClock
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.core.metrics import Metrics
from vj.sinks import SinkSettings
from vj.sinks.recorder import Recorder
from vj.sinks.runner import SinkRunner


def noise(number: int, size: int = 64) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (size, size, 3), np.uint8)


def pull_out(folder: str | Path) -> None:
    """Take a folder away in one step, as a stick is pulled: a removal file by file meets new ones
    that are written meanwhile."""
    os.rename(folder, f"{folder} that is gone")
    shutil.rmtree(f"{folder} that is gone")


class Recorded:
    """Sinks that record into a folder of their own, and are sent frames while a test waits."""

    def __init__(self, *uris: str) -> None:
        self.messages: list[str] = []
        self.sinks = SinkGroup(uris, 30, WallClock(), Metrics(), self.messages.append)
        self.sinks.first_recorded = 0
        self.number = 0
        self.size = 64
        self.sinks.start()

    def play(self, true: Callable[[], object]) -> None:
        """Send frames until something is true."""

        def one_more() -> object:
            self.sinks.put(Frame(noise(self.number % 50, self.size), self.number, 0.0))
            self.number += 1
            return true()

        until(one_more, lambda: (self.messages, self.sinks.states()))

    def sent(self) -> int:
        return sum(self.sinks.sent().values())

    def some(self, more: int = 20) -> None:
        """Play until so many more frames are recorded."""
        count = self.sent()
        self.play(lambda: self.sent() >= count + more)


Record = Callable[..., Recorded]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Record]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("vj.sinks.recorder.CHECK_PERIOD", 0.0)  # with every frame
    made: list[Recorded] = []

    def begin(*uris: str) -> Recorded:
        made.append(Recorded(*uris))
        return made[-1]

    yield begin
    for recorded in made:
        recorded.sinks.stop()


def ending() -> bool:
    """A recording is being closed, on a thread of its own."""
    return any(thread.name == "end of a recording" for thread in threading.enumerate())


def length(path: Path | str) -> int:
    """Its pictures; none as long as it cannot be read."""
    try:
        with av.open(str(path)) as movie:
            return sum(1 for _ in movie.decode(video=0))
    except av.error.FFmpegError:  # or there is no such file
        return 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let an open file be deleted")
@pytest.mark.parametrize("way", ["deleted", "moved", "the file alone"])
def test_a_movie_whose_folder_goes_is_logged_and_goes_on_in_takes(record: Record, way: str) -> None:
    recorded = record("record:stick/set.mp4")
    recorded.some()
    if way == "deleted":
        pull_out("stick")
    elif way == "moved":
        os.rename("stick", "elsewhere")
    else:
        Path("stick/set.mp4").unlink()
    recorded.play(lambda: recorded.messages)
    assert (
        "record:stick/set.mp4: recording stopped, stick/set.mp4 is not there any more"
        in recorded.messages[0]
    )
    assert recorded.messages[0].endswith("it goes on in takes/set.mp4")
    recorded.some(30)
    assert recorded.sinks.states()[0].endswith(" in takes/set.mp4")
    recorded.sinks.stop()
    assert length("takes/set.mp4") >= 30
    assert len(recorded.messages) == 1
    if way == "moved":
        assert length("elsewhere/set.mp4") >= 20, "what was moved has its end"


def test_pictures_whose_folder_goes_go_on_in_takes(record: Record) -> None:
    recorded = record("record:stick/shots/")
    recorded.some()
    pull_out("stick")
    recorded.play(lambda: recorded.messages)
    assert recorded.messages[0].endswith("it goes on in takes/shots")
    recorded.some()
    recorded.sinks.stop()
    assert len(list(Path("takes/shots").glob("*.png"))) >= 20


def test_a_take_that_is_deleted_goes_on_in_takes_made_anew(record: Record) -> None:
    recorded = record()
    recorded.sinks.record(True)
    recorded.some()
    pull_out("takes")
    recorded.play(lambda: len(recorded.messages) > 1)
    recorded.some()
    assert not recorded.sinks.failed_recording
    recorded.sinks.record(False)
    recorded.play(lambda: len(recorded.messages) > 2)
    path = recorded.messages[2].removeprefix("recorded ").split(" (")[0]
    assert f"({length(path)} frames)" in recorded.messages[2], "as many as are logged"


def test_a_recording_that_is_lost_twice_stops_and_is_never_called_recorded(record: Record) -> None:
    recorded = record()
    recorded.sinks.record(True)
    for _ in range(2):
        recorded.some(5)
        lines = len(recorded.messages) + 1  # before: the writer may say so at once
        pull_out("takes")
        recorded.play(lambda wanted=lines: len(recorded.messages) >= wanted)  # type: ignore[misc]
    recorded.play(lambda: recorded.sinks.failed_recording)
    recorded.sinks.record(False)
    until(lambda: not ending())
    assert not any(line.startswith("recorded") for line in recorded.messages)
    assert "failed: recording stopped" in recorded.messages[-1]


def test_a_take_that_cannot_begin_is_not_called_recorded(record: Record) -> None:
    Path("takes").write_text("not a folder")
    recorded = record()
    recorded.sinks.record(True)
    recorded.play(lambda: recorded.sinks.failed_recording)
    recorded.sinks.record(False)
    until(lambda: not ending())
    assert ["can't write in takes" in line for line in recorded.messages] == [False, True]


def test_a_take_without_a_picture_is_logged(record: Record) -> None:
    recorded = record()
    recorded.sinks.record(True)
    recorded.sinks.record(False)
    until(lambda: len(recorded.messages) == 2)
    assert recorded.messages[1] == "nothing was recorded: no picture came meanwhile"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disks.small_disk(tmp_path, 1) as disk:
        yield disk


def test_a_full_disk_is_left_for_takes_and_what_is_on_it_plays(
    record: Record, small_disk: Path
) -> None:
    recorded = record("record:stick/set.mp4")
    recorded.size = 256
    recorded.play(lambda: recorded.messages)
    assert "recording stopped, No space left on device" in recorded.messages[0]
    assert recorded.messages[0].endswith("are in stick/set.mp4; it goes on in takes/set.mp4")
    recorded.some(30)
    recorded.sinks.stop()
    assert length("stick/set.mp4") > 5
    assert length("takes/set.mp4") >= 30


def test_where_takes_is_full_too_it_stops(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.sinks.recorder.LEAST_FREE", 1e18)
    monkeypatch.setattr("vj.sinks.output_file.OutputFile._write", full)
    recorded = record("record:stick/set.mp4")
    recorded.play(lambda: recorded.messages)
    assert recorded.messages[0].endswith("free some space and record again")
    assert not Path("takes").exists()


def full(file: Any, piece: memoryview) -> int:
    raise OSError(28, "No space left on device")


def test_a_disk_that_is_pulled_out_is_left(record: Record, small_disk: Path) -> None:
    recorded = record("record:stick/set.mp4")
    recorded.some()
    subprocess.run(["umount", "-l", str(small_disk)], check=True)
    recorded.play(lambda: recorded.messages)
    assert recorded.messages[0].endswith("it goes on in takes/set.mp4")
    assert not list(small_disk.iterdir()), "nothing is written below where it was"


LIMITED = """
import resource
from vj.sinks import SinkSettings
from vj.core.frame import Frame
from vj.sinks.recorder import Recorder
from tests.app.test_outputs import noise
from tests.waiting import ManualClock
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
clock = ManualClock()
recorder = Recorder("far/set.mp4", SinkSettings(clock, log=print, spare=Path("takes")))
recorder.open(256, 256, 30)
try:
    for number in range(400):
        recorder.send(Frame(noise(number, 256), number, 0.0))
        clock.advance(0.01)
except Exception as error:
    print(type(error).__name__, error)
recorder.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_a_file_that_may_not_grow_goes_on_in_another_and_both_play(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    lines = done.stdout.splitlines()
    assert "File too large" in lines[0], done.stderr
    assert lines[0].endswith("it goes on in takes/set.mp4")
    assert lines[1].startswith("Fault record:far/set.mp4: recording stopped, File too large")
    assert length(tmp_path / "far/set.mp4") > 3
    assert length(tmp_path / "takes/set.mp4") > 3


def test_a_folder_that_may_not_be_written_to_any_more_is_left(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As another user would find it: this one may be allowed everything."""
    recorded = record("record:stick/shots/")
    recorded.some()
    real = open

    def refuse(path: Any, *more: Any, **named: Any) -> Any:
        if str(path).startswith("stick"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *more, **named)

    monkeypatch.setattr("vj.sinks.image_sequence.open", refuse, raising=False)
    recorded.play(lambda: recorded.messages)
    assert "recording stopped, Permission denied; about" in recorded.messages[0]
    assert recorded.messages[0].endswith("it goes on in takes/shots")
    assert cv2.imread("stick/shots/000003.png") is not None


def test_a_disk_that_does_not_answer_is_left(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, answers = threading.Event(), threading.Event()
    real = Recorder.send

    def send(recorder: Recorder, frame: Frame) -> None:
        if (
            "share" in recorder.uri
            and recorder._recording is not None
            and recorder._recording.frames > 10
        ):
            hangs.set()
            answers.wait(PATIENCE)
        real(recorder, frame)

    monkeypatch.setattr(Recorder, "send", send)
    monkeypatch.setattr("vj.app.sink_group.HUNG", 1.0)
    recorded = record("record:share/set.mp4")

    def checked() -> object:
        if hangs.is_set():  # a busy machine may be as long about its first frames
            recorded.sinks.check_recordings()
        return recorded.messages

    recorded.play(checked)
    assert recorded.messages == [
        "record:share/set.mp4 has not answered for 1 s; it goes on in takes/set.mp4"
    ]
    recorded.some()
    answers.set()
    until(lambda: length("share/set.mp4") >= 10)
    recorded.sinks.stop()
    assert length("takes/set.mp4") >= 20


def test_offline_a_recording_that_is_gone_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sinks.recorder.CHECK_PERIOD", 0.0)
    recorder = Recorder(f"{tmp_path}/stick/out.mkv", SinkSettings(WallClock(), live=False))
    recorder.open(64, 64, 30)
    recorder.send(Frame(noise(0), 0, 0.0))
    pull_out(tmp_path / "stick")
    with pytest.raises(Fault, match="is not there any more"):
        recorder.send(Frame(noise(1), 1, 0.0))


def test_a_folder_that_is_gone_is_noticed_within_half_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopwatch = Stopwatch()
    monkeypatch.setattr("vj.sinks.recorder.time", stopwatch)
    recorder = Recorder(f"{tmp_path}/stick/out.mkv", SinkSettings(WallClock()))
    recorder.open(64, 64, 30)
    recorder.send(Frame(noise(0), 0, 0.0))
    pull_out(tmp_path / "stick")
    gone = stopwatch.now

    def half_a_second() -> None:
        while stopwatch.now < gone + 0.5:
            stopwatch.sleep(1 / 30)
            recorder.send(Frame(noise(1), 1, 0.0))

    with pytest.raises(Fault, match="is not there any more"):
        half_a_second()


def test_what_needs_a_library_that_is_missing_is_logged_once_and_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from vj.core.mailbox import Mailbox
    from vj.sinks import make_sink

    monkeypatch.setitem(sys.modules, "SpoutGL", None)
    monkeypatch.setattr(sys, "platform", "linux")
    messages: list[str] = []
    runner = SinkRunner(
        "spout:wall",
        make_sink("spout:wall", SinkSettings(WallClock())),
        Mailbox(),
        30,
        messages.append,
        retry_period=0.0,
    )
    for number in range(3):
        runner.deliver(Frame(noise(number), number, 0.0))
    assert messages == ["spout:wall failed: Spout is for Windows only; here use ndi:wall"]
    assert runner.errors == 1
    assert runner.state() == messages[0]
