"""Addresses of OSC that mean nothing to any piece of a room, such as `/vj/lefft/strength`: told
once, by the room and not by each piece."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path

from vj.core.errors import nearest
from vj.show.room_section import SHOW_WORDS

AGAIN = 2.0
"""Seconds for which an address must not have come before it is told again."""
KEPT = 256
"""Addresses, and senders with them, of which is known when they came last."""
_MAPPED = re.compile(rb"/vj/([^/\s,}\]\"']+)")


class Strangers:
    """Belongs to the thread that hears OSC."""

    def __init__(
        self,
        names: Callable[[], Sequence[str]],
        shows: Callable[[], Iterable[Path]],
        log: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """names: of the pieces. shows: their files, whose mappings may have addresses of their
        own."""
        self._names, self._shows, self._log, self._now = names, shows, log, now
        self._came: dict[Hashable, float] = {}
        self._read: dict[Path, tuple[tuple[int, int], frozenset[str]]] = {}

    def known(self, word: str) -> bool:
        """Whether a show has addresses that begin with `/vj/` and this word."""
        return word in SHOW_WORDS or any(word in self._mapped(path) for path in self._shows())

    def told(self, address: str, sender: str) -> str:
        """What its sender is told of an address that means nobody, and the log with it; empty while
        it goes on coming. sender: as the log names it."""
        word, _, below = address.removeprefix("/vj/").partition("/")
        if not self._is_news((sender, word, bool(below))):
            return ""
        said = f"{address[:100]}: {self._why(word, bool(below))}"
        if self._is_news((word, bool(below))):
            self._log(f"OSC from {sender}: {said}")
        return said

    def _why(self, word: str, below: bool) -> str:
        names = self._names()
        there = f"(there are {', '.join(names)})"
        if word in names:
            return f"is a piece; /vj/{word}/strength would be right"
        if below:
            return f"no piece is called {word[:40]}{nearest(word[:40], names)} {there}"
        shown = [f"/vj/{known}" for known in sorted(SHOW_WORDS)]
        return f"no show has this address{nearest(f'/vj/{word[:40]}', shown)}"

    def _is_news(self, what: Hashable) -> bool:
        now = self._now()
        before = self._came.pop(what, -math.inf)
        while len(self._came) >= KEPT:
            self._came.pop(next(iter(self._came)))
        self._came[what] = now
        return now - before >= AGAIN

    def _mapped(self, path: Path) -> frozenset[str]:
        """The words that a show's file names below `/vj/`."""
        try:
            found = path.stat()
            stamp = found.st_mtime_ns, found.st_size
            if path not in self._read or self._read[path][0] != stamp:
                words = (
                    word.decode(errors="replace") for word in _MAPPED.findall(path.read_bytes())
                )
                self._read[path] = stamp, frozenset(words)
        except OSError:
            return frozenset()
        return self._read[path][1]
