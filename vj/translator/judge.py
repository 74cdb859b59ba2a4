"""How well a translator paints frames that it was not trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from vj.core.spread import spread
from vj.pocket.network import Network
from vj.training import measures
from vj.translator.pairs import TranslatorBatch

ROWS = 6
"""Examples that are looked at, at most."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over the frames. l1: mean absolute difference from the truth, 0..1. edges: how well
    edges run along the truth's, see `measures.agreement`, -1..1. sharpness: the contrast of marks
    of 2 to 8 pixels, in that of the truth: 1 is as crisp, below it soft, above it harsh."""

    l1: float
    edges: float
    sharpness: float

    @property
    def score(self) -> float:
        """Of all three, the less the better: a blur has a low l1, and noise a sharpness of 1."""
        harsh = abs(math.log(min(8.0, max(0.125, self.sharpness))))
        return self.l1 + 0.2 * (1 - self.edges) + 0.05 * harsh

    def __str__(self) -> str:
        return f"L1 {self.l1:.3f}, edges {self.edges:.2f}, sharpness {self.sharpness:.2f}"


class Judge:
    """Keeps held-out examples, each a batch of one, and their truth."""

    def __init__(self, examples: Sequence[TranslatorBatch], device: torch.device) -> None:
        self._examples = [example.to(device) for example in examples]
        self.truth = [as_picture(example.target[0]) for example in examples]
        """(H, W, 3) uint8 each."""
        self.conditions = [as_seen(example.condition[0]) for example in examples]
        """The same."""

    @torch.no_grad()
    def paintings(self, network: Network) -> list[np.ndarray]:
        """What a network makes of the examples: (H, W, 3) uint8 each."""
        training = network.training
        network.eval()
        try:
            return [as_picture(painted(network, example)[0]) for example in self._examples]
        finally:
            network.train(training)

    def figures(self, paintings: Sequence[np.ndarray]) -> Figures:
        """Of paintings, in the order of the examples."""
        pairs = list(zip(paintings, self.truth, strict=True))
        return Figures(
            float(np.mean([measures.distance(one, truth) for one, truth in pairs])),
            float(np.mean([measures.agreement(one, truth) for one, truth in pairs])),
            float(
                np.mean([measures.energy(one) for one, _ in pairs])
                / max(1e-4, float(np.mean([measures.energy(truth) for _, truth in pairs])))
            ),
        )

    @property
    def shown(self) -> list[int]:
        """The numbers of some examples, spread over them, for people to look at."""
        return spread(len(self.truth), ROWS)

    def sheet(self, paintings: Sequence[np.ndarray]) -> np.ndarray:
        """(H, W, 3) uint8: a row for each example that is `shown`: input, truth, painted."""
        gap = np.full((self.truth[0].shape[0], 4, 3), 255, np.uint8)
        return np.vstack(
            [
                np.hstack([self.conditions[n], gap, self.truth[n], gap, paintings[n]])
                for n in self.shown
            ]
        )


def painted(network: Network, batch: TranslatorBatch) -> Tensor:
    """What the network makes of a batch: (B, 3, H, W), about 0..1."""
    height, width = batch.x.shape[-2:]
    ground = batch.x.new_zeros(len(batch.x), network.widths[0], height // 2, width // 2)
    out: Tensor = network(batch.picture, batch.form, ground, batch.style)
    return out[:, 1:]


def as_picture(planes: Tensor) -> np.ndarray:
    """(3, H, W), 0..1 -> (H, W, 3) uint8."""
    pixels = planes.float().clamp(0, 1).mul(255).round().byte()
    return np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy())


def as_seen(condition: Tensor) -> np.ndarray:
    """A condition as a picture: (C, H, W), 0..1 -> (H, W, 3) uint8; of several frames the newest
    one."""
    return as_picture(condition[-3:] if len(condition) >= 3 else condition[:1].expand(3, -1, -1))


def png(sheet: np.ndarray) -> bytes:
    """(H, W, 3) uint8 -> a file's content."""
    _, content = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    return content.tobytes()
