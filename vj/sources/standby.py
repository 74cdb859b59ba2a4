"""Sources that stand open beside those that play, so that a cut to one of them lands on the next
frame."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from vj.core.supervisor import Supervisor
from vj.sources import SourceSettings, split_uri
from vj.sources.reader import Reader, to_nobody, with_transport
from vj.sources.shared import Make
from vj.sources.transport import Place, Transport

NEVER = ("draw", "none")
"""Kinds that do not stand by: paper is the show's one canvas, and there is nothing to open."""
MOST = 32
"""Sources that stand by, at most: each clip holds a file, a decoder and a picture."""
RUNS = 2
"""Clips that may each hold a whole run of pictures while they stand by, since they are to run
backwards; more of them share what these hold."""


class Standby:
    """Opened, each with its first picture; a device is read on. May be used from any thread; never
    waits for a source."""

    def __init__(
        self,
        make: Make,
        supervisor: Supervisor,
        transport: Callable[[], Transport],
    ) -> None:
        """make: makes sources. supervisor: for their threads. transport: says where clips begin."""
        self._make, self._supervisor, self._transport = make, supervisor, transport
        self._readers: dict[str, Reader] = {}
        self._wanted: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        """One change of what stands by at a time; `take` does not wait for it."""
        self._closed = False
        self._told: set[str] = set()
        """Of these it was said that they do not open."""

    def want(
        self,
        uris: Collection[str],
        settings: SourceSettings,
        playing: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """Have these stand by, and no others. settings: of those that are opened now. playing: what
        is on a deck now; it need not stand by, though a device that no longer plays is kept."""
        with self._opening:
            wanted = dict.fromkeys(uri for uri in uris if split_uri(uri)[0] not in NEVER)
            with self._lock:
                self._wanted = () if self._closed else tuple(wanted)[:MOST]
                # asked here: a device that has just been taken back is on no deck any more
                on_decks = playing()
                open_now = [uri for uri in self._wanted if uri not in on_decks]
                gone = [uri for uri in self._readers if uri not in open_now]
                ended = [uri for uri, reader in self._readers.items() if reader.ended]
                for uri in {*gone, *ended}:
                    self._readers.pop(uri).request_stop()
                missing = [uri for uri in open_now if uri not in self._readers]
            for uri in missing:
                self._put(uri, self._begin(uri, settings, self._tell))

    def anew(self, settings: SourceSettings) -> None:
        """Open all of them once more that were made for another size or rate, or other
        addresses."""
        with self._opening:
            with self._lock:
                old = [
                    uri
                    for uri, reader in self._readers.items()
                    if _made_for(reader.settings) != _made_for(settings)
                ]
                for uri in old:
                    self._readers.pop(uri).request_stop()
            for uri in old:
                self._put(uri, self._begin(uri, settings, self._tell))

    def take(
        self, uri: str, position: Place | None, transport: Callable[[], Transport]
    ) -> Reader | None:
        """One that is ready, to be played by a deck's controls; it belongs to the caller then. None
        where none is. position: where in the clip it is to begin; None: where the part that plays
        does. One that stands elsewhere is sent there."""
        with self._lock:
            reader = self._readers.get(uri)
            if reader is None:
                return None
            reader.begin_at(position, transport)
            return self._readers.pop(uri) if reader.ready else None

    def claim(
        self,
        uri: str,
        position: Place | None,
        transport: Callable[[], Transport],
        settings: SourceSettings,
    ) -> Reader | None:
        """The same, ready or not, opened where it does not stand by. None for kinds that cannot
        stand by."""
        if split_uri(uri)[0] in NEVER:
            return None
        with self._lock:
            reader = self._readers.pop(uri, None)
        if reader is None or reader.stopped or reader.ended or reader.fault_text:
            if reader is not None:
                reader.request_stop()
            reader = self._begin(uri, settings)
        reader.begin_at(position, transport)
        return reader

    def place(self, uri: str, position: Place | None, transport: Callable[[], Transport]) -> None:
        """Have one wait where it will be taken, so that it is ready then."""
        with self._lock:
            reader = self._readers.get(uri)
            if reader is not None:
                reader.begin_at(position, transport)

    def drop(self, unwanted: Callable[[str], bool]) -> None:
        """Close those whose URI is so; they are opened again when they are wanted next."""
        with self._lock:
            for uri in [uri for uri in self._readers if unwanted(uri)]:
                self._readers.pop(uri).request_stop()

    def is_ready(self, uri: str) -> bool:
        """Whether it has a picture, wherever that is in its clip."""
        with self._lock:
            reader = self._readers.get(uri)
            return reader is not None and reader.latest is not None

    def keep(self, reader: Reader) -> bool:
        """Take a device or a clip back that is no longer played, rather than have it closed and
        opened again. False where it is not wanted."""
        with self._lock:
            clip = reader.opened and reader.place is not None
            fine = clip or (reader.source is not None and reader.source.live)
            wanted = reader.uri in self._wanted and reader.uri not in self._readers
            if reader.stopped or reader.ended or not fine or not wanted:
                return False
            if clip and reader.control is not None:
                reader.control.set(self._transport)
                reader.control.share = self._share
            reader.stand_by()
            self._readers[reader.uri] = reader
            return True

    @property
    def ready(self) -> list[str]:
        """The URIs of those that could play at once."""
        with self._lock:
            return [uri for uri, reader in self._readers.items() if reader.ready]

    def close(self) -> None:
        """Stop all of them; does not wait."""
        with self._lock:
            self._closed, self._wanted = True, ()
            for reader in self._readers.values():
                reader.request_stop()
            self._readers.clear()

    @property
    def _share(self) -> float:
        """Of the memory that a clip may hold."""
        return min(1.0, RUNS / max(1, len(self._wanted)))

    def _tell(self, reader: Reader, report: str) -> None:
        """One does not open: a pad that asks for it later would find that out too late."""
        if reader.rejected is not None and reader.uri not in self._told:
            self._told.add(reader.uri)
            reader.settings.log(f"{report}; it can be played once that is right")

    def _begin(
        self,
        uri: str,
        settings: SourceSettings,
        on_lost: Callable[[Reader, str], None] = to_nobody,
    ) -> Reader:
        reader = Reader(
            uri,
            self._make,
            with_transport(settings, self._transport),
            to_nobody,
            on_lost,
            self._supervisor,
            stands_by=True,
        )
        if reader.control is not None:
            reader.control.share = self._share
        reader.start()
        return reader

    def _put(self, uri: str, reader: Reader) -> None:
        """Add one that was begun, unless a device came back meanwhile or nobody wants it now."""
        with self._lock:
            if uri in self._wanted and uri not in self._readers:
                self._readers[uri] = reader
                return
        reader.request_stop()


def _made_for(settings: SourceSettings) -> object:
    return settings.fps, settings.size, settings.addresses
