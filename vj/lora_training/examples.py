"""What a LoRA is trained on: noised latents, the noise to find in them, and sentences.

Drawn from the seed and the number of the step, on the CPU, so that a run that goes on draws what
it would have drawn, and a seed means the same on every device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vj.core.errors import Fault
from vj.core.spread import spread
from vj.diffusion.model import Model
from vj.diffusion.prompts import Embedding
from vj.diffusion.stream_batch import Conditioning, StreamBatch
from vj.training.square import square

FEWEST, MOST = 3, 400
"""Frames that a LoRA needs, and those that are taken of a clip: neighbours show the same."""
SIDE = 64
"""Sides are multiples of it: the autoencoder makes an eighth of them, the UNet an eighth of that.
"""
DROPPED = 0.1
"""Share of the examples without a sentence, as the models themselves were trained, so that some of
the look is there without the word."""
OWN_STEPS = 4
"""Denoising steps of a picture that a model of few steps paints for itself."""


@dataclass(frozen=True, slots=True)
class NoisedBatch:
    """x: noised latents (B, C, h, w). t: their timesteps (B,) int64. tokens: embedded sentences
    (B, 77, D). target: what the UNet should say (B, C, h, w). All float32 but t."""

    x: Tensor
    t: Tensor
    tokens: Tensor
    target: Tensor


class Examples:
    """Latents and sentences, and batches made of them."""

    def __init__(
        self, latents: Tensor, tokens: Tensor, pairs: bool, blank: Tensor, base: Model, seed: int
    ) -> None:
        """latents: (N, C, h, w). tokens: (M, 77, D). pairs: sentence n is that of latents n;
        otherwise each is one for all. blank: the embedding of no sentence, (1, 77, D). base: its
        noise schedule and what its UNet predicts are used."""
        self._latents, self._pairs, self._seed = latents, pairs, seed
        self._tokens = torch.cat([tokens, blank])
        self._alphas = base.pipe.scheduler.alphas_cumprod.float().to(latents.device)
        self._prediction = base.prediction

    def batch(self, step: int, size: int) -> NoisedBatch:
        """Frames, timesteps, noises and sentences at random, the timesteps all alike likely."""
        random = torch.Generator().manual_seed(self._seed * 1_000_003 + step)
        blank = len(self._tokens) - 1
        picked = torch.randint(len(self._latents), (size,), generator=random)
        said = torch.randint(blank, (size,), generator=random)
        dropped = torch.rand(size, generator=random) < DROPPED
        t = torch.randint(len(self._alphas), (size,), generator=random)
        noise = torch.randn((size, *self._latents.shape[1:]), generator=random)
        said = torch.where(dropped, blank, picked if self._pairs else said)
        return self._noised(picked, said, t, noise)

    def spread(self, count: int) -> list[NoisedBatch]:
        """`count` batches of one, the same always, their timesteps spread from few to many, to
        compare losses by."""
        random = torch.Generator().manual_seed(self._seed)
        shape, sentences = (1, *self._latents.shape[1:]), len(self._tokens) - 1
        return [
            self._noised(
                torch.tensor([number * len(self._latents) // count]),
                torch.tensor([number % sentences]),
                torch.tensor([(2 * number + 1) * len(self._alphas) // (2 * count)]),
                torch.randn(shape, generator=random),
            )
            for number in range(count)
        ]

    def _noised(self, picked: Tensor, said: Tensor, t: Tensor, noise: Tensor) -> NoisedBatch:
        device = self._latents.device
        clean, noise, t = self._latents[picked.to(device)], noise.to(device), t.to(device)
        kept = self._alphas[t].view(-1, 1, 1, 1)
        a, b = kept.sqrt(), (1 - kept).sqrt()
        if self._prediction == "sample":
            target = clean
        elif self._prediction == "v_prediction":
            target = a * noise - b * clean
        else:
            target = noise
        return NoisedBatch(a * clean + b * noise, t, self._tokens[said.to(device)], target)


def size_for(base: Model, wish: int | None) -> int:
    """The side of the pictures that are learned: the wish, or what the model itself was trained at.
    Raises Fault."""
    own = int(base.pipe.unet.config.sample_size) * base.scale
    size = own if wish is None else wish
    if size < SIDE or size % SIDE:
        raise Fault(f"size {size}: a multiple of {SIDE}, like {own}, at which {base.name} paints")
    return size


def check_frames(frames: Sequence[np.ndarray]) -> None:
    """Raises Fault for too few."""
    if len(frames) < FEWEST:
        raise Fault(
            f"lora: {len(frames)} frames, and at least {FEWEST} are needed; a clip of some "
            "seconds, or a dozen pictures, do well"
        )


def latents_of(base: Model, frames: Sequence[np.ndarray], size: int) -> Tensor:
    """Frames (H, W, 3) uint8 of any sizes, their middle square, as latents (N, C, h, w) on the
    model's device. At most `MOST`, evenly spread over the clip."""
    taken = spread(len(frames), MOST)
    found = []
    for number in taken:
        picture = torch.from_numpy(square(frames[number], size)).permute(2, 0, 1)[None]
        found.append(base.encode(picture.to(base.device).float() / 127.5 - 1))
    return torch.cat(found)


def tokens_of(base: Model, sentences: Sequence[str]) -> Tensor:
    """(N, 77, D)."""
    return torch.cat([base.encode_text(sentence).tokens for sentence in sentences])


def own_pictures(base: Model, tokens: Tensor, size: int, number: int, seed: int) -> Tensor:
    """What a model of few steps paints for sentences, as latents (number, C, h, w), by the stream
    batch that plays it: sentence n % N for picture n. tokens: (N, 77, D)."""
    side = size // base.scale
    shape = (OWN_STEPS, base.latent_channels, side, side)
    random = torch.Generator().manual_seed(seed)
    levels = base.schedule.plan(1.0, OWN_STEPS)
    stream: StreamBatch[None] = StreamBatch(base.unet, base.prediction)
    made: list[Tensor] = []
    for row in range(number + OWN_STEPS - 1):
        entering: Any = None
        if row < number:
            noise = torch.randn(shape, generator=random).to(base.device)
            text = Embedding(tokens[row % len(tokens)][None])
            nothing = torch.zeros_like(noise[:1])
            entering = (nothing, Conditioning(levels, noise, text), None)
        done = stream.step(entering)
        if done is not None:
            made.append(done.latents)
    return torch.cat(made)
