"""Where a display's window belongs: full screen on its monitor, a window, or nowhere while its
monitor is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from vj.display.monitors import Box, Monitor, chosen

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """monitor: None while it is not there. window: x, y, width, height of a window on the desktop;
    None is full screen."""

    monitor: Monitor | None
    window: Box | None = None


class Movable(Protocol):
    """What moves the window."""

    def fill(self, monitor: Monitor) -> None:
        """Full screen, at the monitor's own mode."""

    def float_at(self, box: Box) -> None:
        """A window, with its frame."""

    def hide(self) -> None: ...


class Placement:
    """Keeps a window where it belongs while monitors come and go. `follow` with the monitors that
    there are, whenever they may have changed."""

    def __init__(self, window: Movable, wanted: str, size: Size | bool | None) -> None:
        """wanted: see `vj.display.monitors.chosen`. size: of a window; True: of a usual size;
        False: full screen; None: full screen, but a window where the only monitor is the main one
        and none was named, since on it the performer works."""
        self._window, self._wanted, self._size = window, wanted, size
        self._turned = False
        self.place: Place | None = None
        """The current one."""

    def toggle(self, monitors: Sequence[Monitor]) -> Place:
        """Full screen in place of a window, or the other way round."""
        self._turned = not self._turned
        return self.follow(monitors)

    def follow(self, monitors: Sequence[Monitor]) -> Place:
        """Move the window if it has to be."""
        place = self._where(monitors)
        if place != self.place:
            if place.monitor is None:
                self._window.hide()
            elif place.window is None:
                self._window.fill(place.monitor)
            else:
                self._window.float_at(place.window)
            self.place = place
        return place

    def _where(self, monitors: Sequence[Monitor]) -> Place:
        monitor = chosen(monitors, self._wanted)
        if monitor is None:
            return Place(None)
        windowed = bool(self._size)
        if self._size is None:
            windowed = not self._wanted and len(monitors) == 1
        if windowed == self._turned:
            return Place(monitor)
        x, y, width, height = monitor.box
        size = self._size if isinstance(self._size, tuple) else (width * 2 // 3, height * 2 // 3)
        # in the middle, its frame on the monitor too
        left, top = max(0, (width - size[0]) // 2), max(40, (height - size[1]) // 2)
        return Place(monitor, (x + left, y + top, *size))
