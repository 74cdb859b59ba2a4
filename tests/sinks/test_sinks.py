"""Sinks: what all of them promise, and the threads that carry frames to them. Recording and NDI
have files of their own."""

from __future__ import annotations

import errno
import secrets
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.waiting import PATIENCE, Stopwatch, until
from vj.core.clock import FrameClock, WallClock
from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame, OutputFrame, Size
from vj.core.mailbox import Mailbox
from vj.sinks import KINDS, Sink, SinkSettings, make_sink
from vj.sinks.fit import fitted
from vj.sinks.rate import exact_rate
from vj.sinks.runner import SinkRunner

LIVE = SinkSettings(WallClock())


def frame(
    width: int = 64, height: int = 48, channels: int = 3, number: int = 0, captured: float = 0.0
) -> Frame:
    pixels = np.full((height, width, channels), 90, np.uint8)
    pixels[: height // 2, :, 0] = 250  # the upper half is red, so that a picture on its head shows
    return Frame(pixels, number, captured)


# Stand-ins for what only other systems have. They know the calls of the real ones and complain as
# those would.


class SpoutStandIn:
    def __init__(self) -> None:
        self.name = ""
        self.pictures: list[np.ndarray] = []
        self.threads = {threading.get_ident()}
        self.syncs: list[str] = []
        self.takes = True
        self.released = False
        SPOUT.append(self)

    def __enter__(self) -> SpoutStandIn:
        return self

    def __exit__(self, *_: object) -> None:
        self.threads.add(threading.get_ident())
        self.released = True

    def setSenderName(self, name: str) -> None:
        self.name = name

    def sendImage(
        self, buffer: Any, width: int, height: int, kind: int, invert: bool, host: int
    ) -> bool:
        self.threads.add(threading.get_ident())
        assert memoryview(buffer).contiguous
        assert memoryview(buffer).nbytes == width * height * 4
        assert (kind, invert, host) == (0x1908, False, 0)
        self.pictures.append(np.array(buffer).reshape(height, width, 4))
        return self.takes

    def setFrameSync(self, name: str) -> None:
        self.syncs.append(name)


SPOUT: list[SpoutStandIn] = []


class SyphonStandIn:
    device = "the card"

    def __init__(self, name: str) -> None:
        self.name, self.stopped, self.has_clients = name, False, True
        self.published: list[tuple[np.ndarray, bool]] = []
        self.announced = 0
        self.context = SimpleNamespace(broadcastServerAnnounce=self.announce)
        SYPHON.append(self)

    def announce(self) -> None:
        self.announced += 1

    def publish_frame_texture(self, texture: np.ndarray, is_flipped: bool = False) -> None:
        self.published.append((texture.copy(), is_flipped))

    def stop(self) -> None:
        self.stopped = True


SYPHON: list[SyphonStandIn] = []


class CameraStandIn:
    def __init__(
        self, width: int, height: int, fps: float, *, fmt: str, device: str | None
    ) -> None:
        if device == "/dev/video99":
            raise RuntimeError("'v4l2loopback' backend: device not found")
        self.shape, self.device, self.closed = (height, width, 3), device or "/dev/video10", False
        assert fmt == "RGB"

    def send(self, pixels: np.ndarray) -> None:
        assert pixels.shape == self.shape, f"unexpected frame shape: {pixels.shape} != {self.shape}"

    def close(self) -> None:
        self.closed = True


def install(name: str, monkeypatch: pytest.MonkeyPatch, **contents: Any) -> None:
    module = ModuleType(name)
    vars(module).update(contents)
    monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    SPOUT.clear()
    SYPHON.clear()
    install("SpoutGL", monkeypatch, SpoutSender=SpoutStandIn)
    install("syphon", monkeypatch, SyphonMetalServer=SyphonStandIn)
    install("syphon.utils", monkeypatch)
    install(
        "syphon.utils.numpy",
        monkeypatch,
        copy_image_to_mtl_texture=lambda image, texture: np.copyto(texture, image),
    )
    install(
        "syphon.utils.raw",
        monkeypatch,
        create_mtl_texture=lambda device, width, height: np.zeros((height, width, 4), np.uint8),
    )
    install("objc", monkeypatch, autorelease_pool=nullcontext)
    install(
        "pyvirtualcam", monkeypatch, Camera=CameraStandIn, PixelFormat=SimpleNamespace(RGB="RGB")
    )


def some_uri(kind: str, folder: Path) -> str:
    return {
        "ndi": f"ndi:{secrets.token_hex(4)}",
        "record": f"record:{folder}/out.mp4",
        "virtualcam": "virtualcam",
    }.get(kind, f"{kind}:vj")


# a display needs a desktop: tests/sinks/test_display_sink.py
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "display"])
def test_every_sink_keeps_the_contract(kind: str, tmp_path: Path, stand_ins: None) -> None:
    """Open, send every sort of frame, close twice, open again."""
    sink = make_sink(some_uri(kind, tmp_path), LIVE)
    sink.close()
    assert sink.state()
    for size in (Size(64, 48), Size(33, 21)):
        sink.open(*size, 29.97)
        for shape in ((64, 48, 3), (64, 48, 4), (33, 21, 3), (80, 20, 4)):
            sink.send(frame(*shape))
        assert sink.state()
        sink.close()
        sink.close()
        assert sink.state()


