"""The built-in network as a diffusion model: loaded from one safetensors file, without diffusers or
transformers, whose import alone takes six seconds.

Its latents are the picture itself, 0..1. The noise is not added to them: it comes beside them as
the texture field, and goes with each row of the stream batch as a hint does in other models.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor

from vj.core.errors import Fault
from vj.diffusion.built_in import LEAST_WEIGHT, BuiltIn, drawn, parsed_prompt
from vj.diffusion.model_spec import ModelSpec, reject_adapters
from vj.diffusion.network_runner import NetworkRunner, padded
from vj.diffusion.prompts import Embedding
from vj.pocket.network import Network, load_network
from vj.pocket.techniques import TECHNIQUES


class PocketModel(NetworkRunner, BuiltIn):
    """The loaded network."""

    def __init__(
        self, name: str, network: Network, device: torch.device, weights: object = None
    ) -> None:
        """weights: see `NetworkRunner`."""
        others = tuple(one for one in TECHNIQUES if one not in network.techniques)
        BuiltIn.__init__(self, name, (*network.techniques, *others), device)
        NetworkRunner.__init__(self, network, device, weights)
        self._draws = False
        """Some prompt has named a technique that the network has not learned."""
        self._patterns: np.ndarray | None = None

    def encode_text(self, text: str) -> Embedding:
        self._draws |= parsed_prompt(text).technique not in self.network.techniques
        return super().encode_text(text)

    @contextmanager
    def made_ready(self) -> Iterator[None]:
        with NetworkRunner.made_ready(self), BuiltIn.made_ready(self):
            yield

    def capture_between_frames(self) -> None:
        NetworkRunner.capture_between_frames(self)
        BuiltIn.capture_between_frames(self)

    def paint(self, picture: Tensor, form: Tensor, style: Tensor) -> Tensor:
        """The network's techniques, and those that it has not learned, as drawn."""
        own, count = len(self.network.techniques), len(self.techniques)
        learned = torch.cat([style[:, :own], style[:, count:]], 1)
        patterns = self._patterns
        if not self._draws or patterns is None or patterns.shape[1:] != picture.shape[2:]:
            return self.run(picture, form, learned)
        shares = style[:, :own].sum(1)
        if float(shares.max()) <= LEAST_WEIGHT:
            return drawn(self.techniques[own:], picture, form, style[:, own:], patterns)
        learned = torch.cat(
            [learned[:, :own] / shares.clamp_min(LEAST_WEIGHT)[:, None], style[:, count:]], 1
        )
        painted = shares[:, None, None, None] * self.run(picture, form, learned)
        if float(style[:, own:count].max()) <= LEAST_WEIGHT:
            return painted
        return painted + drawn(self.techniques[own:], picture, form, style[:, own:], patterns)

    @torch.no_grad()
    def lay(self, patterns: np.ndarray) -> Tensor:
        """Patterns, (12, H, W), -> a `ground`, to be put there between two frames."""
        self._patterns = np.asarray(patterns, np.float32)
        there = padded(torch.from_numpy(patterns)[None].to(self.device, self.dtype))
        return self.network.ground(there)


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
