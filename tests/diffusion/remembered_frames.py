"""A memory of earlier frames, written to be read; and a model that is played with one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from tests.diffusion.adapter_parts import SIZE, picture
from vj.diffusion.attention_banks import SelfAttention
from vj.diffusion.backends import StreamBackend
from vj.diffusion.model import Model
from vj.parameters.store import Store
from vj.pipeline.frame_context import FrameContext

FULL = {"memory__amount": 1.0, "memory__threshold": 0.5, "memory__every": 2}
WALK = [0, 3, 1, 5, 2, 7, 4, 6]


def processors(model: Model) -> dict[str, Any]:
    return dict(model.pipe.unet.attn_processors)


def alike(one: list[Tensor], two: list[Tensor]) -> bool:
    return len(one) == len(two) and all(map(torch.equal, one, two))


class Reference:
    """The processor of a self-attention that remembers, in lists; of a UNet with one row."""

    def __init__(self, of: SelfAttention, frames: int, every: int) -> None:
        self.leads, self.frames, self.every = of.leads, frames, every
        self.number, self.led = 0, 0
        self.pairs: deque[tuple[Tensor, Tensor]] = deque(maxlen=frames)
        self.tokens: deque[Tensor] = deque(maxlen=frames)
        self.amount, self.match, self.threshold = 0.0, 0.0, 0.0

    def __call__(self, attn: Any, hidden_states: Tensor, *_: Any, **more: Any) -> Tensor:
        q, k, v = (
            one(hidden_states).unflatten(-1, (attn.heads, -1)).transpose(1, 2)
            for one in (attn.to_q, attn.to_k, attn.to_v)
        )

        def found_in(pairs: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
            keys, values = (torch.cat(part, 2) for part in zip(*pairs, strict=True))
            weights = (q @ keys.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-1)
            return attn.to_out[0]((weights @ values).transpose(1, 2).flatten(2))

        if not self.number:  # the first frame stands for those that are not there yet
            self.pairs.extend([(k, v)] * self.frames)
        plain, looked_back = found_in([(k, v)]), found_in([(k, v), *self.pairs])
        out = plain + self.amount * (looked_back - plain)
        if not self.number:
            self.tokens.extend([out.clone()] * self.frames)
        for place in range(out.shape[1] if self.leads else 0):
            kept = torch.cat(list(self.tokens), 1)[0]
            cosine = torch.cosine_similarity(out[:, place], kept)
            if cosine.max() >= self.threshold:
                self.led += 1
                nearest = kept[cosine.argmax()]
                out[0, place] += self.amount * self.match * (nearest - out[0, place])
        if self.number % self.every == 0 and self.number:
            self.pairs.append((k, v))
            self.tokens.append(out)
        self.number += 1
        return out


class Remembering:
    """A model's backend, frame by frame."""

    def __init__(self, model: Model, **start: Any) -> None:
        """start: parameters, with __ for /."""
        self.said: list[str] = []
        self.backend = StreamBackend(model, SIZE, wait=True, on_message=self.said.append)
        self.store = Store(
            {"prompt/a": "gold", **{k.replace("__", "/"): v for k, v in start.items()}}
        )
        self.moment = 0

    def frame(self, number: int, **values: Any) -> Tensor | None:
        """The next frame: a picture by its number, with these values from now on."""
        for name, value in values.items():
            self.store.set(name.replace("__", "/"), value, "test")
        self.moment += 1
        for _ in range(2):  # past what glides
            snapshot = self.store.sample(float(self.moment) * 10 + _)
        entered = picture(number).to(self.backend.model.device)
        made = self.backend.paint(entered, snapshot, FrameContext.black(SIZE))
        return None if made is None else torch.as_tensor(made.picture).clone()

    def frames(self, numbers: Sequence[int], **values: Any) -> list[Tensor]:
        made = [self.frame(number, **values) for number in numbers]
        return [one for one in made if one is not None]

    def drained(self) -> list[Tensor]:
        """What is under way."""
        made = []
        while (one := self.backend.drain()) is not None:
            made.append(torch.as_tensor(one.picture).clone())
        return made

    @property
    def kept(self) -> dict[str, list[Tensor]]:
        """Copies of what the bank of the first step holds, without this frame's place."""
        memory = self.backend.memory
        assert memory is not None
        bank = memory._banks[0]
        return {name: [one[1:].clone() for one in kept.tensors] for name, kept in bank.kept.items()}
