"""The lamps of a live show: they follow its picture, its `lights/amount`, and its file."""

from __future__ import annotations

from vj.app.context import ShowContext
from vj.app.replacement import Replacement
from vj.core.packed import Pixels
from vj.lights.output import LightsOutput, plan_of
from vj.parameters.store import Snapshot
from vj.show.schema import Show


class Lights:
    """`start`, then `stop`. `put` is called by the render thread and never waits."""

    def __init__(self, context: ShowContext) -> None:
        self._run = context.run
        self._output = LightsOutput(context.messages.log, context.supervisor, context.clock.now)
        context.store.observers.append(self._observe)

    def _observe(self, snapshot: Snapshot) -> None:
        self._output.amount = float(snapshot.values["lights/amount"])

    def start(self) -> None:
        """Where the show has any."""
        self._use(self._run.show)

    def _use(self, show: Show) -> None:
        self._output.use(plan_of(show.lights, show.dmx, show.show))

    def put(self, picture: Pixels) -> None:
        """The picture as it leaves the model, before it is enlarged."""
        self._output.put(picture)

    @property
    def wanted(self) -> bool:
        """The show has lamps."""
        return self._output.wanted

    @property
    def port(self) -> int:
        """From which levels are sent; 0 before."""
        return self._output.port

    @property
    def state(self) -> str:
        """Where levels go."""
        return self._output.state

    def replace(self, show: Show, old: Show) -> Replacement | None:
        """Those of a saved show."""
        plans = [plan_of(one.lights, one.dmx, one.show) for one in (show, old)]
        if plans[0] == plans[1] or not (show.lights or old.lights):
            return None
        return Replacement(["lights"], lambda: self._use(show))

    def stop(self) -> None:
        self._output.close()
