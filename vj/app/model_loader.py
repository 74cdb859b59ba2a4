"""Loads a show's model while it plays, and hands it to the render loop between two frames."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

from vj.app.context import ShowContext
from vj.app.output_upscale import OutputUpscaler
from vj.app.outputs import Outputs
from vj.app.setup import (
    model_spec,
    painted_size,
    paints_any_size,
    style_files,
    style_pictures,
)
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.diffusion.choices import Choices
from vj.diffusion.making import make_backend
from vj.diffusion.model_names import weights_written
from vj.diffusion.size_fit import LEAST, SLACK, better, sizes_for
from vj.pipeline.backend import Backend
from vj.pipeline.loop import RenderLoop
from vj.show.model_section import ModelSection
from vj.show.schema import Show

SETTLED = 8.0
"""Seconds of generated images after which choices that were timed before are compared with what a
frame really takes."""
SWAP = 10.0
"""Seconds after which it is logged that the render thread has not taken a loaded model over."""
RENEWED = 60.0
"""Seconds between the begins of two loads where a model's weights are written again and again, at
least: each is a crossfade, and PyTorch keeps some megabytes of every one."""
AWAITED = 5.0
"""The same where there were none yet."""
FIRST_FRAME = 3.0
"""Seconds that the source gets to show its size, where the painted size depends on it."""


class ModelLoader:
    """Loads models, each on a thread of its own; the newest that was asked for plays."""

    def __init__(
        self,
        context: ShowContext,
        loop: RenderLoop,
        outputs: Outputs,
        record_time: Callable[[str], None],
        fixed_size: bool,
    ) -> None:
        """record_time: gets the name of each step that is done, for `--startup-times`. fixed_size:
        `size: auto` does not depend on this machine's speed, since a take is replayed."""
        self._run, self._store, self._clock = context.run, context.store, context.clock
        self._messages, self._metrics = context.messages, context.metrics
        self._loop, self._outputs, self._supervisor = loop, outputs, context.supervisor
        self._record_time = record_time
        self._fixed_size = fixed_size
        self._loads = 0
        self._wanted: object = None
        """`_key` of the model that plays or is being loaded."""
        self._loaded: object = None
        """`_key` of the model that plays."""
        self._written: dict[str, object] = {}
        """Of each translator, the weights that were loaded last, or could not be."""
        self._begun = -math.inf
        """Seconds on the show's clock: when the last load began."""
        self._models: WeakKeyDictionary[Backend, ModelSection] = WeakKeyDictionary()
        self.on_settled: Callable[[Show, bool], None] = lambda show, loaded: None
        """Called with the show whose model plays now, or has failed to load; must not block."""
        self.choices = Choices()
        self._checked = False

    @staticmethod
    def _key(show: Show) -> object:
        """What a model is loaded for: where it is the same, nothing has to be loaded."""
        styles = style_files(show) if show.model.name == "picture" else None
        return show.model, show.engine, show.size, styles

    def model_of(self, backend: Backend) -> ModelSection | None:
        """The model that a backend was loaded as; None for one that did not come from here. From
        any thread."""
        return self._models.get(backend)

    def replace_model(self, show: Show, old: Show) -> list[str]:
        """Load the model of a saved show where it asks for another one, or another size. Returns
        the section that changed, if one did."""
        if self._key(show) == self._wanted:
            return []
        if show.size != old.size:
            self._outputs.sinks.change_format(show.fps)
        self.load(show)
        if (show.model, show.engine) != (old.model, old.engine):
            return ["model"]
        return ["size" if show.size != old.size else "style_pictures"]

    def load(self, show: Show, again: bool = False) -> None:
        """Load the show's model at its size, in the background. What plays goes on until it is
        there, and when it cannot be loaded. A model that is still being loaded is closed when it
        comes. again: load it even if it plays already."""
        self._wanted = self._key(show)
        self._loads += 1
        self._begun, number = self._clock.now(), self._loads
        if self._wanted == self._loaded and not again:
            self.on_settled(show, True)  # back to what plays
            return
        self._supervisor.start("loader", lambda: self._load(show, number), self._run.over.is_set)

    def renew(self) -> None:
        """Load the model that plays again where its weights have been written since: a translator
        that is being trained, or that had no weights yet. To be called now and then, on a thread
        beside the picture."""
        show = self._run.show
        written, before = weights_written(show.model.name), self._written.get(show.model.name)
        wait = AWAITED if before is None else RENEWED
        if self._wanted != self._loaded or self._clock.now() - self._begun < wait:
            return
        if written is None or written == before:
            return
        self._messages.log(f"model {show.model.name}: new weights were written; they fade in")
        self.load(show, again=True)

    def _load(self, show: Show, number: int) -> None:
        run, log = self._run, self._messages.log
        loaded = threading.Event()

        def progress(text: str) -> None:
            if loaded.is_set():
                self._messages.remark(text)
                return
            if self._loaded is None:
                run.text = text
            log(text)

        backend: Backend | None = None
        upscaler: OutputUpscaler | None = None
        try:
            self._written[show.model.name] = weights_written(show.model.name)
            snapshot = self._store.ahead(self._clock.now())
            playing = self.model_of(self._loop.pipeline.backend)
            if playing is not None and playing.name == show.model.name == "picture":
                # pictures that play are not given up for those that stand in for missing ones
                style_pictures(show).require(snapshot["image/styles"])
            spec, sizes = model_spec(show), self._sizes(show)
            self._record_time("the first frame of the source")
            size = painted_size(show, (lambda text: None) if self._loaded is None else log)
            backend = make_backend(
                spec,
                show.engine,
                size,
                snapshot,
                True,
                progress,
                self._loop.quietly(),
                sizes,
                show.fit,
                self.choices,
                self._supervisor,
            )
            self._record_time("the model loaded, its way and size chosen")
            upscaler = self._upscaler_for(backend.compositor.size)
            # The show may have been saved again meanwhile, and a newer model be on its way.
            if number != self._loads or run.stopping:
                self._close(backend, upscaler)
                return
            loaded.set()
            self._models[backend] = show.model
            self._hand_over(backend, upscaler)
            self._loaded = self._key(show)
            run.text = "playing"
            log(f"playing with {backend.name}")
            self.on_settled(show, True)
            if (sizes or self.choices.way is not None) and not self._checked:
                self._checked = True
                self._supervisor.start(
                    "choices", lambda: self._check(number, sizes), run.over.is_set
                )
        except Exception as error:  # no error of a library may end the show
            self._close(backend, upscaler)
            if number == self._loads:
                self._log_failed(show, error)

    def _log_failed(self, show: Show, error: Exception) -> None:
        self._wanted = self._loaded  # the next save tries it again
        text = (
            str(error)
            if isinstance(error, Fault)
            else f"model {show.model.name}: {type(error).__name__}: {error}"[:400]
        )
        first = self._loaded is None
        self._run.text = "no model" if first else "playing"
        self._loop.begin()
        then = "the input is shown untouched" if first else f"{self._loop.backend_name} paints on"
        self._messages.log(f"{text}; {then}")
        if not isinstance(error, Fault):
            self._metrics.faults += 1
        self.on_settled(show, False)

    def _check(self, number: int, sizes: tuple[Size, ...]) -> None:
        """Once, in the background: whether what was chosen by timing is right for what plays. Too
        slow, a smaller size is taken; where there is none, the ways to compute are timed again,
        unless that was done before. With time to spare, a larger size is taken."""
        run, log, metrics = self._run, self._messages.log, self._metrics
        size, painted = self._loop.pipeline.size, metrics.painted
        stopped = run.over.wait(SETTLED)
        if stopped or number != self._loads or size != self._loop.pipeline.size:
            return
        if metrics.painted - painted < 3 * SETTLED:
            return  # frozen, or a source that hardly moves: nothing to judge by
        seconds = sum(metrics.stages().values())
        takes = f"a frame takes {seconds * 1e3:.0f} ms at {size}"
        right = better(sizes, size, seconds) if sizes else size
        way = self.choices.way
        known = self.choices.get(*way) if way is not None else None
        if right != size:
            self.choices.keep("size", run.show.model.name, *sizes, size=str(right))
            log(f"{takes}: {right} is painted from here on")
            self.load(run.show, again=True)
        elif way is not None and known and not known.get("sure") and seconds > SLACK / LEAST:
            self.choices.doubt(*way)
            log(f"{takes}: how this machine computes is timed anew, beside the picture")
            self.load(run.show, again=True)

    def _upscaler_for(self, painted: Size) -> OutputUpscaler | None:
        """An upscaler for frames of this size; None where none is needed, or the one that runs was
        made for them. Raises Fault."""
        show, running = self._run.show, self._outputs.upscaler
        if show.output is None or (running is not None and painted == running.painted):
            return None
        return self._outputs.make_upscaler(show, painted, show.output, quiet=True)

    def _hand_over(self, backend: Backend, upscaler: OutputUpscaler | None) -> None:
        """Have the render thread go on with a backend, at its size. Raises whatever kept it from
        that."""
        outputs = self._outputs
        before, outputs.next_upscaler = outputs.upscaler, upscaler
        try:
            handover = self._loop.offer(backend)
            while not handover.settled.wait(SWAP) and not self._run.over.is_set():
                self._messages.log(f"{backend.name} is loaded and waits: the picture is stalled")
            if handover.error is not None:
                raise handover.error
        finally:
            outputs.next_upscaler = None
        if upscaler is not None:
            outputs.upscaler = upscaler
            if before is not None and before is not upscaler:
                before.stop()

    def _close(self, backend: Backend | None, upscaler: OutputUpscaler | None) -> None:
        """End what shall not play."""
        if upscaler is not None and upscaler is not self._outputs.upscaler:
            upscaler.stop()
        if backend is not None and backend is not self._loop.pipeline.backend:
            self._supervisor.call("a model at its end", backend.close)

    def _sizes(self, show: Show) -> tuple[Size, ...]:
        """The sizes to choose from where the show leaves that open: those of the source's shape.
        Waits a little for the first frame."""
        if self._fixed_size or not paints_any_size(show):
            return ()
        pipeline, until = self._loop.pipeline, self._clock.now() + FIRST_FRAME
        while pipeline.input_size is None and self._clock.now() < until and not self._run.stopping:
            time.sleep(0.02)
        return sizes_for(pipeline.input_size or pipeline.size)
