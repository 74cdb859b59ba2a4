"""FSR on an NVIDIA card: of pictures that are there already, before they come down, and of the
host's, on a stream of its own."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from vj.core.frame import Guide, Size
from vj.kernels.cupy_guided import GuidedKernels
from vj.kernels.cupy_upscale import UpscaleKernels
from vj.pipeline.card_transfer import Pinned, below
from vj.pipeline.preprocess import crop_to, cropped, part_of
from vj.pipeline.upscale_guide import GuideReader

FSR_SHARPNESS = 0.8


class FsrOnCard:
    """FSR 1, led by the real input where there is one. Belongs to one thread, and works on its
    stream."""

    def __init__(self, painted: Size, wanted: Size, device: torch.device) -> None:
        """Raises Unavailable without cupy."""
        self._painted, self._wanted = painted, wanted
        self._part = part_of(painted, wanted)
        part = cropped(painted, wanted)
        sizes = part.height, part.width, wanted.height, wanted.width
        self._kernels, self._guided = UpscaleKernels(*sizes, device), GuidedKernels(*sizes, device)
        self._lead = GuideReader(wanted)
        small, large = (part.height, part.width), (wanted.height, wanted.width)
        self._cut = torch.zeros((*small, 3), dtype=torch.uint8, device=device)
        self._guide, self._large_guide, self._mask = (
            Pinned(shape, device) for shape in (small, large, small)
        )

    def takes(self, shape: tuple[int, ...]) -> bool:
        """See `vj.pipeline.coming.UpscalerOnCard`."""
        return shape[:2] == (self._painted.height, self._painted.width)

    def makes(self, shape: tuple[int, ...]) -> bool:
        """Whether what it makes has this shape."""
        return shape[:2] == (self._wanted.height, self._wanted.width)

    def of(self, picture: Tensor, guide: Guide | None) -> Tensor:
        """See `vj.pipeline.coming.UpscalerOnCard`. picture: of the painted size, or the part of it
        that is sent. What a guide has to give is found here, while the card is at work."""
        there = self._seen(picture)
        out = self._kernels.upscale(there, FSR_SHARPNESS)
        lead = self._lead.of(guide)
        if lead is None:
            return out
        small, large, strength, mask = lead
        lumas = self._guide.upload(small), self._large_guide.upload(large)
        shown = None if mask is None else self._mask.upload(mask)
        return self._guided.guide(there, *lumas, out, strength, shown)

    def _seen(self, picture: Tensor) -> Tensor:
        if picture.shape == self._cut.shape:
            return picture
        part = self._part
        rows = slice(part.top, part.top + part.height)
        return self._cut.copy_(picture[rows, part.left : part.left + part.width])


class FsrUpscaler:
    """Of the host's pictures, each of which goes up and comes down through pinned memory; `on_card`
    is for those that are there."""

    name = "FSR 1 (EASU and RCAS)"

    def __init__(self, painted: Size, wanted: Size, device: str) -> None:
        """Raises Unavailable without cupy."""
        there = torch.device(device)
        self.on_card = FsrOnCard(painted, wanted, there)
        """Belongs to the render thread, all else to another."""
        self._beside = FsrOnCard(painted, wanted, there)
        self._wanted, part = wanted, cropped(painted, wanted)
        self._picture = Pinned((part.height, part.width, 3), there)
        self._stream = torch.cuda.Stream(there)

    def upscale(self, picture: np.ndarray, guide: Guide | None = None) -> np.ndarray:
        with torch.cuda.stream(self._stream):
            there = self._picture.upload(crop_to(picture, self._wanted))
            down = below(self._beside.of(there, guide))
            self._stream.synchronize()
        made: np.ndarray = down.numpy()
        return made

    def close(self) -> None: ...
