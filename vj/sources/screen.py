"""The screen as a source: a monitor, a region of it, a window; by mss."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from typing import Any

import cv2
import numpy as np

from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame
from vj.sources import Awaited, SourceSettings
from vj.sources.pacing import Pace
from vj.sources.window_finder import OpenWindow, ScreenArea, find_window, place_of, why_none

LOOK_AGAIN = 1.0
"""Seconds after which monitors, and the place of a window, are asked for again."""


def _library(name: str = "screen") -> Any:
    """mss. name: of the source, for messages. Raises Unavailable without it."""
    try:
        import mss
    except ImportError as error:
        raise Unavailable(f"{name} needs mss ({error}): python3 launch.py add screen") from error
    return mss


def check_desktop(name: str = "screen") -> None:
    """Raises Unavailable where no program may look at the screen. name: as above."""
    if sys.platform == "linux" and (
        os.environ.get("WAYLAND_DISPLAY") or os.environ.get("XDG_SESSION_TYPE") == "wayland"
    ):
        raise Unavailable(
            f"{name}: Wayland lets programs look at the screen only one by one, asking each time, "
            "which mss cannot; log in with a session of X11 (Xorg), or have OBS capture the "
            "screen and send it by NDI: ndi:NAME"
        )


def list_screens() -> list[tuple[int, str, ScreenArea]]:
    """(number, name, where it is) of every monitor, the main one first of those that say so.
    Raises Unavailable, or Fault without a desktop."""
    check_desktop()
    mss = _library()
    try:
        with mss.MSS() as screens:
            found = list(enumerate(screens.monitors))[1:]
    except Exception as error:  # each system has its own way to refuse
        raise _refused(error) from None
    return [
        (number, str(one.get("name") or one.get("output") or "").strip(), box_of(one))
        for number, one in found
    ]


def box_of(monitor: dict[str, Any]) -> ScreenArea:
    """The place of a monitor as mss says it."""
    return ScreenArea(*(int(monitor[name]) for name in ("left", "top", "width", "height")))


class ScreenSource:
    """`screen`: the main monitor. `screen:2`: a monitor by its number. `screen:LEFT,TOP,
    WIDTHxHEIGHT`: a region. `screen:TITLE`: a window, by its title or a part of it, followed where
    it moves; what stands over it is in the picture, since it is what the screen shows there.

    RGB, taken at the show's rate. What lies beside the screen is black. On macOS a monitor of two
    pixels a point comes in pixels; the numbers of a region are points.
    """

    live = True

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        """Raises Fault for a region that is none, or has no size."""
        self.asked = rest.strip()
        self._name = f"screen:{self.asked}" if self.asked else "screen"
        self._region = self._parsed()
        self._settings = settings
        self._pace = Pace(settings)
        self._screens: Any = None
        self._window: OpenWindow | None = None
        self._place = self._whole = ScreenArea(0, 0, 0, 0)
        """Of what is asked for, and of all monitors together."""
        self._looked = 0.0

    def _parsed(self) -> ScreenArea | None:
        found = re.fullmatch(
            r"(-?\d{1,6})\s*,\s*(-?\d{1,6})\s*,\s*(\d{1,5})\s*[xX×]\s*(\d{1,5})", self.asked
        )
        if found is None:
            if re.fullmatch(r"[-\d\s,xX×]*\d\s*,[-\d\s,xX×]*", self.asked):
                raise Fault(f"{self._name}: a region is LEFT,TOP,WIDTHxHEIGHT: 100,200,640x480")
            return None
        box = ScreenArea(*map(int, found.groups()))
        if not (16 <= box.width <= 16384 and 16 <= box.height <= 16384):
            raise Fault(f"{self._name}: width and height lie between 16 and 16384")
        return box

    def open(self) -> None:
        """Raises Unavailable without mss and on Wayland, Awaited for a monitor, a window or a
        desktop that is not there."""
        self.close()
        check_desktop(self._name)
        mss = _library(self._name)
        try:
            self._screens = mss.MSS()
            self._look()
        except Fault:
            self.close()
            raise
        except Exception as error:  # each system has its own way to refuse
            self.close()
            raise _refused(error, self._name) from None
        self._pace.start()

    def read(self) -> Frame | None:
        """The next picture, when it is due. Raises Awaited when what is asked for has gone."""
        if self._screens is None:
            raise Fault(f"{self._name} is not open")
        number, now = self._pace.next()
        try:
            if now - self._looked > LOOK_AGAIN:
                self._look_again()
            pixels = self._grab()
        except Fault:
            raise
        except Exception as error:  # as in `open`
            raise Awaited(f"{self._name}: the screen cannot be read ({_line(error)})") from None
        return Frame(pixels, number, now)

    def close(self) -> None:
        screens, self._screens, self._window = self._screens, None, None
        if screens is not None:
            with suppress(Exception):  # the desktop has gone: mss says so at closing, too
                screens.close()

    def _look_again(self) -> None:
        """Monitors come and go, and have other sizes; mss asks once."""
        with _library().MSS() as now:
            changed = now.monitors != self._screens.monitors
        if changed:
            self._screens.close()
            self._screens = _library().MSS()
        self._look()

    def _look(self) -> None:
        """Where it is that is asked for."""
        monitors = [box_of(one) for one in self._screens.monitors]
        self._whole, self._looked = monitors[0], self._settings.clock.now()
        if self._region is not None:
            self._place = self._region
        elif not self.asked:
            self._place = box_of(self._screens.primary_monitor)
        elif self.asked.isdecimal():
            self._place = self._monitor(monitors[1:])
        else:
            self._place = self._place_of_window()
        if self._place.cut(self._whole) is None:
            left, top, width, height = self._whole
            raise Awaited(
                f"{self._name}: lies beside the screen, which is {left},{top},{width}x{height}"
            )

    def _monitor(self, monitors: list[ScreenArea]) -> ScreenArea:
        number = int(self.asked)
        if 1 <= number <= len(monitors):
            return monitors[number - 1]
        there = ", ".join(
            f"{at}: {box.width}x{box.height} at {box.left},{box.top}"
            for at, box in enumerate(monitors, 1)
        )
        raise Awaited(f"{self._name}: there is no monitor {number} now (there are {there})")

    def _place_of_window(self) -> ScreenArea:
        place = None if self._window is None else place_of(self._window)
        if place is None:
            try:
                self._window = find_window(self.asked)
            except Unavailable as fault:
                raise Unavailable(f"{self._name}: {fault}") from None
            place = None if self._window is None else place_of(self._window)
        if place is None:
            raise Awaited(f"{self._name}: {why_none(self.asked)}")
        return place

    def _grab(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB of the place as it is now."""
        inside = self._place.cut(self._whole)
        assert inside is not None  # `_look` has seen to it
        shot = self._screens.grab(inside._asdict())
        pixels = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
        picture = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB)
        if inside == self._place:
            return picture
        scale = shot.width / inside.width
        canvas = np.zeros(
            (round(self._place.height * scale), round(self._place.width * scale), 3), np.uint8
        )
        top = round((inside.top - self._place.top) * scale)
        left = round((inside.left - self._place.left) * scale)
        part = canvas[top : top + shot.height, left : left + shot.width]
        part[:] = picture[: part.shape[0], : part.shape[1]]
        return canvas


def _line(error: Exception) -> str:
    """What an exception says, in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _refused(error: Exception, name: str = "screen") -> Fault:
    """What is told where there is no screen to be looked at."""
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        return Unavailable(
            f"{name}: there is no desktop here (DISPLAY is not set); start vj from a desktop"
        )
    if sys.platform == "darwin":
        return Awaited(
            f"{name}: {_line(error)}; let this program record the screen in the system's privacy "
            "settings"
        )
    return Awaited(f"{name}: cannot be read ({_line(error)})")
