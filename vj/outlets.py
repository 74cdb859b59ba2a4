"""Where pictures go: the sinks of a show, each on its own thread, and recordings that come and go."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from vj.clock import Clock
from vj.frame import Frame
from vj.mailbox import Mailbox
from vj.metrics import Metrics
from vj.sinks import Setting, make_sink
from vj.sinks.runner import SinkRunner

TAKES = Path("takes")


class Outlets:
    """The running sinks. `put` is called by the render thread and never waits."""

    def __init__(self, uris: Sequence[str], fps: float, clock: Clock, metrics: Metrics, on_message: Callable[[str], None]) -> None:
        """Raises Fault for a URI no sink knows."""
        self._fps, self._clock, self._metrics, self._say = fps, clock, metrics, on_message
        self._runners = [self._make(uri, measured=index == 0) for index, uri in enumerate(uris)]
        self._take: SinkRunner | None = None
        self._ended: list[SinkRunner] = []
        self._lock = threading.Lock()

    def _make(self, uri: str, measured: bool = False) -> SinkRunner:
        def sent(frame: Frame, moment: float) -> None:
            self._metrics.latency(moment - frame.captured)

        sink = make_sink(uri, Setting(self._clock))
        box: Mailbox[Frame] = Mailbox()
        return SinkRunner(uri, sink, box, self._fps, self._say, clock=self._clock, on_sent=sent if measured else None)

    def start(self) -> None:
        for runner in self._runners:
            runner.start()

    def change(self, uris: Sequence[str]) -> None:
        """Another list of sinks: those in both play on, others end or begin. Raises Fault for a URI no sink knows."""
        kept = {runner.uri: runner for runner in self._runners}
        runners = [kept.pop(uri) if uri in kept else self._make(uri) for uri in uris]
        for runner in runners:
            if runner not in self._runners:
                runner.start()
        with self._lock:
            self._ended += kept.values()
            self._runners = runners
        for runner in kept.values():
            threading.Thread(target=runner.stop, args=(30,), daemon=True).start()

    def put(self, frame: Frame) -> None:
        """One picture for every sink."""
        for runner in self._runners:
            runner.mailbox.put(frame)
        take = self._take
        if take is not None:
            take.mailbox.put(frame)

    def record(self, on: bool) -> None:
        """Begin a take in takes/, named by the time of day, or end it. Ending is done beside the picture: it writes the file's end."""
        with self._lock:
            if on and self._take is None:
                self._take = self._make(f"record:{TAKES / time.strftime('%Y-%m-%d_%H-%M-%S.mp4')}")
                self._take.start()
                self._say(f"recording into {self._take.uri.removeprefix('record:')}")
            elif not on and self._take is not None:
                take, self._take = self._take, None
                self._ended.append(take)
                threading.Thread(target=self._end, args=(take,), name="end of a take", daemon=True).start()

    def _end(self, take: SinkRunner) -> None:
        if take.stop(timeout=30):
            self._say(f"recorded {take.uri.removeprefix('record:')} ({take.sent} frames)")

    @property
    def failed_take(self) -> bool:
        """A take is on, and its sink has given up."""
        return self._take is not None and self._take.failed_for_good

    def stop(self, timeout: float = 1.5) -> None:
        """Close all of them at once, so that a slow one takes nothing from another's time."""
        with self._lock:
            running = [*self._runners, *([self._take] if self._take else [])]
            self._ended += [self._take] if self._take else []
            self._take = None
        threads = [threading.Thread(target=runner.stop, args=(timeout,), daemon=True) for runner in running]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout + 0.2)

    def states(self) -> list[str]:
        """A few words on each."""
        take = self._take
        return [runner.state() for runner in [*self._runners, *([take] if take else [])]]

    def sent(self) -> dict[str, int]:
        """Frames that each has sent, finished takes too."""
        take = self._take
        return {runner.uri: runner.sent for runner in [*self._runners, *self._ended, *([take] if take else [])]}

    def dropped(self) -> int:
        """Frames that came before their sink was ready for them."""
        take = self._take
        return sum(runner.mailbox.dropped for runner in [*self._runners, *self._ended, *([take] if take else [])])
