"""Sound on its way to a sink: on the sink's own thread, after the picture that opens it, with the
moment that the sink asks for; and how long pictures are on their way."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.waiting import PATIENCE, until
from vj.core.clock import WallClock
from vj.core.frame import Frame
from vj.core.mailbox import Mailbox
from vj.sinks.runner import MOST_SOUND, SinkRunner
from vj.sound.picture_delay import PictureDelay

BLOCK = np.zeros((960, 2), np.float32)
PICTURE = np.zeros((32, 32, 3), np.uint8)


class Heard:
    """A sink that remembers what it got, and on which thread."""

    def __init__(self, by_capture: bool = False, breaks: bool = False) -> None:
        self.sound_by_capture, self.breaks = by_capture, breaks
        self.moments: list[float] = []
        self.threads: set[int] = set()
        self.frames = 0

    def open(self, width: int, height: int, fps: float) -> None: ...

    def send(self, frame: Frame) -> None:
        self.frames += 1
        self.threads.add(threading.get_ident())

    def send_sound(self, moment: float, samples: np.ndarray) -> None:
        if self.breaks:
            raise OSError("the cable was pulled")
        self.moments.append(moment)
        self.threads.add(threading.get_ident())

    def close(self) -> None: ...

    def state(self) -> str:
        return ""


class Sleepy(Mailbox[Frame]):
    """Who waits here for a picture is woken, or waits for ever."""

    def get(self, timeout: float | None = None) -> Frame | None:
        return super().get()


def running(sink: Heard, said: list[str]) -> SinkRunner:
    runner = SinkRunner("ndi:x", sink, Sleepy(), 30.0, said.append, clock=WallClock())
    runner.start()
    return runner


@pytest.mark.parametrize(("by_capture", "moment"), [(False, 2.5), (True, 2.0)])
def test_sound_comes_at_once_on_the_sink_s_thread(by_capture: bool, moment: float) -> None:
    sink, said = Heard(by_capture), []  # type: ignore[var-annotated]
    runner = running(sink, said)
    runner.put_sound(1.0, 1.5, BLOCK)  # the sink is not open yet
    runner.mailbox.put(Frame(PICTURE, 0, 0.0))
    until(lambda: sink.frames)
    runner.put_sound(2.0, 2.5, BLOCK)
    until(lambda: moment in sink.moments)  # and does not wait for the next picture
    assert runner.stop(PATIENCE)
    assert (sink.moments[-1], len(sink.threads), said) == (moment, 1, [])


def test_what_has_come_is_sent_before_the_sink_closes() -> None:
    sink, said = Heard(), []  # type: ignore[var-annotated]
    runner = running(sink, said)
    runner.mailbox.put(Frame(PICTURE, 0, 0.0))
    until(lambda: sink.frames)
    for number in range(20):
        runner.put_sound(number, number, BLOCK)
    assert runner.stop(PATIENCE)
    assert sink.moments == list(range(20))


def test_a_sink_that_hangs_keeps_five_seconds_and_no_more() -> None:
    runner = SinkRunner("ndi:x", Heard(), Mailbox(), 30.0, print)
    for number in range(3 * MOST_SOUND):
        runner.put_sound(number, number, BLOCK)
    assert len(runner._sound) == MOST_SOUND


def test_sound_that_cannot_be_sent_is_said_and_the_sink_tried_again() -> None:
    sink, said = Heard(breaks=True), []  # type: ignore[var-annotated]
    runner = running(sink, said)
    runner.mailbox.put(Frame(PICTURE, 0, 0.0))
    until(lambda: sink.frames)
    runner.put_sound(0.0, 0.0, BLOCK)
    until(lambda: said)
    assert said == ["ndi:x failed: OSError: the cable was pulled; trying again"]
    runner.stop()


def test_the_delay_is_the_median_of_the_last_pictures() -> None:
    delay = PictureDelay()
    assert delay.median() is None
    for number in range(90):  # slow at first
        captured = number / 30
        delay.sent(captured, captured + (0.4 if number < 20 else 0.06), 1 / 30)
        delay.sent(captured, captured + 0.075, 1 / 30)  # moved on between two painted ones
    assert delay.median() == pytest.approx(0.06)


def test_a_model_that_leaves_pictures_out_shows_things_later_by_half_a_gap() -> None:
    delay = PictureDelay()
    for number in range(40):
        delay.sent(number / 10, number / 10 + 0.06, 1 / 30)
    assert delay.median() == pytest.approx(0.06 + (1 / 10 - 1 / 30) / 2)


def test_a_show_slower_than_its_source_leaves_pictures_out() -> None:
    """And one that is as slow as its source does not."""
    slow, same = PictureDelay(), PictureDelay()
    for number in range(40):
        slow.sent(number / 10, number / 10 + 0.06, 1 / 10, 3 * number)
        same.sent(number / 10, number / 10 + 0.06, 1 / 30, number)
    assert slow.median() == pytest.approx(0.06 + (1 / 10 - 1 / 30) / 2)
    assert same.median() == pytest.approx(0.06)


def test_another_model_s_delay_is_known_within_a_third_of_a_second() -> None:
    delay = PictureDelay()
    for number in range(100):
        late = (0.02 if number < 95 else 0.15) + 0.25 * (number % 9 == 0)
        delay.sent(number / 30, number / 30 + late, 1 / 30)
    assert delay.median() == pytest.approx(0.15)
