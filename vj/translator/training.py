"""Training a translator: from clips to a model folder that plays.

The family of the built-in model's network learns to paint the clip's frames from their conditions,
by the difference of the pictures and of their slopes; from a third of the time on also by what a
patch discriminator takes for real, which makes crisp what the differences leave soft. Frames held
out of the clip judge the averaged weights again and again, and the best are in the model folder at
any moment: it can be played while it trains.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import torch
from torch import Tensor

from vj.core.claim import claimed
from vj.pocket.network import SEEN, Network, parameter_groups
from vj.training.checkpoint import Checkpoint
from vj.training.loop import Moment, Stateful, Training, fit
from vj.training.losses import picture_loss
from vj.training.schedule import fallen
from vj.translator.best_model import BestModel, Standing, figures_of
from vj.translator.conditions import CHANNELS, PAIRS, ConditionSettings
from vj.translator.discriminator import PatchDiscriminator, deceit, hinge
from vj.translator.film_judge import FilmJudge
from vj.translator.film_pairs import FilmPairs
from vj.translator.judge import Figures, Judge, painted
from vj.translator.model_folder import TECHNIQUES
from vj.translator.pairs import Pairs, TranslatorBatch, frames_of, pairs_of
from vj.translator.plan import TranslatorPlan
from vj.translator.preparing import Preparing, Stopped
from vj.translator.sheets import SHEETS, sheets_of

WARM, FALL = 60, 0.8
"""The steps in which the learning rate comes, and the last share of the run over which it falls."""
QUICKER = 2.5
"""How many times as fast the style's layers learn."""
QUIET = 0.2
"""Weight with which the texture field is seen at first."""
SLOPES = 0.5
"""Weight of the slopes' difference beside the pictures'."""
FINE, TEXTURE = 0.5, 1.5
"""Weights of the difference in the band of 2 to 8 pixels, and of the contrast there: how much of it
there is, wherever it lies."""
LATE, DECEIT = 1 / 3, 0.01
"""The share of the run after which the discriminator takes part, and its weight."""
JUDGING_RATE = 2e-4
"""Learning rate of the discriminator."""
AVERAGE = 0.995


