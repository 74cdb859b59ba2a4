"""The key pictures of a walk in two stages: made once, painted by the model, kept beside the show.

What takes long, what lies where and the folder, has a thread of its own; painting is the model's,
which belongs to the render thread: a picture now and then, beside the frames. Until a leg's keys
are there the walk goes on as it did. Offline all is made before the first frame.
"""

from __future__ import annotations

import itertools
import queue
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from vj.core.errors import told
from vj.core.supervisor import Supervisor
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend, PaintsBeside, PassThrough
from vj.pipeline.key_painter import KeyPainter, key_strength
from vj.pipeline.latent_walk import WalkStep
from vj.pipeline.mixture_travel import prompt_weights
from vj.pipeline.rife import Network
from vj.pipeline.walk_leg import LegLayout, WalkLeg, key_picture
from vj.pipeline.walk_shelf import keep, kept, leg_name

EVERY = 6
"""Frames from one step of painting a key to the next, live: each makes its frame late by itself."""
FADE = 1.0
"""Seconds in which a walk goes over to its keys where they come on the way, and back."""
SETTLED = 1.0
"""Seconds for which `walk/keys` and the like stand before keys are made anew."""
PLAYED = (
    *("palette/", "prompt/negative", "seed/", "steps", "guidance", "delta", "pocket/", "lora/"),
    *("image/amount", "control/", "noise/align"),
)
"""What parameters begin with that a painted key hangs on, besides the prompts."""
LOOSE = 0.8
"""Strength from which on the model moves things: what lies where is found once more between the
painted keys."""


@dataclass(frozen=True, slots=True)
class KeyWish:
    """What keys are made by, besides pictures and prompts."""

    keys: int
    repaint: float
    model: str


@dataclass(slots=True, eq=False)
class LegDraft:
    """A leg that is being made. pair: the numbers of its pictures. words: what else its keys hang
    on. folder: where it is kept. strength: with which its keys are painted, 0 for not at all."""

    number: int
    pair: tuple[int, int]
    step: WalkStep
    count: int
    words: tuple[object, ...]
    folder: Path | None
    strength: float
    name: str = ""
    layout: LegLayout | None = None
    keys: list[np.ndarray] = field(default_factory=list)
    between: tuple[LegLayout, ...] = ()
    painted: int = 0
    ready: bool = False


