"""NDI in, from a real sender in a process of its own that speaks to libndi directly."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.peers.ndi_sender import QUADRANTS, coded_number
from tests.waiting import until
from vj.core.clock import WallClock
from vj.core.frame import Frame, Size
from vj.sources import SourceSettings
from vj.sources.ndi import NdiSource
from vj.sources.ndi_senders import fit, list_ndi_sources

pytest.importorskip("NDIlib")
SENDER = Path(__file__).parents[1] / "peers" / "ndi_sender.py"
NEAR = 12
"""What libndi makes of these colours on their way through 8 bit 4:2:2 differs by so much; pure blue
by a little more."""


class Peer:
    """A sender, to be started and killed."""

    def __init__(self) -> None:
        self.name = f"vj test {uuid.uuid4().hex[:8]}"
        self.process: subprocess.Popen[str] | None = None

    def start(self, size: str = "320x240", fps: float = 30) -> None:
        command = [sys.executable, str(SENDER), self.name, size, str(fps), "40"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert "sending" in self.process.stdout.readline()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.kill()


def source_for(name: str) -> NdiSource:
    source = NdiSource(name, SourceSettings(WallClock(), fps=30, size=Size(64, 64)))
    source.open()
    return source


def wait_for_frame(source: NdiSource, size: Size | None = None) -> Frame:
    """The first frame (of that size)."""
    frames: list[Frame] = []

    def read() -> bool:
        frame = source.read()
        frames.extend([frame] if frame is not None and size in (None, frame.size) else [])
        return bool(frames)

    until(read, lambda: f"no frame{f' of {size}' if size else ''}; connected to {source.connected}")
    return frames[0]


def test_frames_come_with_their_colours_and_size(peer: Peer) -> None:
    peer.start()
    source = source_for(peer.name)
    frame = wait_for_frame(source)
    assert frame.size == Size(320, 240)
    assert frame.pixels.shape[2] == 3, "BGRX has no alpha"
    for index, colour in enumerate(QUADRANTS):
        seen = frame.pixels[60 + 120 * (index // 2), 80 + 160 * (index % 2)].astype(int)
        assert np.abs(seen - colour).max() <= NEAR, (index, seen)
    assert peer.name in source.connected
    assert any(peer.name in name for seconds in (0.5, 5.0) for name in list_ndi_sources(seconds))
    source.close()


def test_a_slow_reader_gets_the_newest_frame(peer: Peer) -> None:
    peer.start(fps=60)
    source, quick = source_for(peer.name), source_for(peer.name)
    number = coded_number(wait_for_frame(source).pixels)
    for _ in range(3):
        until(lambda last=number: coded_number(wait_for_frame(quick).pixels) > last + 30)  # type: ignore[misc]
        frame = source.read()
        assert frame is not None
        before, number = number, coded_number(frame.pixels)
        assert number > before + 20, "30 frames have come meanwhile; the queue's oldest is the next"
    source.close()
    quick.close()


def test_the_sender_killed_started_again_and_changed_in_size(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sources.ndi.SILENCE", 0.4)
    peer.start()
    source = source_for(peer.name)
    first = wait_for_frame(source)
    peer.kill()
    for _ in range(4):
        source.read()
    assert source.read() is None
    peer.start(size="256x144")
    frame = wait_for_frame(source, Size(256, 144))
    assert frame.number > first.number
    source.close()


def test_a_sender_that_comes_later_is_found_by_part_of_its_name(peer: Peer) -> None:
    source = source_for(peer.name[4:].upper())
    assert source.read() is None
    peer.start()
    assert wait_for_frame(source).size == Size(320, 240)
    source.close()
    source.close()


@pytest.mark.parametrize(
    ("full", "wanted", "how"),
    [
        ("STAGE (cam)", "stage (cam)", 0),
        ("STAGE (cam)", "CAM", 1),
        ("STAGE (cam2)", "cam", 2),
        ("CAMERA (left)", "cam", 2),
        ("STAGE (front (cam))", "cam", 2),
        ("STAGE (front (cam))", "front (cam)", 1),
        ("STAGE (left)", "", 2),
        ("STAGE (left)", "right", None),
    ],
)
def test_how_well_a_name_fits(full: str, wanted: str, how: int | None) -> None:
    assert fit(full, wanted) == how


class Sender:
    """A sender in this process, straight from the library: pictures of one grey."""

    def __init__(self, name: str, grey: int) -> None:
        import NDIlib

        settings = NDIlib.SendCreate()
        settings.ndi_name, settings.clock_video, settings.clock_audio = name, False, False
        self._sender = NDIlib.send_create(settings)
        self.full: str = NDIlib.send_get_source_name(self._sender).ndi_name
        self._frame = NDIlib.VideoFrameV2()
        self._pixels = np.full((64, 64, 4), grey, np.uint8)
        self._frame.data, self._frame.FourCC = self._pixels, NDIlib.FOURCC_VIDEO_TYPE_BGRX
        self._frame.xres = self._frame.yres = 64
        self._frame.line_stride_in_bytes = 256
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        import NDIlib

        while not self._stop.wait(0.02):
            NDIlib.send_send_video_v2(self._sender, self._frame)
        NDIlib.send_destroy(self._sender)

    def end(self) -> None:
        self._stop.set()
        self._thread.join(5)


Send = Callable[[str, int], Sender]


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch) -> Iterator[Send]:
    monkeypatch.setattr("vj.sources.ndi.SCAN_PERIOD", 0.05)
    monkeypatch.setattr("vj.sources.ndi.SETTLE", 0.2)
    made: list[Sender] = []

    def begin(name: str, grey: int) -> Sender:
        made.append(Sender(name, grey))
        return made[-1]

    yield begin
    for sender in made:
        sender.end()


def until_grey(source: NdiSource, wanted: int) -> None:
    """Read until a frame of this grey comes."""

    def read() -> bool:
        frame = source.read()
        return frame is not None and abs(int(frame.pixels[32, 32, 0]) - wanted) < 9

    until(read, lambda: f"connected to {source.connected}")


def test_a_sender_of_just_the_name_takes_over_from_one_that_only_holds_it(send: Send) -> None:
    messages: list[str] = []
    name = f"stage{uuid.uuid4().hex[:6]}"
    longer = send(f"{name} left", 40)
    source = NdiSource(name, SourceSettings(WallClock(), log=messages.append))
    source.open()
    until_grey(source, 40)
    exact = send(name, 200)
    until_grey(source, 200)
    assert (source.connected, messages) == (
        exact.full,
        [f"ndi:{name}: {exact.full} is there and plays, instead of {longer.full}"],
    )
    source.close()


def test_the_whole_name_wins_from_the_start_and_nothing_is_logged(send: Send) -> None:
    messages: list[str] = []
    name = f"stage{uuid.uuid4().hex[:6]}"
    send(f"a {name}", 40)
    exact = send(name, 200)
    source = NdiSource(name, SourceSettings(WallClock(), log=messages.append))
    source.open()
    wait_for_frame(source)
    assert source.connected == exact.full
    assert messages == []
    source.close()


def test_several_whose_names_hold_it_are_named_once(send: Send) -> None:
    messages: list[str] = []
    name = f"stage{uuid.uuid4().hex[:6]}"
    left, right = send(f"{name} left", 40), send(f"{name} right", 200)
    source = NdiSource(name, SourceSettings(WallClock(), log=messages.append))
    source.open()
    wait_for_frame(source)
    for _ in range(30):  # more than half a second of frames, and ten scans for senders
        wait_for_frame(source)
    assert source.connected == left.full
    assert len(messages) == 1
    assert f"ndi:{name}: 2 senders fit: {left.full}, {right.full}; {left.full} plays" in messages[0]
    source.close()


def test_a_shows_own_output_is_never_its_input(send: Send) -> None:
    """Also not when it is found before it is known for one's own."""
    name = f"stage{uuid.uuid4().hex[:6]}"
    mine = send(f"{name} painted", 40)
    own: list[str] = []
    source = NdiSource(name, SourceSettings(WallClock(), own=lambda: own))
    source.open()
    wait_for_frame(source)
    own.append(mine.full.upper())
    until(lambda: (source.read(), source.connected == "")[1])
    assert source.read() is None
    other = send(f"{name} of somebody", 200)
    until_grey(source, 200)
    assert source.connected == other.full
    source.close()


def test_another_programs_sender_that_begins_after_our_own_is_found(
    peer: Peer, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without mDNS one finder never hears of it; every show has a sender of its own."""
    monkeypatch.setattr("vj.sources.ndi.REFRESH", 0.3)
    send(f"{uuid.uuid4().hex} painted", 40)
    source = source_for(peer.name)
    source.read()
    peer.start()
    assert wait_for_frame(source).size == Size(320, 240)
    source.close()
