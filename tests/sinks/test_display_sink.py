"""The sink `display:` on a desktop that nobody sees: what is on the screen is what was sent, and
stays there whatever happens to the process that shows it."""

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

from tests.display.xvfb import Desktop, needs_desktop, needs_xrandr, screen, shared_desktop
from tests.waiting import until
from vj.core.clock import WallClock
from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame, Size
from vj.display.address import DisplayOptions, parse_display
from vj.display.setup import ScreenSetup, read_setup, write_setup
from vj.display.warp import NAMES, SQUARE
from vj.sinks import SinkSettings, check_uri
from vj.sinks.display import DisplaySink
from vj.sinks.fit import fitted

__all__ = ["screen", "shared_desktop"]

pytestmark = needs_desktop
KEYSTONE = ((0.1, 0.05), (0.9, 0.2), (0.8, 0.95), (0.05, 0.7))
WHITE = 255


def quadrants(width: int, height: int) -> np.ndarray:
    """(height, width, 3): red, green, blue, and in the last corner a slope."""
    picture = np.zeros((height, width, 3), np.uint8)
    middle, half = height // 2, width // 2
    picture[:middle, :half], picture[:middle, half:] = (255, 0, 0), (0, 255, 0)
    picture[middle:, :half] = (0, 0, 255)
    picture[middle:, half:] = np.linspace(60, 250, width - half, dtype=np.uint8)[:, None]
    return picture


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


def opened(sink: DisplaySink, width: int, height: int) -> DisplaySink:
    """Open it, and wait for its window."""
    sink.open(width, height, 30)
    until(lambda: sink.state() != "opening")
    return sink


def send(sink: DisplaySink, picture: np.ndarray) -> np.ndarray:
    sink.send(Frame(picture, 0, 0.0))
    return picture


def shows(screen: Desktop, wanted: np.ndarray, tolerance: float = 0.0) -> None:
    """Wait until the screen shows that, on average within so much."""

    def difference() -> float:
        return float(np.abs(screen.look().astype(np.int16) - wanted).mean())

    until(lambda: difference() <= tolerance, difference, 20)


def bare(screen: Desktop) -> bool:
    """No window is there; the mouse may be seen."""
    return bool(screen.look().mean() > 254)


def process_of(sink: DisplaySink) -> int:
    assert sink._process is not None
    return sink._process.number


def test_a_picture_of_the_screens_size_arrives_pixel_for_pixel(
    sink: DisplaySink, screen: Desktop
) -> None:
    shows(screen, send(sink, quadrants(640, 400)))
    assert sink.state() == "screen 640x400"
    noise = np.random.default_rng(1).integers(0, 255, (400, 640, 4), np.uint8)
    shows(screen, send(sink, noise)[..., :3])


def test_other_shapes_are_fitted_whole_with_black_beside_them(
    sink: DisplaySink, screen: Desktop
) -> None:
    for width, height in ((256, 256), (512, 128)):
        picture = send(sink, quadrants(width, height))
        shows(screen, fitted(picture, Size(640, 400)), 1.5)
    assert screen.look()[5].max() == 0, "beside it is black"
    sink.change({"fit": "stretch"})
    shows(screen, cv2.resize(picture, (640, 400)), 1.5)
    sink.change({"fit": "cover"})
    wide = cv2.resize(picture, (1600, 400))[:, 480:1120]
    shows(screen, wide, 1.5)


def test_four_corners_are_a_perspective_transform(sink: DisplaySink, screen: Desktop) -> None:
    picture = send(sink, quadrants(640, 400))
    shows(screen, picture)
    sink.change({"corners": [list(corner) for corner in KEYSTONE]})
    scale = np.float32([640, 400])
    matrix = cv2.getPerspectiveTransform(np.float32(SQUARE) * scale, np.float32(KEYSTONE) * scale)
    shows(screen, cv2.warpPerspective(picture, matrix, (640, 400)), 2.0)
    seen = screen.look()
    for number, (x, y) in enumerate(KEYSTONE):
        # just inside each corner, towards the middle, the picture; just outside black
        inside = int(x * 640 + (320 - x * 640) * 0.05), int(y * 400 + (200 - y * 400) * 0.05)
        outside = int(x * 640 - (320 - x * 640) * 0.05), int(y * 400 - (200 - y * 400) * 0.05)
        assert seen[inside[1], inside[0]].max() > 200, NAMES[number]
        assert seen[outside[1], outside[0]].max() == 0, NAMES[number]
    # a straight line through the middle of the picture stays one: two triangles would break it
    x, y, w = matrix @ (320.0, 100.0, 1.0)
    edge = seen[round(y / w), :, 0] > 127
    assert abs(np.flatnonzero(edge)[-1] - x / w) <= 2


