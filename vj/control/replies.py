"""Who sends messages, and how what cannot be meant is told: to the sender, and now and then to
whoever plays."""

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
    """Whoever sends messages. `name` says who in a line for whoever plays; "" for somebody who
    reads the answers anyway."""

    @property
    def origin(self) -> Peer: ...
    @property
    def name(self) -> str: ...

    def answer(self, address: str, values: Sequence[Any], kind: str | None = None) -> None:
        """What was asked for. From any thread; must not block."""

    def may_reply(self) -> bool:
        """Is there room for another complaint? Taken from its rate limit."""

    def send_error(self, text: str, done: bool) -> None:
        """What was wrong. done: a value near it is set."""

    def moved(self, address: str) -> None:
        """It has moved this, and is not told its own move at once."""

    def subscribe(self, address: str, arguments: tuple[Any, ...]) -> str:
        """`/vj/subscribe` and `/vj/unsubscribe`. Returns why not, else ""."""


class RateLimiter:
    """So many a second, and no more."""

    def __init__(self, a_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock, self._second, self._used = a_second, clock, -1, 0

    def allow(self) -> bool:
        second = int(self._clock())
        if second != self._second:
            self._second, self._used = second, 0
        self._used += 1
        return self._used <= self._most


AGAIN = 2.0
"""Seconds of silence after which a push beyond an end, or the same remark, is a new one."""
AT_MOST = 1.0
"""Seconds between two complaints about one fader that trembles at its end."""
REMARKS_A_SECOND = 5
KNOWN = 256


class Notices:
    """What turns out later about what a hand has sent: to whoever plays, and to whoever sent it.
    From any thread.

    The same words are not said again while they keep coming, and of all of them only a few a
    second: a fader on a text sends sixty.
    """

    def __init__(
        self,
        log: Callable[[str], None],
        report: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """say: a line for whoever plays. tell: the same for senders."""
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
    """A fader beyond its end."""

    heard: float
    said: float
    within: bool = False
    """It has come back since."""


class ErrorReplies:
    """What cannot be meant, in words. From any thread."""

    def __init__(
        self, log: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """say: a line for whoever plays. At most one a second is about messages that were
        refused."""
        self.count = 0
        self._log, self._clock = log, clock
        self._logged: dict[str, float] = {}
        self._suppressed = 0
        self._pushes: dict[tuple[Peer, str], _ClampedFader] = {}
        self._local = threading.local()

    @contextlib.contextmanager
    def deferred_log(self) -> Iterator[None]:
        """What is said meanwhile is said afterwards: a terminal may block, and no frame is sampled
        while the store is held together."""
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
        """Log it to the sender, and now and then to whoever plays. A text that takes time is made
        only when somebody hears it."""
        self.count += 1
        now = self._clock()
        hears = sender.may_reply()
        says = bool(sender.name) and now - self._logged.get("refused", -math.inf) >= 1.0
        if not hears and not says:
            self._suppressed += bool(sender.name)
            return
        words = text if isinstance(text, str) else text()
        if hears:
            sender.send_error(words, done)
        if says:
            self._logged["refused"] = now
            more, self._suppressed = self._suppressed, 0
            self._write(
                f"OSC from {sender.name}: {words}"
                + (f" (and {more} more that could not be meant)" if more else "")
            )
        else:
            self._suppressed += bool(sender.name)

    def on_clamped(self, sender: Sender, address: str, text: str) -> None:
        """A value past its parameter's end, which is set as the nearest. Said when it goes there,
        and not again while it is pushed on; to somebody who reads the answers anyway, each time."""
        now = self._clock()
        key = sender.origin, address
        push = self._pushes.pop(key, None)
        old = push is not None and (
            now - push.said < AT_MOST or not (push.within or now - push.heard >= AGAIN)
        )
        while len(self._pushes) >= KNOWN:
            self._pushes.pop(next(iter(self._pushes)))
        self._pushes[key] = _ClampedFader(now, push.said if old and push is not None else now)
        if old and sender.name:
            self.count += 1
        else:
            self.reply_error(sender, f"{text}; the nearest is set", done=True)

    def on_in_range(self, sender: Sender, address: str) -> None:
        """A value inside the range: a fader that was beyond it has come back."""
        if self._pushes:
            push = self._pushes.get((sender.origin, address))
            if push is not None:
                push.within = True

    def log_limited(self, subject: str, text: str, every: float = 1.0) -> None:
        """Log it to whoever plays, but not the same thing again and again."""
        now = self._clock()
        if now - self._logged.get(subject, -math.inf) >= every:
            if len(self._logged) > 256:
                self._logged.clear()
            self._logged[subject] = now
            self._write(text)
