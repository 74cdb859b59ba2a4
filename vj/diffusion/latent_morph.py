"""`latent/morph`: what a model generates goes over into what it generates next, in its own space,
over a window of time.

A running mean of latents, of which each place keeps its norm: a plain mean of what differs is paler
than both. A mean over n frames has a variance of 1/n; so has one that goes a share
1 - exp(-2 dt / window) of the way in a frame, since tanh(dt / window) is dt / window nearly. Where
the input moves it goes all the way at once, so nothing trails behind; there the picture is what it
is without.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from torch import Tensor

from vj.core.smoothstep import smoothstep
from vj.diffusion.devices import sent
from vj.pipeline.frame_context import FrameContext

STANDS, MOVES = 3.0, 10.0
"""Levels (0..255) by which a quarter of a cell's brightness may change while it stands still, and
from which on it moves. The mean of 16 pixels has a quarter of a camera's noise."""
GAP = 0.5
"""Seconds from frame to frame after which nothing is kept."""


def morphed(mean: Tensor, latents: Tensor, share: Tensor) -> Tensor:
    """The mean, gone a share of the way to latents, both (1, C, h, w), each place as long as it is
    in the root mean square of the two. share: (1, 1, h, w), 0..1."""
    mixed = torch.lerp(mean, latents, share)
    before, after, now = (one.square().sum(1, keepdim=True) for one in (mean, latents, mixed))
    return mixed * (torch.lerp(before, after, share) / now.clamp_min(1e-12)).sqrt()


class LatentMorph:
    """Of one stream of frames. Belongs to the render thread."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        """shape: (C, h, w), of its latents."""
        self._shape = shape
        self._mean: Tensor | None = None
        self._small: np.ndarray | None = None
        self._frame = 0, 0.0
        """Of the last frame: its scene, and its time."""

    def of(self, latents: Tensor, window: float, time: float, context: FrameContext) -> Tensor:
        """What is decoded of a frame's generated latents, (1, C, h, w): these themselves where
        window is 0. window: milliseconds. time: of the frame, seconds. To be called with every
        frame that arrives."""
        if window <= 0 or context.moves_on:  # the picture moves, though its input does not
            self.begin()
            return latents
        share = self.share(window, time, context)
        if self._mean is None:
            self._mean = latents.float()
            return latents
        there = sent(torch.from_numpy(share), latents.device)
        self._mean = morphed(self._mean, latents.float(), there)
        return self._mean.to(latents.dtype)

    def share(self, window: float, time: float, context: FrameContext) -> np.ndarray:
        """How far each place goes to what is generated of a frame, (1, 1, h, w) float32: 1 where
        nothing is kept."""
        _, height, width = self._shape
        before, (scene, last) = self._small, self._frame
        # The quarters of a cell: what moves within it is seen, and a camera's noise is not.
        size = 2 * width, 2 * height
        grey = cv2.cvtColor(context.image, cv2.COLOR_RGB2GRAY)
        small = self._small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        self._frame = context.scene, time
        passed = time - last
        if before is None or scene != context.scene or not 0 <= passed <= GAP:
            self._mean = None
            return np.ones((1, 1, height, width), np.float32)
        change = cv2.absdiff(small, before).reshape(height, 2, width, 2).max((1, 3))
        change = cv2.dilate(change, np.ones((3, 3), np.uint8))  # what it uncovers, too
        moves = smoothstep(np.clip((change.astype(np.float32) - STANDS) / (MOVES - STANDS), 0, 1))
        kept = np.float32(math.exp(-2000 * passed / window))
        share: np.ndarray = 1 - kept * (1 - moves)
        return share.astype(np.float32)[None, None]

    def begin(self) -> None:
        """The next frame is as it is generated."""
        self._mean = self._small = None
