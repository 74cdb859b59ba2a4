"""What is chosen by timing, the painted size and the way to compute: from which sizes, and whether
it is right for what plays."""

from __future__ import annotations

import time
from collections.abc import Callable

from vj.app.context import ShowContext
from vj.app.setup import paints_any_size
from vj.core.frame import Size
from vj.diffusion.choices import Choices
from vj.diffusion.size_fit import LEAST, SLACK, better, sizes_for
from vj.pipeline.loop import RenderLoop
from vj.show.schema import Show

SETTLED = 8.0
"""Seconds of generated images after which choices that were timed before are compared with what a
frame really takes."""

FIRST_FRAME = 3.0
"""Seconds that the source gets to show its size, where the painted size depends on it."""


class ChoiceCheck:
    """The check is made once in a show, in the background."""

    def __init__(
        self,
        context: ShowContext,
        loop: RenderLoop,
        choices: Choices,
        fixed_size: bool,
        load_again: Callable[[Show], None],
    ) -> None:
        """fixed_size: `size: auto` does not depend on this machine's speed. load_again: loads the
        model of a show, with choices made anew."""
        self._run, self._metrics, self._log = context.run, context.metrics, context.messages.log
        self._supervisor, self._loop = context.supervisor, loop
        self._clock, self._fixed_size = context.clock, fixed_size
        self._choices, self._load_again = choices, load_again
        self.began = False
        """The look was begun, or is over."""

    def sizes(self, show: Show) -> tuple[Size, ...]:
        """The sizes to choose from where the show leaves that open: those of the source's shape.
        Waits a little for the first frame."""
        if self._fixed_size or not paints_any_size(show):
            return ()
        pipeline, until = self._loop.pipeline, self._clock.now() + FIRST_FRAME
        while pipeline.input_size is None and self._clock.now() < until and not self._run.stopping:
            time.sleep(0.02)
        return sizes_for(pipeline.input_size or pipeline.size)

    def start(self, sizes: tuple[Size, ...], still: Callable[[], bool]) -> None:
        """sizes: those that were to be chosen from. still: whether the model that was chosen for
        plays on."""
        if self.began or not (sizes or self._choices.way is not None):
            return
        self.began = True
        check = lambda: self._check(sizes, still)  # noqa: E731
        self._supervisor.start("choices", check, self._run.over.is_set)

    def _check(self, sizes: tuple[Size, ...], still: Callable[[], bool]) -> None:
        """Too slow, a smaller size is taken; where there is none, the ways to compute are timed
        again, unless that was done before. With time to spare, a larger size is taken."""
        run, log, metrics = self._run, self._log, self._metrics
        size, painted = self._loop.pipeline.size, metrics.painted
        stopped = run.over.wait(SETTLED)
        if stopped or not still() or size != self._loop.pipeline.size:
            return
        if metrics.painted - painted < 3 * SETTLED:
            return  # frozen, or a source that hardly moves: nothing to judge by
        seconds = sum(metrics.stages().values())
        takes = f"a frame takes {seconds * 1e3:.0f} ms at {size}"
        right = better(sizes, size, seconds) if sizes else size
        way = self._choices.way
        known = self._choices.get(*way) if way is not None else None
        if right != size:
            self._choices.keep("size", run.show.model.name, *sizes, size=str(right))
            log(f"{takes}: {right} is painted from here on")
            self._load_again(run.show)
        elif way is not None and known and not known.get("sure") and seconds > SLACK / LEAST:
            self._choices.doubt(*way)
            log(f"{takes}: how this machine computes is timed anew, beside the picture")
            self._load_again(run.show)
