"""What happens in a frame and others may act on: a mark of the clip was passed, a cue was fired,
two faces met.

The control engine tells it as it samples the frame. To be told, append a function to
`Happenings.listeners`: that of a live show is `ControlSession.happenings`, which outlives its
control engines, that of a rendering `OfflineControls.happenings`. It is called with each
`Happening` on the render thread, offline on the thread that renders, before the frame's picture and
sound are made, with the store's lock held: it notes what it wants and returns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

MEETINGS = ("faces meet", "faces part", "silhouettes meet", "silhouettes part")
"""Names of what two faces, or two silhouettes, do."""


class Happening(NamedTuple):
    """name: `mark NAME`, `cue NAME`, or one of `MEETINGS`, the words by which an envelope is
    triggered. time: seconds on the show's clock; of a mark the very moment at which the clip came
    to it, between the frame before and this one, of all others the frame's."""

    name: str
    time: float


class Happenings:
    """Those of one show."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Happening], None]] = []

    def tell(self, name: str, time: float) -> None:
        """Tell everybody. On the render thread."""
        for listener in self.listeners:
            listener(Happening(name, time))
