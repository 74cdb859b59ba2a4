"""A whole frame of a model with one step as one function of tensors: feedback, encoder, noise,
UNet, step, decoder, blending and sharpening.

Nothing in it depends on a number of the host's: what is played lies in tensors. So it can be one
CUDA graph, which is replayed with each frame's numbers; until there is one, or where something
changes in every frame that a graph cannot follow, its parts are called, by graphs of their own.
Both give the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vj.diffusion.attention_banks import NUMBERS, looking_back
from vj.diffusion.attention_memory import AttentionMemory, Recall
from vj.diffusion.graphs import Given, GraphedPart
from vj.diffusion.model import Model
from vj.diffusion.prompts import Embedding
from vj.diffusion.stream_batch import Conditioning, played_delta
from vj.parameters.store import Snapshot
from vj.pipeline.card_transfer import OnCard, OnItsWay
from vj.pipeline.cuda_compositor import CudaCompositor

Encode = Callable[[Tensor], Tensor]
Denoise = Callable[..., Tensor]
"""What a memory is told, and the rest as `Model.unet` has it."""
PLAYED, FIXED = 9, 7
"""Which tensor of a call holds the numbers, and where in it those of the memory begin."""


class WholeFrame:
    """Of one model at one size. Belongs to the render thread."""

    def __init__(
        self, model: Model, compositor: CudaCompositor, memory: AttentionMemory | None = None
    ) -> None:
        """memory: of earlier frames."""
        self._model, self._compositor, self._memory = model, compositor, memory
        self._kernels = compositor.kernels
        self._part = model.graphed("frame", self._captured, self._by_parts)

    def expect(self, snapshot: Snapshot) -> None:
        """Have the banks and graphs that frames like this look back with, to be made ready."""
        if self._memory is not None and self._memory.expect(snapshot):
            self._looking_back(self._memory.recall((0,)))

    def _of_memory(self, played: Conditioning) -> tuple[Recall | None, list[float]]:
        """What a frame looks back at, and what it is told."""
        if self._memory is None or played.memory is None:
            if self._memory is not None:
                self._memory.leave()
            return None, [0.0] * NUMBERS
        told = self._memory.numbers([(0, played.memory)])[0]
        return self._memory.recall((0,)), told

    def _looking_back(self, recall: Recall) -> GraphedPart | None:
        """The frame with these banks."""
        if recall.whole is None:
            recall.whole = self._model.graphed(
                "frame with memory",
                partial(self._captured, recall=recall),
                partial(self._by_parts, recall=recall),
                _nothing_kept,
            )
        return recall.whole

    def paint(self, there: OnCard, played: Conditioning, share: float) -> OnItsWay:
        """The picture of a frame. Nothing waits for it but its `result`. share: of what the model
        makes, below 1 where so little is asked of it that the input shows."""
        level, text = played.levels[0], played.text
        numbers = [level.t, level.a, level.b, 1 / np.float32(level.a), share]
        recall, told = self._of_memory(played)
        delta = played_delta(played.delta, level)
        numbers += [played.guidance, delta, *told, *played.hint_amounts]
        graphed = self._part if recall is None else self._looking_back(recall)
        part = graphed or partial(self._by_parts, recall=recall)
        key: dict[str, Any] = {} if graphed is None else {"key": self._model.key}
        with torch.no_grad():
            picture, state, figures = part(
                there.fresh,
                there.dry,
                there.last,
                there.before,
                there.after,
                there.sharpen,
                there.flow,
                there.flow_after,
                there.mask,
                self._kernels.sent(np.array(numbers, np.float32)),
                played.noise,
                text.tokens,
                text.pooled,
                text.image,
                played.noise if played.guidance > 1 else None,
                *played.hints,
                **key,
            )
        return self._compositor.take(there.asked, picture, state, figures)

    def _by_parts(
        self, *tensors: Any, recall: Recall | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        model, memory = self._model, self._memory

        def denoise(told: Tensor, *given: Any) -> Tensor:
            if recall is None or memory is None:
                return model.unet(*given)
            return memory.look_back(recall, told, *given)

        return self.frame(model.encode, denoise, model.decode, *tensors)

    def _captured(
        self, *tensors: Any, recall: Recall | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        encode, bare, decode = self._model.bare()

        def denoise(told: Tensor, *given: Any) -> Tensor:
            with nullcontext() if recall is None else looking_back(recall.banks, told):
                out: Tensor = bare(*given)
            return out

        return self.frame(encode, denoise, decode, *tensors)

    def frame(
        self,
        encode: Encode,
        denoise: Denoise,
        decode: Encode,
        fresh: Tensor,
        dry: Tensor,
        last: Tensor,
        before: Tensor,
        after: Tensor,
        sharpen: Tensor,
        flow: Tensor | None,
        flow_after: Tensor | None,
        mask: Tensor | None,
        numbers: Tensor,
        noise: Tensor,
        tokens: Tensor,
        pooled: Tensor | None,
        image: Tensor | None,
        stock: Tensor | None,
        *hints: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The picture, (H, W, 3) uint8, the generated image, (H, W, 3) float32 0..1, and the
        figures of `OnItsWay`."""
        compositor, kernels = self._compositor, self._kernels
        t, a, b, one_over_a, share, guidance, delta = numbers[:FIXED].split(1)
        told, amounts = numbers[None, FIXED:].split((NUMBERS, len(hints)), 1)
        entered = compositor.empty_input()
        kernels.feedback_into(entered, fresh, last, before, flow)
        light = compositor.brightness(entered)
        x = a * encode(entered) + b * noise
        led = (hints, amounts) if any(hint is not None for hint in hints) else ()
        out = denoise(told, x, t, Embedding(tokens, pooled, image), *led)
        if stock is not None:  # the noise stands for what a negative prompt would predict
            base = delta * stock
            out = base + guidance * (self._noise_in(out, x, a, b) - base)
            clean = (x - b * out) * one_over_a
        else:
            clean = self._clean(out, x, a, b, one_over_a)
        made = decode(clean)
        made = torch.lerp(entered.to(made.dtype), made, share.to(made.dtype))
        safe, bad = compositor.guarded(made, last)
        state, blended, picture = (
            torch.empty_like(last),
            torch.empty_like(dry),
            torch.empty_like(dry),
        )
        kernels.blend_into(blended, state, safe, dry, last, after, flow_after, mask)
        kernels.sharpen_into(picture, blended, sharpen)
        return picture, state, torch.cat([light, bad.float()[None]])

    def _clean(self, out: Tensor, x: Tensor, a: Tensor, b: Tensor, one_over_a: Tensor) -> Tensor:
        kind = self._model.prediction
        if kind == "sample":
            return out
        return a * x - b * out if kind == "v_prediction" else (x - b * out) * one_over_a

    def _noise_in(self, out: Tensor, x: Tensor, a: Tensor, b: Tensor) -> Tensor:
        kind = self._model.prediction
        if kind == "sample":
            return (x - a * out) / b.clamp_min(1e-4)
        return a * out + b * x if kind == "v_prediction" else out

    def close(self) -> None:
        """Give up its graphs."""
        if self._part is not None:
            self._model.not_graphed(self._part)
        if self._memory is not None:
            self._memory.close()


def _nothing_kept(tensors: Given) -> Given:
    """The same call, but nothing is kept and nothing forgotten."""
    numbers = tensors[PLAYED]
    assert numbers is not None
    still = numbers.clone()
    still.narrow(0, FIXED, NUMBERS).zero_()
    return [*tensors[:PLAYED], still, *tensors[PLAYED + 1 :]]
