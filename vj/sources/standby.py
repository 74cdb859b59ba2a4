"""Sources that stand open beside those that play, so that a cut to one of them lands on the next
frame."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from vj.sources import split_uri
from vj.sources.reader import Reader

NEVER = ("draw", "none")
"""Kinds that do not stand by: paper is the show's one canvas, and there is nothing to open."""
MOST = 32
"""Sources that stand by, at most: each clip holds a file, a decoder and a picture."""


class Standby:
    """Opened, each with its first picture; a device is read on. May be used from any thread; never
    waits for a source."""

    def __init__(self, begin: Callable[[str], Reader]) -> None:
        """begin: makes a started reader that stands by."""
        self._begin = begin
        self._readers: dict[str, Reader] = {}
        self._wanted: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self._closed = False

    def want(self, uris: Collection[str]) -> None:
        """Have these stand by, and no others."""
        with self._lock:
            wanted = dict.fromkeys(uri for uri in uris if split_uri(uri)[0] not in NEVER)
            self._wanted = () if self._closed else tuple(wanted)[:MOST]
            for uri in [uri for uri in self._readers if uri not in self._wanted]:
                self._readers.pop(uri).request_stop()
            for uri in self._wanted:
                reader = self._readers.get(uri)
                if reader is None or reader.stopped or reader.ended:
                    self._readers[uri] = self._begin(uri)

    def take(self, uri: str) -> Reader | None:
        """One that is ready, to be played; it belongs to the caller then. None where none is."""
        with self._lock:
            reader = self._readers.get(uri)
            if reader is None or not reader.ready:
                return None
            return self._readers.pop(uri)

    def keep(self, reader: Reader) -> bool:
        """Take a device back that is no longer played, rather than have it closed and opened again.
        False where it is not wanted, or no device."""
        with self._lock:
            if (
                reader.uri not in self._wanted
                or reader.uri in self._readers
                or reader.stopped
                or reader.source is None
                or not reader.source.live
            ):
                return False
            reader.stand_by()
            self._readers[reader.uri] = reader
            return True

    def is_ready(self, uri: str) -> bool:
        """Whether a cut to it lands on the next frame."""
        with self._lock:
            reader = self._readers.get(uri)
            return reader is not None and reader.ready

    @property
    def ready(self) -> list[str]:
        """The URIs of those that could play at once."""
        with self._lock:
            return [uri for uri, reader in self._readers.items() if reader.ready]

    def reopen(self) -> None:
        """Open all of them once more: they are to stand elsewhere in their clips."""
        with self._lock:
            for uri, reader in list(self._readers.items()):
                if reader.source is None or not reader.source.live:
                    reader.request_stop()
                    self._readers[uri] = self._begin(uri)

    def close(self) -> None:
        """Stop all of them; does not wait."""
        with self._lock:
            self._closed, self._wanted = True, ()
            for reader in self._readers.values():
                reader.request_stop()
            self._readers.clear()
