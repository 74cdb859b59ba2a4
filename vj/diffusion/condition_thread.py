"""Conditions for which somebody has to be found in the picture first: live on a thread beside it,
offline on the spot, so that every frame has its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vj.core.errors import Fault
from vj.core.supervisor import Supervisor
from vj.core.worker import NewestWorker
from vj.translator.conditions import Conditioner
from vj.translator.trackers import Found, somebody

NAME = "the translator's tracker"
"""Of the thread."""
NOBODY = 3.0
"""Seconds without anybody, after which that is said."""


class FoundBeside:
    """Who is where, as new as it is known. Belongs to the render thread."""

    def __init__(
        self,
        conditioner: Conditioner,
        wait: bool,
        on_message: Callable[[str], None] = lambda text: None,
        supervisor: Supervisor | None = None,
    ) -> None:
        """wait: every frame's own is found on the spot; what fails then is raised, as any failure
        of a model. supervisor: of the thread."""
        self._conditioner, self._wait, self._log = conditioner, wait, on_message
        self._supervisor = supervisor or Supervisor(on_message)
        self._worker = NewestWorker(self._supervisor, NAME, self._look)
        self._newest: Found | None = None
        self._since: float | None = None
        """When somebody was there last, or was looked for first; in seconds of the frames."""
        self._said = False
        self._failed = ""
        """How it failed last, in words."""

    def of(self, image: np.ndarray, time: float) -> Found | None:
        """Who is in a picture, or was in the newest one that has been looked at; None before the
        first. image: (H, W, 3) uint8, which is not written to any more. time: of the frame, in
        seconds."""
        if self._wait:
            return self._seen(image, time)
        self._worker.put((image, time))
        return self._newest

    def forget(self) -> None:
        """Who was found; the next picture is looked at before anybody is known again."""
        self._newest = None

    def _seen(self, image: np.ndarray, time: float) -> Found | None:
        """Look, and say it once when nobody has been there for a while."""
        found = self._conditioner.find(image, time)
        if found is None or somebody(found) or self._since is None or time < self._since:
            self._since, self._said = time, False
        elif time - self._since >= NOBODY and not self._said:
            self._said = True
            kind = self._conditioner.kind
            who = "person" if kind == "mask" else kind
            self._log(f"no {who} is found in the picture: the translator has none to paint from")
        return found

    def _look(self, asked: tuple[np.ndarray, float]) -> None:
        try:
            self._newest = self._seen(*asked)
        except Exception as error:  # foreign networks: what was found last stands
            self._supervisor.count(NAME)
            reason = str(error) if isinstance(error, Fault) else f"{type(error).__name__}: {error}"
            message = f"{NAME} failed ({reason})"[:300]
            if message != self._failed:  # the same words once
                self._failed = message
                self._log(message)

    def close(self) -> None:
        """End the thread. May be called twice."""
        self._worker.close()
