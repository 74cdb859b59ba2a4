"""A show's model, loaded beside the picture and taken over between two frames."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from vj.app.output_upscale import OutputUpscaler
from vj.app.setup import model_spec, painted_size
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.diffusion.choices import Choices
from vj.diffusion.loading import make_backend
from vj.diffusion.model_names import is_built_in
from vj.diffusion.size_fit import LEAST, SLACK, better, sizes_for
from vj.pipeline.backend import Backend
from vj.show.schema import Show

if TYPE_CHECKING:
    from vj.app.live import Performance

SETTLED = 8.0
"""Seconds of generated image after which what was kept from another time is held against what the
frames take."""
SWAP = 10.0
"""Seconds after which it is said that a loaded model is not taken over by the render thread."""


class ModelLoader:
    """Loads models for a performance, each on a thread of its own; the newest that was asked for
    plays."""

    def __init__(self, performance: Performance) -> None:
        self._played = performance
        self._loads = 0
        self.asked: object = None
        """What the model that paints, or is on its way, was asked for with; see `key_of`."""
        self._loaded: object = None
        self.next_output_upscaler: OutputUpscaler | None = None
        """For pictures of the size that a model on its way paints."""
        self.choices = Choices()
        self._checked = False

    @staticmethod
    def key_of(show: Show) -> object:
        """What a model is loaded for: when it is the same, nothing has to be loaded."""
        return show.model, show.engine, show.size

    def load(self, show: Show, anew: bool = False) -> None:
        """Load the show's model at its size, beside the picture; what paints does so until then,
        and when that fails. What is still being loaded is dropped when it comes. anew: also when it
        paints already."""
        self.asked = self.key_of(show)
        self._loads += 1
        number = self._loads
        if self.asked == self._loaded and not anew:
            return  # back to what paints
        self._played.supervisor.start(
            "loader", lambda: self._load(show, number), self._played.over.is_set
        )

    def _load(self, show: Show, number: int) -> None:
        loaded = threading.Event()

        def progress(text: str) -> None:
            if loaded.is_set():
                self._played.remark(text)
                return
            if self._loaded is None:
                self._played.state = text
            self._played.log(text)

        backend: Backend | None = None
        output_upscaler: OutputUpscaler | None = None
        try:
            key = self.key_of(show)
            snapshot = self._played.store.ahead(self._played.clock.now())
            spec, sizes = model_spec(show), self._sizes(show)
            self._played.mark("the first frame of the source")
            size = painted_size(
                show, (lambda text: None) if self._loaded is None else self._played.log
            )
            backend = make_backend(
                spec,
                show.engine,
                size,
                snapshot,
                True,
                progress,
                self._played.loop.quietly(),
                sizes,
                show.fit,
                self.choices,
                self._played.supervisor,
            )
            self._played.mark("the model loaded, its way and size chosen")
            size = backend.compositor.size
            output = self._played.show.output
            if output is not None and (
                self._played.output_upscaler is None or size != self._played.output_upscaler.painted
            ):
                output_upscaler = self._played.make_output_upscaler(
                    self._played.show, size, output, quiet=True
                )
            # Saved again meanwhile, and a newer model is on its way.
            if number != self._loads or self._played.state == "stopping":
                self._drop(backend, output_upscaler)
                return
            loaded.set()
            self._take_over(backend, output_upscaler)
            self._loaded = key
            self._played.state = "playing"
            self._played.log(f"playing with {backend.name}")
            if (sizes or self.choices.way is not None) and not self._checked:
                self._checked = True
                supervisor, over = self._played.supervisor, self._played.over
                supervisor.start("choices", lambda: self._check(number, sizes), over.is_set)
        except Exception as error:  # a loader's accident must not end the show
            self._drop(backend, output_upscaler)
            if number == self._loads:
                self.asked = self._loaded  # the next save tries it again
                report = (
                    str(error)
                    if isinstance(error, Fault)
                    else f"model {show.model.name}: {type(error).__name__}: {error}"[:400]
                )
                first = self._loaded is None
                self._played.state = "no model" if first else "playing"
                self._played.loop.begin()
                on = f"{self._played.loop.backend_name} paints on"
                self._played.log(f"{report}; {'the input is shown untouched' if first else on}")
                if not isinstance(error, Fault):
                    self._played.metrics.faults += 1

    def _check(self, number: int, sizes: tuple[Size, ...]) -> None:
        """PersonThread the picture: whether what was chosen by timing, now or another time, is
        right for what plays. Once. Too slow, a smaller size is taken, and where there is none the
        ways to compute are timed anew, unless that was done before; with time to spare, a larger
        size."""
        played, size = self._played, self._played.size
        painted = played.metrics.painted
        if played.over.wait(SETTLED) or number != self._loads or size != played.size:
            return
        if played.metrics.painted - painted < 3 * SETTLED:
            return  # frozen, or a source that hardly moves: nothing to judge by
        seconds = sum(played.metrics.stages().values())
        takes = f"a frame takes {seconds * 1e3:.0f} ms at {size}"
        right = better(sizes, size, seconds) if sizes else size
        way = self.choices.way
        known = self.choices.get(*way) if way is not None else None
        if right != size:
            self.choices.keep("size", played.show.model.name, *sizes, size=str(right))
            played.log(f"{takes}: {right} is painted from here on")
            self.load(played.show, anew=True)
        elif way is not None and known and not known.get("sure") and seconds > SLACK / LEAST:
            self.choices.doubt(*way)
            played.log(f"{takes}: how this machine computes is timed anew, beside the picture")
            self.load(played.show, anew=True)

    def _take_over(self, backend: Backend, output_upscaler: OutputUpscaler | None) -> None:
        """Have the render thread go on with a backend, at its size. Raises what it could not be
        taken for."""
        old = self._played.output_upscaler
        self.next_output_upscaler = output_upscaler
        try:
            handover = self._played.loop.offer(backend)
            while not handover.settled.wait(SWAP) and not self._played.over.is_set():
                self._played.log(f"{backend.name} is loaded and waits: the picture stands")
            if handover.error is not None:
                raise handover.error
        finally:
            self.next_output_upscaler = None
        if output_upscaler is not None:
            self._played.output_upscaler = output_upscaler
            if old is not None and old is not output_upscaler:
                old.stop()

    def _drop(self, backend: Backend | None, output_upscaler: OutputUpscaler | None) -> None:
        """End what shall not play."""
        if output_upscaler is not None and output_upscaler is not self._played.output_upscaler:
            output_upscaler.stop()
        if backend is not None and backend is not self._played.loop.pipeline.backend:
            self._played.supervisor.call("a model at its end", backend.close)

    def _sizes(self, show: Show) -> tuple[Size, ...]:
        """What may be painted where the show leaves it open: by the shape of what comes in. Waits
        for the first frame a little."""
        if (
            show.size != "auto"
            or self._played.replay is not None
            or not is_built_in(show.model.name)
        ):
            return ()
        until = self._played.clock.now() + 3
        while (
            self._played.loop.pipeline.input_size is None
            and self._played.clock.now() < until
            and self._played.state != "stopping"
        ):
            time.sleep(0.02)
        return sizes_for(self._played.loop.pipeline.input_size or self._played.size)
