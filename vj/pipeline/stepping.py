"""Frames that are asked for one by one while the picture is frozen: for programs that render frame
by frame through a live show."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from vj.core.clock import Clock
from vj.core.errors import Fault
from vj.core.step_clock import StepClock

MOST = 10_000
"""Frames that may wait."""
PATIENCE = 2.0
"""Seconds for which a source is waited for that does not find its picture, and a sink that does not
send it."""
LOOK = 0.001
"""Seconds between two looks whether they have."""
IDLE = 0.02
"""Seconds for which a frame that is not asked for is waited for at once."""

Answer = Callable[[int], None]
"""Told the number of a picture that has left."""


class Stepping:
    """Holds the show's clock from the first frame that is asked for until the picture is frozen no
    longer, and moves it on by a frame for each. `ask` and `end` may be called from any thread,
    the rest belongs to the render thread."""

    def __init__(
        self, clock: Clock, frozen: Callable[[], object], log: Callable[[str], None]
    ) -> None:
        """clock: one that can be held, or none is stepped. frozen: whether the picture is."""
        self._clock = clock if isinstance(clock, StepClock) else None
        self._plain, self._frozen, self._log = clock, frozen, log
        self._queue: deque[tuple[bool, Answer]] = deque()
        """Whether the clock moves, and who is answered."""
        self._asked = threading.Event()
        self._answer: Answer | None = None
        """Of the frame in hand."""
        self._last = -1
        self._begun = False
        self.inputs_rest: Callable[[], bool] = lambda: True
        """Whether the sources have found their pictures of the moment at which the clock stands."""
        self.has_left: Callable[[int], bool] = lambda number: True
        """Whether every sink has sent the picture of this number."""

    @property
    def active(self) -> bool:
        """The clock is held: what is painted was asked for."""
        return self._clock is not None and self._clock.held

    @property
    def rests(self) -> bool:
        """The clock is held and no frame is asked for: that none comes is as it should be."""
        return self.active and not self._queue and self._answer is None

    def ask(self, count: int, answer: Answer) -> None:
        """So many frames more; with 0 the clock is held alone, which is answered as soon as all
        sources stand still. answer: called for each as it has left; must not block. Raises
        Fault."""
        if self._clock is None:
            raise Fault("the clock of this show cannot be held")
        if not self._frozen():
            raise Fault("the picture is not frozen; output/freeze: 1 first, then each step a frame")
        if not 0 <= count <= MOST - len(self._queue):
            wait = f", {len(self._queue)} wait" if self._queue else ""
            raise Fault(f"{count}; 0 to {MOST} frames would be right{wait}")
        self._queue.extend([(True, answer)] * count or [(False, answer)])
        if self._begun:
            self._clock.hold()
        self._asked.set()

    def wait(self, moment: float, period: float, begun: bool, stop: threading.Event) -> bool:
        """Wait until the next frame is due, at `moment` unless frames are asked for. False where
        none is, for now. period: seconds of the clock that a frame takes. begun: the show has."""
        clock = self._clock
        self._begun = begun
        if clock is None or not begun or not (self._queue or clock.held):
            return self._plain.wait_until(moment, stop)
        self._tell()
        if not self._frozen():
            if left := len(self._queue):
                self._log(f"the picture goes on: {left} of the frames asked for are left out")
            self.end()
            return True
        clock.hold()
        self._asked.clear()
        if not self._queue:
            self._asked.wait(IDLE)
            return False
        goes_on, self._answer = self._queue.popleft()
        if goes_on:
            clock.step(period)
        self._until(self.inputs_rest, stop)
        return goes_on

    def out(self, number: int, stop: threading.Event) -> None:
        """A picture of this number was handed over to the sinks."""
        self._last = number
        if self._answer is not None:
            self._until(lambda: self.has_left(number), stop)
            self._tell()

    def _tell(self) -> None:
        """Answer for the frame in hand; also where nothing came of it, since somebody waits."""
        answer, self._answer = self._answer, None
        if answer is not None:
            answer(self._last)

    def _until(self, true: Callable[[], bool], stop: threading.Event) -> None:
        end = time.monotonic() + PATIENCE
        while not (true() or stop.is_set()) and time.monotonic() < end:
            time.sleep(LOOK)

    def end(self) -> None:
        """The clock goes on from where it stands, and nobody waits for it."""
        self._queue.clear()
        if self._clock is not None:
            self._clock.go()
