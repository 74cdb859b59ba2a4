"""Recordings whose place goes: it is said, they go on in takes/ or stop, and what was written
plays."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests import disks
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


class ControlSession:
    """SinkGroup that are sent 100 pictures a second, in a folder of their own."""

    def __init__(self, *uris: str) -> None:
        self.said: list[str] = []
        self.sinks = SinkGroup(uris, 30, WallClock(), Metrics(), self.said.append)
        self.sinks.first_recorded = 0
        self.number = 0
        self.size = 64
        self.sinks.start()

    def play(self, until: Callable[[], bool], seconds: float = 5.0) -> float:
        """Send until something is true; how many seconds that took."""
        begun = time.monotonic()
        while not until():
            assert time.monotonic() - begun < seconds, (self.said, self.sinks.states())
            self.sinks.put(Frame(noise(self.number % 50, self.size), self.number, 0.0))
            self.number += 1
            time.sleep(0.01)
        return time.monotonic() - begun

    def sent(self) -> int:
        return sum(self.sinks.sent().values())

    def some(self, more: int = 20) -> None:
        count = self.sent()
        self.play(lambda: self.sent() >= count + more)


Make = Callable[..., ControlSession]


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("vj.sinks.recorder.CHECK_PERIOD", 0.1)
    made: list[ControlSession] = []

    def begin(*uris: str) -> ControlSession:
        made.append(ControlSession(*uris))
        return made[-1]

    yield begin
    for one in made:
        one.sinks.stop()


def length(path: Path | str) -> int:
    with av.open(str(path)) as movie:
        return sum(1 for _ in movie.decode(video=0))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let an open file be deleted")
@pytest.mark.parametrize("way", ["deleted", "moved", "the file alone"])
def test_a_movie_whose_folder_goes_is_said_and_goes_on_in_takes(session: Make, way: str) -> None:
    one = session("record:stick/set.mp4")
    one.some()
    if way == "deleted":
        shutil.rmtree("stick")
    elif way == "moved":
        os.rename("stick", "elsewhere")
    else:
        Path("stick/set.mp4").unlink()
    took = one.play(lambda: bool(one.said))
    assert took < 1.0
    assert (
        "record:stick/set.mp4: recording stopped, stick/set.mp4 is not there any more"
        in one.said[0]
    )
    assert one.said[0].endswith("it goes on in takes/set.mp4")
    one.some(30)
    assert one.sinks.states()[0].endswith(" in takes/set.mp4")
    one.sinks.stop()
    assert length("takes/set.mp4") >= 30
    assert len(one.said) == 1
    if way == "moved":
        assert length("elsewhere/set.mp4") >= 20, "what was moved has its end"


def test_pictures_whose_folder_goes_go_on_in_takes(session: Make) -> None:
    one = session("record:stick/shots/")
    one.some()
    shutil.rmtree("stick")
    one.play(lambda: bool(one.said))
    assert one.said[0].endswith("it goes on in takes/shots")
    one.some()
    one.sinks.stop()
    assert len(list(Path("takes/shots").glob("*.png"))) >= 20


def test_a_take_that_is_deleted_goes_on_in_takes_made_anew(session: Make) -> None:
    one = session()
    one.sinks.record(True)
    one.some()
    shutil.rmtree("takes")
    one.play(lambda: len(one.said) > 1)
    one.some()
    assert not one.sinks.failed_recording
    one.sinks.record(False)
    one.play(lambda: len(one.said) > 2)
    path = one.said[2].removeprefix("recorded ").split(" (")[0]
    assert f"({length(path)} frames)" in one.said[2], "what is said to be there is there"


def test_a_recording_that_is_lost_twice_stops_and_is_never_called_recorded(session: Make) -> None:
    one = session()
    one.sinks.record(True)
    for _ in range(2):
        one.some(5)
        shutil.rmtree("takes")
        lines = len(one.said) + 1
        one.play(lambda wanted=lines: len(one.said) >= wanted)  # type: ignore[misc]
    one.play(lambda: one.sinks.failed_recording)
    one.sinks.record(False)
    time.sleep(0.1)
    assert not any(line.startswith("recorded") for line in one.said)
    assert "failed: recording stopped" in one.said[-1]


def test_a_take_that_cannot_begin_is_not_called_recorded(session: Make) -> None:
    Path("takes").write_text("not a folder")
    one = session()
    one.sinks.record(True)
    one.play(lambda: one.sinks.failed_recording)
    one.sinks.record(False)
    time.sleep(0.1)
    assert ["can't write in takes" in line for line in one.said] == [False, True]


def test_a_take_without_a_picture_is_said(session: Make) -> None:
    one = session()
    one.sinks.record(True)
    one.sinks.record(False)
    end = time.monotonic() + 5
    while len(one.said) < 2:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert one.said[1] == "nothing was recorded: no picture came meanwhile"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disks.small_disk(tmp_path, 1) as disk:
        yield disk


def test_a_full_disk_is_left_for_takes_and_what_is_on_it_plays(
    session: Make, small_disk: Path
) -> None:
    one = session("record:stick/set.mp4")
    one.size = 256
    one.play(lambda: bool(one.said))
    assert "recording stopped, No space left on device" in one.said[0]
    assert one.said[0].endswith("are in stick/set.mp4; it goes on in takes/set.mp4")
    one.some(30)
    one.sinks.stop()
    assert length("stick/set.mp4") > 5
    assert length("takes/set.mp4") >= 30


def test_where_takes_is_full_too_it_stops(session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.sinks.recorder.LEAST_FREE", 1e18)
    monkeypatch.setattr("vj.sinks.output_file.OutputFile._write", full)
    one = session("record:stick/set.mp4")
    one.play(lambda: bool(one.said))
    assert one.said[0].endswith("free some space and start recording again")
    assert not Path("takes").exists()


def full(tape: Any, piece: memoryview) -> int:
    raise OSError(28, "No space left on device")


def test_a_disk_that_is_pulled_out_is_left(session: Make, small_disk: Path) -> None:
    one = session("record:stick/set.mp4")
    one.some()
    subprocess.run(["umount", "-l", str(small_disk)], check=True)
    assert one.play(lambda: bool(one.said)) < 1.0
    assert one.said[0].endswith("it goes on in takes/set.mp4")
    assert not list(small_disk.iterdir()), "nothing is written below where it was"


LIMITED = """
import resource, sys, time
from vj.sinks import SinkSettings
from vj.core.clock import WallClock
from vj.core.frame import Frame
from vj.sinks.recorder import Recorder
from tests.app.test_outputs import noise
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
recorder = Recorder("far/set.mp4", SinkSettings(WallClock(), log=print, spare=Path("takes")))
recorder.open(256, 256, 30)
try:
    for number in range(400):
        recorder.send(Frame(noise(number, 256), number, 0.0))
        time.sleep(0.01)
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
        timeout=50,
    )
    lines = done.stdout.splitlines()
    assert "File too large" in lines[0], done.stderr
    assert lines[0].endswith("it goes on in takes/set.mp4")
    assert lines[1].startswith("Fault record:far/set.mp4: recording stopped, File too large")
    assert length(tmp_path / "far/set.mp4") > 3
    assert length(tmp_path / "takes/set.mp4") > 3


