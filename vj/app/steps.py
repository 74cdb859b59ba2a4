"""`/vj/step`: a live show whose picture is frozen renders one frame for each."""

from __future__ import annotations

from vj.app.context import ShowContext
from vj.app.servers import Servers
from vj.app.sink_group import SinkGroup
from vj.app.video_input import VideoInput
from vj.core.errors import Fault
from vj.core.step_clock import StepClock
from vj.parameters.table import Value
from vj.pipeline.loop import RenderLoop
from vj.sources.reader import Reader

STEP = "output/step"
"""The trigger that asks for a frame."""


class Steps:
    """Joins what takes part: the render loop, the sources on the decks, the sinks, and who asks."""

    def __init__(
        self,
        context: ShowContext,
        loop: RenderLoop,
        video_input: VideoInput,
        sinks: SinkGroup,
        servers: Servers,
    ) -> None:
        self._clock, self._video_input = context.clock, video_input
        self._log = context.messages.remark
        self.ask = servers.on_step = loop.stepping.ask
        self.close = loop.stepping.end
        loop.stepping.inputs_rest = self._inputs_rest
        loop.stepping.has_left = sinks.has_left
        context.store.listeners.append(self._changed)

    def _changed(self, name: str, value: Value, origin: object) -> None:
        """A pedal, a key, the page; what comes by OSC asks itself, and gets an answer."""
        if name == STEP:
            try:
                self.ask(1, lambda number: None)
            except Fault as fault:
                self._log(f"{STEP}: {fault}")

    def _inputs_rest(self) -> bool:
        captures = [deck.capture for deck in self._video_input.decks.values()]
        return all(capture is None or self._rests(capture.playing) for capture in captures)

    def _rests(self, reader: Reader | None) -> bool:
        """It has given the picture of the moment at which the clock stands; a device gives its
        newest, and nobody waits for the next."""
        if reader is None or reader.ended or reader.fault_text:
            return True
        if reader.source is None or not reader.opened:
            return False
        clock: object = self._clock
        return reader.source.live or not isinstance(clock, StepClock) or clock.rests(reader.thread)
