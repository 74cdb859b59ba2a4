"""What the networks of the built-in family are given beside the picture: the texture field, the
white noise that it is made of, and a picture from which a camera's noise is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import torch
from torch import Tensor

from vj.core.frame import Size
from vj.diffusion.devices import sent
from vj.diffusion.riding_noise import fits
from vj.diffusion.stream_batch import Noise
from vj.kernels.cupy_field import FieldKernels
from vj.kernels.cv_field import FieldMaker
from vj.kernels.numpy_ride import Ride
from vj.parameters.store import Snapshot

NOISE = 2 / 255
"""Of 0..1: changes up to this are taken for the camera's noise."""


@dataclass(frozen=True, slots=True, eq=False)
class RiddenNoise:
    """White noise that rides. noise: (H, W) float32, the same array while it holds the same
    numbers. amount: 0..1, how much of it rides."""

    noise: np.ndarray
    ride: Ride | None = None
    amount: float = 0.0

    @property
    def riding(self) -> tuple[Ride | None, float]:
        """The ride, where anything rides, and how much does."""
        rides = self.amount > 0 and fits(self.ride, *self.noise.shape)
        return (self.ride, self.amount) if rides else (None, 0.0)


class TextureField(Protocol):
    """Makes the texture field of what the model sees."""

    def of(self, entered: Tensor, white: RiddenNoise, size: float, turn: float) -> Tensor:
        """entered: (1, 3, H, W), -1..1. Returns (1, 3, H, W): texture and directions, valid for a
        few frames."""


class HostTextureField:
    """On the CPU, whatever the model computes on."""

    def __init__(self, size: Size, device: torch.device, unit: float | None = None) -> None:
        """unit: see `make_texture_field`."""
        self._maker, self._device = FieldMaker(size.height, size.width, unit), device

    def of(self, entered: Tensor, white: RiddenNoise, size: float, turn: float) -> Tensor:
        picture = entered[0].permute(1, 2, 0).float().cpu().numpy()
        luma = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
        cv2.addWeighted(luma, 0.5, luma, 0, 0.5, dst=luma)
        field = self._maker.make(luma, white.noise, size, turn, *white.riding)
        stacked = np.stack([field.texture, field.along_x, field.along_y])
        return torch.from_numpy(stacked)[None].to(self._device)


class CudaTextureField:
    """On an NVIDIA card; nothing waits for it."""

    def __init__(
        self, size: Size, device: torch.device, dtype: torch.dtype, unit: float | None = None
    ) -> None:
        """unit: see `make_texture_field`. Raises Unavailable without cupy."""
        self._kernels = FieldKernels(size.height, size.width, device, unit, dtype, outputs=6)
        self._dtype, self._device = dtype, device
        self._white: tuple[np.ndarray | None, Tensor] = (None, torch.zeros(0))

    def of(self, entered: Tensor, white: RiddenNoise, size: float, turn: float) -> Tensor:
        if self._white[0] is not white.noise:
            there = sent(torch.from_numpy(np.ascontiguousarray(white.noise)), self._device)
            self._white = (white.noise, there)
        seen = entered.to(self._dtype)
        made = self._kernels.make(seen, self._white[1], size, turn, *white.riding)
        return torch.cat(made, 1)


def make_texture_field(
    size: Size, device: torch.device, dtype: torch.dtype, unit: float | None = None
) -> TextureField:
    """Where the model's pictures are. unit: pixels in a unit, 1/256 of the height unless given.
    Raises Unavailable on a card without cupy."""
    if device.type == "cuda":
        return CudaTextureField(size, device, dtype, unit)
    return HostTextureField(size, device, unit)


class NoiseGate:
    """Lets through what changes by more than a camera's noise, pixel by pixel: steep tones and
    glints would make a flicker of it. A step of `NOISE` is the most that a picture is off."""

    def __init__(self) -> None:
        self._last: Tensor | None = None

    def of(self, entered: Tensor) -> Tensor:
        """(1, 3, H, W), -1..1; the same picture twice gives the same tensor of numbers twice."""
        last = self._last
        if last is None or last.shape != entered.shape:
            self._last = entered.clone()  # the compositor uses its tensor again
        else:
            change = entered - last
            self._last = last + (change - change.clamp(-2 * NOISE, 2 * NOISE))
        return self._last


class WhiteNoise:
    """The white noise of a show's seeds, on the CPU."""

    def __init__(self, size: Size) -> None:
        self.shape = (1, size.height, size.width)
        self._noise = Noise(self.shape, torch.device("cpu"), torch.float32, rows=1)
        self._held: tuple[object, np.ndarray] = (None, np.zeros((1, 1), np.float32))

    def begin(self) -> None:
        """What boils begins anew with the next frame."""
        self._noise.begin()

    def at(self, snapshot: Snapshot, ride: Ride | None = None) -> RiddenNoise:
        """This frame's; the same array while it is held."""
        seeds = (snapshot["seed/a"], snapshot["seed/b"], snapshot["seed/mix"])
        held = snapshot["noise/hold"] >= 1
        if not held or self._held[0] != seeds:
            noise = self._noise.sample(*seeds, snapshot["noise/hold"], 1)
            self._held = (seeds if held else None, noise[0, 0].numpy())
        return RiddenNoise(self._held[1], ride, snapshot["noise/ride"])
