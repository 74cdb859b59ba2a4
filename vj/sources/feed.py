"""A source's own thread: it keeps the pictures coming, whatever becomes of the source."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from vj.errors import Fault
from vj.frame import Frame, Size
from vj.mailbox import Mailbox
from vj.sources import EndOfSource, Setting, Source, make_source
from vj.sources.testcard import Scene
from vj.supervise import Supervisor

PATIENCE = 3.0
"""Seconds for which the last picture stands when a source gives none; then the test card does."""

RETRY = (0.5, 1.0, 2.0, 3.0)
"""Seconds between attempts to open a lost source again; the last one repeats."""


def first_that_opens(uris: Sequence[str], setting: Setting, on_message: Callable[[str], None]) -> tuple[str, Source]:
    """The first source of a list that opens, open. Raises Fault when none does, whatever they throw."""
    reasons: list[str] = []
    for uri in uris:
        source: Source | None = None
        try:
            source = make_source(uri, setting)
            source.open()
        except Exception as error:  # a driver's own exceptions too: the next one of the list is tried
            told = str(error) if isinstance(error, Fault) else f"{uri[:120]}: {type(error).__name__}: {error}"[:300]
            reasons.append(told)
            if source is not None:
                _drop(uri, source, on_message)
            if len(reasons) < len(uris):
                on_message(f"{told}; {uris[len(reasons)]} instead")
            continue
        return uri, source
    raise Fault(reasons[0] if len(reasons) == 1 else "no source opens: " + "; ".join(reasons))


def _drop(uri: str, source: Source, on_message: Callable[[str], None]) -> None:
    """Close a source that did not open."""
    try:
        source.close()
    except Exception as error:  # a driver's last word
        on_message(f"{uri} at closing: {type(error).__name__}: {error}")


class Feed:
    """Reads a source and leaves the newest frame in a mailbox.

    When the source is lost, the last picture stands; after `PATIENCE` the test card takes its place, and the source is tried again all
    the while. Frames are numbered here, so that the numbers rise through all of that.
    """

    def __init__(
        self,
        uri: str,
        source: Source,
        inbox: Mailbox[Frame],
        setting: Setting,
        on_message: Callable[[str], None],
        supervisor: Supervisor | None = None,
    ) -> None:
        """source: open or not. on_message: gets what a person should read, from this thread. supervisor: begins its threads again should
        they end."""
        self._supervisor = supervisor or Supervisor(on_message)
        self.uri = uri
        self.source = source
        self.ended = False
        """A clip played once has come to its end."""
        self.frames = 0
        self.faults = 0
        self._inbox, self._setting, self._say = inbox, setting, on_message
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._size: Size | None = None
        self._trouble = ""
        self._heard = 0.0
        self._next_try = 0.0
        self._tries = 0
        self._card: threading.Thread | None = None
        self._card_stop = threading.Event()
        self._lock = threading.Lock()

    def start(self) -> None:
        self._heard = self._setting.clock.now()
        self._thread = self._supervisor.start(f"source {self.uri}", self._run, self._stop.is_set)

    def stop(self, timeout: float = 2.0) -> bool:
        """End and close the source. False when it hangs for longer than `timeout` seconds."""
        self._stop.set()
        with self._lock:  # the test card too: the thread may hang in the source for as long as it likes
            self._card_stop.set()
        if self._thread is None:
            self.source.close()
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def state(self) -> str:
        """`"camera:0 640x480"`, `"ndi:x lost, test card"`, for the status line."""
        if self.ended:
            return f"{self.uri} at its end"
        if self._card is not None:
            return f"{self.uri} lost, test card"
        if self._trouble:
            return f"{self.uri} lost, last picture"
        return f"{self.uri} {self._size}" if self._size is not None else f"{self.uri} waiting"

    def _run(self) -> None:
        clock = self._setting.clock
        while not self._stop.is_set() and not self.ended:
            frame = self._read() if not self._trouble or self._try_again() else None
            if frame is not None:
                self._deliver(frame)
                continue
            if self._card is None and not self.ended and clock.now() - self._heard > PATIENCE:
                self._stand_in()
            if self._trouble:
                self._stop.wait(0.05)
        self._end_card()
        try:
            self.source.close()
        except Exception as error:  # a driver's last word
            self._say(f"{self.uri} at closing: {type(error).__name__}: {error}")

    def _read(self) -> Frame | None:
        try:
            return self.source.read()
        except EndOfSource:
            self.ended = True
        except Exception as error:  # whatever a driver throws, the picture goes on
            self._lose(error)
        return None

    def _try_again(self) -> bool:
        """Open the source once more when it is time; True when that worked."""
        now = self._setting.clock.now()
        if now < self._next_try:
            return False
        try:
            self.source.close()
            self.source.open()
        except Exception as error:  # as above
            self._lose(error)
            return False
        self._trouble = ""
        return True

    def _lose(self, error: Exception) -> None:
        self.faults += 1
        told = str(error) if isinstance(error, Fault) else f"{self.uri}: {type(error).__name__}: {error}"
        if self._tries == 0:
            self._say(f"{told}; trying again")
        self._trouble = told
        self._next_try = self._setting.clock.now() + RETRY[min(self._tries, len(RETRY) - 1)]
        self._tries += 1

    def _deliver(self, frame: Frame) -> None:
        if self._tries or self._card is not None:
            self._say(f"{self.uri} is back" if self.frames else f"{self.uri} is there")
        self._tries = 0
        self._end_card()
        self._heard = self._setting.clock.now()
        if self._size is not None and frame.size != self._size:
            self._say(f"{self.uri} is {frame.size} now, was {self._size}")
        self._size = frame.size
        self._put(frame)

    def _stand_in(self) -> None:
        """Let the test card play, on a thread of its own: the source may wait in every `read`."""
        self._say(f"no picture from {self.uri} for {PATIENCE:g} s; the test card plays until it comes")
        self._card_stop = threading.Event()
        stop = self._card_stop
        self._card = self._supervisor.start("test card", lambda: self._play_card(stop), stop.is_set)

    def _play_card(self, stop: threading.Event) -> None:
        clock, size, fps = self._setting.clock, self._setting.size, self._setting.fps
        scene = Scene(size, fps)
        while not stop.is_set():
            number = round(clock.now() * fps)
            pixels = scene.draw(number)
            Scene.write(
                pixels, f"no picture from {self.uri}"[:60], (round(size.height * 0.03), round(size.height * 0.13)), size.height / 900
            )
            with self._lock:
                if not stop.is_set():
                    self._put(Frame(pixels, 0, clock.now()))
            clock.wait_until((number + 1) / fps, stop)

    def _end_card(self) -> None:
        card, self._card = self._card, None
        if card is not None:
            with self._lock:
                self._card_stop.set()
            card.join(1.0)

    def _put(self, frame: Frame) -> None:
        if self._stop.is_set():
            return
        self._inbox.put(replace(frame, number=self.frames))
        self.frames += 1
