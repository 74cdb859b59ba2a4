"""Pictures that are taken while a show plays, as image prompts of a model with an IP-Adapter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from vj.core.supervisor import Supervisor
from vj.diffusion.ip_adapter import ImagePrompts
from vj.diffusion.prompts import Embedding, blend
from vj.parameters.store import Snapshot
from vj.pipeline.live_picture import MadeOfNewest, TakenPicture
from vj.pipeline.mixture_travel import MixtureTravel


class LiveTokens:
    """Their tokens, (1, N, D). The first one travels in from the show's own image prompt over
    prompt/travel, each from the one before, and the show's own come back so. Belongs to the render
    thread; what a picture is encoded on is a thread of its own, offline the caller's."""

    def __init__(
        self,
        prompts: ImagePrompts,
        encode: Callable[[np.ndarray], Tensor],
        wait: bool,
        on_message: Callable[[str], None],
        supervisor: Supervisor | None = None,
    ) -> None:
        self._prompts = prompts
        self._made = MadeOfNewest(encode, wait, on_message, supervisor, "live image prompts")
        self._travel = MixtureTravel[Embedding](blend)
        self._in_force = False

    @property
    def under_way(self) -> bool:
        """Other tokens are arriving, or being made."""
        return self._made.pending or (self._in_force and self._travel.under_way)

    def at(self, snapshot: Snapshot, taken: TakenPicture | None) -> Tensor | None:
        """Of this frame; None where the show's own are to be used."""
        made = self._made.of(taken)
        if made is None and not self._in_force:
            return None
        seconds = snapshot["prompt/travel"]
        if made is not None:
            if not self._in_force:
                self._in_force = True
                self._travel.at("own", [self._own(snapshot)], snapshot.time, 0.0)
            parts = [(Embedding(made.value), 1.0)]
            return self._travel.at(made.number, parts, snapshot.time, seconds).tokens
        tokens = self._travel.at("own", [self._own(snapshot)], snapshot.time, seconds).tokens
        self._in_force = self._travel.under_way
        return tokens if self._in_force else None

    def _own(self, snapshot: Snapshot) -> tuple[Embedding, float]:
        """Of a show without any: those of no picture."""
        prompts = self._prompts
        mix = snapshot["image/mix"]
        return Embedding(prompts.at(mix) if prompts.shown else prompts.blank), 1.0

    def close(self) -> None:
        """End its thread. May be called twice."""
        self._made.close()