class TranslatorTraining(Training[Network, TranslatorBatch]):
    """Everything about a translator's training that the loop does not know."""

    def __init__(self, pairs: Pairs | FilmPairs, plan: TranslatorPlan) -> None:
        torch.manual_seed(plan.seed)
        self.pairs, self.plan = pairs, plan
        self.device = torch.device(plan.device)
        channels = CHANNELS[plan.kind]
        self.network = Network(TECHNIQUES, plan.widths, SEEN + channels).to(self.device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        # White noise at full height would drown the condition for the first hundred steps.
        with torch.no_grad():
            self.network.see.weight[:, 4 * self.network.seen :] *= QUIET
        self._begin()
        self.optimizer = torch.optim.AdamW(
            parameter_groups(self.network, QUICKER), lr=plan.rate, betas=(0.9, 0.98)
        )
        self.discriminator = PatchDiscriminator(channels).to(self.device)
        self.its_optimizer = torch.optim.AdamW(
            self.discriminator.parameters(), lr=JUDGING_RATE, betas=(0.5, 0.98)
        )
        self._seen: tuple[Tensor, Tensor, Tensor] | None = None
        """Condition, truth and painting of the step, for the discriminator."""
        self.made: Tensor | None = None
        """What was painted in the last step, (B, 3, H, W), about 0..1."""

    @torch.no_grad()
    def _begin(self) -> None:
        """With the clip's mean colour, which would else take the first hundred steps."""
        numbers = self.pairs.footage.trained()
        mean = self.pairs.footage.frames[numbers[:: max(1, len(numbers) // 64)]].mean((0, 1, 2))
        grey = 0.5  # of the picture at strength 1, to which what is painted is added
        colour = torch.from_numpy(mean / 255 - grey).float()
        bias = self.network.head.conv.bias
        assert bias is not None
        bias[4:] = colour.repeat_interleave(4).to(bias)  # four pixels each, the tone's first

    def batches(self, start: int) -> Iterator[TranslatorBatch]:
        """They are drawn on another thread, two ahead; but for dreams, each of which needs what the
        one before has become."""
        if isinstance(self.pairs, FilmPairs):
            for step in itertools.count(start):
                yield self.pairs.batch(step, self.plan.count).to(self.device)
        with ThreadPoolExecutor(1, "training pairs") as drawing:
            ahead = deque(
                drawing.submit(self.pairs.batch, step, self.plan.count)
                for step in (start, start + 1)
            )
            for step in itertools.count(start + 2):
                yield ahead.popleft().result().to(self.device)
                ahead.append(drawing.submit(self.pairs.batch, step, self.plan.count))

    def loss(self, batch: TranslatorBatch, at: Moment) -> Tensor:
        made = painted(self.network, batch)
        loss = picture_loss(made, batch.target, SLOPES, FINE, TEXTURE)
        # Only what is painted without the picture itself is to pass for the clip.
        alone = batch.style[:, 0] > 0.999
        self._seen, self.made = None, made.detach()
        if at.share < LATE or not bool(alone.any()):
            return loss
        condition, truth, made = batch.condition[alone], batch.target[alone], made[alone]
        self._seen = condition, truth, made.detach()
        self.discriminator.requires_grad_(False)
        return loss + DECEIT * deceit(self.discriminator(condition, made))

    def after_step(self, at: Moment) -> None:
        if isinstance(self.pairs, FilmPairs) and self.made is not None:
            self.pairs.go_on(self.made)
        if self._seen is None:
            return
        condition, truth, made = self._seen
        self.discriminator.requires_grad_(True)
        loss = hinge(self.discriminator(condition, truth), self.discriminator(condition, made))
        self.its_optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if math.isfinite(float(loss.detach())):  # or its weights would never be numbers again
            self.its_optimizer.step()

    def rate(self, at: Moment) -> float:
        steps = self.plan.length.steps
        warm = WARM if steps is None else min(WARM, 0.1 * steps)
        return self.plan.rate * min(1.0, (at.since + 1) / warm) * fallen(at.share, FALL)

    def averaging(self, at: Moment) -> float:
        return AVERAGE

    def others(self) -> Mapping[str, Stateful]:
        dreams = {"dreams": self.pairs} if isinstance(self.pairs, FilmPairs) else {}
        return {
            "discriminator": self.discriminator,
            "its optimizer": self.its_optimizer,
            **dreams,
        }


def train_translator(
    plan: TranslatorPlan,
    on_message: Callable[[str], None],
    on_standing: Callable[[Standing], None],
    stop: Callable[[], bool] = lambda: False,
) -> Figures | None:
    """Train, or go on with a training of the same folder, until it is over or `stop()` holds. The
    folder then holds the best model there was; returns its figures, None where nothing was learned
    yet. Raises Fault."""
    plan.check()
    preparing = Preparing(on_message, stop)
    with ExitStack() as claims:
        if begun := plan.work.exists():
            # before the clips are read, which may take
            claims.enter_context(claimed(plan.work, "training"))
        try:
            pairs = _pairs(plan, preparing)
        except Stopped:
            return figures_of(plan.folder)
        if not begun:
            plan.make()
            claims.enter_context(claimed(plan.work, "training"))
            plan.check()  # another process may have begun meanwhile, and ended
        plan.begin(pairs.footage.looks)
        training = TranslatorTraining(pairs, plan)
        if isinstance(pairs, FilmPairs):
            judge: Judge = FilmJudge(pairs, training.device)
        else:
            judge = Judge(pairs.held_out(), training.device)
        best = BestModel(plan, pairs, judge, on_message, on_standing)
        checkpoint = Checkpoint(plan.checkpoint)
        fit(training, plan.length, checkpoint, best.due, best.after, stop, on_message)
        return best.figures


def _pairs(plan: TranslatorPlan, preparing: Preparing) -> Pairs | FilmPairs:
    """Read the clips. Raises Fault, and Stopped."""
    size, kind = plan.size, plan.kind
    if kind == PAIRS:
        before, after = plan.clips
        footage = pairs_of(before, after, size, preparing=preparing)
    elif SHEETS in plan.clips:
        footage = sheets_of(plan.clips, kind, size, plan.seed, preparing)
    else:
        footage = frames_of(plan.clips, size, successive=kind == "next", preparing=preparing)
    if kind == "next":
        return FilmPairs(footage, ConditionSettings(), size, plan.seed)
    return Pairs(footage, kind, ConditionSettings(), size, plan.seed, preparing)
