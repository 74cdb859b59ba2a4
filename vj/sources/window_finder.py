"""Where a window with a title stands on the screen: X11 by xwininfo, Windows by user32."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import Any, NamedTuple

from vj.core.errors import Fault, Unavailable, nearest

ANSWER = 3.0
"""Seconds that xwininfo gets."""

_TREE_LINE = re.compile(
    r'\s*(0x[0-9a-f]+) "(.*)": \(.*\)\s+(\d+)x(\d+)[+-]-?\d+[+-]-?\d+\s+\+(-?\d+)\+(-?\d+)\s*'
)


class ScreenArea(NamedTuple):
    """A part of the screen, in its coordinates. On macOS these are points, not pixels."""

    left: int
    top: int
    width: int
    height: int

    def cut(self, other: ScreenArea) -> ScreenArea | None:
        """What lies in both; None where nothing does."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right = min(self.left + self.width, other.left + other.width)
        bottom = min(self.top + self.height, other.top + other.height)
        return (
            ScreenArea(left, top, right - left, bottom - top)
            if left < right and top < bottom
            else None
        )


class OpenWindow(NamedTuple):
    """id: its system's number."""

    id: int
    title: str
    box: ScreenArea


def find_window(title: str) -> OpenWindow | None:
    """The visible window of this title; else the largest one whose title holds these words. None
    where there is none. Raises Unavailable where windows cannot be asked for."""
    found = [window for window in _windows() if title.casefold() in window.title.casefold()]
    found.sort(key=lambda window: (window.title != title, -window.box.width * window.box.height))
    return next((window for window in found if place_of(window) is not None), None)


def why_none(title: str) -> str:
    """Why there is no window of this title to be seen, with the nearest one where none has it."""
    try:
        titles = {window.title for window in _windows() if window.title}
    except Fault:
        titles = set()
    if any(title.casefold() in other.casefold() for other in titles):
        return "the window is minimised, or on another desktop"
    return f"no window that is open has this in its title{nearest(title, titles)}"


def place_of(window: OpenWindow) -> ScreenArea | None:
    """Where it is now; None when it is closed, minimised or on another desktop."""
    if sys.platform == "win32":
        return next((other.box for other in _on_windows() if other.id == window.id), None)
    told = _xwininfo("-id", hex(window.id))
    if "Map State: IsViewable" not in told:
        return None
    numbers = [
        re.search(rf"{words}: +(-?\d+)", told)
        for words in ("Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")
    ]
    left, top, width, height = (int(found[1]) if found else 0 for found in numbers)
    return ScreenArea(left, top, width, height) if width and height else None


def _windows() -> list[OpenWindow]:
    if sys.platform == "win32":
        return _on_windows()
    if sys.platform == "darwin":
        raise Unavailable(
            "windows cannot be found by their titles on macOS; a region plays: "
            "screen:LEFT,TOP,WIDTHxHEIGHT"
        )
    found = []
    for line in _xwininfo("-root", "-tree").splitlines():
        if told := _TREE_LINE.fullmatch(line):
            width, height, left, top = (int(told[n]) for n in (3, 4, 5, 6))
            found.append(
                OpenWindow(int(told[1], 16), told[2], ScreenArea(left, top, width, height))
            )
    return found


def _xwininfo(*arguments: str) -> str:
    """What it says; empty where there is no such window."""
    if shutil.which("xwininfo") is None:
        raise Unavailable(
            "windows are found by xwininfo, which is not installed: sudo apt install x11-utils; a "
            "region plays without: screen:LEFT,TOP,WIDTHxHEIGHT"
        )
    try:
        done = subprocess.run(
            ("xwininfo", *arguments),
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            timeout=ANSWER,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")


def _on_windows() -> list[OpenWindow]:
    """We have not run this on Windows ourselves."""
    import ctypes
    from ctypes import wintypes

    user32: Any = ctypes.windll.user32  # type: ignore[attr-defined, unused-ignore]
    dwm: Any = ctypes.windll.dwmapi  # type: ignore[attr-defined, unused-ignore]
    found: list[OpenWindow] = []
    each = ctypes.WINFUNCTYPE(  # type: ignore[attr-defined, unused-ignore]
        wintypes.BOOL, wintypes.HWND, wintypes.LPARAM
    )

    def add(handle: int, _: int) -> bool:
        length = user32.GetWindowTextLengthW(handle)
        if not length or not user32.IsWindowVisible(handle) or user32.IsIconic(handle):
            return True
        title = ctypes.create_unicode_buffer(length + 1)
        user32.GetWindowTextW(handle, title, length + 1)
        box = wintypes.RECT()
        extended_frame = 9  # DWMWA_EXTENDED_FRAME_BOUNDS: without the shadow around it
        if dwm.DwmGetWindowAttribute(
            handle, extended_frame, ctypes.byref(box), ctypes.sizeof(box)
        ) and not user32.GetWindowRect(handle, ctypes.byref(box)):
            return True
        width, height = box.right - box.left, box.bottom - box.top
        if width > 0 and height > 0:
            found.append(
                OpenWindow(handle, title.value, ScreenArea(box.left, box.top, width, height))
            )
        return True

    user32.EnumWindows(each(add), 0)
    return found
