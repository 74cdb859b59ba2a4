"""What goes to a card with each frame, and what comes back: nothing here waits but
`OnItsWay.arrived`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from vj.core.packed import Order, Packed, Packing, Pixels
from vj.pipeline.coming import AS_PAINTED, Arrived, WayOut, picture_of


def area_weights(side: int, fewer: int = 64) -> Tensor:
    """(fewer, side) float32: how much each of `side` pixels counts in each of `fewer`, as OpenCV's
    INTER_AREA has it."""
    edges = torch.linspace(0, side, fewer + 1)[:, None]
    pixel = torch.arange(side)[None]
    covered = torch.minimum(edges[1:], pixel + 1.0) - torch.maximum(edges[:-1], pixel + 0.0)
    return covered.clamp_min(0) * (fewer / side)


class Pinned:
    """A picture's way from the host to the card that waits for nothing: through pinned memory, of
    which torch keeps as much as is under way. Its place on the card stays the same."""

    def __init__(
        self, shape: tuple[int, ...], device: torch.device, dtype: torch.dtype = torch.uint8
    ) -> None:
        self._there = torch.empty(shape, dtype=dtype, device=device)

    def upload(self, picture: np.ndarray) -> Tensor:
        """The picture on the card, until the next one."""
        there = self._there
        host = torch.empty(there.shape, dtype=there.dtype, pin_memory=there.is_cuda)
        host.numpy()[...] = picture
        there.copy_(host, non_blocking=True)
        return self._there


@dataclass(frozen=True, slots=True)
class GainFigures:
    """What the contrast of one frame's feedback is led by. amount: how much was fed back. wanted:
    the contrast of the input. blank, light: see `HostCompositor.preprocess`."""

    amount: float = 0.0
    blank: bool = False
    wanted: float = 0.0
    light: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class OnCard:
    """A frame on the card, before the model: what `CudaCompositor.mixed` and `blended` take.

    fresh, dry: the prepared and the untouched input, (H, W, 3) uint8. last: the last generated
    image, (H, W, 3) float32 0..1. before, after, sharpen: what the kernels read, (12,), (16,) and
    (1,) float32. flow, flow_after: (h, w, 3) float32. mask: (H, W) uint8. asked: see `GainFigures`.
    """

    fresh: Tensor
    dry: Tensor
    last: Tensor
    before: Tensor
    after: Tensor
    sharpen: Tensor
    flow: Tensor | None
    flow_after: Tensor | None
    mask: Tensor | None
    asked: GainFigures


def below(part: Tensor) -> Tensor:
    """A copy on the host, in pinned memory, which is there once the stream has come so far. The
    memory is used again when nobody refers to it any more, not to an array of it either."""
    return host_memory(part).copy_(part, non_blocking=True)


def host_memory(part: Tensor) -> Tensor:
    """Room for it, pinned where it lies on a card: of what torch keeps, so it costs no call of the
    driver's once as much has been under way."""
    return torch.empty(part.shape, dtype=part.dtype, pin_memory=part.is_cuda)


Pack: TypeAlias = Callable[[Tensor, Order], Tensor]
"""A picture, (H, W, 3) uint8 on the card, in the order in which it is sent, on the card."""


class Down:
    """A picture that comes down, packed or not. BGRX holds all of RGB, which then costs the host
    what BGRX would have cost it, and nothing where nobody asks; UYVY does not."""

    def __init__(self, picture: Tensor, packing: Packing | None, pack: Pack | None) -> None:
        """picture: (H, W, 3) uint8 on the card. UYVY has pixels in pairs: one of an odd width
        becomes BGRX."""
        self._order: Order | None = None
        self._rgb: Tensor | None = None
        if packing is None or pack is None:
            self._data = below(picture)
            return
        odd = picture.shape[1] % 2 == 1
        self._order = "BGRX" if odd else packing.order
        self._data = below(pack(picture, self._order))
        if packing.rgb and self._order == "UYVY":
            self._rgb = below(picture)

    def picture(self) -> Pixels:
        """Once it has come."""
        array = self._data.numpy()
        if self._order is None:
            return array
        return Packed(array, self._order, None if self._rgb is None else self._rgb.numpy())


class OnItsWay:
    """A picture that comes down from the card, into pinned memory."""

    def __init__(
        self,
        picture: Tensor,
        figures: Tensor,
        arrived: Callable[[float, float, bool], bool],
        way: WayOut = AS_PAINTED,
        pack: Pack | None = None,
    ) -> None:
        """picture: (H, W, 3) uint8. figures: (3,) float32, mean and deviation of the brightness of
        what the model was given, and whether it gave NaN. Both on the card. arrived: told of the
        figures, says whether the picture is good. way: what is done to it first."""
        self._arrived, self._upscaler = arrived, way.upscaler
        self._came: torch.cuda.Event | None = None
        large = _enlarged(picture, way)
        final = picture if large is None else large
        # What was painted is asked for in many frames (walks, live pictures, the page), and small
        # beside what is sent.
        sent = pack is not None and (large is not None or way.upscaler is None)
        self._final = Down(final, way.packed if sent else None, pack)
        self._painted = None if large is None else below(picture)
        self._figures = below(figures)
        if picture.is_cuda:
            self._came = torch.cuda.Event()
            self._came.record()

    def arrived(self) -> Arrived | None:
        """See `vj.pipeline.coming`. Waits for the card."""
        begun = perf_counter()
        if self._came is not None:
            self._came.synchronize()
        if self._upscaler is not None:
            self._upscaler.waited(perf_counter() - begun)
        mean, deviation, bad = self._figures.tolist()
        if not self._arrived(mean, deviation, bad > 0):
            return None
        final = self._final.picture()
        return Arrived(final) if self._painted is None else Arrived(self._painted.numpy(), final)

    def result(self) -> np.ndarray | None:
        """The picture as it was painted, (H, W, 3) uint8; None when the model gave NaN. Waits for
        the card."""
        return picture_of(self.arrived())


def _enlarged(picture: Tensor, way: WayOut) -> Tensor | None:
    """As large as it is sent; None where that is not done here, or does not succeed."""
    if way.upscaler is None or not way.upscaler.takes(picture.shape, way.guide):
        return None
    try:
        return way.upscaler.of(picture, way.guide)
    except Exception as error:  # want of memory, above all; the host's way is left
        way.failed(error)
        return None
