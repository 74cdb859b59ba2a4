"""NDI out, seen from another process with libndi and nothing of ours. Needs no mDNS: the watcher
asks this machine directly."""

from __future__ import annotations

import json
import secrets
import statistics
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.peers.ndi_watcher import find, stamp
from tests.waiting import PATIENCE, Stopwatch, until
from vj.core.clock import WallClock
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.core.mailbox import Mailbox
from vj.sinks import SinkSettings
from vj.sinks.mark import Mark
from vj.sinks.ndi import NdiSink
from vj.sinks.runner import SinkRunner

pytest.importorskip("NDIlib", reason="needs ndi-python: pip install ndi-python")

QUADRANTS = ((230, 20, 30), (25, 220, 40), (35, 45, 210), (240, 240, 240))
CARRIED = ((227, 19, 27), (22, 219, 44), (35, 45, 201), (238, 238, 236))
"""What libndi 6.3 makes of QUADRANTS on its way through 8 bit 4:2:2, measured with
peers/ndi_sender.py, which has nothing of ours."""
ALPHAS = (255, 0, 128, 60)
WATCHER = Path(__file__).parents[1] / "peers" / "ndi_watcher.py"
LIVE = SinkSettings(WallClock())


def quadrants(width: int, height: int, alpha: bool = False) -> np.ndarray:
    drawn = np.empty((height, width, 4), np.uint8)
    for index, (colour, opacity) in enumerate(zip(QUADRANTS, ALPHAS, strict=True)):
        rows = slice(0, height // 2) if index < 2 else slice(height // 2, height)
        columns = slice(0, width // 2) if index % 2 == 0 else slice(width // 2, width)
        drawn[rows, columns] = (*colour, opacity)
    return drawn if alpha else np.ascontiguousarray(drawn[..., :3])


class Watcher:
    """The other process, and what it has seen."""

    def __init__(self, name: str) -> None:
        self.seen: list[dict[str, Any]] = []
        self._process = subprocess.Popen(
            [sys.executable, str(WATCHER), name, "600"], stdout=subprocess.PIPE, text=True
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.seen.append(json.loads(line))

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._thread.join(2)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def watch() -> Iterator[Callable[[str], Watcher]]:
    watchers: list[Watcher] = []

    def begin(name: str) -> Watcher:
        watchers.append(Watcher(name))
        return watchers[-1]

    yield begin
    for watcher in watchers:
        watcher.end()


class Player:
    """A runner with its NDI sink, fed with 60 frames a second while a test waits."""

    def __init__(self) -> None:
        self.name = f"vj test {secrets.token_hex(4)}"
        self.sink = NdiSink(self.name, LIVE)
        self.box: Mailbox[Frame] = Mailbox()
        self.messages: list[str] = []
        self.runner = SinkRunner(
            f"ndi:{self.name}", self.sink, self.box, 29.97, self.messages.append
        )
        self.runner.start()

    def play(self, pixels: np.ndarray, true: Callable[[], object]) -> None:
        """Show a picture until something is true."""

        def one_more() -> object:
            drawn = pixels.copy()
            if drawn.shape[1] >= 256:
                stamp(drawn)
            self.box.put(Frame(drawn, 0, 0.0))
            time.sleep(1 / 60)  # the rate of the frames
            return true()

        until(one_more, lambda: (self.runner.state(), self.messages))


@pytest.fixture
def player() -> Iterator[Player]:
    made = Player()
    yield made
    assert made.runner.stop(PATIENCE)


def check(seen: dict[str, Any], size: list[int], fourcc: str, alphas: tuple[int, ...]) -> None:
    assert (seen["size"], seen["fourcc"]) == (size, fourcc)
    got = np.array(seen["quadrants"])
    assert np.abs(got[:, :3] - CARRIED).max() <= 2, got.tolist()
    assert np.abs(got[:, 3] - alphas).max() <= 2, got.tolist()


def test_another_program_sees_the_picture(player: Player, watch: Callable[[str], Watcher]) -> None:
    """Colours, alpha, changes of size, the rate and the delay."""
    watcher = watch(player.name)
    player.play(quadrants(512, 512), lambda: len(watcher.seen) >= 60)
    check(watcher.seen[-1], [512, 512], "BGRX", (255,) * 4)
    assert watcher.seen[-1]["rate"] == [30000, 1001]
    delays = sorted(seen["latency_ms"] for seen in watcher.seen[10:])
    print(
        f"NDI delay at 512x512: p50 {statistics.median(delays):.1f} ms, p95 "
        f"{delays[int(0.95 * len(delays))]:.1f} ms"
    )
    assert statistics.median(delays) < 500, "no queue of frames grows, on a busy machine either"

    player.play(quadrants(512, 512, alpha=True), lambda: watcher.seen[-1]["fourcc"] == "BGRA")
    check(watcher.seen[-1], [512, 512], "BGRA", ALPHAS)

    for width, height in ((320, 200), (1280, 720), (322, 242), (512, 512)):
        player.play(
            quadrants(width, height), lambda size=[width, height]: watcher.seen[-1]["size"] == size
        )
        check(watcher.seen[-1], [width, height], "BGRX", (255,) * 4)
    assert player.messages == []


def test_the_status_line_counts_who_watches(
    player: Player, watch: Callable[[str], Watcher]
) -> None:
    picture = quadrants(256, 256)
    uri = f"ndi:{player.name}"
    player.play(picture, lambda: player.runner.state() == f"{uri} no receivers")
    assert player.sink.full_name is not None
    assert player.sink.full_name.endswith(f"({player.name})")
    first = watch(player.name)
    player.play(picture, lambda: player.runner.state() == f"{uri} 1 receiver")
    player.play(picture, lambda: len(first.seen) > 0)
    second = watch(player.name)
    player.play(picture, lambda: player.runner.state() == f"{uri} 2 receivers")
    player.play(picture, lambda: len(second.seen) > 0)
    first.end()
    second.end()
    player.play(picture, lambda: player.runner.state() == f"{uri} no receivers")


def test_with_nobody_watching_a_frame_goes_out_twice_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import NDIlib

    sink = NdiSink(secrets.token_hex(4), LIVE)
    sink.open(64, 64, 30)
    real, sent = NDIlib.send_send_video_async_v2, []

    def count(sender: Any, video: Any) -> None:
        sent.append(video)
        real(sender, video)

    monkeypatch.setattr(NDIlib, "send_send_video_async_v2", count)
    stopwatch = Stopwatch()
    monkeypatch.setattr("vj.sinks.ndi.time", stopwatch)
    while stopwatch.now < 1.2:
        sink.send(Frame(np.zeros((64, 64, 3), np.uint8), 0, 0.0))
        stopwatch.sleep(0.01)
    assert len(sent) == 3
    sink.close()


def test_a_buffer_is_not_written_to_while_ndi_may_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was handed over last stays as it was until the next hand-over, also when the size
    changes."""
    import NDIlib

    sink = NdiSink(secrets.token_hex(4), LIVE)
    sink.open(64, 64, 30)
    monkeypatch.setattr(NDIlib, "send_get_no_connections", lambda sender, wait: 1)
    real = NDIlib.send_send_video_async_v2
    lent: list[np.ndarray] = []
    copies: list[np.ndarray] = []

    def hand_over(sender: Any, video: Any) -> None:
        if lent:
            assert (lent[-1] == copies[-1]).all(), "NDI's picture was painted over"
        if video is not None:
            (slot,) = (slot for slot in sink._buffers if slot.video is video)
            assert not any(slot.pixels is before for before in lent[-1:])
            lent.append(slot.pixels)
            copies.append(slot.pixels.copy())
        real(sender, video)

    monkeypatch.setattr(NDIlib, "send_send_video_async_v2", hand_over)
    for number, side in enumerate([64, 64, 64, 32, 32, 64, 96, 64]):
        sink.send(Frame(np.full((side, side, 3), number * 20, np.uint8), number, 0.0))
    sink.close()
    assert len(lent) == 8


def test_a_name_that_is_taken_is_reported() -> None:
    name = secrets.token_hex(4)
    first, second = NdiSink(name, LIVE), NdiSink(name, LIVE)
    first.open(64, 64, 30)
    with pytest.raises(Fault, match=f"ndi:{name}: NDI refused.*use another name"):
        second.open(64, 64, 30)
    first.close()
    second.open(64, 64, 30)
    second.close()
    assert NdiSink("", LIVE).name == "vj"


def test_receivers_are_told_that_it_is_painted_and_when_the_model_changes() -> None:
    import NDIlib

    kiss = Mark("0.1.0", "pocket", 'A "kiss"', "compositeWithTrainedAlgorithmicMedia")
    dream = Mark("0.1.0", "sd-turbo", "", "trainedAlgorithmicMedia")
    now: Mark | None = None
    sink = NdiSink(f"vj-{secrets.token_hex(4)}", SinkSettings(WallClock(), mark=lambda: now))
    sink.open(64, 64, 30)
    receiver = None
    came: list[str] = []

    def told(count: int) -> Callable[[], bool]:
        """Frames go on, until so many elements have come."""

        def one_more() -> bool:
            sink.send(Frame(quadrants(64, 64), 0, 0.0))
            kind, *_, metadata = NDIlib.recv_capture_v2(receiver, 20)
            if kind == NDIlib.FrameType.FRAME_TYPE_METADATA:
                came.append(metadata.data)
                NDIlib.recv_free_metadata(receiver, metadata)
            return len(came) == count

        return one_more

    try:
        sink.send(Frame(quadrants(64, 64), 0, 0.0))
        settings = NDIlib.RecvCreateV3()
        settings.source_to_connect_to = find(NDIlib, sink.name, 60.0)
        # libndi's receiver hands pictures out first, and elements seconds later.
        settings.bandwidth = NDIlib.RECV_BANDWIDTH_METADATA_ONLY
        receiver = NDIlib.recv_create_v3(settings)
        until(lambda: told(0)() and sink.receivers, lambda: came)
        now = kiss
        until(told(2), lambda: came)
        product, made = map(ElementTree.fromstring, came)
        assert product.tag == "ndi_product"
        assert (product.get("short_name"), product.get("version")) == ("vj", "0.1.0")
        assert product.get("session_name") == 'A "kiss"'
        assert made.findtext("uri") == kiss.source_uri
        assert made.findtext("model") == "pocket"
        now = dream
        until(told(4), lambda: came)
        assert ElementTree.fromstring(came[3]).findtext("model") == "sd-turbo"
    finally:
        if receiver is not None:
            NDIlib.recv_destroy(receiver)
        sink.close()
