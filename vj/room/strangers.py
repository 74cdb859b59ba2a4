"""Addresses of OSC that mean nothing to any piece of a room, such as `/vj/lefft/strength` or
`/vj/noise/hlod`: told once, by the room and not by each piece."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vj.core.errors import nearest
from vj.show.load import included_files
from vj.show.room_section import SHOW_ADDRESSES, SHOW_WORDS, VARIED_WORDS

AGAIN = 2.0
"""Seconds for which an address must not have come before it is told again."""
KEPT = 256
"""Addresses, and senders with them, of which is known when they came last."""
_MAPPED = re.compile(rb"/vj/([^\s,}\]\"']+)")


@dataclass(frozen=True, slots=True)
class _AddressesOfShow:
    """Addresses below `/vj/` in a show's files. files: with their stamps. folders: those of the
    addresses that end with a slash, below which a show ignores everything."""

    files: dict[Path, tuple[int, int]]
    addresses: frozenset[str]
    folders: tuple[str, ...]


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
        self._read: dict[Path, _AddressesOfShow] = {}

    def known(self, address: str) -> bool:
        """Whether a show has this address; `/vj/` is not part of it."""
        if address in SHOW_ADDRESSES or address.partition("/")[0] in VARIED_WORDS:
            return True
        return any(self._names_it(path, address) for path in self._shows())

    def told(self, address: str, sender: str) -> str:
        """What its sender is told of an address that means nobody, and the log with it; empty while
        it goes on coming. sender: as the log names it."""
        word, _, below = address.removeprefix("/vj/").partition("/")
        what = (word, below if word in SHOW_WORDS else bool(below))
        if not self._is_news((sender, *what)):
            return ""
        said = f"{address[:100]}: {self._why(word, below)}"
        if self._is_news(what):
            self._log(f"OSC from {sender}: {said}")
        return said

    def _why(self, word: str, below: str) -> str:
        names = self._names()
        if word in names:
            return f"is a piece; /vj/{word}/strength would be right"
        if below and word not in SHOW_WORDS:
            there = f"(there are {', '.join(names)})"
            return f"no piece is called {word[:40]}{nearest(word[:40], names)} {there}"
        among = SHOW_ADDRESSES if below else SHOW_WORDS
        wrong = f"/vj/{word}/{below}" if below else f"/vj/{word}"
        shown = [f"/vj/{known}" for known in sorted(among)]
        return f"no show has this address{nearest(wrong[:80], shown)}"

    def _is_news(self, what: Hashable) -> bool:
        now = self._now()
        before = self._came.pop(what, -math.inf)
        while len(self._came) >= KEPT:
            self._came.pop(next(iter(self._came)))
        self._came[what] = now
        return now - before >= AGAIN

    def _names_it(self, path: Path, address: str) -> bool:
        """Whether a show's file, or one that it includes, names an address or its folder."""
        known = self._read.get(path)
        if known is None or any(_stamp(file) != was for file, was in known.files.items()):
            files = [path, *included_files(path)]
            stamps = {file: _stamp(file) for file in files}
            found = frozenset(one for file in files for one in _named(file))
            folders = tuple(one for one in found if one.endswith("/"))
            known = self._read[path] = _AddressesOfShow(stamps, found, folders)
        return address in known.addresses or address.startswith(known.folders)


def _stamp(path: Path) -> tuple[int, int]:
    """What changes with a file; zeros of one that is not there."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _named(path: Path) -> list[str]:
    """What stands behind `/vj/` in a file."""
    try:
        return [one.decode(errors="replace") for one in _MAPPED.findall(path.read_bytes())]
    except OSError:
        return []
