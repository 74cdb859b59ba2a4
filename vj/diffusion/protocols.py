"""What a model has to offer to be played through the stream batch and to be tuned."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from vj.diffusion.adapters import Adapters
from vj.diffusion.guides import Hints
from vj.diffusion.prompts import Embedding
from vj.diffusion.stream_batch import Level
from vj.parameters.store import Snapshot


class Plan(Protocol):
    def plan(self, strength: float, steps: int) -> list[Level]:
        """The levels a frame goes through at this strength, the highest first."""


class DiffusionModel(Protocol):
    """Makes a generated picture of a frame: `vj.diffusion.model.Model`, a diffusers pipeline, or
    `vj.diffusion.pocket_model.PocketModel`. Tensors in and out are float32 on `device`."""

    name: str
    device: torch.device
    dtype: torch.dtype
    threads: int | None
    adapters: Adapters
    prediction: str
    from_noise: bool
    latent_channels: int
    scale: int

    @property
    def schedule(self) -> Plan: ...

    @property
    def guides(self) -> tuple[str, ...]:
        """Kinds of pictures that lead it, in the order of its hints."""

    def encode_text(self, text: str) -> Embedding: ...

    def encode_image_prompt(self, picture: np.ndarray) -> Tensor:
        """(H, W, 3) uint8 -> the tokens of an IP-Adapter. Raises Fault without one."""

    def encode(self, image: Tensor) -> Tensor:
        """(1, 3, H, W) in -1..1 -> latents (1, C, H / scale, W / scale)."""

    def decode(self, latents: Tensor) -> Tensor:
        """Latents -> (1, 3, H, W), about -1..1."""

    def unet(
        self,
        x: Tensor,
        t: Tensor,
        text: Embedding,
        hints: Hints = (),
        amount: float | Tensor = 1.0,
    ) -> Tensor:
        """The prediction for a batch of rows, each at its own t, 0..999."""

    def follow(self, snapshot: Snapshot) -> None:
        """Bring what is played of the model itself to a frame."""

    def made_fast(self) -> AbstractContextManager[None]:
        """Within it, what is computed is compiled where the show asks for that: see
        `vj.diffusion.speed`."""
        ...

    def made_ready(self) -> AbstractContextManager[None]:
        """Within it, what is computed is also made quick at once: see `vj.diffusion.graphs`."""
        ...

    def capture_between_frames(self) -> None:
        """Graphs are made between two frames from now on, and none beside them: a rendering is the
        same each time."""

    def take_threads(self) -> None:
        """To be called on the thread that computes: OpenMP counts threads for each."""

    def describe(self) -> str: ...


class Tunable(Protocol):
    """A model with several ways to compute on a CPU."""

    name: str
    device: torch.device
    dtype: torch.dtype
    threads: int | None

    def to(self, dtype: torch.dtype) -> None:
        """Compute in another type from now on."""

    @property
    def size(self) -> int:
        """Numbers in its network."""

    def keep(self) -> Any:
        """Its exact weights, for `restore`: what goes through bfloat16 loses bits."""

    def restore(self, kept: Any) -> None: ...

    def trial(self, width: int, height: int) -> Callable[[], object]:
        """Paints a frame of this size when called."""


@runtime_checkable
class Freezable(Tunable, Protocol):
    """One that can be compiled, too."""

    def freeze(self, width: int, height: int) -> None:
        """Compile for frames of one size. Raises whatever cannot be traced."""

    @property
    def is_frozen(self) -> bool: ...

    def thaw(self) -> None:
        """Forget what was compiled."""
