"""The built-in network as a diffusion model: loaded from one safetensors file, without diffusers or
transformers, whose import alone takes six seconds.

Its latents are the picture itself, 0..1. The noise is not added to them: it comes beside them as
the texture field, and goes with each row of the stream batch as a hint does in other models.
"""

from __future__ import annotations

import copy
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from torch import Tensor, nn

from vj.core.errors import Fault
from vj.diffusion.built_in import LEAST_WEIGHT, BuiltIn, drawn, parsed_prompt
from vj.diffusion.model_spec import ModelSpec, reject_adapters
from vj.diffusion.prompts import Embedding
from vj.pocket.network import MULTIPLE, Network, load_network
from vj.pocket.techniques import TECHNIQUES


class TracedPocket(nn.Module):
    """`Network.paint` as a module's forward, which is what can be traced."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, form: Tensor, ground: Tensor, films: list[Tensor]) -> Tensor:
        return self.network.paint(picture, form, ground, films)


FROZEN_KEPT = 16
"""Compiled networks that are kept, each as large as its weights."""
_frozen: OrderedDict[tuple[object, ...], Callable[..., Tensor]] = OrderedDict()
_frozen_lock = threading.Lock()
"""TorchScript never gives back what it has compiled: its compilation unit is the process's own. So
what was compiled of the same weights is taken again; otherwise a show that loads its model anew
with every save would grow by 50 MB each time."""


class PocketModel(BuiltIn):
    """The loaded network."""

    def __init__(
        self, name: str, network: Network, device: torch.device, weights: object = None
    ) -> None:
        """weights: names exactly these weights, so that what was compiled of them is found again;
        None compiles anew."""
        others = tuple(one for one in TECHNIQUES if one not in network.techniques)
        super().__init__(name, (*network.techniques, *others), device)
        self._weights = weights
        self._draws = False
        """Some prompt has named a technique that the network has not learned."""
        self._patterns: np.ndarray | None = None
        self.network = network
        self.frozen: dict[tuple[int, ...], Callable[..., Tensor]] = {}
        self._films: tuple[Tensor, list[Tensor]] | None = None
        """The last style, and what it does to the network."""
        self.to(torch.float32)

    def to(self, dtype: torch.dtype) -> None:
        """Compute in another type from now on."""
        self.dtype = dtype
        self.frozen.clear()
        self._films = None
        self.network.to(self.device, dtype)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.ground is not None:
            self.ground = self.ground.to(dtype)

    def encode_text(self, text: str) -> Embedding:
        self._draws |= parsed_prompt(text).technique not in self.network.techniques
        return super().encode_text(text)

    def paint(self, picture: Tensor, form: Tensor, style: Tensor) -> Tensor:
        """The network's techniques, and those that it has not learned, as drawn."""
        own, count = len(self.network.techniques), len(self.techniques)
        learned = torch.cat([style[:, :own], style[:, count:]], 1)
        patterns = self._patterns
        if not self._draws or patterns is None or patterns.shape[1:] != picture.shape[2:]:
            return self._painted(picture, form, learned)
        shares = style[:, :own].sum(1)
        if float(shares.max()) <= LEAST_WEIGHT:
            return drawn(self.techniques[own:], picture, form, style[:, own:], patterns)
        learned = torch.cat(
            [learned[:, :own] / shares.clamp_min(LEAST_WEIGHT)[:, None], style[:, count:]], 1
        )
        painted = shares[:, None, None, None] * self._painted(picture, form, learned)
        if float(style[:, own:count].max()) <= LEAST_WEIGHT:
            return painted
        return painted + drawn(self.techniques[own:], picture, form, style[:, own:], patterns)

    def _painted(self, picture: Tensor, form: Tensor, style: Tensor) -> Tensor:
        """The network for pictures of any size: (B, 4, H, W) float32, see `Network.forward`."""
        height, width = picture.shape[-2:]
        picture, form = (padded(part.to(self.dtype)) for part in (picture, form))
        shape = (
            len(picture),
            self.network.widths[0],
            picture.shape[-2] // 2,
            picture.shape[-1] // 2,
        )
        if self.ground is None or self.ground.shape[1:] != shape[1:]:
            self.ground = torch.zeros(1, *shape[1:], device=self.device, dtype=self.dtype)
        ground = self.ground.expand(shape)
        call = self.frozen.get(tuple(picture.shape), self.network.paint)
        out: Tensor = call(picture, form, ground, self._films_of(style)).float()
        return out[..., :height, :width]

    def _films_of(self, style: Tensor) -> list[Tensor]:
        """Of the style before where it is the same."""
        before = self._films
        if before is None or not torch.equal(before[0], style):
            before = style, self.network.films(style.to(self.dtype))
            self._films = before
        return before[1]

    @torch.no_grad()
    def lay(self, patterns: np.ndarray) -> Tensor:
        """Patterns, (12, H, W), -> a `ground`, to be put there between two frames."""
        self._patterns = np.asarray(patterns, np.float32)
        there = padded(torch.from_numpy(patterns)[None].to(self.device, self.dtype))
        return self.network.ground(there)

    @property
    def is_frozen(self) -> bool:
        return bool(self.frozen)

    def thaw(self) -> None:
        """Forget what was compiled."""
        self.frozen.clear()

    # What `vj.diffusion.autotune` tries ways with.

    @property
    def size(self) -> int:
        """Numbers in it."""
        return sum(p.numel() for p in self.network.parameters())

    def keep(self) -> Any:
        """Its exact weights, for `restore`: what goes through bfloat16 loses bits."""
        return copy.deepcopy(self.network)

    def restore(self, kept: Any) -> None:
        self.network = kept
        self._films = None

    def trial(self, width: int, height: int) -> Callable[[], object]:
        """Paints a frame of this size when called."""
        blank = torch.zeros(1, 3, height, width, device=self.device)
        style = torch.zeros(1, len(self.techniques) + 2, device=self.device)

        @torch.no_grad()
        def frame() -> Tensor:
            return self.paint(blank, blank, style)

        return frame

    @torch.no_grad()
    def freeze(self, width: int, height: int) -> None:
        """Compile the network for frames of one size, one row. Raises whatever cannot be traced."""
        picture = padded(torch.zeros(1, 3, height, width, dtype=self.dtype))
        ground = torch.zeros(
            1,
            self.network.widths[0],
            picture.shape[-2] // 2,
            picture.shape[-1] // 2,
            dtype=self.dtype,
        )
        style = torch.zeros(1, len(self.network.techniques) + 2, dtype=self.dtype)
        shape = tuple(picture.shape)
        key = (self._weights, self.dtype, shape)
        with _frozen_lock:
            kept = _frozen.get(key) if self._weights is not None else None
            if kept is None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    example = (picture, picture.clone(), ground, self.network.films(style))
                    traced = torch.jit.trace(
                        TracedPocket(self.network).eval(), example, check_trace=False
                    )
                    kept = torch.jit.freeze(traced)
            if self._weights is not None:
                _frozen[key] = kept
                _frozen.move_to_end(key)
                while len(_frozen) > FROZEN_KEPT:
                    _frozen.popitem(last=False)
        self.frozen[shape] = kept


def padded(planes: Tensor) -> Tensor:
    """(B, C, H, W) with sides of the network's multiple, the last rows and columns repeated, in the
    memory layout that convolutions are quickest in."""
    down, right = (-side % MULTIPLE for side in planes.shape[-2:])
    if down or right:
        planes = F.pad(planes, (0, right, 0, down), mode="replicate")
    return planes.contiguous(memory_format=torch.channels_last)


def load_pocket(
    spec: ModelSpec, path: Path, device: torch.device, dtype: torch.dtype
) -> PocketModel:
    """Load the built-in model, or one trained like it. Raises Fault."""
    reject_adapters(spec)
    try:
        status = path.stat()
        network = load_network(path)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        train = "python -m vj.pocket.training.train makes them"
        raise Fault(
            f"model {spec.name}: its weights {path.name} cannot be read ({error}); {train}"
        ) from None
    name = "pocket" if spec.name == "pocket" else path.parent.name
    weights = (str(path.resolve()), status.st_mtime_ns, status.st_size)
    model = PocketModel(name, network, device, weights)
    model.to(dtype)
    return model
