"""The picture on a monitor or a projector: full screen or in a window, by a process of its own, so
that a graphics driver that falls over takes no show with it. See docs/display.md."""

from __future__ import annotations

import importlib.util
import re
import threading
import time
from dataclasses import dataclass
from typing import Any

from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame, Size
from vj.display.child_process import DisplayProcess
from vj.display.frame_memory import FrameMemory
from vj.display.glfw_window import no_display_here
from vj.display.monitors import check_wanted
from vj.display.setup import ScreenSetup, read_setup, setup_file, write_setup
from vj.sinks import SinkSettings

MODULES = ("glfw", "moderngl")
START = 20.0
"""Seconds that its process has to begin."""
SILENCE = 10.0
"""Seconds without a sign of life after which it is ended and started again."""
YOUNG = 3.0
"""Seconds: a process that has lived shorter than that is not started again at once."""

_REST = re.compile(r"(?P<monitor>.*?)(?:(?:^|[ ,]+)(?P<kind>window|full)(?: +(?P<size>\S+))?)?")


@dataclass(frozen=True, slots=True)
class DisplayOptions:
    """What a URI says. wanted, size: see `vj.display.placement.Placement`."""

    wanted: str = ""
    size: Size | bool | None = None


def parse_display(rest: str) -> DisplayOptions:
    """What stands behind `display:`: a monitor's number, name or part of its name, in quotes or
    without; `window`, `window 1280x720` or `full` behind it. Raises Fault."""
    text = rest.strip()
    quoted = re.fullmatch(r"""(["'])(?P<monitor>.*?)\1(?P<more>.*)""", text)
    found = _REST.fullmatch(f" {quoted['more'].strip()}" if quoted else text)
    where = f"display:{rest[:60]}"
    if found is None or (quoted and found["monitor"].strip()):
        raise Fault(f'{where}: display:2, display:"BenQ" or display:2 window 1280x720')
    wanted = (quoted or found)["monitor"].strip(" ,")
    try:
        check_wanted(wanted)
        size = Size.parse(found["size"]) if found["size"] else found["kind"] == "window"
    except (ValueError, Fault) as error:
        raise Fault(f"{where}: {error}") from None
    if found["size"] and found["kind"] == "full":
        raise Fault(f"{where}: full screen has the monitor's own size; window {found['size']}?")
    if size is False and (found["kind"] is None and not wanted):
        return DisplayOptions()
    return DisplayOptions(wanted, size)


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
        self._closed_by_hand = False
        self._begun = self._heard = 0.0
        self._beat: dict[str, Any] = {}

    def open(self, width: int, height: int, fps: float) -> None:
        """Start the process. Raises Unavailable without its libraries, or a desktop."""
        self.close()
        missing = [name for name in MODULES if not _there(name)]
        if missing:
            why = ImportError(f"No module named {missing[0]!r}")
            raise Unavailable(
                f"{self.uri} needs {' and '.join(missing)}: pip install {' '.join(MODULES)}"
            ) from why
        if reason := no_display_here():
            self.final = True
            raise Unavailable(f"{self.uri}: {reason}; the other sinks play")
        self._closed_by_hand = False
        self._start(width * height)
        self._ready.wait(START)
        if self._fault is not None:
            raise self._fault
        if not self._ready.is_set():
            raise Fault(f"{self.uri}: its window did not open within {START:g} s")

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
            if time.monotonic() - self._heard > SILENCE and self._ready.is_set():
                self._log(f"{self.uri} does not answer any more; it is started again")
                self._heard = time.monotonic()
                self._process.kill()

    def close(self) -> None:
        with self._lock:
            process, self._process = self._process, None
            memory, self._memory = self._memory, None
        if process is not None:
            process.close()
        if memory is not None:
            memory.close()
        self._fault = None
        self._ready.clear()
        self._place = {}

    def state(self) -> str:
        """`"BenQ 1920x1080 60 Hz"`, `"waiting for monitor 2 (there: ...)"`."""
        if self._closed_by_hand:
            return "was closed by hand"
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
            "monitors": self._monitors,
            "setup": self._setup.as_json(),
            "pattern": self._pattern,
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
            if "fault" in message:
                self.final = not message.get("again")
                kind = Unavailable if self.final else Fault
                self._fault = kind(f"{self.uri}: {message['fault']}")
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
        """The process is gone, by itself or not. On the thread of its end."""
        with self._lock:
            if process is not self._process or self._closed_by_hand:
                if self._closed_by_hand and process is self._process:
                    self._process = None
                    self._log(f"{self.uri}: was closed by hand; the page opens it again")
                return
            if self._fault is not None:
                return  # it said why
            young = time.monotonic() - self._begun < YOUNG
            ending = process.ending()
            try:
                if young:
                    raise Fault(f"{self.uri}: its process ended at once ({ending})")
                self._log(f"{self.uri}: its process ended ({ending}); it is started again")
                self._place = {}
                self._start(0)
            except Fault as fault:
                self._fault = fault
                self._ready.set()


def _there(module: str) -> bool:
    """Whether a module could be imported. It is not, here: its process does."""
    try:
        return importlib.util.find_spec(module) is not None
    except ValueError:  # as for a module that was taken out
        return False
