"""Noise that rides on what moves, on an NVIDIA card: the kernels of ride_body.py on torch's
stream."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from vj.core.errors import Unavailable
from vj.kernels.cupy_ops import _BLOCK, _cupy
from vj.kernels.numpy_ride import LINES, Ride, parts_of, smooth_parts, width_of
from vj.kernels.ride_body import CUDA_SOURCE, NAMES


class RideKernels:
    """For one card. Nothing here waits. Raises Unavailable without cupy or a card."""

    def __init__(self, device: torch.device) -> None:
        self._cupy = _cupy()
        if not torch.cuda.is_available():
            raise Unavailable("riding on a card needs an NVIDIA card and a torch built for CUDA")
        self.device = device
        module = self._cupy.RawModule(code=CUDA_SOURCE, options=(), backend="nvrtc")
        with torch.cuda.device(device):
            self._kernels = {name: module.get_function(name) for name in NAMES}
        self._there: tuple[Ride | None, tuple[Tensor, ...]] = (None, ())
        """The last ride on the card: its ways, and where they are torn."""
        self._turns: tuple[bytes, Tensor] = (b"", torch.zeros(0))

    def grain(self, grain: Tensor, reach: float, ride: Ride, amount: float) -> Tensor:
        """`numpy_ride.ridden_grain` of (H, W) float32 on the card."""
        height, width = grain.shape
        out = torch.empty_like(grain)
        sizes = width, height, *ride.ways.shape[2:0:-1], ride.finer, int(reach >= LINES)
        places = grain, *self._sent(ride), out
        parts = *parts_of(ride, amount), width_of(reach)
        self._run("vj_ride_grain", (width, height), places, sizes, parts)
        return out

    def plane(self, plane: Tensor, size: tuple[int, int], ride: Ride, amount: float) -> Tensor:
        """`numpy_ride.ridden_plane` of (h, w) float32 on the card. size: height and width of what
        is ridden on."""
        height, width = plane.shape
        out = torch.empty_like(plane)
        sizes = width, height, size[1], size[0], *ride.ways.shape[2:0:-1], ride.finer
        places = plane, *self._sent(ride), out
        self._run("vj_ride_plane", (width, height), places, sizes, smooth_parts(ride, amount))
        return out

    def cells(
        self, noise: Tensor, detail: Tensor, turns: np.ndarray, ride: Ride, amount: float
    ) -> Tensor:
        """`numpy_ride.ridden_cells` of (planes, h, w) and (H, W) float32 on the card."""
        planes, rows, columns = noise.shape
        out = torch.empty_like(noise)
        if self._turns[0] != turns.tobytes():
            self._turns = turns.tobytes(), _up(turns, self.device)
        cells = *ride.ways.shape[2:0:-1], ride.finer
        sizes = columns, rows, planes, detail.shape[0] // rows, *cells
        places = noise, detail, self._turns[1], *self._sent(ride), out
        self._run("vj_ride_cells", (columns, rows), places, sizes, parts_of(ride, amount))
        return out

    def _sent(self, ride: Ride) -> tuple[Tensor, ...]:
        if self._there[0] is not ride:
            self._there = ride, tuple(_up(part, self.device) for part in (ride.ways, ride.torn))
        return self._there[1]

    def _run(
        self,
        name: str,
        over: tuple[int, int],
        tensors: tuple[Tensor, ...],
        sizes: tuple[int, ...],
        parts: tuple[float, ...],
    ) -> None:
        stream = torch.cuda.current_stream(self.device)
        grid = tuple(-(-count // side) for count, side in zip(over, _BLOCK, strict=True))
        with torch.cuda.device(self.device), self._cupy.cuda.Stream.from_external(stream):
            views = [self._cupy.from_dlpack(one.detach()) for one in tensors]
            numbers = [*(np.int32(n) for n in sizes), *(np.float32(n) for n in parts)]
            self._kernels[name](grid, _BLOCK, (*views, *numbers))


def _up(host: np.ndarray, device: torch.device) -> Tensor:
    there = torch.from_numpy(np.ascontiguousarray(host))
    return there.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else there
