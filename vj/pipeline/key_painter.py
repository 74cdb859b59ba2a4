"""Paints single pictures with the model of the frames, beside them: the key pictures of a walk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vj.parameters.store import Snapshot
from vj.parameters.table import TABLE, Value
from vj.pipeline.backend import Backend, GeneratedImage, PaintsBeside
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.latent_walk import WalkStep

STEPS = 4
"""Denoising steps of a key picture where the model has some."""
ALONE: dict[str, Value] = {
    "feedback/amount": 0.0,
    "blend/smoothing": 0.0,
    "latent/morph": 0.0,
    "lines/amount": 0.0,
    "mix/wet": 1.0,
    "mix/mode": "normal",
    "noise/hold": 1.0,
    "noise/swirl": 0.0,
    "prompt/travel": 0.0,
    "output/blackout": 0.0,
    **{
        name: row.start
        for name, row in TABLE.rows.items()
        if name.startswith("picture/") and row.kind == "float"
    },
}
"""A key picture is a painting by itself: what is done to frames comes when it is one."""


def key_strength(backend: Backend, snapshot: Snapshot, repaint: float) -> float:
    """How far the model leaves what is laid out: all the way where it knows the two pictures
    themselves, by an IP-Adapter."""
    knows = "image/amount" not in backend.unused and snapshot["image/amount"] > 0
    return 1.0 if knows and repaint > 0 else repaint


class KeyPainter:
    """One picture at a time, a step a call. Belongs to the render thread."""

    def __init__(self, backend: PaintsBeside) -> None:
        self._backend = backend.beside()
        self.under_way = False
        """A picture has begun and is not there yet."""

    def step(
        self,
        picture: np.ndarray,
        snapshot: Snapshot,
        strength: float,
        walk: WalkStep,
        share: float,
    ) -> np.ndarray | None:
        """A picture (H, W, 3) uint8 painted with the prompts of this frame; None while it is under
        way, or they are not known yet. walk, share: where on a walk it stands."""
        backend = self._backend
        steps = max(STEPS, snapshot["steps"]) if backend.mixes_latents else snapshot["steps"]
        values = {**snapshot.values, **ALONE, "strength": strength, "steps": steps}
        alone = replace(snapshot, values=values)
        at = replace(walk, share=share, made=picture)
        if self.under_way:
            generated = backend.go_on()
        else:
            if not backend.ready(alone, at):
                return None
            context = FrameContext(picture, 0, snapshot.time, picture, walk=at)
            entered = backend.compositor.preprocess(picture, alone)
            self.under_way = True
            generated = backend.paint(entered, alone, context)
        return self._finished(generated, picture, alone)

    def _finished(
        self, generated: GeneratedImage | None, picture: np.ndarray, alone: Snapshot
    ) -> np.ndarray | None:
        if generated is None:
            return None
        self.under_way = False
        compositor = self._backend.compositor
        painted = compositor.postprocess(generated.picture, picture, alone).result()
        compositor.reset()
        if painted is None:
            raise ValueError("the model gave NaN")
        return painted.copy()

    def close(self) -> None:
        self._backend.close()