MISSING = [
    ("ndi:vj", ["NDIlib"], "linux", "ndi:vj needs ndi-python", "launch.py add ndi"),
    ("spout:vj", ["SpoutGL"], "linux", "Spout is for Windows only", "here use ndi:vj"),
    ("spout:vj", ["SpoutGL"], "win32", "spout:vj needs SpoutGL", "launch.py add spout"),
    ("syphon:vj", ["syphon"], "linux", "Syphon is for macOS only", "here use ndi:vj"),
    (
        "syphon:vj",
        ["syphon"],
        "darwin",
        "syphon:vj needs syphon-python",
        "launch.py add syphon",
    ),
    (
        "virtualcam",
        ["pyvirtualcam"],
        "linux",
        "virtualcam needs pyvirtualcam",
        "launch.py add virtualcam",
    ),
    ("display:2", ["glfw"], "linux", "display:2 needs glfw", "launch.py add display"),
    ("record:out.mp4", ["av"], "linux", "record:out.mp4 needs PyAV", "pip install av"),
]


@pytest.mark.parametrize(("uri", "modules", "system", "what", "remedy"), MISSING)
def test_a_missing_library_is_an_answer(
    uri: str,
    modules: list[str],
    system: str,
    what: str,
    remedy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.delitem(sys.modules, "vj.sinks.movie", raising=False)
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Unavailable) as report:
        make_sink(uri, LIVE).open(64, 48, 30)
    assert what in str(report.value)
    assert remedy in str(report.value)
    assert not list(tmp_path.iterdir()), "a file was left behind"


def test_spout_gets_upright_rgba_on_one_thread(stand_ins: None) -> None:
    box: Mailbox[Frame] = Mailbox()
    runner = SinkRunner("spout:vj", make_sink("spout:vj", LIVE), box, 30, print)
    runner.start()
    for count, shape in enumerate(((64, 48, 3), (20, 30, 4)), 1):
        box.put(frame(*shape))
        until(lambda count=count: runner.sent == count)
    runner.stop()
    (sender,) = SPOUT
    assert [picture.shape for picture in sender.pictures] == [(48, 64, 4), (30, 20, 4)]
    assert sender.pictures[0][0, 0].tolist() == [250, 90, 90, 255]
    assert (sender.name, sender.syncs, sender.released) == ("vj", ["vj", "vj"], True)
    assert sender.threads.isdisjoint({threading.get_ident()})
    assert len(sender.threads) == 1


@pytest.mark.parametrize("kind", ["spout", "syphon"])
def test_the_mask_goes_along_as_alpha_and_as_a_key_of_its_own(kind: str, stand_ins: None) -> None:
    fill = frame(64, 48, 3).pixels
    mask = np.tile(np.arange(64, dtype=np.uint8)[None, :, None] * 4, (48, 1, 3))
    whole = OutputFrame(fill, 0, 0.0, views={"mask": mask})
    for name, options in (("both", "alpha=mask"), ("key", "show=mask&crop=right-half")):
        uri = f"{kind}:{name}?{options}"
        runner = SinkRunner(uri, make_sink(uri, LIVE), Mailbox(), 30, print)
        runner.deliver(whole)
        runner.stop()
    sent = {made.name: made for made in (SPOUT if kind == "spout" else SYPHON)}
    both, key = (
        one.pictures[0] if isinstance(one, SpoutStandIn) else one.published[0][0]
        for one in (sent["both"], sent["key"])
    )
    assert np.array_equal(both, np.dstack([fill, mask[..., 0]]))
    assert np.array_equal(key[..., :3], mask[:, 32:])
    assert key[..., 3].min() == 255


