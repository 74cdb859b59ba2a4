"""Where pictures go: the sinks of a show, each on its own thread, and recordings that come and
go."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from vj.core.clock import Clock
from vj.core.frame import Frame
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.core.supervisor import Supervisor
from vj.sinks import SinkSettings, make_sink
from vj.sinks.runner import SinkRunner

TAKES = Path("takes")

HUNG = 5.0
"""Seconds for which a recording's disk may not answer before it goes on elsewhere. A full cache or
a slow stick takes one or two."""


class SinkGroup:
    """The running sinks. `put` is called by the render thread and never waits."""

    def __init__(
        self,
        uris: Sequence[str],
        fps: float,
        clock: Clock,
        metrics: Metrics,
        on_message: Callable[[str], None],
        supervisor: Supervisor | None = None,
    ) -> None:
        """supervisor: of the sinks' threads. Raises Fault for a URI no sink knows."""
        self._supervisor = supervisor or Supervisor(on_message)
        self._fps, self._clock, self._metrics, self._log = fps, clock, metrics, on_message
        self._runners = [self._make(uri, measured=index == 0) for index, uri in enumerate(uris)]
        self._take: SinkRunner | None = None
        self._ended: list[SinkRunner] = []
        self._lock = threading.Lock()
        self.first: int | None = 0
        """Number of the first picture that is recorded; None while the show has not begun."""

    def _make(self, uri: str, measured: bool = False) -> SinkRunner:
        def sent(frame: Frame, moment: float) -> None:
            self._metrics.latency(moment - frame.captured)

        sink = make_sink(uri, SinkSettings(self._clock, log=self._log, spare=TAKES))
        box: Mailbox[Frame] = Mailbox()
        on_sent = sent if measured else None
        return SinkRunner(
            uri,
            sink,
            box,
            self._fps,
            self._log,
            clock=self._clock,
            on_sent=on_sent,
            supervisor=self._supervisor,
        )

    def start(self) -> None:
        for runner in self._runners:
            runner.start()

    def change(self, uris: Sequence[str]) -> None:
        """Another list of sinks: those in both play on, others end or begin. Raises Fault for a URI
        no sink knows."""
        self.take(self.ready(uris))

    def ready(self, uris: Sequence[str]) -> list[SinkRunner]:
        """The sinks of another list: those that play, and others that are made, not yet started.
        Raises Fault for a URI no sink knows."""
        playing = {runner.uri: runner for runner in self._runners}
        measured = not any(uri in playing for uri in uris[:1])
        return [
            playing.pop(uri) if uri in playing else self._make(uri, measured and index == 0)
            for index, uri in enumerate(uris)
        ]

    def take(self, runners: Sequence[SinkRunner]) -> None:
        """Go on with what `ready` gave."""
        before = self._runners
        for runner in runners:
            if runner not in before:
                runner.start()
        gone = [runner for runner in before if runner not in runners]
        with self._lock:
            self._ended += gone
            self._runners = list(runners)
        for runner in gone:
            threading.Thread(target=runner.stop, args=(30,), daemon=True).start()

    def anew(self, fps: float) -> None:
        """Pictures of another size, or another number a second, are on their way: movies go on in a
        new file when those come."""
        self._fps = fps
        take = self._take
        for runner in [*self._runners, *([take] if take is not None else [])]:
            runner.fps = fps
            runner.anew()

    def put(self, frame: Frame) -> None:
        """One picture for every sink; recordings begin with the show."""
        begun = self.first is not None and frame.number >= self.first
        for runner in self._runners:
            if begun or not runner.uri.startswith("record:"):
                runner.mailbox.put(frame)
        take = self._take
        if take is not None and begun:
            take.mailbox.put(frame)

    def record(self, on: bool) -> None:
        """Begin a take in takes/, named by the time of day, or end it. Ending is done beside the
        picture: it writes the file's end."""
        with self._lock:
            if on and self._take is None:
                take = self._make(f"record:{TAKES / time.strftime('%Y-%m-%d_%H-%M-%S.mp4')}")
                take.start()
                self._take = take
                self._log(f"recording into {take.uri.removeprefix('record:')}")
            elif not on and self._take is not None:
                take, self._take = self._take, None
                self._ended.append(take)
                threading.Thread(
                    target=self._end, args=(take,), name="end of a take", daemon=True
                ).start()

    def _end(self, take: SinkRunner) -> None:
        """Why it failed, if it did, was said when it did."""
        if not take.stop(timeout=30) or take.errors:
            return
        files = [f"{path} ({frames} frames)" for path, frames in getattr(take.sink, "recorded", [])]
        self._log(
            f"recorded {', '.join(files)}"
            if files
            else "nothing was recorded: no picture came meanwhile"
        )

    def watch(self) -> None:
        """Let recordings elsewhere whose disk does not answer go on in takes/. To be called now and
        then; never waits for one."""
        for runner in self._runners:
            kind, _, place = runner.uri.partition(":")
            if (
                kind != "record"
                or runner.stuck() < HUNG
                or Path(place).absolute().parent == TAKES.absolute()
            ):
                continue
            other = self._make(
                f"record:{TAKES / Path(place).name}{'/' if place.endswith('/') else ''}"
            )
            other.start()
            with self._lock:
                self._runners = [other if one is runner else one for one in self._runners]
                self._ended.append(runner)
            runner.mailbox.close()  # it ends when it comes back
            self._log(
                f"{runner.uri} has not answered for {HUNG:g} s; it goes on in "
                f"{other.uri.removeprefix('record:')}"
            )

    @property
    def failed_recording(self) -> bool:
        """A take is on, and its sink has given up."""
        return self._take is not None and self._take.failed_for_good

    def stop(self, timeout: float = 1.5) -> None:
        """Close all of them at once, so that a slow one takes nothing from another's time."""
        with self._lock:
            running = [*self._runners, *([self._take] if self._take else [])]
            self._ended += [self._take] if self._take else []
            self._take = None
        threads = [
            threading.Thread(target=runner.stop, args=(timeout,), daemon=True) for runner in running
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout + 0.2)

    def own(self) -> list[str]:
        """Full names of the NDI senders, `HOST (vj)`: no source of this show may be one of them."""
        names = [getattr(runner.sink, "full_name", None) for runner in self._runners]
        return [name for name in names if name]

    def states(self) -> list[str]:
        """A few words on each."""
        take = self._take
        return [runner.state() for runner in [*self._runners, *([take] if take else [])]]

    def sent(self) -> dict[str, int]:
        """Frames that each has sent, finished takes too."""
        take = self._take
        return {
            runner.uri: runner.sent
            for runner in [*self._runners, *self._ended, *([take] if take else [])]
        }

    def dropped(self) -> int:
        """Frames that came before their sink was ready for them."""
        take = self._take
        return sum(
            runner.mailbox.dropped
            for runner in [*self._runners, *self._ended, *([take] if take else [])]
        )
