"""How a show begins: with the first generated frame, and a clip at its first picture."""

from __future__ import annotations

from collections.abc import Callable

from vj.app.context import ShowContext
from vj.app.startup_times import StartupTimes
from vj.app.video_input import VideoInput

PATIENCE = 1.0
"""Seconds that a clip gets to open again when the show begins."""


class Beginning:
    """Asked and called by the render loop, on its thread; never waits."""

    def __init__(
        self,
        context: ShowContext,
        video_input: VideoInput,
        start_controls: Callable[[float], None],
        startup: StartupTimes | None,
    ) -> None:
        """start_controls: starts timeline, cues and takes at a moment of the clock. startup: its
        report is logged when the show begins."""
        self._context, self._input = context, video_input
        self._start_controls, self._startup = start_controls, startup
        self._asked_at: float | None = None

    def may_begin(self) -> bool:
        """The model is there. False while the clip that plays goes back to its first picture."""
        capture = self._input.capture
        if capture is None:
            return True
        now = self._context.clock.now()
        if self._asked_at is None:
            self._asked_at = now
            self._input.restart()
        return not capture.restarting or now - self._asked_at > PATIENCE

    def begin(self, time: float) -> None:
        """The first generated frame is about to be sampled, at this moment of the clock."""
        self._context.run.playing_since = time
        if self._startup is not None:
            self._startup.record("the first generated frame begins")
            for line in self._startup.report():
                self._context.messages.log(line)
        self._start_controls(time)
