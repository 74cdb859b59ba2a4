"""`output/delay`: each picture leaves a constant time after its input was captured, so that what
painting takes once more and once less is not seen."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from vj.core.clock import Clock
from vj.core.frame import Frame, OutputFrame
from vj.core.step_clock import StepClock
from vj.core.supervisor import Supervisor
from vj.parameters.store import Snapshot

LONGEST = 4.0
"""Seconds. Sound can wait for 7."""
MOST_BYTES = 1 << 30
"""Of pictures that wait: 4 s of 1920x1080 at 30 a second are 750 MB."""
SLICE = 0.02
"""Seconds between two looks at how long the delay is by now."""
COUNTED = 100
"""Pictures of which it is said how many were late."""


class DelayLine:
    """Between what makes pictures and the sinks. `put` never waits; while there is no delay it
    passes pictures on."""

    def __init__(
        self,
        deliver: Callable[[Frame], None],
        clock: Clock,
        log: Callable[[str], None],
        supervisor: Supervisor | None = None,
    ) -> None:
        """deliver: gets the pictures in their order; must not block."""
        self._deliver, self._clock, self._log = deliver, clock, log
        self._supervisor = supervisor or Supervisor(log)
        self._delay = 0.0
        self._waiting: deque[tuple[float, int, Frame]] = deque()
        """The moment that each is of, its bytes, and the picture."""
        self._bytes = 0
        self._late: deque[bool] = deque(maxlen=COUNTED)
        """Of the last painted pictures."""
        self._told = False
        self._lock = threading.Lock()
        self._came = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, snapshot: Snapshot) -> None:
        """A frame's parameters."""
        beats = float(snapshot["output/delay/beats"]) * 60 / float(snapshot["tempo/bpm"])
        self._delay = min(LONGEST, float(snapshot["output/delay"]) / 1e3 + beats)

    @property
    def delay(self) -> float:
        """Seconds from capture to leaving; 0 while frames are asked for one by one."""
        held = isinstance(self._clock, StepClock) and self._clock.held
        return 0.0 if held else self._delay

    def state(self) -> str:
        """`500 ms, late 3 of 100`; empty without a delay. From any thread."""
        if not self._delay:
            return ""
        late = list(self._late)
        words = f", late {sum(late)} of {len(late)}" if any(late) else ""
        return f"{self._delay * 1e3:.0f} ms{words}"

    def put(self, frame: Frame) -> None:
        """A picture, as soon as it is made."""
        if self._thread is None:
            if not self.delay:
                self._deliver(frame)
                return
            self._thread = self._supervisor.start("output/delay", self._run, self._stop.is_set)
        after = frame.after if isinstance(frame, OutputFrame) else 0.0
        moment = frame.captured + after
        if isinstance(frame, OutputFrame):
            frame = replace(frame, guide=None, motion=None, sent=None)
        with self._lock:
            while self._waiting and self._waiting[-1][0] >= moment:
                self._bytes -= self._waiting.pop()[1]  # it would leave after a newer one
            due, now = moment + self.delay, self._clock.now()
            if not after and self.delay:
                self._late.append(due < now)
            size = _bytes(frame)
            self._waiting.append((moment, size, frame))
            self._bytes += size
            while self._bytes > MOST_BYTES and len(self._waiting) > 1:
                self._send_first()
                self._tell()
            if due <= now or not self.delay:
                while self._waiting:
                    self._send_first()
        self._came.set()

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self._log(
                f"output/delay: pictures of {self._delay * 1e3:.0f} ms are more than "
                f"{MOST_BYTES >> 30} GiB; they leave earlier"
            )

    def _send_first(self) -> None:
        _, size, frame = self._waiting.popleft()
        self._bytes -= size
        self._deliver(frame)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._came.wait(0.5)
            self._came.clear()
            while self._waiting and not self._stop.is_set():
                self._send_due()

    def _send_due(self) -> None:
        """Send what is due, or wait for the next a little."""
        with self._lock:
            now, delay = self._clock.now(), self.delay
            while self._waiting and self._waiting[0][0] + delay <= now:
                self._send_first()
            due = self._waiting[0][0] + delay if self._waiting else None
        if due is not None:
            self._clock.wait_until(min(due, now + SLICE), self._stop)

    def stop(self, timeout: float = 0.5) -> None:
        """End; what waits goes nowhere. May be called twice."""
        self._stop.set()
        self._came.set()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None
        with self._lock:
            self._waiting.clear()


def _bytes(frame: Frame) -> int:
    """What a picture takes of memory, with its others."""
    views = frame.views.values() if isinstance(frame, OutputFrame) else ()
    height, width = frame.picture.shape[:2]
    return int(height * width * 3 + sum(view.nbytes for view in views))
