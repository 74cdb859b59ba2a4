"""The screen as a source, on a desktop that nobody sees (Xvfb), with windows of one colour each."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.display.xvfb import Desktop, desktop
from tests.waiting import JumpingClock, until
from vj.app import device_names
from vj.commands import devices as listing
from vj.commands.check import check
from vj.core.errors import Fault, Unavailable
from vj.sources import Awaited, SourceSettings, check_uri, make_source
from vj.sources.screen import list_screens
from vj.sources.window_finder import ScreenArea

LACKS = [name for name in ("Xvfb", "xwininfo") if shutil.which(name) is None] + [
    name for name in ("mss",) if importlib.util.find_spec(name) is None
]
needs_screen = pytest.mark.skipif(bool(LACKS), reason=f"without {', '.join(LACKS)}")
ORANGE, TEAL, WALL = (250, 120, 10), (0, 128, 140), (255, 255, 255)


class PlainWindow:
    """A window of one colour on a desktop without a window manager."""

    def __init__(
        self, name: str, title: str, box: tuple[int, int, int, int], colour: tuple[int, int, int]
    ) -> None:
        """name: of the desktop. box: left, top, width, height."""
        self._x: Any = ctypes.CDLL(ctypes.util.find_library("X11"))
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._x.XCreateSimpleWindow.restype = ctypes.c_ulong
        self._x.XDefaultRootWindow.restype = ctypes.c_ulong
        self._display = ctypes.c_void_p(self._x.XOpenDisplay(name.encode()))
        root = ctypes.c_ulong(self._x.XDefaultRootWindow(self._display))
        pixel = ctypes.c_ulong(colour[0] << 16 | colour[1] << 8 | colour[2])
        self._window = ctypes.c_ulong(
            self._x.XCreateSimpleWindow(self._display, root, *box, 0, 0, pixel)
        )
        self._x.XStoreName(self._display, self._window, title.encode())
        self.show()

    def show(self) -> None:
        self._x.XMapWindow(self._display, self._window)
        self._x.XSync(self._display, 0)

    def hide(self) -> None:
        self._x.XUnmapWindow(self._display, self._window)
        self._x.XSync(self._display, 0)

    def move(self, left: int, top: int) -> None:
        self._x.XMoveWindow(self._display, self._window, left, top)
        self._x.XSync(self._display, 0)

    def close(self) -> None:
        self._x.XCloseDisplay(self._display)


@pytest.fixture(scope="module")
def one_desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    # the X server starts anew when its last client goes: a window stays
    with (
        desktop(tmp_path_factory.mktemp("xvfb")) as found,
        closing(PlainWindow(found.name, "stays", (0, 0, 1, 1), WALL)),
    ):
        yield found


@pytest.fixture
def x(one_desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    monkeypatch.setenv("DISPLAY", one_desktop.name)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("XDG_SESSION_TYPE", raising=False)
    return one_desktop


def settings() -> SourceSettings:
    return SourceSettings(JumpingClock(), fps=25)


@contextmanager
def opened(uri: str, made: SourceSettings | None = None) -> Iterator[Any]:
    source = make_source(uri, made or settings())
    source.open()
    with closing(source):
        yield source


def pixels(source: Any) -> np.ndarray:
    frame = source.read()
    assert frame is not None
    found: np.ndarray = frame.pixels
    return found


def is_all(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((picture == colour).all())


@needs_screen
def test_a_monitor_and_a_region_of_it_have_the_colours_of_the_screen(x: Desktop) -> None:
    with closing(PlainWindow(x.name, "a patch", (100, 50, 200, 120), ORANGE)):
        for uri in ("screen", "screen:", "screen:1"):
            with opened(uri) as source:
                assert source.live
                picture = pixels(source)
            assert picture.shape == (400, 640, 3)
            assert picture.flags["C_CONTIGUOUS"]
            assert is_all(picture[50:170, 100:300], ORANGE)
            assert np.array_equal(picture, x.look())
        with opened("screen:90,40,64x48") as source:
            picture = pixels(source)
        assert picture.shape == (48, 64, 3)
        assert is_all(picture[10:, 10:], ORANGE)
        assert is_all(picture[:10], WALL)


@needs_screen
def test_it_is_taken_at_the_rate_of_the_show_and_stamped(x: Desktop) -> None:
    with opened("screen:0,0,32x32") as source:
        frames = [source.read() for _ in range(5)]
    assert [frame.number for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.captured for frame in frames] == pytest.approx([n / 25 for n in range(5)])


@needs_screen
def test_beside_the_screen_it_is_black_and_all_beside_it_is_awaited(x: Desktop) -> None:
    with closing(PlainWindow(x.name, "edge", (600, 360, 100, 100), TEAL)):
        with opened("screen:600,-20,80x40") as source:
            picture = pixels(source)
        assert picture.shape == (40, 80, 3)
        assert is_all(picture[20:, :40], WALL)
        assert is_all(picture[:20], (0, 0, 0))
        assert is_all(picture[:, 40:], (0, 0, 0))
        with opened("screen:edge") as source:
            picture = pixels(source)
        assert picture.shape == (100, 100, 3)
        assert is_all(picture[:40, :40], TEAL)
        assert is_all(picture[40:], (0, 0, 0))
    with pytest.raises(Awaited, match="beside the screen, which is 0,0,640x400"):
        make_source("screen:700,0,64x64", settings()).open()


@needs_screen
def test_a_window_is_found_by_its_title_and_followed(x: Desktop) -> None:
    made = settings()
    with (
        closing(PlainWindow(x.name, "Köln: notes (2)", (20, 30, 60, 50), ORANGE)) as window,
        closing(PlainWindow(x.name, "notes", (200, 200, 70, 40), TEAL)),
    ):
        with opened("screen:notes") as source:
            assert is_all(pixels(source), TEAL), "the one that is called so, not one that holds it"
        with opened("screen:KÖLN", made) as source:
            picture = pixels(source)
            assert picture.shape == (50, 60, 3)
            assert is_all(picture, ORANGE)
            window.move(300, 100)
            made.clock.wait_until(made.clock.now() + 1.1)
            assert is_all(pixels(source), ORANGE)
            window.hide()
            made.clock.wait_until(made.clock.now() + 1.1)
            with pytest.raises(Awaited, match="KÖLN: the window is minimised"):
                source.read()
            window.show()
            source.open()
            assert is_all(pixels(source), ORANGE)
    with pytest.raises(Awaited, match=r"no window that is open .*; did you mean stays"):
        make_source("screen:sttays", settings()).open()


@needs_screen
def test_monitors_are_listed_and_one_that_is_not_there_is_awaited(x: Desktop) -> None:
    ((number, _, box),) = list_screens()
    assert (number, box) == (1, ScreenArea(0, 0, 640, 400))
    assert device_names.found_sources()[-1] == "screen:1", "on the page, too"
    (line,) = listing._screens()
    assert line.startswith("screen:1  ")
    assert line.endswith(", 640x400, at 0,0")
    with pytest.raises(Awaited, match=r"no monitor 3 now \(there are 1: 640x400 at 0,0\)"):
        make_source("screen:3", settings()).open()


def why_lost(source: Any) -> str:
    """What it says once it is lost."""
    said: list[str] = []

    def is_lost() -> bool:
        try:
            source.read()
        except Awaited as fault:
            said.append(str(fault))
        return bool(said)

    until(is_lost)
    return said[0]


@needs_screen
def test_a_desktop_that_goes_and_comes_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    source = make_source("screen", settings())
    for _ in range(2):
        (tmp_path / "x").mkdir(exist_ok=True)
        with desktop(tmp_path / "x", "320x200") as found:
            monkeypatch.setenv("DISPLAY", found.name)
            source.open()
            assert pixels(source).shape == (200, 320, 3)
        assert why_lost(source).startswith("screen: the screen cannot be read")
        with pytest.raises(Awaited):
            source.open()


def test_without_a_desktop_that_can_be_looked_at_it_says_what_plays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    with pytest.raises(Unavailable, match=r"Wayland.*X11.*OBS.*ndi:NAME"):
        make_source("screen", settings()).open()


@pytest.mark.skipif(importlib.util.find_spec("mss") is None, reason="without mss")
def test_without_any_desktop_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Unavailable, match="no desktop here"):
        make_source("screen:2", settings()).open()
    show = tmp_path / "show.yaml"
    show.write_text("source: [screen, testcard]\nmodel: none\n")
    assert check([str(show)]) == 0
    told = capsys.readouterr().out
    assert "no desktop here" in told
    assert "may come later" not in told


def test_without_its_library_it_names_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")  # where nothing else is missing
    monkeypatch.setitem(sys.modules, "mss", None)
    with pytest.raises(Unavailable, match=r"^screen:2 needs mss .*: python3 launch\.py add screen"):
        make_source("screen:2", settings()).open()
    monkeypatch.setattr("vj.commands.check_files.LIBRARIES", {"screen": ("no_such_module", "mss")})
    show = tmp_path / "show.yaml"
    show.write_text("source: [screen, testcard]\nmodel: none\n")
    assert check([str(show)]) == 0
    assert "screen needs mss: python3 launch.py add screen" in capsys.readouterr().out


def test_a_region_has_a_size() -> None:
    check_uri("screen:-1920,0,1920x1080")
    with pytest.raises(Fault, match="between 16 and 16384"):
        check_uri("screen:0,0,4x4")
    for wrong in ("10,10", "10,10,640,480", "10, 10, 640x"):
        with pytest.raises(Fault, match="a region is LEFT,TOP,WIDTHxHEIGHT"):
            check_uri(f"screen:{wrong}")
    check_uri("screen:Letters, 2, 3x4")
