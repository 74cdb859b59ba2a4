"""A source of the show that a parameter names, on a thread of its own beside those that play."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from vj.app.context import ShowContext
from vj.core.frame import Frame
from vj.parameters.store import Snapshot
from vj.show.names import public_name
from vj.sources import Source, SourceSettings
from vj.sources.reader import Reader

Make = Callable[[str, SourceSettings], Source]
MadeWith = Callable[[], tuple[Make, SourceSettings | None]]
LATE = 3.0
"""Seconds without a first picture after which that is told."""


class SourceBeside:
    """The one source that the parameter names, if it names one. `latest` and `observe` belong to
    the render thread and never wait."""

    def __init__(
        self,
        row: str,
        until_then: str,
        context: ShowContext,
        names: Callable[[], Mapping[str, str]],
        made_with: MadeWith,
        beside: Callable[[SourceSettings], SourceSettings],
        rate: float | None = None,
    ) -> None:
        """row: the parameter. until_then: what happens while there is no picture, in words. names:
        name -> URI of the sources that can be chosen. made_with: what makes sources, and with which
        settings; None before there are any. beside: settings of a source that plays -> its own.
        rate: pictures a second of a clip or a drawing that are looked at, at most; None for its own
        rate."""
        self._row, self._until_then, self._context = row, until_then, context
        self._names, self._made_with, self._beside = names, made_with, beside
        self._rate = rate
        self._gone = ""
        """The name of which it was told that there is no such source any more."""
        self._name = ""
        self._uri = ""
        self._reader: Reader | None = None
        self._late_at: float | None = None
        """When it is told that there is no picture yet, on the show's clock."""
        self._over = threading.Event()
        context.store.observers.append(self.observe)

    def observe(self, snapshot: Snapshot) -> None:
        """Close the source when nobody looks at it any more."""
        if self._reader is not None and not self._is_wanted(snapshot):
            self._end()

    def _is_wanted(self, snapshot: Snapshot) -> bool:
        return bool(snapshot[self._row] == self._name)

    def latest(self, name: str) -> Frame | None:
        """What it gives now; None while it gives nothing. To be called with every frame in which
        the parameter names it."""
        uri = self._names().get(name, "")
        if (name, uri) != (self._name, self._uri):
            self._end()
            self._name, self._uri = name, uri
        if not uri and name != self._gone:  # a save has taken it away
            self._gone = name
            self._context.messages.log(f"{self._row} {name}: is no longer in the show")
        if self._reader is None and uri and not self._over.is_set():
            self._begin(uri)
        latest = None if self._reader is None else self._reader.latest
        if latest is None and self._is_late():
            self._context.messages.log(
                f"{self._row} {name}: {public_name(uri)} gives no picture yet; {self._until_then}"
            )
        return latest

    def _is_late(self) -> bool:
        """Once for each source."""
        if self._late_at is None or self._context.clock.now() < self._late_at:
            return False
        self._late_at = None
        return True

    def _begin(self, uri: str) -> None:
        make, settings = self._made_with()
        if settings is None:
            return
        self._reader = Reader(
            uri,
            make,
            self._beside(settings),
            self._on_frame,
            self._on_lost,
            self._context.supervisor,
        )
        self._reader.start()
        self._late_at = self._context.clock.now() + LATE

    def _on_frame(self, reader: Reader, frame: Frame) -> None:
        """On the reader's thread: clips and drawings need not be read at their own rate."""
        if self._rate is not None and reader.source is not None and not reader.source.live:
            self._over.wait(1 / self._rate)

    def _on_lost(self, reader: Reader, report: str) -> None:
        self._late_at = None
        self._context.messages.log(f"{self._row} {self._name}: {report}")

    def _end(self) -> None:
        reader, self._reader, self._late_at = self._reader, None, None
        self._name = self._uri = ""
        if reader is not None:
            reader.request_stop()

    def close(self) -> None:
        """End its thread. May be called twice, from any thread."""
        self._over.set()
        if (reader := self._reader) is not None:
            reader.stop(0.3)
