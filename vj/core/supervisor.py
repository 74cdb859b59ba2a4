"""No thread dies unseen: work on a thread of its own is begun again when it throws, which is said
and counted; and a stage of a picture's way that does not end is named."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

PAUSE = 0.2
"""Seconds until work that threw is begun again; twice as long each time, up to `LONGEST`."""
LONGEST = 5.0
QUIET = 10.0
"""Seconds for which the same fault of the same work is not said again."""
STALLS = 1.0
"""Seconds after which a stage is named that has not ended."""
LOOK = 0.2
"""Seconds between two looks at all stages."""

Log = Callable[[str], None]


class StageMarker:
    """Where a thread is on a picture's way. Written by that thread alone, two assignments a stage;
    read by the watchdog."""

    __slots__ = ("_at", "_now", "_said", "name")

    def __init__(self, name: str = "", now: Callable[[], float] = time.monotonic) -> None:
        """name: put before its stages, where they do not tell themselves whose they are."""
        self.name = name
        self._now = now
        self._at: tuple[str, float] | None = None
        self._said: tuple[str, float] | None = None

    def enter(self, stage: str) -> None:
        """Another stage begins, and the one before it is over."""
        self._at = (stage, self._now())

    def leave(self) -> None:
        """Nothing is under way."""
        self._at = None

    def stuck(self) -> float:
        """Seconds for which the stage under way has lasted; 0 between stages."""
        at = self._at
        return 0.0 if at is None else self._now() - at[1]

    def look(self) -> tuple[str, float] | None:
        """The stage that has lasted too long and was not named yet, and for how long."""
        at = self._at
        if at is None or at is self._said or self._now() - at[1] < STALLS:
            return None
        self._said = at
        return f"{self.name} {at[0]}".strip(), self._now() - at[1]

    def stalled(self) -> str:
        """`"diffuse 3.2 s"` while a stage lasts too long, else an empty text."""
        at = self._at
        seconds = 0.0 if at is None else self._now() - at[1]
        return (
            f"{self.name} {at[0]} {seconds:.1f} s".strip()
            if at is not None and seconds >= STALLS
            else ""
        )


class Supervisor:
    """Runs work, reports what it throws, goes on. All of it may be called from any thread."""

    def __init__(self, log: Log, now: Callable[[], float] = time.monotonic) -> None:
        """say: gets what a person should read; must not throw. now: seconds."""
        self._log, self._now = log, now
        self._lock = threading.Lock()
        self._faults: dict[str, int] = {}
        self._reported: dict[str, tuple[str, float]] = {}
        self._stages: list[StageMarker] = []
        self._working: dict[str, threading.Thread] = {}
        self._watched = threading.Event()

    def count(self, name: str) -> None:
        """One more fault of a work that says itself what went wrong, and goes on."""
        with self._lock:
            self._faults[name] = self._faults.get(name, 0) + 1

    def report(self, name: str, error: BaseException, then: str = "it goes on") -> None:
        """Count a fault, and say it unless it was said a moment ago. name: of the work. then: what
        becomes of it."""
        message = f"{type(error).__name__}: {error}"[:300]
        now = self._now()
        with self._lock:
            self._faults[name] = self._faults.get(name, 0) + 1
            words, moment = self._reported.get(name, ("", -QUIET))
            news = words != message or now - moment >= QUIET
            if news:
                self._reported[name] = (message, now)
            times = self._faults[name]
        if news:
            self._log(
                f"{name} stumbled ({message}); {then}"
                + (f" ({times} times so far)" if times > 1 else "")
            )

    def call(self, name: str, work: Callable[[], Any], then: str = "it goes on") -> bool:
        """Do something once, such as a turn of what comes round again and again. False when it
        threw, which is reported."""
        try:
            work()
        except Exception as error:  # that is what this is for
            self.report(name, error, then)
            return False
        return True

    def start(
        self, name: str, work: Callable[[], Any], stop: Callable[[], bool] = lambda: False
    ) -> threading.Thread:
        """Run work on a thread of its own, which is its name, until it returns. Work that throws is
        begun again after a pause, unless `stop` says that it is no longer wanted."""

        def run() -> None:
            pause = PAUSE
            while not stop():
                begun = self._now()
                if self.call(name, work, "it is begun again"):
                    break
                if self._now() - begun > 10 * LONGEST:
                    pause = PAUSE
                end = self._now() + pause
                while self._now() < end and not stop():
                    time.sleep(0.02)
                pause = min(LONGEST, 2 * pause)
            with self._lock:
                if self._working.get(name) is threading.current_thread():
                    del self._working[name]

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:
            self._working[name] = thread
        thread.start()
        return thread

    def every(
        self, name: str, work: Callable[[], Any], seconds: float, stop: threading.Event
    ) -> threading.Thread:
        """Do something again and again on a thread of its own, whatever it throws."""

        def turns() -> None:
            while not stop.wait(seconds):
                self.call(name, work)

        return self.start(name, turns, stop.is_set)

    def watch(self, stage: StageMarker) -> StageMarker:
        """Name its stages that do not end. Returns the stage."""
        with self._lock:
            self._stages.append(stage)
        return stage

    def unwatch(self, stage: StageMarker) -> None:
        """Look at it no more."""
        with self._lock:
            if stage in self._stages:
                self._stages.remove(stage)

    def look(self) -> None:
        """Log which stages stand, each once. To be called a few times a second."""
        with self._lock:
            posts = list(self._stages)
        for stage in posts:
            found = stage.look()
            if found is not None:
                self._log(f"the picture stands: {found[0]} has taken {found[1]:.0f} s")

    def guard(self, stop: threading.Event) -> threading.Thread:
        """The watchdog, on a thread of its own."""
        return self.every("watchdog", self.look, LOOK, stop)

    @property
    def faults(self) -> dict[str, int]:
        """How often each work has thrown."""
        with self._lock:
            return dict(self._faults)

    @property
    def stalled(self) -> list[str]:
        """Stages that stand now."""
        with self._lock:
            posts = list(self._stages)
        return [found for stage in posts if (found := stage.stalled())]

    @property
    def threads(self) -> list[str]:
        """Names of what runs."""
        with self._lock:
            return sorted(name for name, thread in self._working.items() if thread.is_alive())


class TaskQueue:
    """What the render thread may not do itself, since it could wait: done in its order on a thread
    of its own."""

    LIMIT = 1000
    """TaskQueue that wait at most; what comes then is let go, and counted."""

    def __init__(self, supervisor: Supervisor, name: str = "errands") -> None:
        self._queue: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._supervisor, self._name = supervisor, name
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.dropped = 0

    def put(self, errand: Callable[[], Any]) -> None:
        """Never waits."""
        if self._queue.qsize() >= self.LIMIT:
            self.dropped += 1
            return
        self._queue.put(errand)
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = self._supervisor.start(self._name, self._run)

    def _run(self) -> None:
        while (errand := self._queue.get()) is not None:
            self._supervisor.call(self._name, errand)

    def close(self, timeout: float = 1.0) -> None:
        """Do what is left, and end. May be called twice."""
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(timeout)
