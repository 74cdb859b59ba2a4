"""Pictures on their way from a card, on the CPU."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from vj.core.frame import Guide, Size
from vj.kernels import guided_body, pack_body, upscale_body
from vj.parameters.store import Store
from vj.pipeline.card_upscale import SpareTime
from vj.pipeline.coming import AS_PAINTED, Arrived, WayOut
from vj.pipeline.cuda_compositor import CudaCompositor

PAINTED, WIDE, SAME_SHAPE = Size(64, 48), Size(160, 90), Size(128, 96)
CPU = torch.device("cpu")
TEXTS = {"packing": pack_body, "upscaling": upscale_body, "guiding": guided_body}


class Plenty(SpareTime):
    """There is always time."""

    enough = True


class Frames:
    """A compositor on the card, and what it is given: another input and another generated image in
    every frame."""

    def __init__(self) -> None:
        self.compositor = CudaCompositor(PAINTED, CPU, torch.float32)
        self.snapshot = Store({"picture/sharpen": 0.4, "blend/smoothing": 0.5}).sample(0.0)

    def paint(self, number: int, way: WayOut = AS_PAINTED) -> Arrived:
        rng = np.random.default_rng(number)
        small = rng.integers(0, 256, (6, 8, 3), np.uint8)
        image = cv2.resize(small, PAINTED, interpolation=cv2.INTER_CUBIC)
        painted = torch.from_numpy(image[::-1].copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        self.compositor.way_out = way
        arrived = self.compositor.postprocess(painted, image, self.snapshot).arrived()
        assert arrived is not None
        return arrived


def guide_of(number: int) -> Guide:
    rng = np.random.default_rng(100 + number)
    small = rng.integers(0, 256, (9, 12, 3), np.uint8)
    pixels = cv2.resize(small, (320, 240), interpolation=cv2.INTER_CUBIC)
    image = cv2.resize(pixels, PAINTED, interpolation=cv2.INTER_AREA)
    mask = rng.integers(0, 256, (PAINTED.height, PAINTED.width), np.uint8)
    return Guide(pixels, image, "crop", 0.3, mask if number % 2 else None)
