"""What a person at the terminal sees: messages, one status line, a summary. In a pipe: plain lines now and then."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, TextIO

PLAIN_PERIOD = 5.0
"""Seconds between status lines in a pipe."""

LIVE_PERIOD = 0.5


def status_line(status: Mapping[str, Any]) -> str:
    """One line, the most wanted first."""
    p50, p95 = status["latency_ms"]
    parts = [
        f"{status['fps']:.1f} fps",
        f"{p50}/{p95} ms",
        f"dropped {status['dropped']}",
        f"strength {status['strength']:.2f}",
        f"“{shorten(status['prompt'], 28)}”",
        status["source"],
        ", ".join(status["sinks"]),
    ]
    if status["state"] != "playing":
        parts.insert(0, status["state"])
    return " · ".join(part for part in parts if part)


def shorten(text: str, length: int) -> str:
    """The text on one line, at most `length` characters; control characters, which could steer a terminal, become spaces."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain if len(plain) <= length else plain[: length - 1] + "…"


class Terminal:
    """Messages from any thread; the status line stays below them."""

    def __init__(self, quiet: bool = False, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._quiet = quiet
        self._live = self._out.isatty()
        self._lock = threading.Lock()
        self._next = 0.0
        self._line = ""

    def say(self, text: str) -> None:
        """A message, above the status line."""
        plain = "\n".join("".join(c if c.isprintable() else " " for c in line) for line in str(text).split("\n"))
        with self._lock:
            self._erase()
            self._write(plain + "\n")
            self._draw()

    def status(self, status: Mapping[str, Any]) -> None:
        """Show how it goes, as often as is readable."""
        self._show(lambda: status_line(status))

    def progress(self, done: int, total: int | None) -> None:
        """Show how far a rendering is."""
        self._show(lambda: f"frame {done}" + (f" of {total} ({100 * done // total} %)" if total else ""))

    def _show(self, line: Any) -> None:
        now = time.monotonic()
        if self._quiet or now < self._next:
            return
        first, self._next = self._next == 0.0, now + (LIVE_PERIOD if self._live else PLAIN_PERIOD)
        with self._lock:
            if self._live:
                self._erase()
                self._line = shorten(line(), shutil.get_terminal_size().columns - 1)
                self._draw()
            elif not first:
                self._write(line() + "\n")

    def summary(self, summary: Mapping[str, Any]) -> None:
        """The end."""
        if self._quiet:
            return
        latency = summary.get("latency_ms")
        parts = [
            f"{summary['painted']} frames in {summary['seconds']:.1f} s",
            f"{summary['fps']:.1f} fps",
            f"latency {latency['p50']:.0f}/{latency['p95']:.0f} ms (p50/p95)" if latency else "",
            f"{summary['dropped_output']} dropped" if "dropped_output" in summary else "",
            f"{summary['faults']} faults" if summary["faults"] else "",
        ]
        self.say(" · ".join(part for part in parts if part))
        stages = ", ".join(f"{name} {ms:.1f}" for name, ms in summary["stages_ms"].items())
        if stages:
            self.say(f"ms a frame: {stages}")

    def close(self) -> None:
        """Leave the last status line behind and end."""
        with self._lock:
            if self._live and self._line:
                self._write("\n")
            self._line = ""
            self._live = False

    def _erase(self) -> None:
        if self._live and self._line:
            self._write("\r\x1b[K")

    def _draw(self) -> None:
        if self._live and self._line:
            self._write(self._line)

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except (OSError, ValueError):  # the pipe's other end has gone; the show has not
            pass
