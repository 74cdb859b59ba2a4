"""What is done regularly beside the picture, each on a supervised thread: the watchdog, freeing
memory, the check of recordings, of the show file and of the model."""

from __future__ import annotations

import threading
from collections.abc import Callable

from vj.app.context import ShowContext
from vj.app.recordings import Recordings
from vj.core.memory import PERIOD as MEMORY_PERIOD
from vj.core.memory import give_back
from vj.show.reload import ShowFile
from vj.show.schema import Show

CHECK_PERIOD = 0.25
"""Seconds between two checks of recordings, of the show file and of the model."""


class BackgroundTasks:
    """Of one live show. `start`; then `check` now and then, or `check_regularly`."""

    def __init__(
        self,
        context: ShowContext,
        recordings: Recordings,
        file: ShowFile | None,
        adopt: Callable[[Show], bool],
        look_after_models: Callable[[], None],
    ) -> None:
        """file: the show's, None when it is not watched. adopt: goes on with a saved show; False
        when it cannot be played. look_after_models: see `ModelCare.look`."""
        self._supervisor, self._run = context.supervisor, context.run
        self._recordings, self._file, self._adopt = recordings, file, adopt
        self._look_after_models = look_after_models
        self._checking = threading.Lock()

    def start(self) -> None:
        """The watchdog and freeing memory, until the show is over."""
        self._supervisor.guard(self._run.over)
        self._supervisor.every("memory", give_back, MEMORY_PERIOD, self._run.over)

    def check_regularly(self, seconds: float = CHECK_PERIOD) -> None:
        """`check` on a thread of its own, until the show is over."""
        self._supervisor.every("watch", self.check, seconds, self._run.over)

    def check(self) -> None:
        """Look after recordings and the model, and adopt the show file when it was saved. Never
        raises; may take seconds while a source is opened."""
        if not self._checking.acquire(blocking=False):
            return
        try:
            self._supervisor.call("the watch over recordings", self._recordings.check)
            self._supervisor.call(
                "the watch over the show file",
                self._check_file,
                "the running show goes on as it was",
            )
            self._supervisor.call("the watch over the models", self._look_after_models)
        finally:
            self._checking.release()

    def _check_file(self) -> None:
        if self._file is None:
            return
        saved = self._file.changed()
        if saved is not None and not self._run.stopping and not self._adopt(saved):
            self._file.rejected()
