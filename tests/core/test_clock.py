"""Waiting: frames keep their rate on systems whose timer ticks 64 times a second, and a stop is
seen at once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import vj.core.clock
from tests.waiting import PATIENCE
from vj.core.clock import FrameClock, WallClock, pause
from vj.core.frame import Frame, OutputFrame, Size
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.core.supervisor import Supervisor
from vj.parameters.store import Store
from vj.pipeline.frame_context import FrameContext, Shown
from vj.pipeline.interpolation import FrameInterpolation
from vj.pipeline.loop import RenderLoop
from vj.sources import SourceSettings, make_source

TICK = 1 / 64


class Windows:
    """Time as it goes there, and no faster than it is asked for: whatever waits for an event or a
    condition wakes with a tick, a sleep as it was told. Nothing really waits. For the test's own
    thread: one that another test has left goes by the real time."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._mine = threading.get_ident()
        self.now = 1000.0
        self.sleeps: list[float] = []
        self.at: list[tuple[float, Callable[[], None]]] = []
        """What happens at which moment."""
        patch.setattr(vj.core.clock, "TICK", TICK)
        patch.setattr(
            vj.core.clock,
            "time",
            SimpleNamespace(perf_counter=self.read, sleep=self.sleep, monotonic=self.read),
        )
        mine, really = self._mine, threading.Condition.wait

        def wait(condition: threading.Condition, timeout: float | None = None) -> bool:
            if threading.get_ident() == mine:
                return self.wait(timeout)
            return really(condition, timeout)

        patch.setattr(threading.Condition, "wait", wait)

    def read(self) -> float:
        if threading.get_ident() == self._mine:
            self.now += 1e-6  # asking takes its time, too
        return self.now

    def sleep(self, seconds: float) -> None:
        if threading.get_ident() != self._mine:
            time.sleep(seconds)
            return
        self.sleeps.append(seconds)
        self._reach(self.now + seconds + 0.0003)

    def wait(self, timeout: float | None) -> bool:
        assert timeout is not None, "nobody would wake it"
        end = (math.floor((self.now + timeout) / TICK) + 1) * TICK
        for moment, _ in self.at:
            if moment <= end:  # what is put there wakes it
                self._reach(moment)
                return True
        self._reach(end)
        return False

    def _reach(self, moment: float) -> None:
        due = [entry for entry in self.at if entry[0] <= moment]
        self.at = [entry for entry in self.at if entry[0] > moment]
        for _, happens in due:
            happens()
        self.now = max(self.now, moment)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Windows:
    return Windows(monkeypatch)


@pytest.mark.parametrize("fps", [24, 30, 50, 60])
def test_what_is_due_at_a_rate_keeps_it(windows: Windows, fps: int) -> None:
    clock, stop = WallClock(), threading.Event()
    begun, late = windows.now, []
    for number in range(1, 10 * fps):
        assert clock.wait_until(number / fps, stop)
        late.append(clock.now() - number / fps)
    assert windows.now - begun == pytest.approx(10, rel=0.01)
    assert max(late) < 0.001, "each of them, not the mean alone"


@pytest.mark.parametrize("fps", [30, 60])
def test_a_loop_that_waits_for_a_period_after_each_frame_keeps_it(
    windows: Windows, fps: int
) -> None:
    """The render loop begins each frame so long after the last one; ticks would add up."""
    stop, begun = threading.Event(), windows.now
    for _ in range(10 * fps):
        assert pause(1 / fps - 0.0003, stop)
    assert windows.now - begun == pytest.approx(10, rel=0.01)
    assert max(windows.sleeps) <= 0.005


@pytest.mark.parametrize("fps", [30, 60])
def test_a_mailbox_that_stays_empty_is_left_in_time(windows: Windows, fps: int) -> None:
    """What fills the gaps of a slow source is paced by that."""
    box: Mailbox[str] = Mailbox()
    begun, due = windows.now, windows.now
    for _ in range(10 * fps):
        due += 1 / fps
        assert box.get(due - windows.now) is None
        assert windows.now - due < 0.001
    assert windows.now - begun == pytest.approx(10, rel=0.01)


@pytest.mark.parametrize("after", [0.001, 0.012, 0.021, 0.039])
def test_what_comes_into_a_mailbox_is_taken_at_once(windows: Windows, after: float) -> None:
    box: Mailbox[str] = Mailbox()
    begun = windows.now
    windows.at.append((begun + after, lambda: box.put("a picture")))
    assert box.get(0.04) == "a picture"
    assert windows.now - begun < after + 0.003


