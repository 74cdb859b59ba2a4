"""`noise/ride`: noise that goes with what moves, for models with latents and for the built-in
family. `vj.pipeline.riding` says where each place's texture comes from."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from vj.diffusion.devices import sent
from vj.diffusion.stream_batch import Noise
from vj.kernels.cupy_ride import RideKernels
from vj.kernels.cv_ride import Rider, fine_noise
from vj.kernels.numpy_ride import FINER, Ride, detail_of
from vj.parameters.store import Snapshot

FINE = 1 << 32
"""What is added to a seed for the noise within its cells."""


def fits(ride: Ride | None, height: int, width: int) -> bool:
    """A ride is of pictures of this size, and something has moved."""
    if ride is None or not ride.moved:
        return False
    return ride.ways.shape[1:3] == (-(-height // ride.finer), -(-width // ride.finer))


class LatentNoise:
    """The noise of latents, as what is played has it. Belongs to the thread that computes.

    Where it rides, a latent's noise stands for many pixels': within a cell they are drawn so that
    they add up to it. So what has not moved is the noise as it was.
    """

    def __init__(self, shape: tuple[int, int, int], scale: int, device: torch.device) -> None:
        """shape: (C, h, w). scale: pixels across a cell of latents. Raises Unavailable on CUDA
        without cupy."""
        self._noise = Noise(shape, device, torch.float32)
        self._size = shape[1] * scale, shape[2] * scale
        self._shape, self._scale, self._device = shape, scale, device
        self.rides = scale % FINER == 0
        """Its cells are large enough for it."""
        self._card = RideKernels(device) if device.type == "cuda" and self.rides else None
        self._rider = Rider(*self._size) if self._card is None and self.rides else None
        self._seeds: dict[int, np.ndarray] = {}
        self._of: tuple[float, ...] = ()
        self._base: np.ndarray = np.zeros((0, 0), np.float32)
        self._detail = self._base
        self._there = torch.zeros(0)
        self._fine: tuple[object, np.ndarray] = (None, self._detail)
        self._frame = 0
        turns = np.random.default_rng(8).integers(0, shape[1:], (64, 2), np.int32)
        self._turns = turns * np.int32(scale)
        """By how many pixels the noise within cells is turned for each plane: they share one."""
        self._turns[0] = 0

    def begin(self) -> None:
        """What boils begins anew."""
        self._noise.begin()
        self._of = ()

    def of(self, snapshot: Snapshot, ride: Ride | None = None) -> Tensor:
        """The noises of a frame's levels, (n, C, h, w), not to be written to: those of
        `Noise.sample` where nothing rides."""
        noise = self._noise.sample(
            snapshot["seed/a"],
            snapshot["seed/b"],
            snapshot["seed/mix"],
            snapshot["noise/hold"],
            snapshot["steps"],
        )
        amount = snapshot["noise/ride"]
        if amount <= 0 or ride is None or not self.rides or not fits(ride, *self._size):
            return noise
        held = self._draw(snapshot)
        planes = noise.reshape(-1, *self._shape[1:]).contiguous()
        turns = self._turns[: len(planes)]
        if self._card is not None:
            ridden = self._card.cells(planes.float(), self._there, turns, ride, amount)
            return ridden.reshape(noise.shape).to(noise.dtype)
        assert self._rider is not None
        given, key = planes.float().numpy(), (self._of, len(planes)) if held else None
        if key is None or self._fine[0] != key:
            self._fine = key, fine_noise(given, self._detail, turns)
        made = self._rider.cells(given, self._fine[1], ride, amount)
        return torch.from_numpy(made).reshape(noise.shape).to(noise.dtype)

    def _draw(self, snapshot: Snapshot) -> bool:
        """Have this frame's noise within the cells. Whether it is that of the frame before."""
        of = snapshot["seed/a"], snapshot["seed/b"], snapshot["seed/mix"]
        hold = snapshot["noise/hold"]
        if of != self._of:
            a, b = (self._of_seed(seed) for seed in of[:2])
            norm = math.hypot(1 - of[2], of[2]) if of[0] != of[1] else 1
            shares = np.float32((1 - of[2]) / norm), np.float32(of[2] / norm)
            self._of, self._base, self._frame = of, shares[0] * a + shares[1] * b, 0
            self._detail = self._base
            self._send()
        if hold >= 1:
            return True
        self._frame += 1  # new noise costs more than the same one from elsewhere
        turn = np.random.default_rng((of[0], self._frame)).integers(0, self._shape[1:])
        fresh = np.roll(self._base, tuple(turn * self._scale), (0, 1))
        self._detail = np.float32(hold) * self._detail
        self._detail += np.float32(math.sqrt(1 - hold * hold)) * fresh
        self._send()
        return False

    def _send(self) -> None:
        if self._card is not None:
            self._there = sent(torch.from_numpy(self._detail), self._device)

    def _of_seed(self, seed: int) -> np.ndarray:
        if seed not in self._seeds:
            if len(self._seeds) > 7:
                self._seeds.pop(next(iter(self._seeds)))
            generator = torch.Generator().manual_seed(seed + FINE)
            white = torch.randn(self._size, generator=generator).numpy()
            self._seeds[seed] = detail_of(white, self._scale)
        return self._seeds[seed]
