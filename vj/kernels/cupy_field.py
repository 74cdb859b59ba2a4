"""The texture field on an NVIDIA card: the kernels of field_body.py on torch's stream, with reused
buffers. Some twenty small kernels a field, none of which the host waits for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from vj.core.errors import Unavailable
from vj.kernels.cupy_ops import _BLOCK, _HALF_OPTION, _KNOWN, _cupy, as_bits
from vj.kernels.cupy_ride import RideKernels
from vj.kernels.field_body import CUDA_SOURCE, NAMES
from vj.kernels.numpy_field import CALM, GRAIN, PASSES, SOFT, SWIRL_TURN, TENSOR, swirl_cells
from vj.kernels.numpy_ride import Ride

_SLOTS, _FEWER = 4096, 64
"""How many sums find the variance: of 64 numbers each at 512x512, then of 64 sums each."""


class _Leader:
    """From a picture to the steps along its form, on a grid of (h, w)."""

    def __init__(
        self,
        grid: tuple[int, int],
        unit: float,
        device: torch.device | str,
        dtype: torch.dtype,
    ) -> None:
        if dtype not in _HALF_OPTION:
            raise ValueError(f"dtype: {dtype} came, {_KNOWN} would be right")
        self._cupy = _cupy()
        if not torch.cuda.is_available():
            raise Unavailable(
                "the texture field's kernels need an NVIDIA card and a torch built for CUDA; "
                "vj.kernels.cv_field runs without"
            )
        self.device, self.dtype, self.unit = torch.device(device), dtype, unit
        if self.device.type == "cuda" and self.device.index is None:
            self.device = torch.device("cuda", torch.cuda.current_device())
        height, width = grid
        self._grid = np.int32(width), np.int32(height)
        self._luma, self._blurred = self._plane(1, *grid), self._plane(3, *grid)
        self._tensor, self._lead = self._plane(3, *grid), self._plane(4, *grid)
        self._leaning = torch.zeros(grid, device=self.device)
        self._lean = self._view(self._leaning)
        self._leading = self._lead[2:]
        self._steps = [self._plane(4, *grid) for _ in range(2)]
        options = _HALF_OPTION[dtype]
        module = self._cupy.RawModule(code=CUDA_SOURCE, options=options, backend="nvrtc")
        with torch.cuda.device(self.device):
            self._kernels = {name: module.get_function(name) for name in NAMES}

    def _plane(self, count: int, height: int, width: int) -> Any:
        """Kept memory as the kernels take it, so that no frame has to wrap it again."""
        return self._view(torch.zeros((count, height, width), device=self.device))

    def _view(self, tensor: torch.Tensor) -> Any:
        return self._cupy.from_dlpack(as_bits(tensor))

    def _swirl(self, white: torch.Tensor, cells: Any) -> None:
        """The swirl from (H, W) float32 noise of any size."""
        down, across = cells.shape[-2:]
        scale = np.float32(SWIRL_TURN * math.sqrt(white.numel() / (down * across)))
        size = np.int32(across), np.int32(down)
        rows, columns = white.shape
        self._run("cells", size, white, np.int32(columns), np.int32(rows), cells, *size, scale)
        self._run("lean", self._grid, cells, *size, self._lean, *self._grid)

    def _follow(self, picture: torch.Tensor, size: float, turn: float, lean: Any = None) -> None:
        """The directions into `_lead`, a step of one unit along them into `_steps[0]`. lean: the
        swirl; None for that of the noise."""
        lean = self._lean if lean is None else lean
        if picture.shape[:2] != (1, 3) or picture.ndim != 4 or picture.dtype != self.dtype:
            came = f"{tuple(picture.shape)} {picture.dtype}"
            raise ValueError(f"picture: {came} came, (1, 3, H, W) {self.dtype} would be right")
        if picture.device != self.device:
            raise ValueError(f"picture: on {picture.device}, on {self.device} would be right")
        pixels = 0.5 * self.unit * size
        strides = (np.int32(stride) for stride in picture.stride()[1:])
        rows, columns = (np.int32(count) for count in picture.shape[2:])
        grid = self._grid
        self._run("luma", grid, picture, *strides, columns, rows, self._luma, *grid)
        self._blur(self._luma, 1, SOFT * pixels)
        self._run("tensor", grid, self._luma, self._tensor, *grid)
        self._blur(self._tensor, 3, TENSOR * pixels)
        unit, turned = np.float32(self.unit), np.float32(turn)
        self._run("lead", grid, self._tensor, lean, self._lead, *grid, unit, turned)
        self._blur(self._leading, 2, CALM * pixels)
        self._run("steps", grid, self._leading, self._steps[0], *grid, np.float32(pixels))

    def _blur(self, planes: Any, count: int, sigma: float) -> None:
        """In place, on the grid."""
        numbers = *self._grid, np.int32(count), np.float32(sigma)
        self._run("rows", self._grid, planes, self._blurred, *numbers)
        self._run("columns", self._grid, self._blurred, planes, *numbers)

    def _smear(self, planes: Any, both: list[Any], count: int) -> None:
        """(count, H, W) planes smeared along the steps both ways: (2, count, H, W) into both[0]."""
        size = np.int32(planes.shape[-1]), np.int32(planes.shape[-2])
        steps, other = self._steps
        smeared = planes
        for doubling in range(PASSES):
            if doubling:
                self._run("compose", self._grid, steps, other, *self._grid)
                steps, other = other, steps
            out = both[(PASSES - 1 - doubling) % 2]
            numbers = *size, np.int32(count), np.int32(doubling == 0)
            self._run("smear", size, smeared, out, *numbers, steps, *self._grid)
            smeared = out

    def _run(self, name: str, size: tuple[Any, Any], *arguments: Any) -> None:
        """A kernel over (width, height) on torch's current stream; tensors go in by DLPack, numbers
        by value."""
        stream = torch.cuda.current_stream(self.device)
        blocks = tuple(-(-int(count) // block) for count, block in zip(size, _BLOCK, strict=True))
        with torch.cuda.device(self.device), self._cupy.cuda.Stream.from_external(stream):
            views = [self._view(a) if isinstance(a, torch.Tensor) else a for a in arguments]
            self._kernels[f"vj_field_{name}"](blocks, _BLOCK, tuple(views))


class FieldKernels(_Leader):
    """Makes fields for pictures of one size on one card, as `cv_field.FieldMaker` does on a CPU.

    height, width: pixels. unit: pixels in a unit, height / 256 unless given. dtype: of the
    model's tensors, float16, bfloat16 or float32. outputs: how many fields the ring holds; what
    `make` returned is overwritten when as many more were made.

    All work goes onto torch's current stream and nothing waits for it. Nothing is allocated on the
    card after the start. The kernels are compiled and run once here, so that the first frame does
    not stutter. Raises Unavailable, ValueError.
    """

    def __init__(
        self,
        height: int,
        width: int,
        device: torch.device | str = "cuda",
        unit: float | None = None,
        dtype: torch.dtype = torch.float16,
        outputs: int = 4,
    ) -> None:
        half = max(1, height // 2), max(1, width // 2)
        super().__init__(half, height / 256 if unit is None else unit, device, dtype)
        self._shape = height, width
        self._cells = self._plane(1, *swirl_cells(height, width, self.unit))
        self._grained = torch.zeros((1, height, width), device=self.device)
        self._grain, self._rows = self._view(self._grained), self._plane(1, height, width)
        self._both = [self._plane(2, height, width) for _ in range(2)]
        self._sums, self._few = self._plane(1, 2, _SLOTS), self._plane(1, 2, _FEWER)
        shape = (outputs, 3, 1, 1, height, width)
        self._outputs = torch.zeros(shape, dtype=dtype, device=self.device)
        self._turn = 0
        self._white: torch.Tensor | None = None
        self._riding = RideKernels(self.device)
        self._size = math.nan
        black = torch.zeros((1, 3, height, width), dtype=dtype, device=self.device)
        self.make(black, torch.zeros((height, width), device=self.device))
        torch.cuda.synchronize(self.device)

    def make(
        self,
        picture: torch.Tensor,
        white: torch.Tensor,
        size: float = 1.0,
        turn: float = 0.0,
        ride: Ride | None = None,
        amount: float = 0.0,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Texture, along_x, along_y as in `numpy_field.Field`, (1, 1, H, W), the model's dtype.

        picture: (1, 3, H, W), any strides, the model's dtype, -1..1. white: contiguous (H, W)
        float32, N(0, 1), on the card; the same tensor object is taken to hold the same numbers.
        size: of the strokes. turn: radians by which the swirl has turned. ride, amount: what noise
        and swirl ride on, and how much of them does. Raises ValueError.
        """
        height, width = self._shape
        if picture.shape[2:] != self._shape:
            right = f"(1, 3, {height}, {width})"
            raise ValueError(f"picture: {tuple(picture.shape)} came, {right} would be right")
        fits = white.shape == self._shape and white.dtype == torch.float32
        if not (fits and white.device == self.device and white.is_contiguous()):
            came = f"{tuple(white.shape)} {white.dtype} on {white.device}"
            right = f"contiguous {self._shape} torch.float32 on {self.device}"
            raise ValueError(f"white: {came} came, {right} would be right")
        full = np.int32(width), np.int32(height)
        reach = GRAIN * self.unit * size
        if white is not self._white:
            self._swirl(white, self._cells)
        if white is not self._white or size != self._size:
            numbers = *full, np.int32(1), np.float32(reach)
            self._run("rows", full, white, self._rows, *numbers)
            self._run("columns", full, self._rows, self._grain, *numbers)
        self._white, self._size = white, size
        grain, lean = self._grain, None
        if ride is not None and amount > 0:
            ridden = self._riding.grain(self._grained[0], reach, ride, amount)
            lean = self._riding.plane(self._leaning, (height, width), ride, amount)
            grain = self._view(ridden[None])
        self._follow(picture, size, turn, lean)
        self._smear(grain, self._both, 1)
        both = self._both[0]
        slots, fewer = np.int32(_SLOTS), np.int32(_FEWER)
        one, two = np.int32(1), np.int32(2)
        self._run("sums", (slots, one), both, np.int32(height * width), self._sums, slots)
        self._run("fold", (fewer, two), self._sums, slots, self._few, fewer)
        self._turn = (self._turn + 1) % len(self._outputs)
        outputs = self._outputs[self._turn]
        texture, along_x, along_y = outputs[0], outputs[1], outputs[2]
        before = both, self._few, fewer, self._lead, *self._grid
        self._run("finish", full, *before, texture, along_x, along_y, *full)
        return texture, along_x, along_y


