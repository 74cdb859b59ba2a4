"""The picture on a monitor or a projector: full screen or in a window, by a process of its own, so
that a graphics driver that falls over takes no show with it. See docs/display.md."""

from __future__ import annotations

import importlib.util
import threading
import time
from typing import Any

from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame
from vj.display.address import parse_display
from vj.display.child_process import DisplayProcess
from vj.display.frame_memory import FrameMemory
from vj.display.glfw_window import no_display_here
from vj.display.setup import ScreenSetup, read_setup, setup_file, write_setup
from vj.sinks import SinkSettings

MODULES = ("glfw", "moderngl")
AT_ONCE, START = 0.5, 20.0
"""Seconds that opening waits for its process, and that the process has to begin."""
SILENCE = 10.0
"""Seconds without a sign of life after which it is ended and started again."""
YOUNG, RETRY = 3.0, 3.0
"""Seconds: a process that has lived shorter than `YOUNG` is started again after `RETRY`, others at
once."""


class DisplaySink:
    """`display`, `display:2`, `display:"BenQ"`, with ` window 1280x720` or ` full` behind it.

    Frames go through shared memory; the newest is shown, at the screen's own rate. A process that
    ends is started again with the last picture. Besides the sink's thread a thread of the process's
    end calls in here; `change`, `show_pattern` and `describe` come from any.
    """

    def __init__(self, rest: str, settings: SinkSettings) -> None:
        """Raises Fault for what is no monitor."""
        self.final = False
        """Set where this machine has no desktop, or none that will do: while a show plays, that
        does not change."""
        self._options = parse_display(rest)
        self.uri = f"display:{rest}".rstrip(":")
        self._log = settings.log
        self._lock = threading.RLock()
        self._ready = threading.Event()
        self._process: DisplayProcess | None = None
        self._memory: FrameMemory | None = None
        self._setup = ScreenSetup()
        self._pattern = False
        self._place: dict[str, Any] = {}
        self._monitors: list[dict[str, Any]] = []
        self._fault: Fault | None = None
        """Why it cannot go on at all."""
        self._trouble = ""
        """Why the last process ended, until the next is there."""
        self._last_words = ""
        """What the process said before it ended, if it did."""
        self._over = threading.Event()
        self._closed_by_hand = False
        self._begun = self._heard = 0.0
        self._beat: dict[str, Any] = {}
        self._renderer = ""
        """What draws: the name of the graphics card, or of Mesa's software."""

    def open(self, width: int, height: int, fps: float) -> None:
        """Start the process. Raises Unavailable without its libraries, or a desktop."""
        self.close()
        missing = [name for name in MODULES if not _there(name)]
        if missing:
            why = ImportError(f"No module named {missing[0]!r}")
            raise Unavailable(
                f"{self.uri} needs {' and '.join(missing)}: python3 launch.py add display"
            ) from why
        if reason := no_display_here():
            self.final = True
            raise Unavailable(f"{self.uri}: {reason}; the other sinks play")
        self._closed_by_hand = False
        self._over.clear()
        self._start(width * height)
        self._ready.wait(AT_ONCE)  # most of what can go wrong has by then
        if self._fault is not None:
            raise self._fault

    def send(self, frame: Frame) -> None:
        """Hand one frame over; never waits for the screen. Raises Fault when the process is gone
        and does not come back."""
        if self._closed_by_hand:
            return
        if self._fault is not None:
            raise self._fault
        height, width = frame.pixels.shape[:2]
        with self._lock:
            if self._process is None:
                raise Fault(f"{self.uri} is not open")
            if self._memory is None or not self._memory.holds(height, width):
                self._renew_memory(height * width)
            assert self._memory is not None
            self._memory.put(frame.pixels)
            self._process.frame()
            if time.monotonic() - self._heard > (SILENCE if self._ready.is_set() else START):
                self._log(f"{self.uri} does not answer any more; it is started again")
                self._heard = time.monotonic()
                self._process.kill()

    def close(self) -> None:
        self._over.set()
        with self._lock:
            process, self._process = self._process, None
            memory, self._memory = self._memory, None
        if process is not None:
            process.close()
        if memory is not None:
            memory.close()
        self._fault, self._trouble = None, ""
        self._ready.clear()
        self._place = {}

    def state(self) -> str:
        """`"BenQ 1920x1080 60 Hz"`, `"waiting for monitor 2 (there: ...)"`."""
        if self._closed_by_hand:
            return "was closed by hand"
        if self._trouble:
            return f"failed: {self._trouble}; trying again"
        words = str(self._place.get("words") or self._place.get("waiting") or "opening")
        return f"{words}, test pattern" if self._pattern else words

    def change(self, given: object) -> None:
        """Change the setup, see `vj.display.setup.ScreenSetup.changed`, and keep it. Raises
        Fault."""
        with self._lock:
            setup = self._setup.changed(given)
            self._take_setup(setup)
            if self._process is not None:
                self._process.send(setup=setup.as_json())
        self._keep()

    def show_pattern(self, on: bool) -> None:
        """The test pattern in place of the picture."""
        with self._lock:
            self._pattern = on
            if self._process is not None:
                self._process.send(pattern=on)

    def reopen(self) -> None:
        """After somebody has closed the window: it opens with the next frame."""
        if self._closed_by_hand:
            with self._lock:
                self._closed_by_hand = False
                self._start(0)

    def describe(self) -> dict[str, Any]:
        """For the page: as JSON."""
        return {
            "uri": self.uri,
            "state": self.state(),
            "name": self._place.get("name", ""),
            "size": self._place.get("size"),
            "monitors": self._monitors,
            "setup": self._setup.as_json(),
            "pattern": self._pattern,
            "renderer": self._renderer,
            "closed": self._closed_by_hand,
            "file": str(setup_file(self._place["name"])) if self._place.get("name") else "",
            **self._beat,
        }

    def _start(self, pixels: int) -> None:
        """Start the process; it gets the memory, with the picture in it, if there is one."""
        size = self._options.size
        options = {"wanted": self._options.wanted, "size": size, "title": "vj"}
        with self._lock:
            self._begun = self._heard = time.monotonic()
            self._last_words = ""
            try:
                self._process = DisplayProcess(options, self._take, self._ended)
            except Fault as fault:
                raise Fault(f"{self.uri}: {fault}") from None
            if self._memory is None:
                self._renew_memory(pixels)
            else:
                self._process.send(memory=self._memory.name, pixels=self._memory.capacity // 4)
            self._process.send(pattern=self._pattern)

    def _renew_memory(self, pixels: int) -> None:
        if pixels == 0:
            return
        old = self._memory
        try:
            self._memory = FrameMemory.create(pixels)
        except OSError as error:
            raise Fault(
                f"{self.uri}: no shared memory for the picture ({error.strerror}); a smaller "
                "output: would do"
            ) from None
        if self._process is not None:
            self._process.send(memory=self._memory.name, pixels=pixels)
        if old is not None:
            old.close()

    def _take(self, process: DisplayProcess, message: dict[str, Any]) -> None:
        """What the process says, on the thread of its end."""
        with self._lock:
            if process is not self._process:
                return
            self._heard = time.monotonic()
            self._beat = message.get("beat", self._beat)
            self._monitors = message.get("monitors", self._monitors)
            self._pattern = message.get("pattern", self._pattern)
            self._renderer = message.get("ready", self._renderer)
            if "fault" in message:
                self._last_words = message["fault"]
                if not message.get("again"):
                    self.final = True
                    self._fault = Unavailable(f"{self.uri}: {message['fault']}")
                self._ready.set()
            if "closed" in message:
                self._closed_by_hand = True
        if "told" in message:
            self._log(f"{self.uri}: {message['told']}")
        if "place" in message:
            self._follow_place(process, message["place"])
        if "setup" in message:
            self._take_setup(ScreenSetup().changed(message["setup"]))
            self._keep()

    def _follow_place(self, process: DisplayProcess, place: dict[str, Any]) -> None:
        """It is on another monitor, or on none: each has a setup of its own."""
        before, self._place = self._place, place
        if self._trouble:
            self._trouble = ""
            self._log(f"{self.uri}: is there again")
        if place.get("waiting"):
            self._log(f"{self.uri}: {place['waiting']}")
        elif before.get("waiting"):
            self._log(f"{self.uri}: {place['words']} is there")
        name = place.get("name")
        if name and name != before.get("name"):
            try:
                self._take_setup(read_setup(setup_file(name)))
            except Fault as fault:
                self._log(f"{self.uri}: {fault}; the picture is shown as it is")
                self._take_setup(ScreenSetup())
            process.send(setup=self._setup.as_json())
        self._ready.set()

    def _take_setup(self, setup: ScreenSetup) -> None:
        self._setup = setup

    def _keep(self) -> None:
        """Write the setup to its file. What cannot be written is told, and shown all the same."""
        name = self._place.get("name")
        if not name:
            return
        try:
            write_setup(setup_file(name), self._setup)
        except Fault as fault:
            self._log(f"{self.uri}: {fault}; the setup lasts until the end of the show")

    def _ended(self, process: DisplayProcess) -> None:
        """The process is gone, by itself or not: another is started. On the thread of its end."""
        with self._lock:
            if process is not self._process or self._fault is not None:
                return
            if self._closed_by_hand:
                self._process = None
                self._log(f"{self.uri}: was closed by hand; the page opens it again")
                return
            young = time.monotonic() - self._begun < YOUNG
            before, self._place = self._trouble, {}
            self._trouble = self._last_words or process.ending()
            if self._trouble != before or not young:
                self._log(f"{self.uri}: its process ended ({self._trouble}); it is started again")
        if young and self._over.wait(RETRY):
            return
        with self._lock:
            if process is self._process:
                try:
                    self._start(0)
                except Fault as fault:
                    self._fault = fault


def _there(module: str) -> bool:
    """Whether a module could be imported. It is not, here: its process does."""
    try:
        return importlib.util.find_spec(module) is not None
    except ValueError:  # as for a module that was taken out
        return False
