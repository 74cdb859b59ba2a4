"""A desktop that nobody sees: Xvfb, whose screen lies in a file that can be looked into, and a
keyboard and mouse for it (xdotool)."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

LACKS = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None] + [
    name for name in ("glfw", "moderngl") if importlib.util.find_spec(name) is None
]
needs_xrandr = pytest.mark.skipif(shutil.which("xrandr") is None, reason="without xrandr")
needs_desktop = pytest.mark.skipif(bool(LACKS), reason=f"without {', '.join(LACKS)}")


class Desktop:
    """name: for DISPLAY. `look` at what is on it; `press` keys and move the mouse."""

    def __init__(self, name: str, screen: Path) -> None:
        self.name, self._screen = name, screen

    def look(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB of the whole screen, now."""
        with self._screen.open("rb") as file:
            head = struct.unpack(">25I", file.read(100))
            header, width, height, row, colours = head[0], head[4], head[5], head[12], head[19]
            file.seek(header + colours * 12)
            rows = np.frombuffer(file.read(row * height), np.uint8).reshape(height, row)
        return np.ascontiguousarray(rows[:, : width * 4].reshape(height, width, 4)[..., 2::-1])

    def press(self, *arguments: str) -> None:
        """xdotool, such as `key`, `t`."""
        subprocess.run(
            ["xdotool", *arguments],
            env={**os.environ, "DISPLAY": self.name},
            check=True,
            timeout=60,
            stdout=subprocess.DEVNULL,
        )

    def run(self, *command: str) -> str:
        """What a program of the desktop says, such as `xset q`; how it ends counts for nothing."""
        done = subprocess.run(
            command, env={**os.environ, "DISPLAY": self.name}, timeout=60, capture_output=True
        )
        return done.stdout.decode()

    def focus(self) -> None:
        """Give the keyboard to the window `vj`; there is no window manager that would."""
        self.press("search", "--sync", "--onlyvisible", "--name", "^vj$", "windowfocus", "--sync")

    def press_close(self) -> None:
        """What a window manager does when the close button of `vj` is pressed."""
        found = subprocess.run(
            ["xdotool", "search", "--name", "^vj$"],
            env={**os.environ, "DISPLAY": self.name},
            check=True,
            timeout=60,
            capture_output=True,
        )
        lib = ctypes.CDLL(ctypes.util.find_library("X11"))
        lib.XOpenDisplay.restype = ctypes.c_void_p
        lib.XInternAtom.restype = ctypes.c_ulong
        display = ctypes.c_void_p(lib.XOpenDisplay(self.name.encode()))
        window = int(found.stdout.split()[0])
        protocols, delete = (
            lib.XInternAtom(display, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
        )
        # an XClientMessageEvent: type 33, serial, sent, display, window, message type, format, data
        event = struct.pack(
            "=i4xQi4xQQQi4xqqqqq", 33, 0, 1, 0, window, protocols, 32, delete, *[0] * 4
        )
        lib.XSendEvent(
            display, ctypes.c_ulong(window), 0, ctypes.c_long(0), event.ljust(192, b"\0")
        )
        lib.XCloseDisplay(display)


@contextmanager
def desktop(folder: Path, size: str = "640x400") -> Iterator[Desktop]:
    """A desktop with one monitor, white where no window is."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [
            *("Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size}x24"),
            *("-fbdir", str(folder), "-nolisten", "tcp", "-wr"),
        ],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as number:
            name = f":{number.readline().strip()}"
        yield Desktop(name, folder / "Xvfb_screen0")
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def shared_desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """One for all tests of a file."""
    with desktop(tmp_path_factory.mktemp("xvfb")) as found:
        yield found


@pytest.fixture
def screen(shared_desktop: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    """The desktop, for whatever this process starts; setups are kept in a folder of the test's."""
    monkeypatch.setenv("DISPLAY", shared_desktop.name)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.chdir(tmp_path)
    return shared_desktop
