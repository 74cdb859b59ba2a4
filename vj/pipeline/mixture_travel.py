"""A mixture of values that never cuts: where what is mixed changes, the frames go from the mixture
before to the new one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from vj.core.smoothstep import smoothstep
from vj.parameters.fit import parse_prompt_list
from vj.parameters.scenes import along, playing_scenes
from vj.parameters.store import Snapshot
from vj.pipeline.text_book import TextBook

T = TypeVar("T")


def prompt_weights(snapshot: Snapshot) -> list[tuple[str, float]]:
    """The texts and weights a snapshot asks for."""
    listed = parse_prompt_list(snapshot["prompt/list"])
    if listed:
        return listed
    if scenes := playing_scenes(snapshot.values):
        texts = (scene.prompt for scene in scenes)
        return list(zip(texts, along(snapshot["prompt/position"], len(scenes)), strict=True))
    mix = snapshot["prompt/mix"]
    return [(snapshot["prompt/a"], 1.0 - mix), (snapshot["prompt/b"], mix)]


class MixtureTravel(Generic[T]):
    """The mixture of each frame, faded to when what is mixed changes; weights alone change at
    once."""

    def __init__(self, blend: Callable[[Sequence[tuple[T, float]]], T]) -> None:
        """blend: the weighted mean of values; weights need not sum to 1."""
        self._blend = blend
        self._names: Hashable = ()
        self._from: T | None = None
        self._begin = 0.0
        self.last: T | None = None
        """What `at` returned last; None before the first."""
        self._settled: tuple[object, T] | None = None
        self._cuts = False

    @property
    def under_way(self) -> bool:
        """A new mixture is still arriving."""
        return self._from is not None

    def cut(self) -> None:
        """Be at the mixture of the next frame at once, whatever it was before."""
        self._names, self._from, self._cuts = (), None, True

    def at(
        self, names: Hashable, parts: Sequence[tuple[T, float]], time: float, seconds: float
    ) -> T:
        """The mixture of the frame at `time`. names: what is mixed; while it is the same, the
        weights are followed at once. seconds: how long another takes to arrive."""
        if names != self._names:
            before = None if self._cuts else self.last
            self._from, self._begin, self._names = before, time, names
        self._cuts = False
        share = (
            1.0 if self._from is None or seconds <= 0 else min(1.0, (time - self._begin) / seconds)
        )
        if share >= 1:
            self._from = None
            key = names, [weight for _, weight in parts]
            if self._settled is None or self._settled[0] != key:
                self._settled = (key, self._blend(parts))
            self.last = self._settled[1]
        else:
            assert self._from is not None
            ease = smoothstep(share)
            self.last = self._blend([(self._from, 1 - ease), (self._blend(parts), ease)])
        return self.last


class PromptTravel(MixtureTravel[T]):
    """The mixture that the prompts of each frame ask for."""

    def __init__(self, book: TextBook[T], blend: Callable[[Sequence[tuple[T, float]]], T]) -> None:
        """book: what the texts stand for."""
        super().__init__(blend)
        self._book = book

    def keep_up(self, snapshot: Snapshot) -> None:
        """Have the book find what this frame's mixture would need, without going there."""
        for text, _ in prompt_weights(snapshot):
            self._book.get(text)

    def of(self, snapshot: Snapshot) -> T | None:
        """The mixture of this frame; None until the first text is known."""
        parts = prompt_weights(snapshot)
        found = [
            (self._book.get(text), weight) for text, weight in parts
        ]  # those of weight 0 too: they will be wanted next
        if any(value is None and weight > 0 for value, weight in found):
            self._cuts = False  # a frame of the one before is seen
            return self.last
        ready = [(value, weight) for value, weight in found if value is not None]
        names = tuple(text for text, _ in parts)
        return self.at(names, ready, snapshot.time, snapshot["prompt/travel"])
