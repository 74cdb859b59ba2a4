"""Supervised threads: work that raises is logged, counted and restarted with a growing backoff; and
a watchdog names stages of the frame pipeline that hang."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from vj.core.errors import told

FIRST_BACKOFF = 0.2
"""Seconds until work that raised is restarted; twice as long each time, up to `LONGEST_BACKOFF`."""
LONGEST_BACKOFF = 5.0
REPEAT_AFTER = 10.0
"""Seconds for which the same error of the same work is not logged again."""
STALL_TIMEOUT = 1.0
"""Seconds after which a stage that has not ended counts as stalled."""
WATCH_PERIOD = 0.2
"""Seconds between two checks of all stages."""

Log = Callable[[str], None]


class StageMarker:
    """The stage of processing that a thread is in. Written by that thread alone, two assignments a
    stage; read by the watchdog."""

    __slots__ = ("_at", "_now", "_reported", "name")

    def __init__(self, name: str = "", now: Callable[[], float] = time.monotonic) -> None:
        """name: a prefix for the names of its stages."""
        self.name = name
        self._now = now
        self._at: tuple[str, float] | None = None
        self._reported: tuple[str, float] | None = None

    def enter(self, stage: str) -> None:
        """Another stage begins; the one before it is over."""
        self._at = (stage, self._now())

    def leave(self) -> None:
        """No stage is in progress."""
        self._at = None

    def stuck(self) -> float:
        """Seconds since the present stage began; 0 between stages."""
        at = self._at
        return 0.0 if at is None else self._now() - at[1]

    def check(self) -> tuple[str, float] | None:
        """A stage that has stalled and was not reported yet, and its seconds so far."""
        at = self._at
        if at is None or at is self._reported or self._now() - at[1] < STALL_TIMEOUT:
            return None
        self._reported = at
        return f"{self.name} {at[0]}".strip(), self._now() - at[1]

    def stalled(self) -> str:
        """`"diffuse 3.2 s"` while a stage is stalled, else an empty text."""
        at = self._at
        seconds = 0.0 if at is None else self._now() - at[1]
        return (
            f"{self.name} {at[0]} {seconds:.1f} s".strip()
            if at is not None and seconds >= STALL_TIMEOUT
            else ""
        )


class Supervisor:
    """Runs work, logs what it raises, and restarts it. All methods may be called from any
    thread."""

    def __init__(self, log: Log, now: Callable[[], float] = time.monotonic) -> None:
        """log: takes messages for the user; must not raise. now: seconds on a monotonic clock."""
        self._log, self._now = log, now
        self._lock = threading.Lock()
        self._faults: dict[str, int] = {}
        self._reported: dict[str, tuple[str, float]] = {}
        self._stages: list[StageMarker] = []
        self._working: list[threading.Thread] = []
        self._watched = threading.Event()

    def count(self, name: str) -> None:
        """Count an error of work that logs it itself and goes on."""
        with self._lock:
            self._faults[name] = self._faults.get(name, 0) + 1

    def report(self, name: str, error: BaseException, then: str = "it goes on") -> None:
        """Count an error, and log it unless the same was logged within `REPEAT_AFTER`. name: of the
        work. then: what happens next."""
        message = told(error)
        now = self._now()
        with self._lock:
            self._faults[name] = self._faults.get(name, 0) + 1
            words, moment = self._reported.get(name, ("", -REPEAT_AFTER))
            news = words != message or now - moment >= REPEAT_AFTER
            if news:
                self._reported[name] = (message, now)
            times = self._faults[name]
        if news:
            self._log(
                f"{name} failed ({message}); {then}"
                + (f" ({times} times so far)" if times > 1 else "")
            )

    def call(self, name: str, work: Callable[[], Any], then: str = "it goes on") -> bool:
        """Call `work` once. False when it raised, which is reported."""
        try:
            work()
        except Exception as error:  # the purpose of this method
            self.report(name, error, then)
            return False
        return True

    def start(
        self, name: str, work: Callable[[], Any], stop: Callable[[], bool] = lambda: False
    ) -> threading.Thread:
        """Run work on a thread of this name until it returns. Work that raises is restarted after a
        backoff, unless `stop` returns True."""

        def run() -> None:
            pause = FIRST_BACKOFF
            while not stop():
                begun = self._now()
                if self.call(name, work, "it is restarted"):
                    break
                if self._now() - begun > 10 * LONGEST_BACKOFF:
                    pause = FIRST_BACKOFF
                end = self._now() + pause
                while self._now() < end and not stop():
                    time.sleep(0.02)
                pause = min(LONGEST_BACKOFF, 2 * pause)
            with self._lock:
                self._working.remove(threading.current_thread())

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:
            self._working.append(thread)
        thread.start()
        return thread

    def every(
        self, name: str, work: Callable[[], Any], seconds: float, stop: threading.Event
    ) -> threading.Thread:
        """Call `work` every so many seconds on a thread of its own, whatever it raises."""

        def turns() -> None:
            while not stop.wait(seconds):
                self.call(name, work)

        return self.start(name, turns, stop.is_set)

    def watch(self, stage: StageMarker) -> StageMarker:
        """Watch for stalled stages. Returns the marker."""
        with self._lock:
            self._stages.append(stage)
        return stage

    def unwatch(self, stage: StageMarker) -> None:
        """Stop watching it."""
        with self._lock:
            if stage in self._stages:
                self._stages.remove(stage)

    def check(self) -> None:
        """Log stalled stages, each once. To be called a few times a second."""
        with self._lock:
            stages = list(self._stages)
        for stage in stages:
            found = stage.check()
            if found is not None:
                self._log(f"the picture is stalled: {found[0]} has taken {found[1]:.0f} s")

    def guard(self, stop: threading.Event) -> threading.Thread:
        """The watchdog, on a thread of its own."""
        return self.every("watchdog", self.check, WATCH_PERIOD, stop)

    @property
    def faults(self) -> dict[str, int]:
        """How often each work has raised."""
        with self._lock:
            return dict(self._faults)

    @property
    def stalled(self) -> list[str]:
        """The stages that are stalled now."""
        with self._lock:
            stages = list(self._stages)
        return [found for stage in stages if (found := stage.stalled())]

    @property
    def threads(self) -> list[str]:
        """Names of the supervised threads that run; two may have the same."""
        with self._lock:
            return sorted(thread.name for thread in self._working if thread.is_alive())


class TaskQueue:
    """A queue of tasks that the render thread must not run itself, since they may block; they run
    in order on a thread of their own."""

    LIMIT = 1000
    """Tasks in the queue, at most; more are dropped and counted."""

    def __init__(self, supervisor: Supervisor, name: str = "tasks") -> None:
        self._queue: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._supervisor, self._name = supervisor, name
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.dropped = 0

    def put(self, task: Callable[[], Any]) -> None:
        """Never waits."""
        if self._queue.qsize() >= self.LIMIT:
            self.dropped += 1
            return
        self._queue.put(task)
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = self._supervisor.start(self._name, self._run)

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            self._supervisor.call(self._name, task)

    def close(self, timeout: float = 1.0) -> None:
        """Finish the queued tasks, and end. May be called twice."""
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(timeout)
