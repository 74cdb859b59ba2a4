"""The byte orders in which pictures are sent, on an NVIDIA card: the kernels of pack_body.py on
torch's stream, with reused buffers."""

from __future__ import annotations

import numpy as np
import torch

from vj.core.errors import Unavailable
from vj.core.packed import Order
from vj.kernels.cupy_ops import _BLOCK, _cupy
from vj.kernels.numpy_pack import ODD
from vj.kernels.pack_body import CUDA_SOURCE, NAMES


class PackKernels:
    """Packs pictures of any size, (H, W, 3) uint8 on the card.

    What `bgrx` and `uyvy` return is overwritten by their next call for that size. Nothing is
    allocated after the first picture of a size, and nothing here waits. Raises Unavailable without
    cupy or a card.
    """

    def __init__(self, device: torch.device | str = "cuda") -> None:
        self._cupy = _cupy()
        if not torch.cuda.is_available():
            raise Unavailable("packing on a card needs an NVIDIA card and a torch built for CUDA")
        self.device = torch.device(device)
        if self.device.type == "cuda" and self.device.index is None:
            self.device = torch.device("cuda", torch.cuda.current_device())
        self._places: dict[tuple[int, ...], torch.Tensor] = {}
        module = self._cupy.RawModule(code=CUDA_SOURCE, options=(), backend="nvrtc")
        with torch.cuda.device(self.device):
            self._kernels = {name: module.get_function(name) for name in NAMES}

    def packed(self, picture: torch.Tensor, order: Order) -> torch.Tensor:
        """In an order, see there."""
        return self.bgrx(picture) if order == "BGRX" else self.uyvy(picture)

    def bgrx(self, picture: torch.Tensor) -> torch.Tensor:
        """(H, W, 4) uint8, see `numpy_pack.bgrx`. picture: contiguous (H, W, 3) uint8 on the card.
        Raises ValueError."""
        height, width = self._checked(picture)
        out = self._place(height, width, 4)
        self._launch("vj_bgrx", (width, height), picture, out)
        return out

    def uyvy(self, picture: torch.Tensor) -> torch.Tensor:
        """(H, W, 2) uint8, see `numpy_pack.uyvy`. Raises ValueError."""
        height, width = self._checked(picture)
        if width % 2:
            raise ValueError(ODD.format(width))
        out = self._place(height, width, 2)
        self._launch("vj_uyvy", (width // 2, height), picture, out)
        return out

    def _place(self, *shape: int) -> torch.Tensor:
        place = self._places.get(shape)
        if place is None:
            if len(self._places) > 3:  # sizes that are not played any more
                self._places.clear()
            made = torch.empty(shape, dtype=torch.uint8, device=self.device)
            place = self._places[shape] = made
        return place

    def _launch(
        self, name: str, words: tuple[int, int], picture: torch.Tensor, out: torch.Tensor
    ) -> None:
        """Run a kernel for so many words across and down, on torch's current stream."""
        stream = torch.cuda.current_stream(self.device)
        grid = tuple(-(-count // side) for count, side in zip(words, _BLOCK, strict=True))
        with torch.cuda.device(self.device), self._cupy.cuda.Stream.from_external(stream):
            there, packed = (self._cupy.from_dlpack(one.detach()) for one in (picture, out))
            sizes = (np.int32(side) for side in words)
            self._kernels[name](grid, _BLOCK, (there, packed, *sizes))

    def _checked(self, picture: torch.Tensor) -> tuple[int, int]:
        """Height and width."""
        fits = picture.ndim == 3 and picture.shape[2] == 3 and picture.dtype == torch.uint8
        if not fits or picture.device != self.device or not picture.is_contiguous():
            came = f"{tuple(picture.shape)} {picture.dtype} on {picture.device}"
            raise ValueError(
                f"picture: {came} came, contiguous (H, W, 3) torch.uint8 on {self.device} would be "
                "right"
            )
        return picture.shape[0], picture.shape[1]
