"""A sink's own thread, so that a slow or broken sink does not slow the others or the render
loop."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from vj.core.clock import Clock, WallClock
from vj.core.errors import told
from vj.core.frame import Frame, Size
from vj.core.mailbox import Mailbox
from vj.core.metrics import Window
from vj.core.supervisor import StageMarker, Supervisor
from vj.sinks import Sink
from vj.sinks.rule import SinkRule, parse
from vj.sound.picture_delay import PictureDelay

RETRY_PERIOD = 3.0
"""Seconds until a sink that failed is opened again."""

MOST_SOUND = 250
"""Pieces of sound that wait for a sink, at most: some 5 s."""


class SinkRunner:
    """Sends frames to one sink, opens it with the first frame's size, and retries after a failure.

    Live: `start()`, and the newest frame in the mailbox is sent at the sink's own pace. Offline: no
    thread; `deliver` sends at once and returns when the sink has the frame, so that nothing is
    lost. Either way `stop()` at the end. A runner plays once.
    """

    def __init__(
        self,
        uri: str,
        sink: Sink,
        mailbox: Mailbox[Frame],
        fps: float,
        on_message: Callable[[str], None],
        *,
        clock: Clock | None = None,
        on_sent: Callable[[Frame, float], None] | None = None,
        retry_period: float = RETRY_PERIOD,
        supervisor: Supervisor | None = None,
    ) -> None:
        """uri: the sink's rule as a text, which says what it gets of a frame. fps: passed to the
        sink. on_message: takes messages for the user, on the sink's thread.
        on_sent: takes every frame after it was sent, and the time on `clock` (the show's), so that
        `time - frame.captured` is its age. supervisor: restarts the thread should it end."""
        self.uri = uri
        self.rule: SinkRule = parse(uri)
        self.sink = sink
        self.mailbox = mailbox
        self.sent = 0
        self.errors = 0
        self.handled = -1
        """The number of the last frame that was sent, or could not be."""
        self.failed_for_good = False
        """It is not tried again: a sink with `final` has failed, or its library is missing."""
        self.fps = fps
        """Passed to the sink when it is opened. May be set from any thread."""
        self._reopen_pending = False
        self._size: Size | None = None
        self._supervisor = supervisor or Supervisor(on_message)
        self._stage = StageMarker(f"sink {uri}:")
        self._done = False
        self._log = on_message
        self._clock = clock or WallClock()
        self._on_sent = on_sent
        self._retry_period = retry_period
        self._thread: threading.Thread | None = None
        self._open = False
        self._fault_text = ""
        self._retry_at = -math.inf
        self._times = Window()
        self.delay = PictureDelay()
        """From the moment at which a picture was taken until it goes out here."""
        self._sound: deque[tuple[float, float, np.ndarray]] = deque(maxlen=MOST_SOUND)

    @property
    def takes_sound(self) -> bool:
        """Its sink has something to send sound with, and does."""
        return hasattr(self.sink, "send_sound") and not getattr(self.sink, "silent", False)

    def put_sound(self, captured: float, moment: float, samples: np.ndarray) -> None:
        """Sound for the sink, live. captured: seconds on the clock at which it was taken, as a
        frame is. moment: at which it is heard, when the frame of the same time goes out. samples:
        (n, 2) float32. Never waits; what comes before the sink is open goes nowhere."""
        self._sound.append((captured, moment, samples))
        self.mailbox.wake()

    def start(self) -> None:
        """Start taking from the mailbox."""
        if self._thread is not None:
            raise RuntimeError(f"{self.uri}: the runner was started already")
        self._supervisor.watch(self._stage)
        self._thread = self._supervisor.start(f"sink {self.uri}", self._run, lambda: self._done)

    def reopen_for_new_size(self) -> None:
        """Frames of another size will come: a sink that can hold one size only, such as a movie,
        ends with the last of the old ones and goes on in a new file. From any thread."""
        self._reopen_pending = True

    def deliver(self, frame: Frame) -> bool:
        """Send one frame from the caller's thread. False when the sink has failed for good, so that
        there is no point in rendering on."""
        if self._thread is not None:
            raise RuntimeError(
                f"{self.uri}: deliver is for offline rendering; while the thread runs, use the "
                "mailbox"
            )
        self._send(frame)
        return not self.failed_for_good

    def deliver_sound(self, moment: float, samples: np.ndarray) -> None:
        """Send what is heard with the frames that were delivered, from the caller's thread. moment:
        on the clock, of the first sample. samples: (n, 2) float32."""
        if self.takes_sound and len(samples):
            self._sound.append((moment, moment, samples))
            self._send_sound()

    def follow(self, uri: str) -> None:
        """Go on by another rule of the same sink, which stays open: another picture, another part
        of it. From any thread."""
        self.uri, self.rule = uri, parse(uri)
        self.reopen_for_new_size()

    def rest(self) -> None:
        """Offline, close the sink; the next frame opens it again. Raises Fault where its end cannot
        be written."""
        self._open = False
        self.sink.close()

    def stop(self, timeout: float = 2.0) -> bool:
        """Send what still lies in the mailbox, close the sink and end. False, with a message, when
        it hangs for longer than that."""
        self.mailbox.close()
        if self._thread is None:
            self._close()
            return True
        self._thread.join(timeout)
        self._supervisor.unwatch(self._stage)
        if self._thread.is_alive():
            self._log(
                f"{self.uri} did not stop within {timeout:g} s; its last frames may be missing"
            )
            return False
        return True

    def stuck(self) -> float:
        """Seconds since the current send began; 0 between two frames. From any thread."""
        return self._stage.stuck()

    def send_time(self) -> float:
        """Median seconds that a send takes."""
        return self._times.percentile(0.5)

    def state(self) -> str:
        """`"ndi:vj 1 receiver"`, `"ndi:vj failed: ...; trying again"`, for the status line."""
        if self._fault_text:
            return f"{self.uri} failed: {self._fault_text}" + (
                "" if self.failed_for_good else "; trying again"
            )
        if self.sent == 0:
            return f"{self.uri} waiting for the first frame"
        return f"{self.uri} {self.sink.state()}"

    def _run(self) -> None:
        while True:
            frame = self.mailbox.get(timeout=1.0)
            if frame is not None:
                self._send(frame)
                self.handled = frame.number
            self._send_sound()
            if frame is None and self.mailbox.closed:
                break
        self._done = True
        self._close()

    def _send(self, whole: Frame) -> None:
        """Open when needed, send, count. A frame that comes before the next retry is dropped, and
        so is one without the picture that this sink shows."""
        if time.monotonic() < self._retry_at:
            return
        try:
            frame = self.rule.picture(whole)
            if frame is None:
                return
            if (
                self._open
                and self._reopen_pending
                and frame.size != self._size
                and getattr(self.sink, "one_size", False)
            ):
                self._open = self._reopen_pending = False
                self.sink.close()
                self._log(f"{self.uri}: {frame.size} pictures go on in a new file")
            if not self._open:
                self._stage.enter("opening")
                self.sink.open(frame.size.width, frame.size.height, self.fps)
                self._open, self._size = True, frame.size
            number = getattr(frame, "shows", -1)
            self.delay.sent(frame.captured, self._clock.now(), 1 / self.fps, number)
            begun = time.perf_counter()
            self._stage.enter("sending")
            self.sink.send(frame)
            self._times.add(time.perf_counter() - begun)
        except (
            Exception
        ) as error:  # whatever a driver raises: this sink fails and is logged, the others go on
            self._fail(error)
            return
        finally:
            self._stage.leave()
        self.sent += 1
        if self._fault_text:
            self._fault_text = ""
            self._log(f"{self.uri} works again")
        if self._on_sent is not None:
            self._on_sent(frame, self._clock.now())

    def _send_sound(self) -> None:
        """What has come since the last time."""
        try:
            while self._sound:
                captured, moment, samples = self._sound.popleft()
                if self._open:
                    self._stage.enter("sending sound")
                    by_capture = getattr(self.sink, "sound_by_capture", False)
                    self.sink.send_sound(captured if by_capture else moment, samples)  # type: ignore[attr-defined]
        except Exception as error:  # as with a frame
            self._fail(error)
        finally:
            self._stage.leave()

    def _fail(self, error: Exception) -> None:
        """Count the error, log it once, close the sink, and set when to retry."""
        self.errors += 1
        trouble = self._message(error)
        news = trouble != self._fault_text
        self._fault_text = trouble
        # A missing library is not installed while the show plays, either.
        self.failed_for_good = getattr(self.sink, "final", False) or isinstance(
            error.__cause__, ImportError
        )
        self._retry_at = math.inf if self.failed_for_good else time.monotonic() + self._retry_period
        if news:
            self._log(self.state())
        self._close()

    def _close(self) -> None:
        """Close the sink; what it raises then is logged, since a recording may have lost its
        end."""
        self._open = False
        try:
            self.sink.close()
        except Exception as error:  # as above
            self.errors += 1
            self._log(f"{self.uri} at closing: {self._message(error)}")

    def _message(self, error: Exception) -> str:
        """The error's message without our name at its beginning, which the status line puts there
        itself."""
        return told(error).removeprefix(self.uri).lstrip(": ")
