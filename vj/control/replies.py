"""Senders of messages, and error replies: to the sender, and, rate-limited, to the user's log."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Peer = tuple[str, int]


class Sender(Protocol):
    """A sender of messages. name: for the log; "" if errors need not be logged, since the sender
    reads the replies."""

    @property
    def origin(self) -> Peer: ...
    @property
    def name(self) -> str: ...

    def answer(self, address: str, values: Sequence[Any], kind: str | None = None) -> None:
        """Reply with a value. From any thread; must not block."""

    def may_reply(self) -> bool:
        """Whether its rate limit allows another error reply."""

    def send_error(self, text: str, done: bool) -> None:
        """An error reply. done: the value was clamped and set."""

    def moved(self, address: str) -> None:
        """It has set this address, which is not echoed back to it for a moment."""

    def subscribe(self, address: str, arguments: tuple[Any, ...]) -> str:
        """`/vj/subscribe` and `/vj/unsubscribe`. Returns an error message, or ""."""


class RateLimiter:
    """Allows so many events a second."""

    def __init__(self, a_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock, self._second, self._used = a_second, clock, -1, 0

    def allow(self) -> bool:
        second = int(self._clock())
        if second != self._second:
            self._second, self._used = second, 0
        self._used += 1
        return self._used <= self._most


AGAIN = 2.0
"""Seconds after which a clamped value, or the same message, is reported again."""
AT_MOST = 1.0
"""Seconds between two reports about one fader that jitters at the end of its range."""
REMARKS_A_SECOND = 5
KNOWN = 256


class Notices:
    """Messages about input that turn out later, to the user and to the senders. From any thread.

    The same message is not repeated while it keeps coming, and at most `REMARKS_A_SECOND` are
    reported: a fader mapped to a text sends sixty.
    """

    def __init__(
        self,
        log: Callable[[str], None],
        report: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """log: takes messages for the user. report: sends them to the senders."""
        self._log, self._report, self._clock = log, report, clock
        self._heard: dict[str, float] = {}
        self._lock = threading.Lock()
        self._limiter = RateLimiter(REMARKS_A_SECOND, clock)
        self._suppressed = 0

    def __call__(self, text: str) -> None:
        """Log it, or count it."""
        with self._lock:
            now = self._clock()
            before = self._heard.pop(text, -math.inf)
            while len(self._heard) >= KNOWN:
                self._heard.pop(next(iter(self._heard)))
            self._heard[text] = now
            if now - before < AGAIN:
                return
            if not self._limiter.allow():
                self._suppressed += 1
                return
            more, self._suppressed = self._suppressed, 0
        self._log(text + (f" (and {more} more remarks)" if more else ""))
        self._report(text)


@dataclass(slots=True)
class _ClampedFader:
    """A fader beyond the range of its parameter."""

    last: float
    """When it was clamped last."""
    reported: float
    in_range: bool = False
    """It has been in range since."""


class ErrorReplies:
    """Sends and logs errors about messages. From any thread."""

    def __init__(
        self, log: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """log: takes messages for the user; at most one a second about rejected messages."""
        self.count = 0
        self._log, self._clock = log, clock
        self._logged: dict[str, float] = {}
        self._suppressed = 0
        self._clamped: dict[tuple[Peer, str], _ClampedFader] = {}
        self._local = threading.local()

    @contextlib.contextmanager
    def deferred_log(self) -> Iterator[None]:
        """Defer log lines until the end of the block: a terminal may block, and the store's lock is
        held inside."""
        lines: list[str] = []
        self._local.lines, before = lines, getattr(self._local, "lines", None)
        try:
            yield
        finally:
            self._local.lines = before
            for line in lines:
                self._write(line)

    def _write(self, text: str) -> None:
        lines: list[str] | None = getattr(self._local, "lines", None)
        if lines is not None:
            lines.append(text)
        else:
            self._log(text)

    def reply_error(
        self, sender: Sender, text: str | Callable[[], str], done: bool = False
    ) -> None:
        """Reply to the sender, and log it at most once a second. text: may be a function, which is
        called only if the text is needed."""
        self.count += 1
        now = self._clock()
        may_reply = sender.may_reply()
        may_log = bool(sender.name) and now - self._logged.get("refused", -math.inf) >= 1.0
        if not may_reply and not may_log:
            self._suppressed += bool(sender.name)
            return
        message = text if isinstance(text, str) else text()
        if may_reply:
            sender.send_error(message, done)
        if may_log:
            self._logged["refused"] = now
            more, self._suppressed = self._suppressed, 0
            self._write(
                f"OSC from {sender.name}: {message}"
                + (f" (and {more} more error{'s' * (more > 1)})" if more else "")
            )
        else:
            self._suppressed += bool(sender.name)

    def on_clamped(self, sender: Sender, address: str, text: str) -> None:
        """Report a value that was clamped: when it leaves the range, and not again while it stays
        outside; to a sender without a name, each time."""
        now = self._clock()
        key = sender.origin, address
        fader = self._clamped.pop(key, None)
        reported = fader is not None and (
            now - fader.reported < AT_MOST or not (fader.in_range or now - fader.last >= AGAIN)
        )
        while len(self._clamped) >= KNOWN:
            self._clamped.pop(next(iter(self._clamped)))
        self._clamped[key] = _ClampedFader(
            now, fader.reported if reported and fader is not None else now
        )
        if reported and sender.name:
            self.count += 1
        else:
            self.reply_error(sender, f"{text}; the nearest is set", done=True)

    def on_in_range(self, sender: Sender, address: str) -> None:
        """A value in range: a fader that was outside has come back."""
        if self._clamped:
            fader = self._clamped.get((sender.origin, address))
            if fader is not None:
                fader.in_range = True

    def log_limited(self, subject: str, text: str, every: float = 1.0) -> None:
        """Log a message, at most once in `every` seconds for the same subject."""
        now = self._clock()
        if now - self._logged.get(subject, -math.inf) >= every:
            if len(self._logged) > 256:
                self._logged.clear()
            self._logged[subject] = now
            self._write(text)
