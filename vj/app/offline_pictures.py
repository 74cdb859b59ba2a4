"""The sources that pictures are taken from as prompts and styles (`image/from`), in a show that is
rendered: on the spot, with the picture of each moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vj.app.live_pictures import settings_beside
from vj.core.errors import Fault
from vj.sources import EndOfSource, Source, SourceSettings, make_source
from vj.sources.opening import Opening, patience

MISSES = 40
"""Times in a row that a source may give no picture before it counts as lost."""


class OfflinePictureSources:
    """Those that image/from has named in a rendering. Belongs to the thread that renders."""

    def __init__(
        self,
        names: Mapping[str, str],
        settings: SourceSettings,
        log: Callable[[str], None],
    ) -> None:
        """names: name -> URI of the show's sources. settings: of sources that play."""
        self._names, self._settings, self._log = names, settings, log
        self._open: dict[str, Source | None] = {}
        """What has been named; None for what cannot be played here."""
        self._last: dict[str, np.ndarray] = {}
        """What each gave last."""

    def newest(self, name: str) -> np.ndarray | None:
        """See `vj.pipeline.live_picture.LivePictures.newest`. Raises Fault for a source that does
        not open or gives no more frames: nothing may be left out."""
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
                self._last[name] = frame.pixels
                return frame.pixels
        if name not in self._last:
            raise Fault(f"image/from {name}: it gives no pictures")
        return self._last[name]

    def _opened(self, name: str) -> Source | None:
        uri = self._names.get(name)
        if uri is None:
            return None
        source = make_source(uri, settings_beside(self._settings))
        if source.live:
            self._log(
                f"image/from {name}: {uri} is live, and offline there is no now; record it first, "
                "or name a file; until then no picture is taken of it"
            )
            return None
        fault = Opening(uri, source).wait(patience(source))
        if fault is not None:
            raise Fault(f"image/from {name}: {fault}")
        return source

    def close(self) -> None:
        """Close every source. May be called twice."""
        for source in self._open.values():
            if source is not None:
                source.close()
        self._open.clear()
