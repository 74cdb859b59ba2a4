"""The sinks of a show, each on its own thread, and the recording that the parameter `record` begins
and ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from vj.core.clock import Clock
from vj.core.frame import Frame
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.core.packed import Packing
from vj.core.supervisor import Supervisor
from vj.sinks import SinkSettings, make_sink
from vj.sinks.display import DisplaySink
from vj.sinks.mark import Mark
from vj.sinks.rule import parse
from vj.sinks.runner import SinkRunner

FOLDER = Path("takes")
"""Where recordings go that the show names no place for, and those whose own disk hangs."""
HUNG = 5.0
"""Seconds without an answer from a recording's disk before it goes on in `FOLDER`. A full cache or
a slow stick takes one or two."""


class SinkGroup:
    """The running sinks. `start`, then `stop`; `put` never waits."""

    def __init__(
        self,
        uris: Sequence[str],
        fps: float,
        clock: Clock,
        metrics: Metrics,
        on_message: Callable[[str], None],
        supervisor: Supervisor | None = None,
    ) -> None:
        """uris: the sinks' rules as texts. supervisor: of their threads. Raises Fault for a URI no
        sink knows."""
        self._supervisor = supervisor or Supervisor(on_message)
        self._fps, self._clock, self._metrics, self._log = fps, clock, metrics, on_message
        self._runners = [self._make(uri, measured=index == 0) for index, uri in enumerate(uris)]
        self.views = self._wanted()
        """The pictures besides the final one that some sink needs of every frame."""
        self._recording: SinkRunner | None = None
        self._recording_since = 0.0
        self._ended: list[SinkRunner] = []
        self._lock = threading.Lock()
        self.on_frame: Callable[[Frame], None] = lambda frame: None
        """Gets every frame that is sent, whether there are sinks or not. Must not block."""
        self.mark: Callable[[], Mark | None] = lambda: None
        """What recordings say of the frames that come now; asked by the sinks' threads."""
        self.sound: Callable[[], bool] = lambda: False
        """Whether recordings that begin now have sound; asked by the sinks' threads."""
        self.first_recorded: int | None = 0
        """Number of the first frame that is recorded; None while the show has not begun."""

    def _make(self, uri: str, measured: bool = False) -> SinkRunner:
        def sent(frame: Frame, moment: float) -> None:
            self._metrics.latency(moment - frame.captured)

        def mark() -> Mark | None:
            return self.mark() if runner.rule.painted else None

        settings = SinkSettings(
            self._clock, log=self._log, spare=FOLDER, mark=mark, sound=lambda: self.sound()
        )
        sink = make_sink(uri, settings)
        box: Mailbox[Frame] = Mailbox()
        on_sent = sent if measured else None
        runner = SinkRunner(
            uri,
            sink,
            box,
            self._fps,
            self._log,
            clock=self._clock,
            on_sent=on_sent,
            supervisor=self._supervisor,
        )
        return runner

    def _wanted(self) -> frozenset[str]:
        return frozenset().union(*(runner.rule.views for runner in self._runners))

    def packing(self) -> Packing | None:
        """How a card is to pack the final picture; None where no sink takes it so. From any
        thread."""
        final = [one for one in self.running() if one.rule.show == "final"]
        orders = [one.rule.order if one.rule.whole else None for one in final]
        if "UYVY" in orders:
            return Packing("UYVY", any(order != "UYVY" for order in orders))
        return Packing() if "BGRX" in orders else None

    def start(self) -> None:
        for runner in self._runners:
            runner.start()

    def prepare(self, uris: Sequence[str]) -> Sequence[tuple[str, SinkRunner]]:
        """The sinks of another list, each with its rule: those that are open as the rule wants, and
        new ones that are not started yet. Raises Fault for a URI no sink knows."""
        playing = {runner.rule.opened_as: runner for runner in self._runners}
        found = []
        for index, uri in enumerate(uris):
            open_already = playing.pop(parse(uri).opened_as, None)
            found.append((uri, open_already or self._make(uri, measured=index == 0)))
        return found

    def use(self, prepared: Sequence[tuple[str, SinkRunner]]) -> None:
        """Go on with what `prepare` returned; the others end on threads of their own."""
        before = self._runners
        runners = [runner for _, runner in prepared]
        for uri, runner in prepared:
            if runner not in before:
                runner.start()
            elif runner.uri != uri:
                runner.follow(uri)
        gone = [runner for runner in before if runner not in runners]
        with self._lock:
            self._ended += gone
            self._runners = runners
            self.views = self._wanted()
        for runner in gone:
            threading.Thread(target=runner.stop, args=(30,), daemon=True).start()

    def change_format(self, fps: float) -> None:
        """Frames of another size or rate are coming: a movie goes on in a new file with them."""
        self._fps = fps
        for runner in self.running():
            runner.fps = fps
            runner.reopen_for_new_size()

    def put(self, frame: Frame) -> None:
        """A frame for every sink; recordings begin with the show."""
        self.on_frame(frame)
        begun = self.first_recorded is not None and frame.number >= self.first_recorded
        for runner in self._runners:
            if begun or not runner.uri.startswith("record:"):
                runner.mailbox.put(frame)
        recording = self._recording
        if recording is not None and begun:
            recording.mailbox.put(frame)

    def record(self, on: bool) -> None:
        """Begin a recording in `FOLDER`, named by the time of day, or end it. It is closed on a
        thread of its own, since that writes the file's end."""
        with self._lock:
            if on and self._recording is None:
                recording = self._make(f"record:{FOLDER / time.strftime('%Y-%m-%d_%H-%M-%S.mp4')}")
                recording.start()
                self._recording, self._recording_since = recording, time.monotonic()
                self._log(f"recording into {recording.uri.removeprefix('record:')}")
            elif not on and self._recording is not None:
                recording, self._recording = self._recording, None
                self._ended.append(recording)
                threading.Thread(
                    target=self._end, args=(recording,), name="end of a recording", daemon=True
                ).start()

    def _end(self, recording: SinkRunner) -> None:
        """Close a recording and log its files. A failure was logged when it happened."""
        if not recording.stop(timeout=30) or recording.errors:
            return
        files = [
            f"{path} ({frames} frames)" for path, frames in getattr(recording.sink, "recorded", [])
        ]
        self._log(
            f"recorded {', '.join(files)}"
            if files
            else "nothing was recorded: no picture came meanwhile"
        )

    def check_recordings(self) -> None:
        """Let recordings elsewhere whose disk does not answer go on in `FOLDER`. To be called
        regularly; waits for no disk."""
        for runner in self._runners:
            kind, _, place = runner.rule.to.partition(":")
            if (
                kind != "record"
                or runner.stuck() < HUNG
                or Path(place).absolute().parent == FOLDER.absolute()
            ):
                continue
            to = f"record:{FOLDER / Path(place).name}{'/' if place.endswith('/') else ''}"
            other = self._make(str(runner.rule.at(to)))
            other.start()
            with self._lock:
                self._runners = [other if each is runner else each for each in self._runners]
                self._ended.append(runner)
            runner.mailbox.close()  # its thread ends when the disk answers
            self._log(
                f"{runner.uri} has not answered for {HUNG:g} s; it goes on in "
                f"{other.uri.removeprefix('record:')}"
            )

    @property
    def recorded_for(self) -> float | None:
        """Seconds since `record` began a recording; None without one."""
        return None if self._recording is None else time.monotonic() - self._recording_since

    @property
    def failed_recording(self) -> bool:
        """The recording that `record` began has failed for good."""
        return self._recording is not None and self._recording.failed_for_good

    def stop(self, timeout: float = 1.5) -> None:
        """Close all of them at the same time, so that a slow one does not delay another."""
        with self._lock:
            running = self.running()
            self._ended += [self._recording] if self._recording else []
            self._recording = None
        threads = [
            threading.Thread(target=runner.stop, args=(timeout,), daemon=True) for runner in running
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout + 0.2)

    def sender_names(self) -> list[str]:
        """Full names of the NDI senders, `HOST (vj)`: no source of this show may be one of them."""
        names = [getattr(runner.sink, "full_name", None) for runner in self._runners]
        return [name for name in names if name]

    def displays(self) -> list[DisplaySink]:
        """Those among them."""
        return [one.sink for one in self._runners if isinstance(one.sink, DisplaySink)]

    def running(self) -> list[SinkRunner]:
        """All of them, and what `record` began. From any thread."""
        recording = self._recording
        return [*self._runners, *([recording] if recording is not None else [])]

    def has_left(self, number: int) -> bool:
        """Whether each has sent the frame of this number, or a later one, or cannot. From any
        thread."""
        return all(runner.handled >= number for runner in self.running())

    def states(self) -> list[str]:
        """A few words on each, for the status."""
        return [runner.state() for runner in self.running()]

    def sent(self) -> dict[str, int]:
        """Frames that each has sent, ended recordings too, by URI."""
        recording = self._recording
        last = [recording] if recording is not None else []
        return {runner.uri: runner.sent for runner in [*self._runners, *self._ended, *last]}

    def dropped(self) -> int:
        """Frames that were replaced by newer ones before their sink was ready for them."""
        return sum(runner.mailbox.dropped for runner in [*self.running(), *self._ended])
