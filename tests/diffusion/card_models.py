"""Models on a pretended card, and frames of a show through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.card_log import Log
from tests.diffusion.adapter_parts import SIZE, lines, load
from tests.pretended_card import CARD, PretendedCard
from tests.tiny_models import tiny_vae
from vj.diffusion import noise_align
from vj.diffusion.backends import StreamBackend
from vj.diffusion.model import Model
from vj.diffusion.prompts import Embedding
from vj.parameters.store import Snapshot, Store
from vj.pipeline.cuda_compositor import CudaCompositor
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.latent_walk import WalkStep
from vj.pipeline.optical_flow import grid_size

PARTS = {"_encode": "encoder", "_denoise": "UNet", "_decode": "decoder"}
"""What becomes graphs."""
SHOWN = np.zeros((SIZE.height, SIZE.width, 3), np.uint8)
FLOW = np.zeros((*grid_size(SIZE)[::-1], 3), np.float32)


def model_of(parts: Path, family: str, small_vae: bool = False, **more: Any) -> Model:
    """One of `conftest.parts`, on the host. small_vae: with a decoder of TAESD's kind."""
    model = load(parts, family, **more)
    if small_vae:
        model.pipe.register_modules(vae=tiny_vae().eval())
    return model


class OnCard:
    """A model's backend on a pretended card. Its text encoder stays on the host, and gives the
    same for every text: texts are encoded beside the picture."""

    def __init__(
        self, card: PretendedCard, model: Model, dtype: torch.dtype, **values: Any
    ) -> None:
        self.card, self.model = card, model
        text = model.encode_text("gold")
        noise_align._kernels.cache_clear()  # of another card
        model.device, model.dtype, model.vae_dtype = CARD, dtype, dtype
        added = model.adapters
        for one in (model.pipe.unet, model.pipe.vae, added.controlnet, added.t2i_adapter):
            if one is not None:
                card.move(one, dtype)
        if added.image_prompts is not None:
            pictures = added.image_prompts
            pictures.blank = card.fake(pictures.blank)
            pictures.shown = [card.fake(tokens) for tokens in pictures.shown]
        pooled = None if text.pooled is None else card.fake(text.pooled)
        there = Embedding(card.fake(text.tokens), pooled)
        model.encode_text = lambda text: there  # type: ignore[method-assign]
        for work, part in PARTS.items():
            setattr(model, work, within(card, part, getattr(model, work)))
        self.backend = StreamBackend(model, SIZE, wait=True)
        self.store = Store({"prompt/a": "gold", "prompt/b": "ink", **values})
        self.number = 0
        self.walk: WalkStep | None = None
        """Where on a walk the frames are."""
        assert isinstance(self.backend.compositor, CudaCompositor)
        self.compositor = self.backend.compositor

    def _next(self) -> tuple[Snapshot, FrameContext]:
        self.number += 1
        snapshot = self.store.sample(self.number / 30)
        values = {**snapshot.values, "lora/ink": 0.1 * (self.number % 9)}
        led = lines(self.number % 2) if self.backend.guides else None
        mask = SHOWN[..., 0].copy()
        context = replace(
            FrameContext.black(SIZE),
            image=SHOWN,
            model_input=SHOWN,
            mask=mask,
            lines=led,
            guides={kind: lines(1) for kind in self.backend.guides},
            walk=self.walk,
        )
        self.card.log = Log()
        return replace(snapshot, values=values), context

    def steps(self, blank: bool = False, flow: np.ndarray | None = FLOW) -> Log:
        """A frame in its steps, and what it did; of a picture that has arrived."""
        while True:
            snapshot, context = self._next()
            entered = self.compositor.preprocess(SHOWN, snapshot, flow, blank)
            made = self.backend.paint(entered, snapshot, context)
            if made is not None:
                coming = self.compositor.postprocess(
                    made.picture, SHOWN, snapshot, 0.0, flow, context.mask
                )
                assert not self.card.log.waits, "before its end"
                picture = coming.result()
                assert picture is not None
                assert picture.shape == SHOWN.shape
                return self.card.log

    def whole(self) -> Log:
        """A frame as one function, and what it did."""
        snapshot, context = self._next()
        assert self.backend.takes_whole(snapshot, context)
        whole = self.backend._whole
        assert whole is not None
        if "frame" not in vars(whole):
            setattr(whole, "frame", within(self.card, "frame", whole.frame))  # noqa: B010
        coming = self.backend.paint_whole(snapshot, context, 0.0, FLOW, FLOW)
        assert coming is not None
        assert not self.card.log.waits, "before its end"
        assert coming.result() is not None
        return self.card.log


def within(card: PretendedCard, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
    def run(*given: Tensor | None) -> Any:
        with card.part(part):
            return work(*given)

    return run
