"""Training `next`: on what the network itself paints, again and again; see `film_pairs`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from vj.training.loop import Moment, Stateful
from vj.translator.batch import TranslatorBatch
from vj.translator.film_pairs import FilmPairs
from vj.translator.plan import TranslatorPlan
from vj.translator.training import TranslatorTraining


class FilmTraining(TranslatorTraining):
    """As every translator's, but for what it goes on from."""

    def __init__(self, pairs: FilmPairs, plan: TranslatorPlan) -> None:
        self.dreams = pairs
        super().__init__(pairs, plan)

    def batches(self, start: int) -> Iterator[TranslatorBatch]:
        """One after the other: each needs what the one before has become."""
        for step in itertools.count(start):
            yield self.dreams.batch(step, self.plan.count).to(self.device)

    def after_step(self, at: Moment) -> None:
        super().after_step(at)
        assert self.made is not None
        self.dreams.go_on(self.made)

    def others(self) -> Mapping[str, Stateful]:
        return {**super().others(), "dreams": self.dreams}