@pytest.mark.parametrize("after", [0.0, 0.003, 0.4321])
def test_a_stop_is_seen_within_ten_milliseconds(windows: Windows, after: float) -> None:
    stop, begun = threading.Event(), windows.now
    windows.at.append((begun + after, stop.set))
    assert not pause(1.0, stop)
    assert windows.now - begun < after + 0.01
    assert not pause(0.0, stop), "a stop from before counts"


@pytest.mark.parametrize(("fps", "source"), [(30, 30), (60, 60), (30, 25), (60, 24)])
def test_the_render_loop_keeps_the_shows_rate(
    windows: Windows, monkeypatch: pytest.MonkeyPatch, fps: int, source: int
) -> None:
    """Also where the source is slower: then the last picture is painted once more, a quarter of a
    period late."""
    box: Mailbox[Frame] = Mailbox()
    shown: list[float] = []
    loop = RenderLoop(
        size=Size(16, 16),
        fps=fps,
        fit="crop",
        clock=WallClock(),
        store=Store(),
        inbox=box,
        publish=lambda image, frame: shown.append(windows.now),
        metrics=Metrics(),
        on_message=print,
    )
    picture, begun = np.zeros((16, 16, 3), np.uint8), windows.now
    monkeypatch.setattr(
        loop.pipeline,
        "process",
        lambda frame, values, other=None: Shown(
            picture, FrameContext(picture, frame.number, frame.captured, picture)
        ),
    )
    for number in range(4 * source):

        def put(number: int = number) -> None:
            box.put(Frame(picture, number, number / source))

        windows.at.append((begun + number / source, put))
    loop._begun = -1.0
    while windows.now - begun < 4:
        loop._turn()
    assert max(np.diff(shown)) < 1.3 / fps
    assert len(shown) >= (4 * fps * 0.99 if source == fps else 4 * fps / 1.26)


def test_filled_up_frames_keep_the_sinks_rate(
    windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that paints 12 pictures a second, sent 60 times a second."""
    clock = WallClock()
    sent: list[float] = []
    filling = FrameInterpolation(
        lambda frame: sent.append(windows.now), clock, 60, Supervisor(print)
    )
    picture, flow = np.zeros((16, 16, 3), np.uint8), np.zeros((4, 4, 3), np.float32)
    begun = windows.now
    for number in range(60):

        def paint(number: int = number) -> None:
            filling._box.put(OutputFrame(picture, number, clock.now(), motion=flow))

        windows.at.append((begun + number / 12, paint))
    windows.at.append((begun + 5, filling._stop.set))
    filling._run()
    assert len(sent) == pytest.approx(300, rel=0.02)
    assert filling.added > 200


def test_a_source_that_draws_keeps_the_shows_rate(windows: Windows) -> None:
    source: Any = make_source("none", SourceSettings(WallClock(), 60, Size(16, 16)))
    source.open()
    begun = windows.now
    frames = [source.read() for _ in range(600)]
    assert windows.now - begun == pytest.approx(10, rel=0.01)
    assert [frame.number for frame in frames] == list(range(600)), "none was late and left out"


def test_in_real_time_too_and_without_work() -> None:
    clock, stop = WallClock(), threading.Event()
    clock.wait_until(0.01, stop)
    late, work = list[float](), time.thread_time()
    while sum(one < 0.005 for one in late) < 5 and len(late) < 500:  # a busy machine wakes it late
        due = clock.now() + 1 / 50
        assert clock.wait_until(due, stop)
        late.append(clock.now() - due)
    assert min(late) >= 0
    assert len(late) < 500
    assert time.thread_time() - work < len(late) * 0.005, "it sleeps"
    threading.Timer(0.05, stop.set).start()
    begun = clock.now()
    assert not clock.wait_until(begun + PATIENCE, stop)
    assert clock.now() - begun < PATIENCE / 2


def test_offline_nobody_waits() -> None:
    clock, stop = FrameClock(25), threading.Event()
    begun = time.perf_counter()
    assert clock.wait_until(1e9, stop)
    stop.set()
    assert not clock.wait_until(0, stop)
    assert time.perf_counter() - begun < PATIENCE
