"""One LoRA in a UNet, learning to find the noise in examples, by the loop that all networks here
are trained with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import torch
import torch.nn.functional as F
from torch import Tensor

from vj.diffusion.model import Model
from vj.lora_training.adapters import LoraWeights, train_only
from vj.lora_training.examples import Examples, NoisedBatch
from vj.training.loop import Moment, Training
from vj.training.schedule import fallen

WARM, FALL, LEAST = 0.05, 0.4, 0.05
"""Shares of a run in which the learning rate comes and falls, and to which share of itself."""
AVERAGE = 0.99


class LoraStage(Training[LoraWeights, NoisedBatch]):
    """The training of one LoRA. The text encoder stays as it is."""

    def __init__(
        self,
        model: Model,
        adapter: str,
        on: Sequence[str],
        examples: Examples | None,
        batch: int,
        rate: float,
    ) -> None:
        """adapter: the one that learns. on: those that the UNet computes with. examples: a stage
        that is over needs none."""
        self._model, self._examples, self._batch, self._rate = model, examples, batch, rate
        train_only(model.pipe.unet, adapter, on)
        self.network = LoraWeights(model.pipe.unet, adapter)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=rate, weight_decay=1e-2)

    def batches(self, start: int) -> Iterator[NoisedBatch]:
        assert self._examples is not None
        for step in count(start):
            yield self._examples.batch(step, self._batch)

    def loss(self, batch: NoisedBatch, at: Moment) -> Tensor:
        return self.loss_of(batch)

    def loss_of(self, batch: NoisedBatch) -> Tensor:
        """Mean squared error of what the UNet predicts."""
        dtype = self._model.dtype
        made = self._model.pipe.unet(
            batch.x.to(dtype), batch.t, batch.tokens.to(dtype), return_dict=False
        )[0]
        return F.mse_loss(made.float(), batch.target)

    @torch.no_grad()
    def compare(self, batches: Sequence[NoisedBatch], weights: LoraWeights) -> float:
        """The mean loss of examples with other weights than those that are trained, such as their
        average; these are as they were afterwards."""
        kept = [weight.clone() for weight in self.network.parameters()]
        self.network.take(weights)
        losses = [float(self.loss_of(batch)) for batch in batches]
        for weight, before in zip(self.network.parameters(), kept, strict=True):
            weight.copy_(before)
        return sum(losses) / len(losses)

    def rate(self, at: Moment) -> float:
        come = min(1.0, (at.share + 1e-3) / WARM)
        return self._rate * come * fallen(at.share, FALL, LEAST)

    def averaging(self, at: Moment) -> float:
        return AVERAGE
