"""Sources that are looked at beside those that play, in a show that is rendered: on the spot, with
the picture of each moment. Pictures are taken from them as prompts and styles (`image/from`), or
they are the background."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vj.app.live_pictures import settings_beside
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.sources import EndOfSource, Source, SourceSettings, make_source
from vj.sources.opening import Opening, patience

MISSES = 40
"""Times in a row that a source may give no picture before it counts as lost."""


class OfflineBeside:
    """Those that a parameter has named in a rendering. Belongs to the thread that renders."""

    def __init__(
        self,
        row: str,
        until_then: str,
        names: Mapping[str, str],
        settings: SourceSettings,
        log: Callable[[str], None],
    ) -> None:
        """row: the parameter. until_then: what happens where one cannot be played here, in words.
        names: name -> URI of the show's sources. settings: they are made with."""
        self._row, self._until_then = row, until_then
        self._names, self._settings, self._log = names, settings, log
        self._open: dict[str, Source | None] = {}
        """What has been named; None for what cannot be played here."""
        self._last: dict[str, Frame] = {}
        """What each gave last."""

    def latest(self, name: str) -> Frame | None:
        """The frame of this moment; None for what cannot be played here. Raises Fault for a source
        that does not open or gives no more frames: nothing may be left out."""
        if name not in self._open:
            self._open[name] = self._opened(name)
        source = self._open[name]
        if source is None:
            return None
        for _ in range(MISSES):
            try:
                frame = source.read()
            except EndOfSource:  # of a clip that does not go round: its last picture stands
                break
            if frame is not None:
                self._last[name] = frame
                return frame
        if name not in self._last:
            raise Fault(f"{self._row} {name}: it gives no pictures")
        return self._last[name]

    def _opened(self, name: str) -> Source | None:
        uri = self._names.get(name)
        if uri is None:
            return None
        source = make_source(uri, self._settings)
        if source.live:
            self._log(
                f"{self._row} {name}: {uri} is live, and offline there is no now; record it first, "
                f"or name a file; until then {self._until_then}"
            )
            return None
        fault = Opening(uri, source).wait(patience(source))
        if fault is not None:
            raise Fault(f"{self._row} {name}: {fault}")
        return source

    def close(self) -> None:
        """Close every source. May be called twice."""
        for source in self._open.values():
            if source is not None:
                source.close()
        self._open.clear()


class OfflinePictureSources(OfflineBeside):
    """Those that image/from has named in a rendering."""

    def __init__(
        self,
        names: Mapping[str, str],
        settings: SourceSettings,
        log: Callable[[str], None],
    ) -> None:
        """names: name -> URI of the show's sources. settings: of sources that play."""
        super().__init__(
            "image/from", "no picture is taken of it", names, settings_beside(settings), log
        )

    def newest(self, name: str) -> np.ndarray | None:
        """See `vj.pipeline.live_picture.LivePictures.newest`; raises what `latest` does."""
        latest = self.latest(name)
        return None if latest is None else latest.pixels
