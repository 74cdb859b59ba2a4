"""The sink `display:` on a desktop that nobody sees: the picture stays there whatever happens to
the process that shows it, to the show, to the monitor."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.display.on_screen import WHITE, bare, opened, quadrants, send, shows
from tests.display.xvfb import Desktop, needs_desktop, needs_xrandr, screen, shared_desktop
from tests.waiting import until
from vj.core.clock import WallClock
from vj.core.errors import Fault, Unavailable
from vj.core.frame import Size
from vj.display.setup import ScreenSetup, write_setup
from vj.sinks import SinkSettings
from vj.sinks.display import DisplaySink

__all__ = ["screen", "shared_desktop"]

pytestmark = needs_desktop


@pytest.fixture
def told() -> list[str]:
    return []


Make = Callable[[str], DisplaySink]


@pytest.fixture
def make(screen: Desktop, told: list[str]) -> Iterator[Make]:
    """Makes a sink, which is closed at the end."""
    made: list[DisplaySink] = []

    def one(rest: str) -> DisplaySink:
        made.append(DisplaySink(rest, SinkSettings(WallClock(), log=told.append)))
        return made[-1]

    yield one
    for sink in made:
        sink.close()


@pytest.fixture
def sink(make: Make) -> DisplaySink:
    """Full screen, open."""
    return opened(make("full"), 256, 256)


def process_of(sink: DisplaySink) -> int:
    assert sink._process is not None
    return sink._process.number


def test_a_killed_process_is_told_and_its_picture_comes_back(
    sink: DisplaySink, screen: Desktop, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sinks.display.YOUNG", 0.0)
    sink.change({"flip": "across"})
    picture = send(sink, quadrants(640, 400))[:, ::-1]
    shows(screen, picture)
    first = process_of(sink)
    os.kill(first, signal.SIGKILL)
    until(lambda: process_of(sink) != first)
    shows(screen, picture)  # nothing was sent meanwhile: the show stalls, the picture stays
    until(lambda: len(told) == 2)
    assert told == [
        "display:full: its process ended (signal 9); it is started again",
        "display:full: is there again",
    ]


@pytest.mark.long
def test_a_driver_that_falls_over_at_once_is_tried_again_and_again(
    sink: DisplaySink, screen: Desktop, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sinks.display.YOUNG", 60.0)
    monkeypatch.setattr("vj.sinks.display.RETRY", 0.1)
    picture = send(sink, quadrants(640, 400))
    shows(screen, picture)
    for _ in range(2):
        number = process_of(sink)
        os.kill(number, signal.SIGKILL)
        until(lambda number=number: process_of(sink) != number)
    shows(screen, picture)
    until(lambda: told[-1] == "display:full: is there again")
    assert told.count("display:full: its process ended (signal 9); it is started again") <= 2
    sink.close()
    assert not sink._process, "nor is it after its end"


def test_a_process_that_hangs_holds_nobody_up_and_is_replaced(
    sink: DisplaySink, screen: Desktop, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sinks.display.YOUNG", 0.0)
    send(sink, quadrants(640, 400))
    monkeypatch.setattr("vj.sinks.display.SILENCE", 1.5)
    first = process_of(sink)
    os.kill(first, signal.SIGSTOP)
    picture = quadrants(640, 400)[::-1].copy()
    begun = time.thread_time()
    for _ in range(100):
        send(sink, picture)
    assert time.thread_time() - begun < 2

    def replaced() -> bool:
        send(sink, picture)
        return process_of(sink) != first

    until(replaced)
    assert "does not answer any more" in told[0]
    monkeypatch.setattr("vj.sinks.display.SILENCE", 60)
    shows(screen, picture)


def test_the_end_of_the_show_ends_it(sink: DisplaySink, screen: Desktop) -> None:
    shows(screen, send(sink, quadrants(640, 400)))
    number = process_of(sink)
    sink.close()
    until(lambda: bare(screen))
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
    assert sink.state()


SHOW = """
import sys, time
import numpy as np
from vj.core.clock import WallClock
from vj.core.frame import Frame
from vj.sinks import SinkSettings
from vj.sinks.display import DisplaySink
sink = DisplaySink("full", SinkSettings(WallClock()))
sink.open(64, 40, 30)
sink.send(Frame(np.full((40, 64, 3), 99, np.uint8), 0, 0.0))
print(sink._process.number, sink._memory.name, flush=True)
time.sleep(60)
"""


def test_a_show_that_is_killed_leaves_no_window(screen: Desktop) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", SHOW],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        text=True,
    ) as show:
        assert show.stdout is not None
        number, memory = show.stdout.readline().split()
        shows(screen, np.full((400, 640, 3), 99))
        show.kill()
    until(lambda: bare(screen))
    until(lambda: not Path(f"/proc/{number}").exists())
    until(lambda: not Path(f"/dev/shm/{memory.lstrip('/')}").exists())


def test_a_setup_is_there_again_the_next_time(screen: Desktop, told: list[str], make: Make) -> None:
    write_setup(Path("displays/screen.json"), ScreenSetup(flip="down"))
    sink = make("1")
    opened(sink, 64, 40)
    shows(screen, send(sink, quadrants(640, 400))[::-1])
    sink.close()
    Path("displays/screen.json").write_text('{"flip": 3}')
    opened(sink, 64, 40)
    shows(screen, send(sink, quadrants(640, 400)))
    until(lambda: told)
    assert told == [
        "display:1: displays/screen.json: flip 3: one of none, across, down, both; the picture is "
        "shown as it is"
    ]


def test_a_window_and_its_close_button(screen: Desktop, told: list[str], make: Make) -> None:
    sink = make("window 320x200")
    opened(sink, 320, 200)
    picture = send(sink, quadrants(320, 200))
    desk = np.full((400, 640, 3), WHITE, np.uint8)
    desk[100:300, 160:480] = picture
    shows(screen, desk)
    assert sink.state() == "window 320x200"
    screen.focus()
    screen.press("key", "f")
    shows(screen, cv2.resize(picture, (640, 400)), 1.5)
    screen.press("key", "f")
    shows(screen, desk)

    def closed() -> str:
        count = len(told)
        screen.press_close()
        until(lambda: len(told) > count)
        return told[-1].removeprefix("display:window 320x200: ")

    again = "close its window again within 3 s to be without it"
    assert closed() == again
    shows(screen, desk)
    # on a busy machine more than 3 s may have passed, and it is once more the first time
    until(lambda: closed() == "was closed by hand; the page opens it again", lambda: told)
    assert all(line.endswith(again) for line in told[:-1])
    send(sink, picture)
    assert sink.state() == "was closed by hand"
    sink.reopen()
    shows(screen, desk)


def test_a_monitor_that_is_not_there_is_waited_for(
    screen: Desktop, told: list[str], make: Make
) -> None:
    sink = make("BenQ")
    opened(sink, 320, 200)
    send(sink, quadrants(320, 200))
    assert sink.state() == "waiting for a monitor 'BenQ' (there: 1 screen 640x400)"
    assert told == [f"display:BenQ: {sink.state()}"]
    assert bare(screen)


@needs_xrandr
def test_a_monitor_that_is_unplugged_and_plugged_in_has_its_picture_again(
    screen: Desktop, told: list[str], make: Make
) -> None:
    """By xrandr: the monitor's output is switched off, and on."""
    sink = opened(make("screen"), 320, 200)
    picture = send(sink, quadrants(640, 400))
    shows(screen, picture)
    assert re.search(r"timeout: +0 ", screen.run("xset", "q")), "the screen saver is off"
    screen.run("xrandr", "--output", "screen", "--off")
    until(lambda: bare(screen))
    until(lambda: sink.state() == "waiting for a monitor 'screen' (there: none)", sink.state)
    screen.run("xrandr", "--output", "screen", "--auto")
    shows(screen, picture)
    assert told == [
        "display:screen: waiting for a monitor 'screen' (there: none)",
        "display:screen: screen 640x400 is there",
    ]


def test_every_sort_of_frame_twice(make: Make) -> None:
    """What `test_every_sink_keeps_the_contract` asks of the others."""
    sink = make("")
    sink.close()
    assert sink.state()
    for size in (Size(64, 48), Size(33, 21)):
        sink.open(*size, 29.97)
        for width, height, channels in ((64, 48, 3), (64, 48, 4), (33, 21, 3), (80, 200, 4)):
            send(sink, np.zeros((height, width, channels), np.uint8))
        sink.close()
        sink.close()
    with pytest.raises(Fault, match="is not open"):
        send(sink, quadrants(64, 48))


@pytest.mark.parametrize("display", ["", ":54321"])
def test_a_machine_without_a_desktop_is_told_once(
    display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", display)
    sink = DisplaySink("2", SinkSettings(WallClock()))

    def tell() -> None:
        sink.open(64, 48, 30)
        until(lambda: send(sink, quadrants(64, 48)) is None)

    with pytest.raises(Unavailable, match="desktop"):
        tell()
    assert sink.final
    sink.close()
