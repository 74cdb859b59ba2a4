"""Guided upscaling, led by the real input, on an NVIDIA card: the kernels of guided_body.py on
torch's stream, with reused buffers."""

from __future__ import annotations

import numpy as np
import torch

from vj.core.errors import Unavailable
from vj.kernels.cupy_ops import _BLOCK, _cupy
from vj.kernels.guided_body import CUDA_SOURCE
from vj.kernels.numpy_guided import fade, grid, replaced

_NAMES = ("vj_guide_fit", "vj_guide_mean", "vj_guide_led", "vj_guided")


class GuidedKernels:
    """Leads pictures upscaled from one size to another, uint8 on the card, by their input's luma.

    What `guide` returns is overwritten by the next call. Nothing is allocated after the start, and
    nothing here waits. Raises Unavailable without cupy or a card.
    """

    def __init__(
        self,
        height: int,
        width: int,
        out_height: int,
        out_width: int,
        device: torch.device | str = "cuda",
    ) -> None:
        self._cupy = _cupy()
        if not torch.cuda.is_available():
            raise Unavailable(
                "needs an NVIDIA card and torch for CUDA; vj.kernels.cv_guided does not"
            )
        self.device = torch.device(device)
        if self.device.type == "cuda" and self.device.index is None:
            self.device = torch.device("cuda", torch.cuda.current_device())
        self._shape, self._large = (height, width), (out_height, out_width)
        self._grid = grid(height, width)
        self._fit, self._mean = torch.zeros(
            (2, *self._grid, 7), dtype=torch.float32, device=self.device
        )
        self._led = torch.zeros((height, width, 3), dtype=torch.uint8, device=self.device)
        self._out = torch.zeros((out_height, out_width, 3), dtype=torch.uint8, device=self.device)
        module = self._cupy.RawModule(code=CUDA_SOURCE, options=(), backend="nvrtc")
        with torch.cuda.device(self.device):
            self._kernels = [module.get_function(name) for name in _NAMES]

    def guide(
        self,
        picture: torch.Tensor,
        guide: torch.Tensor,
        large_guide: torch.Tensor,
        upscaled: torch.Tensor,
        strength: float,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """See `numpy_guided.guided`. All contiguous uint8 on the card. Raises ValueError for what
        is not, or has another size."""
        masks = [] if mask is None else [("mask", mask, self._shape)]
        for name, tensor, shape in (
            ("picture", picture, (*self._shape, 3)),
            ("guide", guide, self._shape),
            ("large guide", large_guide, self._large),
            ("upscaled", upscaled, (*self._large, 3)),
            *masks,
        ):
            fits = tuple(tensor.shape) == shape and tensor.dtype == torch.uint8
            if not fits or tensor.device != self.device or not tensor.is_contiguous():
                came = f"{tuple(tensor.shape)} {tensor.dtype} on {tensor.device}"
                right = f"contiguous {shape} torch.uint8 on {self.device}"
                raise ValueError(f"{name}: {came} came, {right} would be right")
        no_mask = guide  # is passed, and not looked at
        inputs = picture, guide, large_guide, upscaled, no_mask if mask is None else mask
        sizes = self._shape, self._grid, self._large
        small, fitted, large = (tuple(np.int32(side) for side in size[::-1]) for size in sizes)
        masked, amount = np.int32(mask is not None), np.float32(fade(strength))
        share = np.float32(replaced(strength))
        fit, mean, led, guided = self._kernels
        stream = torch.cuda.current_stream(self.device)
        with torch.cuda.device(self.device), self._cupy.cuda.Stream.from_external(stream):
            tensors = (*inputs, self._fit, self._mean, self._led, self._out)
            p, g, large_g, plain, m, first, second, lead, out = (
                self._cupy.from_dlpack(tensor.detach()) for tensor in tensors
            )
            fit(_blocks(self._grid), _BLOCK, (p, g, first, *small, *fitted))
            mean(_blocks(self._grid), _BLOCK, (first, second, *fitted, m, masked, *small, amount))
            led(_blocks(self._shape), _BLOCK, (p, g, second, lead, *small, *fitted, share))
            arguments = (p, lead, g, large_g, plain, second, out, *small, *fitted, *large)
            guided(_blocks(self._large), _BLOCK, arguments)
        return self._out


def _blocks(shape: tuple[int, int]) -> tuple[int, int]:
    return -(-shape[1] // _BLOCK[0]), -(-shape[0] // _BLOCK[1])
