"""A desktop that nobody sees: Xvfb, whose screen lies in a file that can be looked into, and a
keyboard and mouse for it (xdotool)."""

from __future__ import annotations

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
            timeout=20,
            stdout=subprocess.DEVNULL,
        )

    def focus(self) -> None:
        """Give the keyboard to the window `vj`; there is no window manager that would."""
        self.press("search", "--sync", "--onlyvisible", "--name", "^vj$", "windowfocus", "--sync")


@contextmanager
def desktop(folder: Path, size: str = "640x400") -> Iterator[Desktop]:
    """A desktop with one monitor."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [
            *("Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size}x24"),
            *("-fbdir", str(folder), "-nolisten", "tcp"),
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
