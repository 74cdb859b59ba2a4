"""Where a model starts from: the encoded input, or on a walk a place between two pictures in its
own space."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from vj.diffusion.devices import sent
from vj.diffusion.protocols import DiffusionModel
from vj.parameters.store import Snapshot
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.latent_walk import WalkStep


def place_of(context: FrameContext) -> WalkStep | None:
    """The place of a walk that is looked for in the model's own space; None over key pictures."""
    return None if context.walk is None or context.walk.made is not None else context.walk


def between(one: Tensor, two: Tensor, share: float) -> Tensor:
    """Latents (1, C, h, w) on the way from one to two, each place's norm kept: a plain mean of two
    pictures would be paler than both."""
    if share <= 0 or one is two:
        return one
    if share >= 1:
        return two
    mean = torch.lerp(one, two, share)
    norm = torch.lerp(one.norm(dim=1, keepdim=True), two.norm(dim=1, keepdim=True), share)
    return mean * (norm / mean.norm(dim=1, keepdim=True).clamp_min(1e-6))


class WalkLatents:
    """Of one model at one size. The pictures of a walk are encoded once for each."""

    def __init__(self, model: DiffusionModel) -> None:
        self._model = model
        self._kept: list[tuple[np.ndarray, Tensor]] = []

    def of(self, entered: Tensor, snapshot: Snapshot, context: FrameContext) -> Tensor:
        """The latents of a frame, (1, C, h, w); on a walk with what feedback and lines have changed
        on top."""
        step = place_of(context)
        if step is None:
            return self._model.encode(entered)
        one, two = (self._at(picture, step.chain) for picture in (step.one, step.two))
        latents = between(one, two, step.share)
        fed_back = snapshot["feedback/amount"] > 0 or context.flight is not None
        if fed_back or context.model_input is not context.image:
            encode = self._model.encode
            latents = latents + encode(entered) - encode(self._as_input(context.image))
        return latents

    def clear(self) -> None:
        """Forget the pictures of the last walk."""
        self._kept.clear()

    def _at(self, picture: np.ndarray, chain: tuple[np.ndarray, ...]) -> Tensor:
        for seen, made in self._kept:
            if seen is picture:
                return made
        kept = {id(one) for one in chain}
        self._kept = [entry for entry in self._kept if id(entry[0]) in kept]
        self._kept.append((picture, self._model.encode(self._as_input(picture))))
        return self._kept[-1][1]

    def _as_input(self, picture: np.ndarray) -> Tensor:
        there = sent(torch.from_numpy(picture), self._model.device).float()
        return there.div(255).mul(2).sub(1).permute(2, 0, 1)[None].contiguous()