def test_a_folder_that_may_not_be_written_to_any_more_is_left(
    session: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As another user would find it: this one may be allowed everything."""
    one = session("record:stick/shots/")
    one.some()
    real = open

    def refuse(path: Any, *more: Any, **named: Any) -> Any:
        if str(path).startswith("stick"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *more, **named)

    monkeypatch.setattr("vj.sinks.image_sequence.open", refuse, raising=False)
    one.play(lambda: bool(one.said))
    assert "recording stopped, Permission denied; about" in one.said[0]
    assert one.said[0].endswith("it goes on in takes/shots")
    assert cv2.imread("stick/shots/000003.png") is not None


def test_a_disk_that_does_not_answer_is_left(
    session: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    real = Recorder.send

    def send(recorder: Recorder, frame: Frame) -> None:
        if (
            "share" in recorder.uri
            and recorder._recording is not None
            and recorder._recording.frames > 10
        ):
            answers.wait(20)
        real(recorder, frame)

    monkeypatch.setattr(Recorder, "send", send)
    monkeypatch.setattr("vj.app.sink_group.HUNG", 0.2)
    one = session("record:share/set.mp4")

    def said() -> bool:
        one.sinks.check_recordings()
        return bool(one.said)

    one.play(said)
    assert one.said == [
        "record:share/set.mp4 has not answered for 0.2 s; it goes on in takes/set.mp4"
    ]
    one.some()
    answers.set()
    end = time.monotonic() + 5
    while length("share/set.mp4") < 10:
        assert time.monotonic() < end
        time.sleep(0.05)
    one.sinks.stop()
    assert length("takes/set.mp4") >= 20


def test_offline_a_recording_that_is_gone_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sinks.recorder.CHECK_PERIOD", 0.0)
    recorder = Recorder(f"{tmp_path}/stick/out.mkv", SinkSettings(WallClock(), live=False))
    recorder.open(64, 64, 30)
    recorder.send(Frame(noise(0), 0, 0.0))
    shutil.rmtree(tmp_path / "stick")
    with pytest.raises(Fault, match="is not there any more"):
        recorder.send(Frame(noise(1), 1, 0.0))


def test_what_needs_a_library_that_is_missing_is_said_once_and_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from vj.core.mailbox import Mailbox
    from vj.sinks import make_sink

    monkeypatch.setitem(sys.modules, "SpoutGL", None)
    monkeypatch.setattr(sys, "platform", "linux")
    said: list[str] = []
    runner = SinkRunner(
        "spout:wall",
        make_sink("spout:wall", SinkSettings(WallClock())),
        Mailbox(),
        30,
        said.append,
        retry_period=0.0,
    )
    for number in range(3):
        runner.deliver(Frame(noise(number), number, 0.0))
    assert said == ["spout:wall failed: Spout is for Windows only; here use ndi:wall"]
    assert runner.errors == 1
    assert runner.state() == said[0]
