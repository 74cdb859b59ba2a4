"""The source that pictures are taken from as prompts and styles (`image/from`), on a thread of its
own beside those that play."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from vj.app.context import ShowContext
from vj.app.source_beside import MadeWith, SourceBeside
from vj.core.frame import Size
from vj.parameters.store import Snapshot
from vj.pipeline.live_picture import SIDE
from vj.sources import SourceSettings
from vj.sources.transport import TransportControl

RATE = 6.0
"""Pictures a second of a clip or a drawing that are looked at, at most. A camera gives its own."""


def settings_beside(settings: SourceSettings) -> SourceSettings:
    """For a source of which only small pictures are looked at. It goes round and round."""
    width, height = settings.size
    share = min(1.0, SIDE / min(width, height))
    size = Size(round(width * share), round(height * share)).rounded(8)
    return replace(settings, size=size, loop=True, listed=tuple, transport=TransportControl())


class LivePictureSource(SourceBeside):
    """The one source that image/from names, if it names one. `newest` and `observe` belong to the
    render thread and never wait."""

    def __init__(
        self,
        context: ShowContext,
        names: Callable[[], Mapping[str, str]],
        made_with: MadeWith,
        on_decks: Callable[[], tuple[str, str]],
    ) -> None:
        """names, made_with: see `SourceBeside`. on_decks: names of those that play."""
        super().__init__(
            "image/from",
            "it is taken when it comes",
            context,
            names,
            made_with,
            settings_beside,
            RATE,
        )
        self._on_decks = on_decks

    def _is_wanted(self, snapshot: Snapshot) -> bool:
        """Not where a deck shows it."""
        return super()._is_wanted(snapshot) and self._name not in self._on_decks()

    def newest(self, name: str) -> np.ndarray | None:
        """See `vj.pipeline.live_picture.LivePictures.newest`."""
        latest = self.latest(name)
        return None if latest is None else latest.pixels