def test_turned_mirrored_and_masked(sink: DisplaySink, screen: Desktop, tmp_path: Path) -> None:
    picture = send(sink, quadrants(640, 400))
    sink.change({"rotate": 180, "flip": "across"})
    shows(screen, picture[::-1])
    sink.change({"rotate": 90, "flip": "none", "fit": "stretch"})
    shows(screen, cv2.resize(np.rot90(picture, -1), (640, 400)), 2.0)
    mask = np.zeros((400, 640), np.uint8)
    cv2.circle(mask, (320, 200), 150, 255, -1)
    cv2.imwrite(str(tmp_path / "stage.png"), mask)
    sink.change({"rotate": 0, "fit": "contain", "mask": "stage.png"})
    shows(screen, picture * (mask[..., None] // 255))
    sink.change({"mask": ""})
    shows(screen, picture)


def test_a_mask_that_is_not_there_is_told_and_hides_nothing(
    sink: DisplaySink, screen: Desktop, told: list[str]
) -> None:
    picture = send(sink, quadrants(640, 400))
    sink.change({"mask": "stage.png"})
    until(lambda: told)
    assert "mask stage.png: cannot be read" in told[0]
    shows(screen, picture)
    with pytest.raises(Fault, match="one of 0, 90, 180, 270"):
        sink.change({"rotate": 3})


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
    begun = time.process_time()
    for _ in range(100):
        send(sink, picture)
    assert time.process_time() - begun < 2

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
    assert bare(screen), "the window is gone"
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


def test_keys_in_the_window(sink: DisplaySink, screen: Desktop) -> None:
    picture = send(sink, quadrants(640, 400))
    shows(screen, picture)
    screen.focus()
    screen.press("key", "t")
    until(lambda: sink.state() == "screen 640x400, test pattern")
    until(lambda: np.ptp(screen.look()[8:20, 300:340], axis=(0, 1)).min() > 150, screen.look)
    screen.press("key", "t", "Escape", "Left", "Escape")
    shows(screen, picture)
    screen.press("key", "w", "3", "shift+Left", "Up", "Escape")
    path = Path("displays/screen.json")
    until(path.exists)
    assert read_setup(path).corners[2] == pytest.approx((1 - 10 / 640, 1 - 1 / 400), abs=1e-4)
    assert sink.describe()["setup"] == read_setup(path).as_json()


def test_the_mouse_moves_a_corner(sink: DisplaySink, screen: Desktop) -> None:
    shows(screen, send(sink, quadrants(640, 400)))
    screen.focus()
    screen.press("key", "w", "mousemove", "5", "5", "mousedown", "1")
    screen.press("mousemove", "69", "45", "mouseup", "1", "key", "Escape")
    until(Path("displays/screen.json").exists)
    corner = read_setup(Path("displays/screen.json")).corners[0]
    assert corner == pytest.approx((64 / 640, 40 / 400), abs=2e-3)


def test_a_setup_is_there_again_the_next_time(screen: Desktop, told: list[str], make: Make) -> None:
    write_setup(Path("displays/screen.json"), ScreenSetup(flip="down"))
    sink = make("1")
    opened(sink, 64, 40)
    shows(screen, send(sink, quadrants(640, 400))[::-1])
    sink.close()
    Path("displays/screen.json").write_text('{"flip": 3}')
    opened(sink, 64, 40)
    shows(screen, send(sink, quadrants(640, 400)))
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
    screen.press_close()
    until(lambda: told)
    shows(screen, desk)
    screen.press_close()
    until(lambda: len(told) == 2)
    assert told == [
        "display:window 320x200: close its window again within 3 s to be without it",
        "display:window 320x200: was closed by hand; the page opens it again",
    ]
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


@pytest.mark.parametrize(
    ("rest", "options"),
    [
        ("", DisplayOptions()),
        ("2", DisplayOptions("2", False)),
        ('"BenQ MH733"', DisplayOptions("BenQ MH733", False)),
        ("BenQ MH733", DisplayOptions("BenQ MH733", False)),
        ("window", DisplayOptions("", True)),
        ("full", DisplayOptions("", False)),
        ("2 window", DisplayOptions("2", True)),
        ("2, window 1280x720", DisplayOptions("2", Size(1280, 720))),
        ('"window" full', DisplayOptions("window", False)),
    ],
)
def test_what_a_display_is_called(rest: str, options: DisplayOptions) -> None:
    assert parse_display(rest) == options


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("display:0", "counted from 1"),
        ("display:2 window 12", "'12' is not a size"),
        ("display:full 640x480", "window 640x480"),
        ('display:"BenQ" at the back', "display:2, display:"),
    ],
)
def test_what_no_display_is_called(uri: str, words: str) -> None:
    with pytest.raises(Fault) as caught:
        check_uri(uri)
    assert words in str(caught.value)
