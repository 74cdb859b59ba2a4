"""A card that is full while a show plays: what is given up, one thing after the other, until a
frame can be painted again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vj.app.context import ShowContext
from vj.app.model_bank import LoadedModel
from vj.app.model_loader import ModelLoader
from vj.core.errors import is_out_of_memory, told
from vj.core.frame import Size
from vj.pipeline.loop import RenderLoop

if TYPE_CHECKING:  # torch comes with it, and takes seconds
    from vj.diffusion.backends import StreamBackend

SMALLER = (0.75, 0.5)
"""Sides that are tried instead, as shares of those that were too large."""
STEP, LEAST = 64, 192
"""Pixels: what sides are multiples of, and the shortest one there may be."""


def smaller_sizes(size: Size) -> list[Size]:
    """Those that are tried, the largest first."""
    sides = [
        Size(*(max(1, round(side * share / STEP)) * STEP for side in size)) for share in SMALLER
    ]
    return [
        one
        for one in sides
        if min(one) >= LEAST and one.width * one.height < size.width * size.height
    ]


class FullCard:
    """Of one live show. Not for the render thread."""

    def __init__(self, context: ShowContext, loop: RenderLoop, loader: ModelLoader) -> None:
        self._log, self._clock = context.messages.log, context.clock
        self._store = context.store
        self._pipeline, self._loader = loop.pipeline, loader
        self._at_its_end: object = None
        """The backend for which there is nothing left to give up."""

    def look(self) -> bool:
        """Give something up where the newest frame was not painted for want of memory; the next
        frame tries again. Returns whether that was so. To be called now and then."""
        pipeline = self._pipeline
        if not (pipeline.fails and pipeline.stand_in.out_of_memory):
            return False
        pipeline.stand_in.out_of_memory = False  # it is set again with the next such frame
        backend = pipeline.backend
        if self._loader.bank.resting:
            self._loader.memory.let_all_go("since memory is full")
        elif (
            not self._without_memory()
            and not self._without_graphs()
            and not self._smaller()
            and backend is not self._at_its_end
        ):
            self._at_its_end = backend
            self._log(
                "memory is full, and there is nothing left to give up: close other programs, or "
                "play a smaller size: or model"
            )
        return True

    def _stream(self) -> StreamBackend | None:
        """What plays, where it is a Stable Diffusion model."""
        from vj.diffusion.backends import StreamBackend
        from vj.diffusion.model import Model

        backend = self._pipeline.backend
        fits = isinstance(backend, StreamBackend) and isinstance(backend.model, Model)
        return backend if fits else None  # type: ignore[return-value]

    def _without_memory(self) -> bool:
        backend = self._stream()
        if backend is None or backend.memory is None or not backend.memory.give_up():
            return False
        self._log(
            f"memory is full: {backend.name} looks at no earlier frames (memory/amount) until it "
            "is loaded anew"
        )
        return True

    def _without_graphs(self) -> bool:
        backend = self._stream()
        if backend is None or not backend.model.give_up_graphs():  # type: ignore[attr-defined]
            return False
        self._log(
            f"memory is full: {backend.name} plays without CUDA graphs, which is slower, until it "
            "is loaded anew"
        )
        return True

    def _smaller(self) -> bool:
        backend, playing = self._stream(), self._loader.bank.playing
        if backend is None or playing is None or playing.backend is not backend:
            return False
        size = backend.compositor.size
        for smaller in smaller_sizes(size):
            made: StreamBackend | None = None
            try:
                made = backend.layer(smaller)
                made.warm(self._store.ahead(self._clock.now()))
                model = LoadedModel(playing.key, playing.show, made, None, playing.written)
                self._loader.give(model)
            except Exception as error:  # the card may be full again, or gone
                if made is not None:
                    self._loader.handover.close(made)
                if not is_out_of_memory(error):
                    self._log(f"memory is full, and {smaller} cannot be painted ({told(error)})")
                    return False
                continue
            self._log(f"memory is full: {smaller} is painted instead of {size}")
            return True
        return False
