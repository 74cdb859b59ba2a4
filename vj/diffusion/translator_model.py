"""A performer's own translator, loaded from its folder: see `vj.translator.model_folder`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vj.core.errors import Fault
from vj.diffusion.devices import sent, short
from vj.diffusion.model_names import weights_written
from vj.diffusion.model_spec import ModelSpec, reject_adapters
from vj.diffusion.network_runner import NetworkRunner
from vj.pocket.network import SEEN, Network
from vj.translator.card import Card
from vj.translator.conditions import CHANNELS, ConditionSettings, settings_from
from vj.translator.model_folder import load_translator


class TranslatorModel(NetworkRunner):
    """Paints a frame in one step."""

    def __init__(
        self,
        name: str,
        network: Network,
        card: Card,
        device: torch.device,
        weights: object = None,
    ) -> None:
        """weights: see `NetworkRunner`. Raises Fault where card and network do not fit."""
        channels = CHANNELS.get(card.kind)
        if channels is None:
            known = ", ".join(CHANNELS)
            raise Fault(
                f"model {name}: its card says that it paints from {card.kind!r:.40}, of which this "
                f"version knows nothing; there are {known}"
            )
        if network.seen != SEEN + channels:
            raise Fault(
                f"model {name}: its weights are not those of its card: they see {network.seen} "
                f"channels, and {card.kind} wants {SEEN + channels}; copy the whole folder"
            )
        try:
            self.settings: ConditionSettings = settings_from(card.settings)
        except Fault as fault:
            raise Fault(f"model {name}: its card: {fault}") from None
        super().__init__(network, device, weights)
        self.name, self.card, self.kind = name, card, card.kind

    @torch.no_grad()
    def paint(self, seen: np.ndarray, form: Tensor, style: Sequence[float]) -> Tensor:
        """(1, 3, H, W) float32 on its device, about -1..1.

        seen: (H, W, 3 + C) float32, 0..1: `conditions.softened` of the picture, then the condition.
        form: (1, 3, H, W), the texture field and its directions. style: `conditions.style_numbers`.
        """
        planes = sent(torch.from_numpy(seen), self.device).permute(2, 0, 1)[None]
        numbers = sent(torch.tensor([style], dtype=torch.float32), self.device)
        return self.run(planes, form, numbers)[:, 1:] * 2 - 1

    def describe(self) -> str:
        """`kiss (cpu float32)`."""
        return f"{self.name} ({self.device.type} {short(self.dtype)})"


def load_translator_model(
    spec: ModelSpec, folder: Path, device: torch.device, dtype: torch.dtype
) -> TranslatorModel:
    """Load a model folder. Raises Fault."""
    reject_adapters(spec)
    # Before they are read: where they are replaced meanwhile, these are not taken for those.
    written = weights_written(str(folder))
    network, card = load_translator(folder)
    weights = None if written is None else (str(folder.resolve()), *written)
    model = TranslatorModel(folder.resolve().name, network, card, device, weights)
    model.to(dtype)
    return model
