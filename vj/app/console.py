"""What a person at the terminal sees: messages, one status line, a summary. In a pipe: plain lines
now and then."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from vj.app.film_progress import FilmPace
from vj.app.log import LogFile, Writer

PLAIN_PERIOD = 5.0
"""Seconds between status lines in a pipe."""

LIVE_PERIOD = 0.5


def status_line(status: Mapping[str, Any]) -> str:
    """One line, the most important values first. status: see `vj.app.status.Status`."""
    p50, p95 = status["latency_ms"]
    parts = [
        f"{status['fps']:.1f} fps",
        f"{p50}/{p95} ms",
        f"dropped {status['dropped']}",
        f"strength {status['strength']:.2f}",
        f"“{shorten(status['prompt'], 28)}”",
        status["source"],
        ", ".join(status["sinks"]),
        f"delay {status['delay']}" if status.get("delay") else "",
        f"timecode {status['timecode']}" if status.get("timecode") else "",
    ]
    if status["state"] != "playing":
        parts.insert(0, status["state"])
    return " · ".join(part for part in parts if part)


def shorten(text: str, length: int) -> str:
    """The text on one line, at most `length` characters; control characters, which could steer a
    terminal, become spaces."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain if len(plain) <= length else plain[: length - 1] + "…"


class Console:
    """Messages from any thread; the status line stays below them. Nothing here waits for the
    terminal, see `Writer`."""

    def __init__(
        self, quiet: bool = False, out: TextIO | None = None, log_file: LogFile | None = None
    ) -> None:
        """quiet: messages only. out: stderr unless given. log_file: gets the messages too."""
        self._out = out or sys.stderr
        self._quiet, self._log_file = quiet, log_file
        self._live = self._out.isatty()
        self._next = 0.0
        self._pace = FilmPace()
        self._line = ""
        """The status line that is visible now. Belongs to the writer's thread."""
        self._coming = ""
        self._writer = Writer(self._write, "terminal")

    def log(self, text: str) -> None:
        """A message, above the status line."""
        plain = "\n".join(
            "".join(c if c.isprintable() else " " for c in line) for line in str(text).split("\n")
        )
        self._writer.put(plain)
        if self._log_file is not None:
            self._log_file.log(plain)

    def draw(self, lines: Sequence[str]) -> None:
        """Lines of blocks, such as a QR code: on a terminal that has them and is wide enough, never
        in a pipe or the log file."""
        encoding = (getattr(self._out, "encoding", "") or "").lower().replace("-", "")
        width = max((len(line) for line in lines), default=0)
        columns = shutil.get_terminal_size().columns
        if self._live and not self._quiet and encoding == "utf8" and 0 < width < columns:
            self._writer.put("\n".join(lines))

    def status(self, status: Mapping[str, Any]) -> None:
        """Show the status line, as often as is readable."""
        self._show(lambda: status_line(status))

    def progress(self, done: int, total: int | None) -> None:
        """Show how far a rendering is, how fast it goes, and how long the rest takes."""
        self._show(lambda: self._pace.words(done, total))

    def standing(self, line: Callable[[], str]) -> None:
        """Show another status line, as often as is readable. line: called when it is."""
        self._show(line)

    def _show(self, line: Callable[[], str]) -> None:
        now = time.monotonic()
        if self._quiet or now < self._next:
            return
        first, self._next = self._next == 0.0, now + (LIVE_PERIOD if self._live else PLAIN_PERIOD)
        if self._live:
            self._coming = shorten(line(), shutil.get_terminal_size().columns - 1)
            self._writer.poke()
        elif not first:
            self._writer.put(line())

    def summary(self, summary: Mapping[str, Any]) -> None:
        """Log how it went, once the show has ended."""
        if self._quiet or summary.get("was_there"):
            return
        latency = summary.get("latency_ms")
        parts = [
            f"{summary['painted']} frames in {summary['seconds']:.1f} s",
            f"{summary['fps']:.1f} fps",
            f"latency {latency['p50']:.0f}/{latency['p95']:.0f} ms (p50/p95)" if latency else "",
            f"{summary['dropped_output']} dropped" if "dropped_output" in summary else "",
            f"{summary['faults']} faults" if summary["faults"] else "",
        ]
        self.log(" · ".join(part for part in parts if part))
        stages = ", ".join(f"{name} {ms:.1f}" for name, ms in summary["stages_ms"].items())
        if stages:
            self.log(f"ms a frame: {stages}")

    def close(self) -> None:
        """Leave the last status line behind. Messages may still follow."""
        if self._live and self._coming:
            last, self._coming = self._coming, ""
            self._writer.put(last)
        self._writer.flush()

    def end(self) -> None:
        """Write what is left, the log file too, as far as that takes no time."""
        self._writer.close()
        if self._log_file is not None:
            self._log_file.close()

    def _write(self, text: str) -> None:
        """A message above the newest status line, or with an empty text that line alone. On the
        writer's thread."""
        erased = "\r\x1b[K" if self._line else ""
        self._line = self._coming
        self._out.write(erased + (text + "\n" if text else "") + self._line)
        self._out.flush()
