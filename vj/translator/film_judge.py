"""How well a film is dreamed: what has become of frames that were not trained on, some frames
later."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from vj.kernels.cv_field import FieldMaker
from vj.pocket.network import Network
from vj.translator.batch import stacked
from vj.translator.conditions import unit_of
from vj.translator.film_pairs import FilmPairs, example_of
from vj.translator.judge import Judge, as_picture, painted


class FilmJudge(Judge):
    """One frame later the newest frame itself would be as good."""

    def __init__(self, pairs: FilmPairs, device: torch.device) -> None:
        super().__init__(pairs.held_out(), device)
        self._begun = [two for two, _ in pairs.begun_held_out()]
        self._later, self._seed = pairs.later, pairs.seed

    @torch.no_grad()
    def paintings(self, network: Network) -> list[np.ndarray]:
        training = network.training
        network.eval()
        try:
            return [dreamed(network, two, self._later, self._seed)[-1] for two in self._begun]
        finally:
            network.train(training)


@torch.no_grad()
def dreamed(
    network: Network, two: Sequence[np.ndarray], count: int, seed: int = 1
) -> list[np.ndarray]:
    """So many frames after two, all (S, S, 3) uint8, with the noise of a seed."""
    device = next(network.parameters()).device
    side = len(two[0])
    field = FieldMaker(side, side, unit_of(side))
    white = np.random.default_rng((seed, 21)).standard_normal((side, side), np.float32)
    frames = list(two)
    for _ in range(count):
        example = example_of(field, frames[-2:], frames[-1].astype(np.float32) / 255, 1.0, white)
        frames.append(as_picture(painted(network, stacked([example]).to(device))[0]))
    return frames[2:]
