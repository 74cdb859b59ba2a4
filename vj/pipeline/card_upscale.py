"""FSR on an NVIDIA card: of pictures that are there already, before they come down, and of the
host's, on a stream of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from vj.core.frame import Guide, Size
from vj.core.packed import Packing, Pixels
from vj.kernels.cupy_guided import GuidedKernels
from vj.kernels.cupy_pack import PackKernels
from vj.kernels.cupy_upscale import UpscaleKernels
from vj.pipeline.card_transfer import Down, Pinned, area_weights
from vj.pipeline.preprocess import crop_to, cropped, part_of
from vj.pipeline.upscale_guide import GuideReader

FSR_SHARPNESS = 0.8


class SpareTime:
    """Whether the render thread has time for what a guide has to give: while it would wait for the
    card. (Of a camera of 1920x1080 that takes 3 to 9 ms, of a larger one up to 30.) From any
    thread."""

    def __init__(self) -> None:
        self._spare = 0.0
        self._takes = math.inf
        """Seconds; not known before it was done somewhere."""

    def found(self, seconds: float) -> None:
        """What a guide had to give was found in so long."""
        self._takes = seconds if math.isinf(self._takes) else max(seconds, 0.95 * self._takes)

    def waited(self, seconds: float) -> None:
        """A frame had so long to spare."""
        self._spare += 0.2 * (seconds - self._spare)

    @property
    def enough(self) -> bool:
        return self._takes < 0.8 * self._spare


class FsrOnCard:
    """FSR 1, led by the real input where there is one. Belongs to one thread, and works on its
    stream."""

    def __init__(
        self, painted: Size, wanted: Size, device: torch.device, time: SpareTime | None = None
    ) -> None:
        """time: pictures with a guide are taken while there is enough. Raises Unavailable without
        cupy."""
        self._time = time or SpareTime()
        self._took = 0.0
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

    # See `vj.pipeline.coming.UpscalerOnCard`.

    def takes(self, shape: tuple[int, ...], guide: Guide | None) -> bool:
        fits = shape[:2] == (self._painted.height, self._painted.width)
        return fits and (guide is None or self._time.enough)

    def makes(self, shape: tuple[int, ...]) -> bool:
        return shape[:2] == (self._wanted.height, self._wanted.width)

    def waited(self, seconds: float) -> None:
        self._time.waited(seconds + self._took)
        self._took = 0.0

    def of(self, picture: Tensor, guide: Guide | None) -> Tensor:
        """picture: of the painted size, or the part of it that is sent. What a guide has to give is
        found here, while the card is at work."""
        there = self._seen(picture)
        out = self._kernels.upscale(there, FSR_SHARPNESS)
        begun = perf_counter()
        lead = self._lead.of(guide)
        self._took = perf_counter() - begun
        if lead is not None:
            self._time.found(self._took)
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


class AreaOnCard:
    """Makes pictures smaller, as OpenCV's INTER_AREA does, within 1 of it. Works on the stream of
    the thread that it belongs to; what it makes is new each time, of memory that torch keeps."""

    def __init__(self, painted: Size, wanted: Size, device: torch.device) -> None:
        self._painted, self._wanted = painted, wanted
        self._part = part = part_of(painted, wanted)
        self._rows = area_weights(part.height, wanted.height).to(device)
        self._columns = area_weights(part.width, wanted.width).to(device).T.contiguous()

    # See `vj.pipeline.coming.UpscalerOnCard`.

    def takes(self, shape: tuple[int, ...], guide: Guide | None) -> bool:
        return shape[:2] == (self._painted.height, self._painted.width)

    def makes(self, shape: tuple[int, ...]) -> bool:
        return shape[:2] == (self._wanted.height, self._wanted.width)

    def waited(self, seconds: float) -> None: ...

    def of(self, picture: Tensor, guide: Guide | None) -> Tensor:
        part = self._part
        rows = slice(part.top, part.top + part.height)
        seen = picture[rows, part.left : part.left + part.width].permute(2, 0, 1).float()
        small = (self._rows @ seen @ self._columns).add(0.5).clamp(0, 255)
        return small.permute(1, 2, 0).to(torch.uint8).contiguous()


class FsrUpscaler:
    """Of the host's pictures, each of which goes up and comes down through pinned memory; `on_card`
    is for those that are there."""

    name = "FSR 1 (EASU and RCAS)"

    def __init__(
        self,
        painted: Size,
        wanted: Size,
        device: str,
        packing: Callable[[], Packing | None] = lambda: None,
    ) -> None:
        """packing: how the next picture comes down, None for RGB. Raises Unavailable without
        cupy."""
        there, time = torch.device(device), SpareTime()
        self.on_card = FsrOnCard(painted, wanted, there, time)
        """Belongs to the render thread, all else to another."""
        self._beside, self._pack = FsrOnCard(painted, wanted, there, time), PackKernels(there)
        self._packing = packing
        self._wanted, part = wanted, cropped(painted, wanted)
        self._picture = Pinned((part.height, part.width, 3), there)
        self._stream = torch.cuda.Stream(there)

    def upscale(self, picture: np.ndarray, guide: Guide | None = None) -> Pixels:
        packing = self._packing()
        with torch.cuda.stream(self._stream):
            there = self._picture.upload(crop_to(picture, self._wanted))
            down = Down(self._beside.of(there, guide), packing, self._pack.packed)
            self._stream.synchronize()
        return down.picture()

    def close(self) -> None: ...
