"""A whole frame of a model as one function of tensors: feedback, encoder, noise, UNet, step,
decoder, blending and sharpening. With several steps it has a row for each, which are handed in and
handed back one step further.

Nothing in it depends on a number of the host's: what is played lies in tensors. So it can be one
CUDA graph, which is replayed with each frame's numbers; until there is one, or where something
changes in every frame that a graph cannot follow, its parts are called, by graphs of their own.
Both give the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vj.diffusion.attention_banks import NUMBERS, looking_back
from vj.diffusion.attention_memory import AttentionMemory, Recall
from vj.diffusion.graphs import Given, GraphedPart
from vj.diffusion.model import Model
from vj.diffusion.prompts import Embedding
from vj.diffusion.row_memory import AGAINST, Row
from vj.diffusion.stream_batch import Conditioning, StreamBatch
from vj.diffusion.whole_rows import EnteringRows, Numbers, moved_on
from vj.parameters.store import Snapshot
from vj.pipeline.card_transfer import OnCard, OnItsWay
from vj.pipeline.cuda_compositor import CudaCompositor

Encode = Callable[[Tensor], Tensor]
Denoise = Callable[..., Tensor]
"""What a memory is told, and the rest as `Model.unet` has it."""
PLAYED = 9
"""Which tensor of a call holds the numbers, those of the memory first."""


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
            steps = tuple(range(snapshot["steps"]))
            against = snapshot["guidance"] > 1 and snapshot["prompt/negative"].strip()
            self._looking_back(self._memory.recall((*steps, AGAINST) if against else steps))

    def _of_memory(self, rows: Sequence[Row]) -> tuple[Recall | None, list[list[float]]]:
        """What a frame's rows look back at, and what they are told."""
        if self._memory is None or not any(frame for _, frame in rows):
            if self._memory is not None:
                self._memory.leave()
            return None, [[0.0] * NUMBERS for _ in rows]
        told = self._memory.numbers(rows)
        return self._memory.recall([place for place, _ in rows]), told

    def _looking_back(self, recall: Recall) -> GraphedPart | None:
        """The frame with these banks."""
        if recall.whole is None:
            recall.whole = self._model.graphed(
                "frame with memory",
                partial(self._captured, recall=recall),
                partial(self._by_parts, recall=recall),
                partial(_nothing_kept, count=len(recall.banks) * NUMBERS),
            )
        return recall.whole

    def paint(
        self,
        there: OnCard,
        played: Conditioning,
        share: float,
        stream: StreamBatch[Any],
        payload: object,
    ) -> OnItsWay:
        """The picture of the frame that arrives when this one enters; with one step that is the
        same. Nothing waits for it but its `result`. share: of what the model makes, below 1 where
        so little is asked of it that the input shows. stream: its rows, one at each level but the
        first, move on. payload: see `StreamBatch`."""
        rows = EnteringRows(played, stream.rows)
        recall, told = self._of_memory(rows.remembered)
        text = rows.text
        graphed = self._part if recall is None else self._looking_back(recall)
        part = graphed or partial(self._by_parts, recall=recall)
        key: dict[str, Any] = {} if graphed is None else {"key": self._model.key}
        with torch.no_grad():
            picture, state, figures, *moved = part(
                there.fresh,
                there.dry,
                there.last,
                there.before,
                there.after,
                there.sharpen,
                there.flow,
                there.flow_after,
                there.mask,
                self._kernels.sent(rows.numbers(told, share), "rows"),
                rows.noise,
                rows.waiting,
                rows.stock,
                text.tokens,
                text.pooled,
                text.image,
                *rows.hints,
                **key,
            )
        moved_on(stream.rows, played, payload, *(*moved, None, None)[:2])
        return self._compositor.take(there.asked, picture, state, figures)

    def _by_parts(self, *tensors: Any, recall: Recall | None = None) -> tuple[Tensor, ...]:
        model, memory = self._model, self._memory

        def denoise(told: Tensor, *given: Any) -> Tensor:
            if recall is None or memory is None:
                return model.unet(*given)
            return memory.look_back(recall, told, *given)

        return self.frame(model.encode, denoise, model.decode, *tensors)

    def _captured(self, *tensors: Any, recall: Recall | None = None) -> tuple[Tensor, ...]:
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
        flat: Tensor,
        noise: Tensor,
        waiting: Tensor | None,
        stock: Tensor | None,
        tokens: Tensor,
        pooled: Tensor | None,
        image: Tensor | None,
        *hints: Tensor | None,
    ) -> tuple[Tensor, ...]:
        """The picture, (H, W, 3) uint8, the generated image, (H, W, 3) float32 0..1, and the
        figures of `OnItsWay`; then, with several steps, what `moved_on` takes. flat: see
        `Numbers`."""
        compositor, kernels = self._compositor, self._kernels
        rows, batch = len(noise), len(tokens)
        told = Numbers.of(flat, rows, batch, len(hints))
        entered = compositor.empty_input()
        kernels.feedback_into(entered, fresh, last, before, flow)
        light = compositor.brightness(entered)
        x = told.a[:1] * encode(entered) + told.b[:1] * noise[:1]
        x = x if waiting is None else torch.cat([x, waiting])
        led = (hints, told.amounts) if any(hint is not None for hint in hints) else ()
        asked = x if batch == rows else torch.cat([x, x[:1]])
        out = denoise(told.told, asked, told.t, Embedding(tokens, pooled, image), *led)
        if batch > rows and stock is not None:
            against = self._noise_in(out[rows:], x[:1], told.a[:1], told.b[:1])
            stock = against if rows == 1 else torch.cat([against, stock[1:]])
        clean, stock = self._stepped(out[:rows], x, noise, stock, told)
        made = decode(clean[rows - 1 :])
        made = torch.lerp(entered.to(made.dtype), made, told.share.to(made.dtype))
        safe, bad = compositor.guarded(made, last)
        state, blended, picture = (
            torch.empty_like(last),
            torch.empty_like(dry),
            torch.empty_like(dry),
        )
        kernels.blend_into(blended, state, safe, dry, last, after, flow_after, mask)
        kernels.sharpen_into(picture, blended, sharpen)
        done = picture, state, torch.cat([light, bad.float()[None]])
        if rows == 1:
            return done
        moved = told.a_after[:-1] * clean[:-1] + told.b_after[:-1] * noise[1:]
        return (*done, moved) if stock is None else (*done, moved, stock)

    def _stepped(
        self, out: Tensor, x: Tensor, noise: Tensor, stock: Tensor | None, told: Numbers
    ) -> tuple[Tensor, Tensor | None]:
        """The clean latents of each row, and the residual noise that each but the last takes on."""
        clean = self._clean(out, x, told.a, told.b, told.one_over_a)
        if stock is None:
            return clean, None
        # without a negative prompt the noise stands for what that would predict
        base, guided = told.delta * stock, told.guidance > 1
        noised = base + told.guidance * (self._noise_in(out, x, told.a, told.b) - base)
        clean = torch.where(guided, (x - told.b * noised) * told.one_over_a, clean)
        if len(out) == 1:
            return clean, None
        taken_on = noise[1:] + told.error[:-1] * (stock - noised)[:-1]
        return clean, torch.where(guided[:-1], taken_on, stock[:-1])

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


def _nothing_kept(tensors: Given, count: int) -> Given:
    """The same call, but nothing is kept and nothing forgotten. count: numbers of the memory."""
    numbers = tensors[PLAYED]
    assert numbers is not None
    still = numbers.clone()
    still.narrow(0, 0, count).zero_()
    return [*tensors[:PLAYED], still, *tensors[PLAYED + 1 :]]
