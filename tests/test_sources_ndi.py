"""NDI in, from a real sender in a process of its own that speaks to libndi directly."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.peers.ndi_sender import QUADRANTS, coded_number
from vj.clock import WallClock
from vj.frame import Frame, Size
from vj.sources import Setting
from vj.sources.ndi import NdiSource, list_ndi_sources

pytest.importorskip("NDIlib")
SENDER = Path(__file__).parent / "peers" / "ndi_sender.py"
NEAR = 12
"""What libndi makes of these colours on their way through 8 bit 4:2:2 differs by so much; pure blue by a little more."""


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
    source = NdiSource(name, Setting(WallClock(), fps=30, size=Size(64, 64)))
    source.open()
    return source


def wait_for_frame(source: NdiSource, seconds: float = 10.0, size: Size | None = None) -> Frame:
    """The first frame within so long (of that size)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.perf_counter()
        frame = source.read()
        assert time.perf_counter() - begun < 1.0, "read hands back soon, with a frame or without"
        if frame is not None and (size is None or frame.size == size):
            return frame
    raise AssertionError(f"no frame{f' of {size}' if size else ''} within {seconds} s")


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
    assert any(peer.name in name for name in list_ndi_sources(1.0))
    source.close()


def test_a_slow_reader_gets_the_newest_frame(peer: Peer) -> None:
    peer.start(fps=60)
    source = source_for(peer.name)
    first = wait_for_frame(source)
    begun = time.perf_counter()
    start, lags = coded_number(first.pixels), []
    for _ in range(8):
        time.sleep(0.15)
        frame = source.read()
        assert frame is not None
        expected = start + (time.perf_counter() - begun) * 60
        lags.append(expected - coded_number(frame.pixels))
    assert np.median(lags) < 4, "frames of 60 a second behind; the queue's oldest would be nine"
    source.close()


def test_the_sender_killed_started_again_and_changed_in_size(peer: Peer) -> None:
    peer.start()
    source = source_for(peer.name)
    first = wait_for_frame(source)
    peer.kill()
    time.sleep(0.5)
    for _ in range(10):
        source.read()
    assert source.read() is None
    peer.start(size="256x144")
    frame = wait_for_frame(source, 20, Size(256, 144))
    assert frame.number > first.number
    source.close()


def test_a_sender_that_comes_later_is_found_by_part_of_its_name(peer: Peer) -> None:
    source = source_for(peer.name[4:].upper())
    assert source.read() is None
    peer.start()
    assert wait_for_frame(source).size == Size(320, 240)
    source.close()
    source.close()
