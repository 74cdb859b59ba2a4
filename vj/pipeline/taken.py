"""A frame as it is painted, before masks and lines."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vj.effects.stages import EffectStage
from vj.parameters.store import Snapshot
from vj.pipeline.input_view import PlacedView
from vj.pipeline.landmarks.followed_faces import Faces
from vj.pipeline.latent_walk import WalkStep
from vj.pipeline.masks import softness
from vj.pipeline.transparency import continued


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """image: (H, W, 3) uint8."""

    image: np.ndarray
    walk: WalkStep | None = None
    blank: bool = False
    whole: np.ndarray | None = None
    """What the source gave, (h, w, 3 or 4) uint8, where it stands alone and leads the upscaling."""
    view: PlacedView | None = None
    """How it is looked at; None where it is only cropped or padded."""
    alpha: np.ndarray | None = None
    """(H, W) uint8, where its transparency is the mask; None for one that is opaque."""
    faces: Faces | None = None
    """The faces in it where its source knows them, see `Frame`."""

    def with_effects(self, effects: EffectStage, snapshot: Snapshot, number: int) -> Taken:
        """As a show's effects before the model make it: a picture of its own, which neither a place
        on a walk nor the source's edges stand for. One that is blank stays so."""
        if self.blank or not effects.effects:
            return self
        image = effects.of(self.image, snapshot, snapshot.time, number)
        return self if image is self.image else replace(self, image=image, walk=None, whole=None)

    def beyond_edges(self, snapshot: Snapshot) -> np.ndarray | None:
        """See `FrameContext`. Inverted it is the picture that is painted, and black stays beside
        it."""
        if self.alpha is None or self.blank or snapshot["mask/invert"]:
            return None
        soft = softness(snapshot, self.image.shape[0])
        return continued(self.image, self.alpha, soft, snapshot["mix/wet"])