class FollowKernels(_Leader):
    """Smears noise of many channels on a model's own coarse grid, as `cv_field.FieldMaker.follow`.

    planes: how many channels, (height, width) numbers each. dtype: of the pictures. The rest as for
    `FieldKernels`. Raises Unavailable, ValueError.
    """

    def __init__(
        self,
        planes: int,
        height: int,
        width: int,
        device: torch.device | str = "cuda",
        dtype: torch.dtype = torch.float16,
    ) -> None:
        super().__init__((height, width), 2 * height / 256, device, dtype)
        self._shape = planes, height, width
        self._cells = self._plane(1, *swirl_cells(2 * height, 2 * width, self.unit))
        self._ends = torch.zeros((2, planes, height, width), device=self.device)
        self._both = [self._view(self._ends), self._plane(2 * planes, height, width)]

    def follow(
        self, noise: torch.Tensor, picture: torch.Tensor, size: float = 1.0, turn: float = 0.0
    ) -> torch.Tensor:
        """noise: contiguous (planes, h, w) float32 on the card -> the same, new, summed along the
        form and not normalised. picture: (1, 3, H, W) of any size, -1..1."""
        fits = noise.shape == self._shape and noise.dtype == torch.float32
        if not (fits and noise.device == self.device and noise.is_contiguous()):
            came = f"{tuple(noise.shape)} {noise.dtype} on {noise.device}"
            right = f"contiguous {self._shape} torch.float32 on {self.device}"
            raise ValueError(f"noise: {came} came, {right} would be right")
        self._swirl(noise[0], self._cells)
        self._follow(picture, size, turn)
        self._smear(noise, self._both, self._shape[0])
        return self._ends[0] + self._ends[1]