class WalkKeys:
    """Of one deck. Belongs to the render thread."""

    def __init__(
        self, on_message: Callable[[str], None], supervisor: Supervisor, live: bool
    ) -> None:
        """live: nobody waits for keys."""
        self.folder: Path | None = None
        """Where they are kept; None keeps them in memory only."""
        self.network: Network | None = None
        """Rendered, what makes the pictures between keys; None for what vj has itself."""
        self._log, self._supervisor, self._live = on_message, supervisor, live
        self._chain: tuple[np.ndarray, ...] = ()
        self._legs: dict[tuple[int, int], WalkLeg] = {}
        self._asked: set[tuple[int, int]] = set()
        self._wish: KeyWish | None = None
        self._next_wish: tuple[KeyWish, float] | None = None
        self._number = 0
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._made: queue.SimpleQueue[LegDraft] = queue.SimpleQueue()
        self._has_thread = False
        self._to_paint: list[LegDraft] = []
        self._painter: KeyPainter | None = None
        self._frames = 0
        self._amount: float | None = None
        """How far the keys show, 0..1; None before the walk's first frame."""
        self._time = 0.0
        self._said: set[str] = set()

    @property
    def shows(self) -> bool:
        """Keys are seen, or have been a moment ago."""
        return bool(self._amount)

    def of(self, step: WalkStep, snapshot: Snapshot, backend: Backend) -> np.ndarray | None:
        """The picture at a place of a walk, (H, W, 3) uint8; None where the walk goes on as it did.
        backend: paints the keys."""
        wanted = snapshot["walk/way"] == "morph"
        if step.chain and not _same(step.chain, self._chain):
            self._begin(step.chain)
        if wanted:
            self._go_on(step, snapshot, backend)
        leg = self._legs.get(_pair(step))
        self._amount = self._faded(wanted and leg is not None, snapshot.time)
        if leg is None or self._amount <= 0:
            return None
        picture = leg.at(step.share)
        if self._amount >= 1:
            return picture
        return cv2.addWeighted(step.crossfaded(), 1 - self._amount, picture, self._amount, 0)

    def _faded(self, wanted: bool, time: float) -> float:
        passed, self._time = max(0.0, time - self._time), time
        if self._amount is None:
            return float(wanted)
        change = min(1.0, passed / FADE)
        return min(1.0, self._amount + change) if wanted else max(0.0, self._amount - change)

    def _begin(self, chain: tuple[np.ndarray, ...]) -> None:
        self._chain, self._legs, self._amount = chain, {}, None
        self._anew()
        self._wish = None

    def _anew(self) -> None:
        """What is under way is for nothing."""
        self._number += 1
        self._asked, self._to_paint = set(), []
        self._end_painter()

    def _go_on(self, step: WalkStep, snapshot: Snapshot, backend: Backend) -> None:
        if isinstance(backend, PassThrough) and not backend.unused:
            return  # a model is to come
        self._follow(snapshot, backend)
        if self._wish is not None and self._wish.model != backend.name:
            self._end_painter()  # of the model before
            return
        for pair in self._pairs(step, snapshot):
            if pair not in self._asked:
                self._asked.add(pair)
                self._ask(self._draft(pair, step, snapshot, backend))
        while True:
            try:
                draft = self._made.get_nowait()
            except queue.Empty:
                break
            self._take(draft)
        self._frames += 1
        if not self._live:
            while self._to_paint:
                self._paint(snapshot, backend)
        elif self._to_paint and (self._frames % EVERY == 0 or self._under_way):
            self._paint(snapshot, backend)

    @property
    def _under_way(self) -> bool:
        return self._painter is not None and self._painter.under_way

    def _follow(self, snapshot: Snapshot, backend: Backend) -> None:
        """Make them anew where something else has been wished for a while."""
        model = backend.name
        wish = KeyWish(snapshot["walk/keys"], round(snapshot["walk/repaint"], 2), model)
        if self._wish is None:
            self._wish = wish
        elif wish == self._wish:
            self._next_wish = None
        elif self._next_wish is None or self._next_wish[0] != wish:
            self._next_wish = wish, snapshot.time
        elif snapshot.time - self._next_wish[1] >= SETTLED:
            self._wish, self._next_wish = wish, None
            self._anew()

    def _pairs(self, step: WalkStep, snapshot: Snapshot) -> list[tuple[int, int]]:
        """The legs of the walk, the one that is walked first."""
        count = len(step.chain)
        legs = [(number, number + 1) for number in range(count - 1)]
        if snapshot["walk/end"] == "round" and count > 1:
            legs.append((count - 1, 0))
        here = _pair(step)
        at = legs.index(here) if here in legs else 0
        return legs[at:] + legs[:at]

    def _draft(
        self, pair: tuple[int, int], step: WalkStep, snapshot: Snapshot, backend: Backend
    ) -> LegDraft:
        assert self._wish is not None
        one, two = (step.chain[number] for number in pair)
        strength = 0.0
        if isinstance(backend, PaintsBeside):
            strength = key_strength(backend, snapshot, self._wish.repaint)
        words: tuple[object, ...] = (self._wish.keys, strength)
        if strength > 0:
            prompts = [(text, round(weight, 2)) for text, weight in prompt_weights(snapshot)]
            played = [(name, snapshot[name]) for name in snapshot.values if name.startswith(PLAYED)]
            words += (self._wish.model, prompts, sorted(played))
        made = WalkStep(one, two, 0.0, step.chain)
        return LegDraft(self._number, pair, made, self._wish.keys, words, self.folder, strength)

    def _ask(self, draft: LegDraft) -> None:
        if not self._live:
            self._lay_out(draft)
            return
        if not self._has_thread:
            self._has_thread = True
            self._supervisor.start("walk keys", self._run)
        self._jobs.put(lambda: self._lay_out(draft))

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _lay_out(self, draft: LegDraft) -> None:
        """Take a leg from the folder, or lay its keys out. On its thread."""
        if draft.number != self._number:
            return
        one, two = draft.step.one, draft.step.two
        draft.name = leg_name(one, two, draft.words)
        found = None if draft.folder is None else kept(draft.folder, draft.name)
        if found is not None and all(key.shape == one.shape for key in found[1]):
            draft.layout, keys, draft.between = found
            draft.keys, draft.ready = list(keys), True
            self._made.put(draft)
            return
        where = "" if draft.folder is None else f" and kept in {draft.folder}"
        until = "; until they are there the walk goes on without" if self._live else ""
        self._say(f"walk/way morph: the key pictures are made now{where}{until}")
        draft.layout = LegLayout.between(one, two)
        for number in range(draft.count):
            share = (number + 1) / (draft.count + 1)
            draft.keys.append(key_picture(one, two, draft.layout, share))
        self._made.put(draft)

    def _take(self, draft: LegDraft) -> None:
        """What has been laid out, or is there. On the render thread."""
        if draft.number != self._number:
            return
        if not draft.ready:
            self._to_paint.append(draft)
            return
        assert draft.layout is not None
        keys = (draft.step.one, *draft.keys, draft.step.two)
        self._legs[draft.pair] = WalkLeg(draft.layout, keys, draft.between, self.network)

    def _paint(self, snapshot: Snapshot, backend: Backend) -> None:
        """A step of a key of the first leg that waits."""
        draft = self._to_paint[0]
        if draft.strength > 0 and draft.painted < len(draft.keys):
            share = (draft.painted + 1) / (len(draft.keys) + 1)
            try:
                if self._painter is None:
                    assert isinstance(backend, PaintsBeside)
                    self._painter = KeyPainter(backend)
                key = self._painter.step(
                    draft.keys[draft.painted], snapshot, draft.strength, draft.step, share
                )
            except Exception as error:  # whatever a model throws: it stays as it was laid out
                self._say(f"walk/way morph: a key picture could not be painted ({told(error)})")
                self._end_painter()
                key = draft.keys[draft.painted]
            if key is None:
                return
            draft.keys[draft.painted] = key
            draft.painted += 1
            if draft.painted < len(draft.keys):
                return
        self._to_paint.pop(0)
        if not self._to_paint:
            self._end_painter()
        if self._live:
            self._jobs.put(lambda: self._finish(draft))
        else:
            self._finish(draft)
            self._take(self._made.get_nowait())

    def _finish(self, draft: LegDraft) -> None:
        """Keep a leg whose keys are painted. On its thread."""
        assert draft.layout is not None
        if draft.strength >= LOOSE:
            keys = (draft.step.one, *draft.keys, draft.step.two)
            draft.between = tuple(
                LegLayout.between(one, two) for one, two in itertools.pairwise(keys)
            )
        if draft.folder is not None:
            try:
                keep(draft.folder, draft.name, (draft.layout, tuple(draft.keys), draft.between))
            except OSError as error:
                self._say(
                    f"walk/way morph: {draft.folder} cannot be written ({error.strerror}); the key "
                    "pictures are made anew at the next start"
                )
        draft.ready = True
        self._made.put(draft)

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._log(text)

    def _end_painter(self) -> None:
        if self._painter is not None:
            self._painter.close()
            self._painter = None

    def forget(self) -> None:
        """Another size or fit: the pictures are other ones."""
        self._chain, self._legs, self._amount = (), {}, None
        self._anew()
        self._wish = None

    def close(self) -> None:
        """End its thread."""
        self._number += 1
        self._end_painter()
        self._jobs.put(None)


def _same(one: tuple[np.ndarray, ...], two: tuple[np.ndarray, ...]) -> bool:
    return len(one) == len(two) and all(a is b for a, b in zip(one, two, strict=True))


def _pair(step: WalkStep) -> tuple[int, int]:
    """The numbers of a leg's pictures in the chain."""
    return step.leg, (step.leg + 1) % max(1, len(step.chain))
