"""The display's own process: a window, the newest frame in it, the keys that set it up. It ends
when the show says so or is gone, black."""

from __future__ import annotations

import queue
import statistics
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vj.core.errors import Fault
from vj.display.awake import keep_awake
from vj.display.corner_editor import CornerEditor
from vj.display.frame_memory import FrameMemory
from vj.display.glfw_window import GlfwWindow, monitors_of, open_glfw
from vj.display.monitors import setup_name, waiting_for
from vj.display.placement import Place, Placement
from vj.display.projection import Projection
from vj.display.setup import ScreenSetup
from vj.display.wire import read_lines, send_line

LOOK = 0.5
"""Seconds after which monitors are looked at though nothing was heard of them."""
QUIET = 0.3
"""Seconds without a key after which a setup that was changed by hand is told."""
TWICE = 3.0
"""Seconds in which the window has to be closed twice."""
TRIES = 5


class Screen:
    """`run` on the main thread of the process."""

    def __init__(self, wanted: str, size: tuple[int, int] | bool | None, title: str) -> None:
        """wanted, size: see `vj.display.placement.Placement`. Raises Unavailable."""
        self._glfw = open_glfw()
        self._wanted = wanted
        self._window = GlfwWindow(self._glfw, title)
        self._projection = Projection()
        self._placement = Placement(self._window, wanted, size)
        self._editor = CornerEditor()
        self._inbox: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._memory: FrameMemory | None = None
        self._seen = 0
        self._pattern = False
        self._drawn_pattern: tuple[int, int, str] | None = None
        self._look_at = 0.0
        """When the monitors are looked at next."""
        self._stale = True
        """The window does not show what it should."""
        self._running = True
        self._mask = ""
        self._told: Any = None
        self._touched: float | None = None
        """When the setup was last changed by hand, until that has been told."""
        self._close_asked = -TWICE
        self._drawn = 0
        self._drawn_on = (0, 0)
        self._lags: list[float] = []
        self._window.on_events(
            self._key, self._button, self._moved, self._changed, self._close_pressed
        )

    def run(self) -> None:
        """Until the show closes it or is gone."""
        threading.Thread(target=self._listen, name="show", daemon=True).start()
        awake = keep_awake()
        try:
            self._say(ready=self._projection.renderer)
            beat = time.monotonic()
            while self._running:
                if time.monotonic() >= self._look_at:
                    self._look_at = time.monotonic() + LOOK
                    self._follow_monitors()
                wait = 0.0 if self._stale and self._window.visible else LOOK
                self._glfw.wait_events_timeout(min(wait, QUIET) if self._touched else wait)
                self._take_messages()
                if self._stale and self._window.visible:
                    self._draw()
                now = time.monotonic()
                if self._touched is not None and now - self._touched > QUIET:
                    self._touched = None
                    self._say(setup=self._editor.setup.as_json())
                if now - beat >= 1:
                    beat = now
                    self._beat()
        finally:
            self._projection.black(self._window.pixels)
            self._window.swap()
            awake()
            if self._memory is not None:
                self._memory.close()
            self._glfw.terminate()

    def stop(self) -> None:
        """End; from a signal."""
        self._inbox.put(None)
        self._glfw.post_empty_event()

    def _listen(self) -> None:
        """What the show says, on a thread of its own. Its end is the end."""

        def take(message: dict[str, Any]) -> None:
            self._inbox.put(message)
            self._glfw.post_empty_event()

        read_lines(sys.stdin, take)
        self.stop()

    def _say(self, **message: Any) -> None:
        try:
            send_line(sys.stdout, message)
        except (OSError, ValueError):
            self._running = False

    def _take_messages(self) -> None:
        while not self._inbox.empty():
            message = self._inbox.get()
            if message is None or "close" in message:
                self._running = False
                return
            if not message:
                self._stale = self._stale or not self._pattern
            if "memory" in message:
                self._attach(message["memory"], message["pixels"])
            if "setup" in message:
                self._editor.setup = ScreenSetup().changed(message["setup"])
                self._load_mask()
                self._stale = True
            if "pattern" in message and message["pattern"] != self._pattern:
                self._show_pattern(bool(message["pattern"]))

    def _attach(self, name: str, pixels: int) -> None:
        if self._memory is not None:
            self._memory.close()
        self._memory, self._seen, self._stale = None, 0, True
        try:
            self._memory = FrameMemory.attach(name, pixels)
        except FileNotFoundError:
            pass  # it has been replaced since by a larger one, whose name comes next

    def _load_mask(self) -> None:
        name = self._editor.setup.mask
        if name == self._mask:
            return
        self._mask = name
        try:
            self._projection.set_mask(read_mask(name) if name else None)
        except Fault as fault:
            self._projection.set_mask(None)
            self._say(told=str(fault))

    def _show_pattern(self, on: bool) -> None:
        self._pattern, self._stale = on, True
        self._drawn_pattern = None
        if not on:
            self._seen = 0  # the newest frame is taken again
            self._projection.set_picture(np.zeros((1, 1, 4), np.uint8))

    def _draw(self) -> None:
        """The newest picture. Waits for the screen."""
        setup, screen = self._editor.setup, self._window.pixels
        sent = None
        if self._pattern:
            self._draw_pattern(screen, setup)
        else:
            sent = self._upload()
            self._projection.draw(screen, setup, self._chosen)
        self._window.swap()
        # Some drivers learn of a new size only as a picture is shown: that one was of the old one.
        self._stale = screen != self._drawn_on
        self._drawn_on = screen
        if sent is not None:
            self._drawn += 1
            self._lags.append((time.monotonic_ns() - sent) / 1e6)

    def _upload(self) -> int | None:
        """Take the newest frame; when it was sent. One that was written over meanwhile is taken
        anew."""
        if self._memory is None:
            return None
        sent = None
        for _ in range(TRIES):
            found = self._memory.newest(self._seen)
            if found is None:
                break
            number, pixels, sent = found
            self._projection.set_picture(pixels)
            self._seen = number
            if self._memory.intact(number):
                break
            self._seen = number - 1
        return sent

    def _draw_pattern(self, screen: tuple[int, int], setup: ScreenSetup) -> None:
        size = screen if setup.rotate % 180 == 0 else screen[::-1]
        place = self._placement.place
        name = place.monitor.name if place and place.monitor else ""
        wanted = (*size, f"{name} {screen[0]}x{screen[1]}".strip())
        if wanted != self._drawn_pattern:
            from vj.display.pattern import draw_pattern  # OpenCV is slow to import

            self._projection.set_picture(draw_pattern(*wanted))
            self._drawn_pattern = wanted
        self._projection.draw(screen, replace(setup, fit="stretch"), self._chosen)

    @property
    def _chosen(self) -> int | None:
        return self._editor.corner if self._editor.editing else None

    def _beat(self) -> None:
        self._stale = True  # a still picture too is drawn anew: whatever came over it goes
        lags, self._lags = self._lags, []
        lag = round(statistics.median(lags), 2) if lags else None
        self._say(beat={"drawn": self._drawn, "lag": lag})

    def _follow_monitors(self, toggle: bool = False) -> None:
        """Where the window belongs; the show is told when it has changed."""
        monitors = monitors_of(self._glfw)[0]
        before = self._placement.place
        place = self._placement.toggle(monitors) if toggle else self._placement.follow(monitors)
        told = (place, monitors)
        if told == self._told:
            return
        self._told = told
        self._stale = self._stale or place != before
        self._say(
            monitors=[one.as_json() for one in monitors],
            place=place_as_json(place, monitors, self._wanted),
        )

    def _key(self, name: str, shift: bool) -> None:
        before = self._editor.setup
        if self._editor.key(name, shift, self._window.pixels):
            self._window.show_cursor(self._editor.editing)
            self._edited(before)
        elif name == "t":
            self._show_pattern(not self._pattern)
            self._say(pattern=self._pattern)
        elif name == "f":
            self._follow_monitors(toggle=True)

    def _button(self, down: bool) -> None:
        if down:
            self._editor.press(self._window.cursor(), self._window.pixels)
            self._stale = True
        else:
            self._editor.release()

    def _moved(self) -> None:
        before = self._editor.setup
        if self._editor.drag(self._window.cursor(), self._window.pixels):
            self._edited(before)

    def _edited(self, before: ScreenSetup) -> None:
        self._stale = True
        if self._editor.setup != before:
            self._touched = time.monotonic()

    def _changed(self) -> None:
        self._stale = True

    def _close_pressed(self) -> None:
        now = time.monotonic()
        if now - self._close_asked < TWICE:
            self._say(closed=True)
            self._running = False
        else:
            self._say(told=f"close its window again within {TWICE:g} s to be without it")
        self._close_asked = now


def place_as_json(place: Place, monitors: list[Any], wanted: str) -> dict[str, Any]:
    """What the show is told of a place."""
    if place.monitor is None:
        return {"waiting": waiting_for(monitors, wanted)}
    if place.window is not None:
        size = place.window[2:]
        return {"name": "window", "words": f"window {size[0]}x{size[1]}", "size": size}
    name = setup_name(monitors, place.monitor)
    return {"name": name, "words": str(place.monitor), "size": place.monitor.box[2:]}


def read_mask(name: str) -> np.ndarray:
    """(H, W) uint8 of a picture's brightness. Raises Fault."""
    import cv2

    path = Path(name).expanduser()
    try:
        packed = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise Fault(f"mask {name}: cannot be read ({error.strerror})") from None
    mask = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE) if len(packed) else None
    if mask is None:
        raise Fault(f"mask {name}: is no picture; a PNG whose white shows would be right")
    return mask
