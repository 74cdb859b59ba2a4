"""A clip that lies on a web server: fetched whole, once, and then played as any other."""

from __future__ import annotations

import functools
import hashlib
import tempfile
import threading
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from vj.core.errors import Fault
from vj.sources import Awaited, SourceSettings
from vj.sources.fetch import Fetch
from vj.sources.network import check_address, scheme_of, without_password
from vj.sources.video import Video

PATIENCE = 1.5
"""Seconds that `open` waits live; then another source plays, and it is asked again."""

_shelf = threading.Lock()
_fetches: dict[str, Fetch] = {}
"""What is fetched and was, by address: each once, however many decks and lists play it."""


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Where it lies, until the program ends."""
    return tempfile.TemporaryDirectory(prefix="vj-downloads-", ignore_cleanup_errors=True)


def _fetch_of(address: str) -> Fetch:
    with _shelf:
        if address not in _fetches:
            suffix = PurePosixPath(urlsplit(address).path).suffix[:8]
            name = hashlib.sha256(address.encode()).hexdigest()[:16] + suffix
            _fetches[address] = Fetch(address, Path(_folder().name) / name)
        return _fetches[address]


class Download(Video):
    """`download:ADDRESS`, or the address of a clip alone: `https://HOST/loop.mp4`. Once it is here
    it is a file, with its length, its transport, forwards and backwards, and it plays on without
    the network. Until then `open` raises Awaited, with how much has come; offline it waits.
    """

    opening: float | None = None
    """Seconds that opening it may take; None: however long the fetching does."""

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        """Raises Fault for what is no address of a web server."""
        self.address = rest.strip()
        self._name = without_password(self.address)
        if scheme_of(self.address) not in ("http", "https"):
            raise Fault(f"download:{self._name}: name the address of a file: https://HOST/CLIP.mp4")
        check_address(self.address)
        self._fetch = _fetch_of(self.address)
        self._clock, said = settings.clock, settings.log

        def log(text: str) -> None:
            said(self._by_name(text))

        super().__init__(str(self._fetch.path), replace(settings, log=log))

    def open(self) -> None:
        """Raises Awaited while it is being fetched, and where the server does not answer; Fault
        where it says no, and for what is no video."""
        if not self._fetch.wait(PATIENCE if self._clock.live else None):
            waiting = Awaited(f"{self._name}: {self._fetch.progress()}")
            waiting.retry = 0.1
            raise waiting
        try:
            super().open()
        except Fault as fault:
            raise type(fault)(self._by_name(str(fault))) from None

    def _by_name(self, text: str) -> str:
        """A message about the file as one about the address."""
        return text.replace(f"video:{self._fetch.path}", self._name)
