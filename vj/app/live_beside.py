"""The sources of a live show beside those on its decks: of `image/from`, and of the background."""

from __future__ import annotations

from vj.app.background_source import LiveBackgroundSource
from vj.app.context import ShowContext
from vj.app.live_pictures import LivePictureSource
from vj.app.video_input import VideoInput
from vj.pipeline.preparation import Preparation


class LiveBeside:
    """Gives their pictures to the preparation. They open when they are asked for; `close` at the
    end."""

    def __init__(
        self, context: ShowContext, preparation: Preparation, video_input: VideoInput
    ) -> None:
        self.pictures = LivePictureSource(
            context, lambda: video_input.names, lambda: video_input.beside, video_input.on_decks
        )
        self.background = LiveBackgroundSource(
            context, lambda: video_input.names, lambda: video_input.beside
        )
        preparation.pictures.newest = self.pictures.newest
        preparation.pictures.on_decks = video_input.on_decks
        preparation.background.newest = self.background.latest

    def close(self) -> None:
        self.pictures.close()
        self.background.close()
