"""Models on their way to the picture and away from it, with what upscales their frames."""

from __future__ import annotations

from collections.abc import Callable

from vj.app.context import ShowContext
from vj.app.model_bank import LoadedModel, ModelBank
from vj.app.outputs import Outputs
from vj.core.frame import Size
from vj.core.memory import give_back
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend
from vj.pipeline.loop import RenderLoop

SWAP = 10.0
"""Seconds after which it is logged that the render thread has not taken a loaded model over."""


def painted(model: LoadedModel) -> Size:
    """The size that a loaded model paints."""
    return model.backend.compositor.size


class ModelHandover:
    """Of one live show: what its parameter `model` means is given to the render loop in the frame
    that says so, where it is ready, and what was loaded, between two frames."""

    def __init__(
        self, context: ShowContext, loop: RenderLoop, outputs: Outputs, bank: ModelBank
    ) -> None:
        self._run, self._log = context.run, context.messages.log
        self._supervisor, self._loop, self._outputs = context.supervisor, loop, outputs
        self._bank = bank
        self._value = ""
        """The parameter `model` in the newest frame."""
        self._chosen: LoadedModel | None = None
        self.on_refused: Callable[[], None] = lambda: None
        """Called, on a thread of its own, after a model that rested has not taken over."""
        # Before all others that follow the parameters: they find it taken, and do not load it.
        context.store.observers.insert(0, self._observe)
        loop.choose, loop.keeps, loop.refused = self._choose, bank.exchanged, self._refused

    # On the render thread.

    def _observe(self, snapshot: Snapshot) -> None:
        self._bank.follow(snapshot)
        if snapshot["model"] == self._value:
            return
        self._value = snapshot["model"]
        ready = self._bank.ready_as(self._value)
        if ready is not None and self._outputs.takes(self._run.show, painted(ready)):
            self._chosen = self._bank.take(ready)

    def _choose(self, snapshot: Snapshot) -> Backend | None:
        chosen, self._chosen = self._chosen, None
        return None if chosen is None else chosen.backend

    def _refused(self, backend: Backend, error: Exception) -> None:
        self._supervisor.report(
            f"model {backend.name}, which was kept,", error, "it is loaded anew"
        )
        self._bank.gone(backend)
        self._bank.want_what_plays()
        self._supervisor.start("loader", self.on_refused, self._run.over.is_set)

    # Beside the picture.

    def give(self, model: LoadedModel) -> None:
        """Have the render thread go on with a loaded model, at its size. Returns once it paints.
        Raises whatever kept it from that: an upscaler that cannot be had, a card that is full."""
        self.ready_upscaler(model)
        self._bank.comes(model)
        handover = self._loop.offer(model.backend)
        while not handover.settled.wait(SWAP) and not self._run.over.is_set():
            self._log(f"{model.backend.name} is loaded and waits: the picture is stalled")
        if handover.error is not None:
            self._bank.gone(model.backend)
            raise handover.error
        self._outputs.use_upscaler(painted(model))
        self.tidy_upscalers()

    def ready_upscaler(self, model: LoadedModel) -> None:
        """Have the upscaler there that a model needs which is to rest. Raises Fault."""
        self._outputs.add_upscaler(self._run.show, painted(model))

    def tidy_upscalers(self) -> None:
        """Those that are there for models that are loaded, and for no others."""
        models = [*self._bank.resting, *([self._bank.playing] if self._bank.playing else [])]
        self._outputs.remove_upscalers({painted(model) for model in models})

    def close(self, backend: Backend) -> None:
        """End a model that shall not play."""
        if backend is not self._loop.pipeline.backend:
            self._supervisor.call("a model at its end", backend.close)
            give_back()
