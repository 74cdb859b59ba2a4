"""No thread dies unseen, a stage that stands is named, and the render thread waits for nobody."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import pytest

from tests.waiting import PATIENCE, ManualClock, until
from vj.app.console import Console
from vj.app.live import Performance
from vj.app.output_upscale import OutputUpscaler
from vj.core.clock import WallClock
from vj.core.errors import Fault
from vj.core.frame import Frame, OutputFrame, Size
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.core.supervisor import StageMarker, Supervisor, TaskQueue
from vj.diffusion.pocket_backend import PatternThread
from vj.parameters.store import Store
from vj.pipeline.backend import GeneratedImage, PassThrough
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.interpolation import FrameInterpolation
from vj.pipeline.loop import RenderLoop
from vj.pipeline.optical_flow import MotionTracker
from vj.show.load import check_show
from vj.sinks.runner import SinkRunner
from vj.sources import SourceSettings
from vj.sources.camera import Camera
from vj.sources.capture import Capture

SIZE = Size(64, 64)

QUIET = {
    "model": "none",
    "size": "64x64",
    "sinks": [],
    "osc": "127.0.0.1:0",
    "page": "off",
    "midi": "off",
}
"""A show that nobody hears of."""


def frame(light: int = 90, number: int = 0) -> Frame:
    return Frame(np.full((64, 64, 3), light, np.uint8), number, 0.0)


def test_work_that_throws_is_begun_again_and_reported_once() -> None:
    messages: list[str] = []
    supervisor = Supervisor(messages.append)
    turns: list[int] = []

    def work() -> None:
        turns.append(len(turns))
        if len(turns) < 3:
            raise ValueError("a bad reel")

    thread = supervisor.start("the projector", work)
    assert supervisor.threads == ["the projector"]
    until(lambda: not thread.is_alive())
    assert len(turns) == 3
    assert len(messages) == 1
    assert "the projector failed (ValueError: a bad reel)" in messages[0]
    assert supervisor.faults == {"the projector": 2}
    assert supervisor.threads == []


def test_of_two_threads_of_one_name_both_are_listed_whichever_ends_first() -> None:
    supervisor, gates = Supervisor(print), [threading.Event(), threading.Event()]
    threads = [supervisor.start("a reel", gate.wait) for gate in gates]
    assert supervisor.threads == ["a reel"] * 2
    gates[1].set()
    until(lambda: not threads[1].is_alive())
    assert supervisor.threads == ["a reel"]
    gates[0].set()
    until(lambda: not supervisor.threads)


def test_the_same_fault_is_logged_again_after_a_while_with_its_count() -> None:
    messages: list[str] = []
    moment = 0.0
    supervisor = Supervisor(messages.append, lambda: moment)
    for _ in range(50):
        supervisor.report("a lamp", OSError("flickers"))
    supervisor.report("a lamp", OSError("is out"))
    moment = 11.0
    supervisor.report("a lamp", OSError("is out"))
    assert [line.rpartition(";")[2] for line in messages] == [
        " it goes on",
        " it goes on (51 times so far)",
        " it goes on (52 times so far)",
    ]


def test_what_comes_round_goes_on_whatever_it_throws() -> None:
    stop, turns = threading.Event(), []

    def turn() -> None:
        turns.append(1)
        raise RecursionError("again")

    thread = Supervisor(lambda text: None).every("a wheel", turn, 0.001, stop)
    until(lambda: len(turns) > 20)
    stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_stage_that_stands_is_named_once_a_stall() -> None:
    messages: list[str] = []
    moment = 0.0
    supervisor = Supervisor(messages.append)
    stage = supervisor.watch(StageMarker(now=lambda: moment))
    for stall in range(2):
        stage.enter("diffuse")
        supervisor.check()
        moment += 3.2
        for _ in range(5):
            supervisor.check()
        assert messages == ["the picture is stalled: diffuse has taken 3 s"] * (stall + 1)
        assert supervisor.stalled == ["diffuse 3.2 s"]
        stage.leave()
        assert supervisor.stalled == []
    supervisor.unwatch(stage)
    stage.enter("diffuse")
    moment += 9
    supervisor.check()
    assert len(messages) == 2


def test_errands_are_done_in_their_order_and_bounded() -> None:
    done: list[int] = []
    gate = threading.Event()
    errands = TaskQueue(Supervisor(lambda text: None))
    errands.put(lambda: gate.wait(5))
    for number in range(TaskQueue.LIMIT + 50):
        errands.put(lambda number=number: done.append(number) if number != 3 else 1 / 0)  # type: ignore[misc]
    assert errands.dropped >= 49
    gate.set()
    errands.close(5)
    assert done[:6] == [0, 1, 2, 4, 5, 6]


@contextmanager
def playing(
    publish: Callable[..., None], messages: list[str], **options: Any
) -> Iterator[RenderLoop]:
    inbox: Mailbox[Frame] = Mailbox()
    loop = RenderLoop(
        size=SIZE,
        fps=60,
        fit="crop",
        clock=WallClock(),
        store=Store({"feedback/amount": 0, "blend/smoothing": 0}),
        inbox=inbox,
        publish=publish,
        metrics=Metrics(),
        on_message=messages.append,
        **options,
    )
    inbox.put(frame())
    loop.start()
    try:
        yield loop
    finally:
        loop.stop()


class Green(PassThrough):
    """Generates a grey of its own; may refuse to take over. While `goes_on` is not set it hangs."""

    def __init__(self, light: int, refuses: bool = False) -> None:
        super().__init__(SIZE, f"light {light}")
        self.light, self.refuses, self.closed = light, refuses, False
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.may_end = threading.Event()
        self.may_end.set()
        if refuses:
            self.compositor = None  # type: ignore[assignment]

    def paint(self, entered: Any, snapshot: Any, context: Any) -> GeneratedImage:
        assert self.goes_on.wait(PATIENCE)
        return GeneratedImage(np.full((64, 64, 3), self.light, np.uint8), context)

    def close(self) -> None:
        self.closed = True
        assert self.may_end.wait(PATIENCE)  # as one does that waits for a thread


def test_a_model_whose_turn_throws_does_not_end_the_picture() -> None:
    messages: list[str] = []
    seen: list[int] = []

    def publish(image: np.ndarray, shown: Frame) -> None:
        seen.append(int(shown.pixels.mean()))

    with playing(publish, messages) as loop:
        first = loop.offer(Green(50))
        assert first.settled.wait(PATIENCE)
        broken = Green(200, refuses=True)
        handover = loop.offer(broken)
        assert handover.settled.wait(PATIENCE)
        assert handover.error is not None
        until(lambda: broken.closed)
        count = len(seen)
        until(lambda: len(seen) > count + 5)
        assert loop.backend_name == "light 50"
        assert loop.thread is not None
        assert loop.thread.is_alive()


def test_two_models_at_once_the_newer_one_plays_and_the_other_is_closed() -> None:
    loop_said: list[str] = []
    both_offered = threading.Event()
    with playing(lambda image, shown: None, loop_said) as loop:
        loop.between(lambda: both_offered.wait(PATIENCE))
        until(lambda: loop._changes.empty())
        older, newer = Green(10), Green(20)
        passed, taken = loop.offer(older), loop.offer(newer)
        both_offered.set()
        assert passed.settled.wait(PATIENCE)
        assert taken.settled.wait(PATIENCE)
        assert (passed.error is None, taken.error) == (False, None)
        until(lambda: older.closed)


def test_the_loop_does_not_wait_for_a_model_that_leaves() -> None:
    shown: list[Frame] = []
    with playing(lambda image, frame: shown.append(frame), []) as loop:
        old = Green(10)
        old.may_end.clear()
        assert loop.offer(old).settled.wait(PATIENCE)
        assert loop.offer(Green(20)).settled.wait(PATIENCE), "though the old one has not ended"
        until(lambda: old.closed)
        before = len(shown)
        until(lambda: len(shown) > before + 5)
        old.may_end.set()


def test_what_a_change_or_a_publisher_throws_is_reported_and_the_next_frame_comes() -> None:
    messages: list[str] = []
    count = 0

    def publish(image: np.ndarray, shown: Frame) -> None:
        nonlocal count
        count += 1
        if count < 4:
            raise KeyError("a wire")

    with playing(publish, messages) as loop:
        loop.between(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
        until(lambda: count > 8)
    assert (
        sum(
            "the render loop failed (KeyError: 'a wire'); please report this" in line
            for line in messages
        )
        == 1
    )
    assert sum("ZeroDivisionError" in line for line in messages) == 1


def test_a_stage_that_stands_is_seen_in_a_real_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.core.supervisor.STALL_TIMEOUT", 0.1)
    messages: list[str] = []
    supervisor = Supervisor(messages.append)
    with playing(lambda image, shown: None, messages, supervisor=supervisor) as loop:
        stage = supervisor.watch(loop.pipeline.stage)
        backend = Green(10)
        backend.goes_on.clear()
        loop.offer(backend)
        until(lambda: stage.stalled().startswith("diffuse"))  # what comes before may take as long
        supervisor.check()
        backend.goes_on.set()
    assert len(messages) == 1
    assert re.fullmatch(r"the picture is stalled: diffuse has taken \d+ s", messages[0])


@pytest.mark.parametrize("fault", ["throws", "hangs"])
def test_a_flow_that_throws_or_hangs_leaves_the_picture_going(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MotionTracker, "PATIENCE", 0.1)
    messages: list[str] = []
    gate = threading.Event()

    def find(self: object, new: np.ndarray, old: np.ndarray, careful: bool) -> Any:
        if fault == "throws":
            raise MemoryError("of the card")
        gate.wait(PATIENCE)

    metrics = Metrics()
    pipeline = FramePipeline(SIZE, "crop", metrics, messages.append, live=True)
    snapshot = Store({"feedback/amount": 0.5}).sample(0.0)
    pipeline.process(frame(90), snapshot)
    with monkeypatch.context() as patch:
        patch.setattr("vj.pipeline.optical_flow.FlowFinder.find", find)
        shown = pipeline.process(frame(120), snapshot)
    gate.set()
    assert shown.picture.mean() > 50
    why = {"throws": "MemoryError: of the card", "hangs": "TimeoutError: no answer within 0.1 s"}
    assert len([line for line in messages if f"flow failed ({why[fault]})" in line]) == 1, messages
    assert not any("the model failed" in line for line in messages), "it has not"
    assert pipeline.process(frame(60), snapshot).picture.mean() > 30
    pipeline.close()


def test_interpolation_that_throws_lets_the_painted_pictures_through() -> None:
    messages: list[str] = []
    got: list[int] = []
    supervisor = Supervisor(messages.append)
    clock = ManualClock()
    filler = FrameInterpolation(lambda one: got.append(one.number), clock, 200, supervisor)
    wrong = np.zeros((0, 0, 3), np.float32)  # no flow at all
    for number in range(20):
        filler.put(OutputFrame(frame().pixels, number, 0.0, motion=wrong), True)
        until(lambda count=number + 1: len(got) == count)  # type: ignore[misc]
        clock.advance(0.005)  # half-way to the next one
        if number > 0:  # before, nobody knows when the next one comes
            until(lambda count=number: supervisor.faults.get("interpolation") == count)  # type: ignore[misc]
        clock.advance(0.005)
    filler.stop()
    assert got == list(range(20))
    assert sum("interpolation failed" in line for line in messages) == 1


class Standing:
    """Upscales nothing for a while."""

    name = "a wall"

    def __init__(self) -> None:
        self.gate = threading.Event()

    def upscale(self, picture: np.ndarray, guide: object = None) -> np.ndarray:
        self.gate.wait(PATIENCE)
        return picture

    def close(self) -> None: ...


def test_what_stands_is_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.app.output_upscale.STALL_TIMEOUT", 0.05)
    got: list[int] = []
    wall = Standing()
    output_upscaler = OutputUpscaler(wall, lambda one: got.append(one.number), Metrics(), print)
    output_upscaler.put(OutputFrame(frame().pixels, 1, 0.0))
    until(lambda: output_upscaler._stage.stuck() > 0.05)
    for number in range(2, 6):
        output_upscaler.put(OutputFrame(frame().pixels, number, 0.0))
    assert got == [2, 3, 4, 5]
    wall.gate.set()
    until(lambda: 1 in got)
    output_upscaler.stop()


class OutputFile:
    def __init__(self) -> None:
        self.frames = 0
        self.closed = False

    def open(self, width: int, height: int, fps: float) -> None: ...

    def send(self, one: Frame) -> None:
        self.frames += 1

    def close(self) -> None:
        self.closed = True

    def state(self) -> str:
        return "turning"


def test_a_sinks_thread_that_throws_is_begun_again() -> None:
    messages: list[str] = []
    file, box = OutputFile(), Mailbox[Frame]()

    def sent(one: Frame, moment: float) -> None:
        if file.frames == 1:
            raise LookupError("a meter")

    supervisor = Supervisor(messages.append)
    runner = SinkRunner(
        "file:1", file, box, 30, messages.append, on_sent=sent, supervisor=supervisor
    )
    runner.start()
    box.put(frame())
    until(lambda: supervisor.faults.get("sink file:1", 0) == 1)
    until(lambda: (box.put(frame()), file.frames > 2)[1])
    assert runner.stop()
    assert file.closed


def test_a_capture_whose_thread_throws_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[str] = []
    box: Mailbox[Frame] = Mailbox()

    class Reel:
        live = True

        def open(self) -> None: ...

        def read(self) -> Frame:
            time.sleep(0.005)
            return frame()

        def close(self) -> None: ...

    supervisor = Supervisor(messages.append)
    capture = Capture(
        ["reel:1"],
        box,
        SourceSettings(WallClock()),
        messages.append,
        supervisor,
        lambda uri, setting: Reel(),
    )
    put, left = capture._put, [2]

    def once(one: Frame) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise BufferError("of a driver")
        put(one)

    monkeypatch.setattr(capture, "_put", once)
    capture.start()
    until(lambda: capture.frames > 10)
    assert capture.stop()
    assert supervisor.faults == {"source reel:1": 1}


def test_patterns_that_cannot_be_drawn_leave_the_last_ones_and_the_next_are_tried() -> None:
    messages: list[str] = []

    def draw(wish: Any) -> Any:
        if wish == "bad":
            raise MemoryError("of the card")
        return f"drawn {wish}"

    patterns = PatternThread(draw, False, messages.append)
    assert patterns.at("first") == "drawn first"  # type: ignore[arg-type, comparison-overlap]
    patterns.at("bad")  # type: ignore[arg-type]
    until(lambda: bool(messages))
    assert "patterns could not be drawn (MemoryError: of the card)" in messages[0]
    patterns.at("good")  # type: ignore[arg-type]
    until(lambda: patterns.at("good") == "drawn good")  # type: ignore[arg-type, comparison-overlap]
    patterns.close()


def test_a_camera_whose_driver_throws_is_lost_and_released(monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[str] = []
    released: list[bool] = []

    class Driver:
        left = 2

        def __init__(self, index: int, interface: int) -> None: ...

        def isOpened(self) -> bool:
            return True

        def get(self, name: int) -> float:
            return 0.0

        def set(self, name: int, value: float) -> None: ...

        def read(self) -> tuple[bool, np.ndarray]:
            Driver.left -= 1
            if Driver.left < 0:
                raise SystemError("a driver's own")
            return True, np.zeros((48, 64, 3), np.uint8)

        def release(self) -> None:
            released.append(True)

    monkeypatch.setattr("cv2.VideoCapture", Driver)
    source = Camera("0", SourceSettings(WallClock(), log=messages.append))
    source.open()
    until(lambda: bool(released))
    assert messages == ["camera:0: SystemError: a driver's own"]
    with suppress(Fault):  # its last picture may lie there
        source.read()
    with pytest.raises(Fault, match="gives no more pictures"):
        source.read()


def test_the_render_thread_waits_for_no_terminal_and_opens_no_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A terminal that is held, and a disk that is slow, hold up no frame."""
    held = threading.Event()
    threads: list[str] = []

    class Held(io.StringIO):
        def write(self, text: str) -> int:
            held.wait(30)
            return len(text)

    def record(self: object, on: bool) -> None:
        threads.append(threading.current_thread().name)

    monkeypatch.setattr("vj.app.sink_group.SinkGroup.record", record)
    show = check_show(dict(QUIET), "here")
    played = Performance(show, Console(out=Held()).log)
    played.start()
    try:

        def on_the_render_thread() -> None:
            threads.append(threading.current_thread().name)
            played.log("from within a frame")
            played.store.set("record", True)

        played.loop.between(on_the_render_thread)
        until(lambda: len(threads) == 2)
        painted = played.metrics.painted
        until(lambda: played.metrics.painted > painted + 5)
        assert not held.is_set()
    finally:
        held.set()
        played.stop()
    assert threads == ["render", "recordings"]


def test_faults_and_threads_stand_in_the_status_and_the_summary() -> None:
    show = check_show(dict(QUIET), "here")
    played = Performance(show, lambda text: None)
    played.start()
    try:
        played.supervisor.report("a lamp", OSError("out"))
        until(
            lambda: {"render", "watchdog", "source testcard"} <= set(played.report.status().threads)
        )
        assert list(played.report.status().stumbled) == ["a lamp 1"]
        assert list(played.report.status().stalled) == []
    finally:
        played.stop()
    assert played.report.summary()["stumbled"] == {"a lamp": 1}


def test_an_end_that_throws_leaves_the_recording_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    show = check_show(dict(QUIET), "here")
    played = Performance(show, lambda text: None)
    played.start()
    closed: list[str] = []

    def throw(*_: object, **__: object) -> bool:
        raise SystemError("at the end")

    monkeypatch.setattr(played.outputs.sinks, "stop", lambda timeout: closed.append("sinks"))
    monkeypatch.setattr(played.outputs.interpolation, "stop", throw)
    monkeypatch.setattr(played.session, "stop", throw)
    played.stop()
    assert closed == ["sinks"]
    assert played.loop.thread is not None
    assert not played.loop.thread.is_alive()
