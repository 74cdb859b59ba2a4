"""The source that pictures are taken from as prompts and styles (`image/from`), on a thread of its
own beside those that play."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from vj.app.context import ShowContext
from vj.core.frame import Frame, Size
from vj.parameters.store import Snapshot
from vj.pipeline.live_picture import SIDE
from vj.show.names import public_name
from vj.sources import Source, SourceSettings
from vj.sources.reader import Reader
from vj.sources.transport import TransportControl

Make = Callable[[str, SourceSettings], Source]
RATE = 6.0
"""Pictures a second of a clip or a drawing that are looked at, at most. A camera gives its own."""

LATE = 3.0
"""Seconds without a first picture after which that is told."""


def settings_beside(settings: SourceSettings) -> SourceSettings:
    """For a source of which only small pictures are looked at. It goes round and round."""
    width, height = settings.size
    share = min(1.0, SIDE / min(width, height))
    size = Size(round(width * share), round(height * share)).rounded(8)
    return replace(settings, size=size, loop=True, listed=tuple, transport=TransportControl())


class LivePictureSource:
    """The one source that image/from names, if it names one. `newest` and `observe` belong to the
    render thread and never wait."""

    def __init__(
        self,
        context: ShowContext,
        names: Callable[[], Mapping[str, str]],
        made_with: Callable[[], tuple[Make, SourceSettings | None]],
        on_decks: Callable[[], tuple[str, str]],
    ) -> None:
        """names: name -> URI of the sources that can be chosen. made_with: what makes sources, and
        with which settings; None before there are any. on_decks: names of those that play."""
        self._context, self._names, self._made_with = context, names, made_with
        self._on_decks = on_decks
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
        """Close the source when nobody takes pictures of it any more, or a deck shows it."""
        if self._reader is None:
            return
        if snapshot["image/from"] != self._name or self._name in self._on_decks():
            self._end()

    def newest(self, name: str) -> np.ndarray | None:
        """See `vj.pipeline.live_picture.LivePictures.newest`."""
        uri = self._names().get(name, "")
        if (name, uri) != (self._name, self._uri):
            self._end()
            self._name, self._uri = name, uri
        if not uri and name != self._gone:  # a save has taken it away
            self._gone = name
            self._context.messages.log(f"image/from {name}: is no longer in the show")
        if self._reader is None and uri and not self._over.is_set():
            self._begin(uri)
        latest = None if self._reader is None else self._reader.latest
        if latest is None and self._is_late():
            self._context.messages.log(
                f"image/from {name}: {public_name(uri)} gives no picture yet; it is taken when it "
                "comes"
            )
        return None if latest is None else latest.pixels

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
            settings_beside(settings),
            self._on_frame,
            self._on_lost,
            self._context.supervisor,
        )
        self._reader.start()
        self._late_at = self._context.clock.now() + LATE

    def _on_frame(self, reader: Reader, frame: Frame) -> None:
        """On the reader's thread: clips and drawings need not be read at their own rate."""
        if reader.source is not None and not reader.source.live:
            self._over.wait(1 / RATE)

    def _on_lost(self, reader: Reader, report: str) -> None:
        self._late_at = None
        self._context.messages.log(f"image/from {self._name}: {report}")

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
