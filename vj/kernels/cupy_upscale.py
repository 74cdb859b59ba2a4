"""FSR 1 on an NVIDIA card: the kernels of upscale_body.py on torch's stream, with reused
buffers."""

from __future__ import annotations

import numpy as np
import torch

from vj.core.errors import Unavailable
from vj.kernels.cupy_ops import _BLOCK, _cupy
from vj.kernels.upscale_body import CUDA_SOURCE


class UpscaleKernels:
    """Upscales pictures of one size to another, (h, w, 3) to (H, W, 3), uint8 on the card.

    What `upscale` returns is overwritten by the next call. Nothing is allocated after the start,
    and nothing here waits. Raises Unavailable without cupy or a card.
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
                "FSR needs an NVIDIA card and a torch built for CUDA; vj.kernels.cv_upscale runs "
                "without"
            )
        self.device = torch.device(device)
        if self.device.type == "cuda" and self.device.index is None:
            self.device = torch.device("cuda", torch.cuda.current_device())
        self._shape = (height, width, 3)
        self._sizes = np.int32(width), np.int32(height), np.int32(out_width), np.int32(out_height)
        self._grid = -(-out_width // _BLOCK[0]), -(-out_height // _BLOCK[1])
        self._large, self._sharp = (
            torch.zeros((out_height, out_width, 3), dtype=torch.uint8, device=self.device)
            for _ in range(2)
        )
        module = self._cupy.RawModule(code=CUDA_SOURCE, options=(), backend="nvrtc")
        with torch.cuda.device(self.device):
            self._easu, self._rcas = module.get_function("vj_easu"), module.get_function("vj_rcas")

    def upscale(self, picture: torch.Tensor, sharpness: float) -> torch.Tensor:
        """See `numpy_upscale.easu` and `rcas`. picture: contiguous (h, w, 3) uint8 on the card.
        sharpness: 0..1. Raises ValueError."""
        if (
            tuple(picture.shape) != self._shape
            or picture.dtype != torch.uint8
            or picture.device != self.device
            or not picture.is_contiguous()
        ):
            came = f"{tuple(picture.shape)} {picture.dtype} on {picture.device}"
            raise ValueError(
                f"picture: {came} came, contiguous {self._shape} torch.uint8 on {self.device} "
                "would be right"
            )
        stream = torch.cuda.current_stream(self.device)
        with torch.cuda.device(self.device), self._cupy.cuda.Stream.from_external(stream):
            small, large, sharp = (
                self._cupy.from_dlpack(tensor.detach())
                for tensor in (picture, self._large, self._sharp)
            )
            self._easu(self._grid, _BLOCK, (small, large, *self._sizes))
            if sharpness > 0:
                self._rcas(
                    self._grid, _BLOCK, (large, sharp, *self._sizes[2:], np.float32(sharpness))
                )
        return self._sharp if sharpness > 0 else self._large
