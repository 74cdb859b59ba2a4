"""What is done for the models of a live show now and then: new weights, one that fails after a
rest, memory that has become short."""

from __future__ import annotations

import math

from vj.app.context import ShowContext
from vj.app.full_card import FullCard
from vj.app.model_loader import ModelLoader
from vj.diffusion.model_names import weights_written
from vj.pipeline.loop import RenderLoop
from vj.show.schema import Show

RENEWED = 60.0
"""Seconds between the begins of two loads where a model's weights are written again and again, at
least: each is a crossfade, and PyTorch keeps some megabytes of every one."""
AWAITED = 5.0
"""The same where there were none yet."""
TIDIED = 2.0
"""Seconds between two looks at how much memory there is."""
FAILS = 2
"""Calls of `look` in a row that find a model failing, before it is loaded anew."""


class ModelCare:
    """Of one live show. On a thread beside the picture."""

    def __init__(self, context: ShowContext, loop: RenderLoop, loader: ModelLoader) -> None:
        self._run, self._clock, self._log = context.run, context.clock, context.messages.log
        self._pipeline, self._loader = loop.pipeline, loader
        self._full = FullCard(context, loop, loader)
        self._tidied = -math.inf
        self._failing = 0
        self._seen: Show | None = None
        """The show of the last look."""

    def look(self) -> None:
        """Load again what has new weights: a translator that is being trained, or that had no
        weights yet, whether it plays or rests. Give up what can be where memory is full, load again
        a model that fails after a rest, and have models that rest give way where memory is short.
        To be called now and then."""
        self._renew()
        if not self._full.look():
            self._mend()
        now = self._clock.now()
        if now - self._tidied >= TIDIED:
            self._tidied = now
            self._loader.memory.tidy()

    def _renew(self) -> None:
        show, bank = self._run.show, self._loader.bank
        plays = None if bank.playing is None else bank.playing.key
        # Right after a model was taken, the show is still the one before.
        stands, self._seen = plays in (None, self._loader.key_of(show)) or show is self._seen, show
        if stands and bank.wanted == plays and self._has_new_weights(show):
            self._log(f"model {show.model.name}: new weights were written; they fade in")
            self._loader.load(show, again=True)
        for model in bank.resting:
            if self._has_new_weights(model.show):
                self._loader.load_beside(model.show)

    def _has_new_weights(self, show: Show) -> bool:
        """There are other weights of a show's model than those that were loaded last."""
        name = show.model.name
        written, before = weights_written(name), self._loader.written.get(name)
        wait = AWAITED if before is None else RENEWED
        begun = self._loader.begun.get(name, -math.inf)
        return self._clock.now() - begun >= wait and written is not None and written != before

    def _mend(self) -> None:
        """A model that fails after a rest, frame after frame, is loaded anew, once."""
        playing = self._loader.bank.playing
        fails = playing is not None and playing.rested and self._pipeline.fails
        self._failing = self._failing + 1 if fails else 0
        if playing is not None and self._failing == FAILS:
            playing.rested = False
            self._log(f"{playing.backend.name} fails after a rest: it is loaded anew")
            self._loader.load(playing.show, again=True)