def test_spout_names_the_two_gpu_trap(stand_ins: None) -> None:
    sink = make_sink("spout:vj", LIVE)
    sink.open(64, 48, 30)
    SPOUT[0].takes = False
    with pytest.raises(Fault, match="two GPUs"):
        sink.send(frame())


def test_syphon_flips_rows_and_announces_itself(stand_ins: None) -> None:
    sink = make_sink("syphon:", LIVE)
    sink.open(64, 48, 30)
    for _ in range(3):
        sink.send(frame())
    server = SYPHON[0]
    texture, flipped = server.published[0]
    assert (server.name, server.announced, flipped) == ("vj", 1, True)
    assert texture[0, 0].tolist() == [250, 90, 90, 255]
    sink.close()
    assert server.stopped


def test_a_virtual_camera_without_a_device_says_what_to_install(stand_ins: None) -> None:
    with pytest.raises(Unavailable, match=r"/dev/video99.*device not found.*(v4l2loopback|OBS)"):
        make_sink("virtualcam:/dev/video99", LIVE).open(64, 48, 30)


@pytest.mark.parametrize(
    ("fps", "exact"),
    [
        (30, "30"),
        (29.97, "30000/1001"),
        (23.976, "24000/1001"),
        (59.94, "60000/1001"),
        (12.5, "25/2"),
        (0.5, "1/2"),
    ],
)
def test_rates_are_those_that_video_has(fps: float, exact: str) -> None:
    assert str(exact_rate(fps)) == exact


def test_another_size_is_fitted_whole_with_black_around() -> None:
    wide = fitted(np.full((20, 80, 3), 200, np.uint8), Size(40, 40))
    assert wide.shape == (40, 40, 3)
    assert (wide[15:25] == 200).all()
    assert not wide[:15].any()
    assert not wide[25:].any()
    same = np.zeros((4, 4, 3), np.uint8)
    assert fitted(same, Size(4, 4)) is same


# The runner.


class Listener:
    """A sink that remembers; `trouble` is thrown at the next open or send."""

    final = False

    def __init__(self, delay: float = 0.0, gate: threading.Event | None = None) -> None:
        """delay: seconds that a frame takes. gate: no frame is sent before it is set."""
        self.delay, self.gate = delay, gate
        self.waiting = 0
        self.numbers: list[int] = []
        self.opened: list[tuple[int, int, float]] = []
        self.closed = 0
        self.trouble: Exception | None = None

    def open(self, width: int, height: int, fps: float) -> None:
        if self.trouble:
            raise self.trouble
        self.opened.append((width, height, fps))

    def send(self, frame: Frame) -> None:
        if self.trouble:
            raise self.trouble
        if self.gate is not None:
            self.waiting += 1
            assert self.gate.wait(PATIENCE)
        time.sleep(self.delay)
        self.numbers.append(frame.number)

    def close(self) -> None:
        self.closed += 1

    def state(self) -> str:
        return "listening"


def play(*sinks: Sink, **options: Any) -> tuple[list[Mailbox[Frame]], list[SinkRunner], list[str]]:
    messages: list[str] = []
    boxes: list[Mailbox[Frame]] = [Mailbox() for _ in sinks]
    pairs = enumerate(zip(sinks, boxes, strict=True))
    runners = [
        SinkRunner(f"test:{number}", sink, box, 30, messages.append, **options)
        for number, (sink, box) in pairs
    ]
    for runner in runners:
        runner.start()
    return boxes, runners, messages


