"""Noise that follows form, for models with latents: white noise smeared along the picture's edges.

A model paints its strokes where its noise has them. Gathered from pixels into latents a smeared
field would no longer have the variance that a model is used to, so the noise is smeared on the
latents' own grid, by the same steps in every channel, and brought back to the deviation it had.
"""

from __future__ import annotations

import math
import threading
from functools import lru_cache

import cv2
import numpy as np
import torch
from torch import Tensor

from vj.kernels.cupy_field import FollowKernels
from vj.kernels.cv_field import FieldMaker
from vj.parameters.store import Snapshot

COARSE = 128
"""Rows of latents below which strokes are drawn longer, so that a step is half a latent: on the 64
rows of a 512 picture the field's own strokes would be no longer than they are wide."""
LUMA = (0.299, 0.587, 0.114)


class SwirlTurn:
    """How far the swirl has turned that leads the noise where the picture has no direction."""

    def __init__(self) -> None:
        self._angle, self._time = 0.0, -math.inf

    def at(self, snapshot: Snapshot) -> float:
        """Radians at this frame's time."""
        passed = snapshot.time - self._time
        if 0 < passed < 1:  # a gap is no turn
            self._angle = (self._angle + math.radians(snapshot["noise/swirl"]) * passed) % math.pi
        self._time = snapshot.time
        return self._angle


def align(noise: Tensor, picture: Tensor, amount: float, turn: float = 0.0) -> Tensor:
    """noise: (n, C, h, w), N(0, 1). picture: (1, 3, H, W), -1..1, of any size, on the same device.
    amount: 0..1; 0 gives the very same tensor back. turn: radians by which the swirl, which leads
    where the picture has no direction, has turned.

    Returns (n, C, h, w): (1 - amount) * white + amount * smeared, each channel with the mean and
    deviation of its white noise. On CUDA nothing waits for the card, but the first call for a size
    compiles the kernels: make one while the model is warmed.
    """
    if amount <= 0:
        return noise
    n, channels, height, width = noise.shape
    flat = noise.detach().float().reshape(n * channels, height, width).contiguous()
    size, caller = max(1.0, COARSE / height), threading.get_ident()
    if noise.device.type == "cuda":
        kernels = _kernels(caller, *flat.shape, noise.device, picture.dtype)
        smeared = kernels.follow(flat, picture, size, turn)
    else:
        small = np.ascontiguousarray(flat.permute(1, 2, 0).numpy())
        luma = _luma(picture, height, width)
        made = _maker(caller, height, width).follow(small, luma, size, turn)
        smeared = torch.from_numpy(made).permute(2, 0, 1)
    white = flat - flat.mean((1, 2), keepdim=True)
    mixed = (1 - amount) * white / _deviation(white) + amount * smeared / _deviation(smeared)
    mixed = mixed - mixed.mean((1, 2), keepdim=True)
    mixed = mixed * (_deviation(white) / _deviation(mixed)) + (flat - white)
    return mixed.reshape(noise.shape).to(noise.dtype)


def _deviation(planes: Tensor) -> Tensor:
    """(planes, h, w) -> (planes, 1, 1)."""
    return planes.std((1, 2), correction=0, keepdim=True).clamp_min(1e-6)


def _luma(picture: Tensor, height: int, width: int) -> np.ndarray:
    """(height, width) float32 0..1, each pixel the mean of what it covers."""
    planes = picture[0].float().numpy()
    out = np.full((height, width), 0.5, np.float32)
    for weight, plane in zip(LUMA, planes, strict=True):
        small = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
        out += np.float32(0.5 * weight) * small
    return out


# Makers belong to a thread: a model is warmed on the loader's while another plays on the render's.


@lru_cache(maxsize=4)
def _maker(thread: int, height: int, width: int) -> FieldMaker:
    return FieldMaker(2 * height, 2 * width)


@lru_cache(maxsize=4)
def _kernels(
    thread: int, planes: int, height: int, width: int, device: torch.device, dtype: torch.dtype
) -> FollowKernels:
    return FollowKernels(planes, height, width, device, dtype)
