"""The source that `background/source` names: live beside those that play, on the spot in a show
that is rendered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from vj.app.context import ShowContext
from vj.app.offline_pictures import OfflineBeside
from vj.app.source_beside import MadeWith, SourceBeside
from vj.parameters.store import Snapshot
from vj.sources import SourceSettings
from vj.sources.transport import Transport, TransportControl

ROW = "background/source"


class BackgroundSpeed:
    """How fast the source plays, as each frame's parameters say."""

    def __init__(self) -> None:
        self._speed = 1.0

    def follow(self, snapshot: Snapshot) -> None:
        self._speed = float(snapshot["background/speed"])

    def settings(self, settings: SourceSettings) -> SourceSettings:
        """Of a source that goes round and round at this speed."""
        control = TransportControl(lambda: Transport(speed=self._speed))
        return replace(settings, loop=True, listed=tuple, transport=control)


class LiveBackgroundSource(SourceBeside):
    """`latest` and `observe` belong to the render thread and never wait."""

    def __init__(
        self,
        context: ShowContext,
        names: Callable[[], Mapping[str, str]],
        made_with: MadeWith,
    ) -> None:
        """names, made_with: see `SourceBeside`."""
        self._speed = BackgroundSpeed()
        super().__init__(
            ROW,
            "what is there stays until it comes",
            context,
            names,
            made_with,
            self._speed.settings,
        )

    def observe(self, snapshot: Snapshot) -> None:
        """Follow the parameters of a frame."""
        self._speed.follow(snapshot)
        super().observe(snapshot)


class OfflineBackgroundSource(OfflineBeside):
    """Belongs to the thread that renders."""

    def __init__(
        self,
        names: Mapping[str, str],
        settings: SourceSettings,
        log: Callable[[str], None],
    ) -> None:
        """names: name -> URI of the show's sources. settings: of sources that play."""
        speed = BackgroundSpeed()
        self.observe = speed.follow
        """An observer of the store: how fast it plays."""
        super().__init__(ROW, "there is none", names, speed.settings(settings), log)