def test_a_slow_sink_slows_nobody() -> None:
    gate = threading.Event()
    fast, slow = Listener(), Listener(gate=gate)
    boxes, runners, _ = play(fast, slow)
    for number in range(60):
        for box in boxes:
            box.put(frame(number=number))
        until(lambda number=number: fast.numbers[-1:] == [number])
        if number == 0:
            until(lambda: slow.waiting)
    gate.set()
    assert all(runner.stop(PATIENCE) for runner in runners)
    assert fast.numbers == list(range(60))
    assert slow.numbers == [0, 59], "the last picture is the one that stays"
    assert boxes[1].dropped == 58
    assert fast.opened == [(64, 48, 30)]


def test_a_failing_sink_is_reported_once_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.sinks.runner.time", Stopwatch())  # on which each look takes a tick
    sink = Listener()
    (box,), (runner,), messages = play(sink, retry_period=100 * Stopwatch.TICK)
    assert runner.state() == "test:0 waiting for the first frame"

    shown = 0

    def show(true: Callable[[], bool]) -> None:
        """Frames, until it is so."""

        def one_more() -> bool:
            nonlocal shown
            box.put(frame(number=shown))
            shown += 1
            return true()

        until(one_more, lambda: (messages, runner.state()))

    show(lambda: runner.state() == "test:0 listening")
    sink.trouble = Fault("test:0: the cable is out; put it back")
    before = shown
    show(lambda: runner.errors >= 3)
    assert (
        messages
        == ["test:0 failed: the cable is out; put it back; trying again"]
        == [runner.state()]
    )
    assert shown - before > 10 * runner.errors, "it tries again at its period, not at every frame"
    sink.trouble = None
    show(lambda: len(messages) > 1)
    assert messages[1:] == ["test:0 works again"]
    assert runner.state() == "test:0 listening"
    sink.trouble = ZeroDivisionError("in the driver")
    show(lambda: len(messages) > 2)
    assert messages[2:] == ["test:0 failed: ZeroDivisionError: in the driver; trying again"]
    assert runner.stop(PATIENCE)
    assert sink.closed >= 4


def test_a_torn_recording_is_not_taken_up_again() -> None:
    sink = Listener()
    sink.final = True
    sink.trouble = Fault("test:0: the disk is full")
    (box,), (runner,), messages = play(sink, retry_period=0.0)
    box.put(frame())
    until(lambda: runner.errors)
    sink.trouble = None
    for _ in range(20):  # each could be tried again at once
        box.put(frame())
        until(lambda: box._item is None)
    assert runner.stop(PATIENCE)
    assert messages == ["test:0 failed: the disk is full"]
    assert runner.state() == messages[0]
    assert (runner.sent, runner.errors, runner.failed_for_good, sink.numbers) == (0, 1, True, [])


def test_a_hanging_sink_does_not_hold_up_the_end() -> None:
    hangs = threading.Event()
    sink = Listener(gate=hangs)
    (box,), (runner,), messages = play(sink)
    box.put(frame())
    until(lambda: sink.waiting)
    assert not runner.stop(timeout=0.2), "it comes back though the sink does not"
    hangs.set()
    assert "did not stop within 0.2 s" in messages[0]


def test_the_age_of_a_sent_frame_is_known() -> None:
    clock = WallClock()
    ages: list[float] = []
    (box,), (runner,), _ = play(
        Listener(delay=0.05),
        clock=clock,
        on_sent=lambda sent, now: ages.append(now - sent.captured),
    )
    box.put(frame(captured=clock.now() - 0.1))
    until(lambda: ages)
    runner.stop()
    assert ages[0] >= 0.15


def test_offline_nothing_is_lost() -> None:
    sink = Listener(delay=0.001)
    runner = SinkRunner("test:0", sink, Mailbox(), 30, print, clock=FrameClock(30))
    assert all(runner.deliver(frame(number=number)) for number in range(50))
    assert runner.stop()
    assert (sink.numbers, sink.closed) == (list(range(50)), 1)


def test_offline_a_full_disk_ends_the_render() -> None:
    sink = Listener()
    sink.final = True
    messages: list[str] = []
    runner = SinkRunner("test:0", sink, Mailbox(), 30, messages.append)
    assert runner.deliver(frame())
    sink.trouble = OSError(errno.ENOSPC, "No space left on device")
    assert not runner.deliver(frame())
    assert len(messages) == 1
    assert "No space left" in messages[0]
