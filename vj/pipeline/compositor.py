"""The two pixel passes around diffusion, on the device the model lives on, and the last generated
image that they keep.

`preprocess` makes the model's input (feedback), `postprocess` makes the picture (smoothing,
wet/dry, colour, sharpening). What is kept between frames is the generated image from before wet/dry
and colour.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
import torch
from torch import Tensor

from vj.core.frame import Size
from vj.kernels import cv_ops
from vj.kernels.settings import BlendSettings, colour_matrix, feedback_matrix
from vj.parameters.store import Snapshot
from vj.pipeline.feedback_gain import FeedbackGain


def blend_settings(snapshot: Snapshot, crossfade: float = 0.0) -> BlendSettings:
    """What a snapshot says about `postprocess`. crossfade: 0..1, at least so much of the last
    generated image stays, moving or not."""
    hold = crossfade > snapshot["blend/smoothing"]
    colour = colour_matrix(
        *(snapshot[f"picture/{name}"] for name in ("brightness", "contrast", "saturation", "hue"))
    )
    light = 1 - snapshot["output/blackout"]
    return BlendSettings(
        smoothing=crossfade if hold else snapshot["blend/smoothing"],
        motion=0.0 if hold else snapshot["blend/motion"],
        wet=snapshot["mix/wet"],
        mode=snapshot["mix/mode"],
        colour=colour if light == 1 else (colour * np.float32(light)),
    )


def turn_matrix(size: Size, snapshot: Snapshot) -> np.ndarray:
    """Where the fed-back picture comes from, see `feedback_matrix`."""
    zoom, rotate, x, y = (snapshot[f"feedback/{name}"] for name in ("zoom", "rotate", "x", "y"))
    return feedback_matrix(size.width, size.height, zoom, rotate, x, y)


Picture = Tensor | np.ndarray
LUMA = (0.299, 0.587, 0.114)


class Compositor(Protocol):
    """One size, one device. Belongs to the render thread."""

    size: Size

    def preprocess(
        self,
        image: np.ndarray,
        snapshot: Snapshot,
        flow: np.ndarray | None = None,
        blank: bool = False,
    ) -> Tensor | np.ndarray:
        """The prepared input (H, W, 3) uint8 -> what the backend takes, the last generated image
        mixed in. flow: (h, w, 3) float32, see `vj.pipeline.optical_flow`, from this input to that
        of the last generated image. blank: there is no input; what is fed back is all there is."""

    def postprocess(
        self,
        painted: Picture,
        image: np.ndarray,
        snapshot: Snapshot,
        crossfade: float = 0.0,
        flow: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray | None:
        """What the backend gave and the input it was made of -> the picture, (H, W, 3) uint8. mask:
        (H, W) uint8, 255 where the generated image shows. None when the backend
        gave NaN: then nothing is kept of it."""

    def recomposite(
        self, image: np.ndarray, snapshot: Snapshot, mask: np.ndarray | None = None
    ) -> np.ndarray | None:
        """The last generated image once more, with the last touches as they stand now; None before
        the first."""

    def last(self) -> np.ndarray | None:
        """The last generated image, (H, W, 3) float32 0..1 on the host, for the compositor that
        takes over."""

    def take_over(self, last: np.ndarray | None) -> None:
        """Go on from another compositor's last generated image; None forgets it."""


class HostCompositor:
    """On a CPU, or beside a device without CUDA. With `plain` the backend takes and gives (H, W, 3)
    uint8: no model."""

    def __init__(self, size: Size, device: torch.device | None = None, plain: bool = False) -> None:
        self.size = size
        self._device = device or torch.device("cpu")
        self._plain = plain
        self._blender = cv_ops.Blender(size.height, size.width)
        self._last: np.ndarray | None = None
        self._contrast = FeedbackGain()

    def preprocess(
        self,
        image: np.ndarray,
        snapshot: Snapshot,
        flow: np.ndarray | None = None,
        blank: bool = False,
    ) -> Tensor | np.ndarray:
        amount = fed_back(snapshot, blank) if self._last is not None else 0.0
        matrix = turn_matrix(self.size, snapshot)
        gain = self._contrast
        mixed = self._blender.feedback(
            image, self._last, matrix, amount, self._plain, flow, gain.gain, gain.middle
        )
        if amount == 0:
            gain.reset()
        elif blank:
            gain.observe_alone(*spread(mixed)[::-1])
        else:
            wanted, found = spread(image), spread(mixed)
            gain.observe(wanted[1], found[1], found[0], amount)
        if self._plain:
            return mixed
        return torch.from_numpy(mixed).mul_(2).sub_(1).permute(2, 0, 1)[None].to(self._device)

    def postprocess(
        self,
        painted: Picture,
        image: np.ndarray,
        snapshot: Snapshot,
        crossfade: float = 0.0,
        flow: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray | None:
        if isinstance(painted, Tensor):
            if not torch.isfinite(painted).all():
                return None
            painted = (
                painted[0].permute(1, 2, 0).float().mul(0.5).add_(0.5).contiguous().cpu().numpy()
            )
        picture, self._last = self._blender.blend(
            painted, self._last, image, blend_settings(snapshot, crossfade), flow, mask
        )
        return cv_ops.sharpen(picture, snapshot["picture/sharpen"])

    def recomposite(
        self, image: np.ndarray, snapshot: Snapshot, mask: np.ndarray | None = None
    ) -> np.ndarray | None:
        if self._last is None:
            return None
        settings = blend_settings(snapshot)
        still = BlendSettings(0, 0, settings.wet, settings.mode, settings.colour)
        picture, self._last = self._blender.blend(self._last, None, image, still, None, mask)
        return cv_ops.sharpen(picture, snapshot["picture/sharpen"])

    def last(self) -> np.ndarray | None:
        return None if self._last is None else self._last.copy()

    def take_over(self, last: np.ndarray | None) -> None:
        self._last = last
        self._contrast.reset()


def fed_back(snapshot: Snapshot, blank: bool) -> float:
    """The share of the last generated image in the next input. Without an input it is all or
    nothing: grey would only wash it out."""
    amount: float = snapshot["feedback/amount"]
    return 1.0 if blank and amount > 0 else amount


def spread(picture: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation, 0..1, of the brightness of a small copy of (H, W, 3), uint8 or
    float."""
    small = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA)
    mean, deviation = cv2.meanStdDev(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    unit = 255 if picture.dtype == np.uint8 else 1
    return float(mean[0, 0]) / unit, float(deviation[0, 0]) / unit


def area_weights(side: int, fewer: int = 64) -> Tensor:
    """(fewer, side) float32: how much each of `side` pixels counts in each of `fewer`, as OpenCV's
    INTER_AREA has it."""
    edges = torch.linspace(0, side, fewer + 1)[:, None]
    pixel = torch.arange(side)[None]
    covered = torch.minimum(edges[1:], pixel + 1.0) - torch.maximum(edges[:-1], pixel + 0.0)
    return covered.clamp_min(0) * (fewer / side)


class Pinned:
    """A picture's way from the host to the card that waits for nothing but its own last copy."""

    def __init__(
        self, shape: tuple[int, ...], device: torch.device, dtype: torch.dtype = torch.uint8
    ) -> None:
        self._host = torch.empty(shape, dtype=dtype, pin_memory=True)
        self._there = torch.empty(shape, dtype=dtype, device=device)
        self._copied = torch.cuda.Event()

    def upload(self, picture: np.ndarray) -> Tensor:
        """The picture on the card, until the next one."""
        self._copied.synchronize()
        self._host.numpy()[...] = picture
        self._there.copy_(self._host, non_blocking=True)
        self._copied.record()
        return self._there


class CudaCompositor:
    """On an NVIDIA card: the fused kernels on torch's stream; pictures go up and come down through
    pinned memory. The one wait of a frame is at its end, for its own picture."""

    def __init__(self, size: Size, device: torch.device, dtype: torch.dtype) -> None:
        from vj.kernels.cupy_ops import TemporalKernels

        self.size = size
        self._kernels = TemporalKernels(size.height, size.width, device, dtype)
        self._kernels.warm()
        shape = (size.height, size.width, 3)
        self._fresh, self._dry = Pinned(shape, device), Pinned(shape, device)
        self._contrast = FeedbackGain()
        self._asked = 0.0, False, 0.0
        self._spread = torch.zeros(2, pin_memory=True)
        self._rows, self._columns = (area_weights(side).to(device) for side in size[::-1])
        self._fresh_flow: list[Pinned] = []
        self._dry_flow: list[Pinned] = []
        self._mask: list[Pinned] = []
        self._input = torch.empty((1, 3, *shape[:2]), dtype=dtype, device=device)
        self._down = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        self._bad = torch.zeros((), dtype=torch.bool, pin_memory=True)

    def preprocess(
        self,
        image: np.ndarray,
        snapshot: Snapshot,
        flow: np.ndarray | None = None,
        blank: bool = False,
    ) -> Tensor:
        matrix = turn_matrix(self.size, snapshot)
        there = self._upload(self._fresh_flow, flow)
        amount = fed_back(snapshot, blank) if self._kernels.state is not None else 0.0
        gain = self._contrast
        self._kernels.feedback(
            self._fresh.upload(image), self._input, matrix, amount, there, gain.gain, gain.middle
        )
        self._asked = amount, blank, spread(image)[1] if amount else 0.0
        if amount:  # how light the mixture is comes down with the picture
            light = (
                torch.tensordot(self._input.new_tensor(LUMA), self._input[0], 1).float() * 0.5 + 0.5
            )
            small = self._rows @ light @ self._columns.T
            self._spread.copy_(
                torch.stack([small.mean(), small.std(correction=0)]), non_blocking=True
            )
        return self._input

    def postprocess(
        self,
        painted: Picture,
        image: np.ndarray,
        snapshot: Snapshot,
        crossfade: float = 0.0,
        flow: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray | None:
        assert isinstance(painted, Tensor)
        # Whether it is finite is known on the card only, and asking would wait. So a bad generated
        # image is replaced by the last one there, and the flag comes down with the picture.
        bad = ~torch.isfinite(painted).all()
        state = self._kernels.state
        safe = torch.where(
            bad,
            torch.zeros_like(painted) if state is None else self._as_painted(state),
            painted.to(self._input.dtype),
        )
        self._bad.copy_(bad, non_blocking=True)
        picture = self._finish(
            safe, image, snapshot, blend_settings(snapshot, crossfade), flow, mask
        )
        self._observe()
        if not self._bad.item():
            return picture
        if state is None:
            self._kernels.reset()
        return None

    def recomposite(
        self, image: np.ndarray, snapshot: Snapshot, mask: np.ndarray | None = None
    ) -> np.ndarray | None:
        state = self._kernels.state
        if state is None:
            return None
        settings = blend_settings(snapshot)
        # smoothing .99 of a state with itself: it stays what it is
        still = BlendSettings(0.99, 0, settings.wet, settings.mode, settings.colour)
        return self._finish(self._as_painted(state), image, snapshot, still, None, mask)

    def last(self) -> np.ndarray | None:
        return None if self._kernels.state is None else self._kernels.state.cpu().numpy()

    def take_over(self, last: np.ndarray | None) -> None:
        self._contrast.reset()
        self._kernels.reset()
        if last is not None:
            self._kernels.restore(torch.from_numpy(last))

    def _observe(self) -> None:
        """Lead the contrast by this frame's figures, as `HostCompositor.preprocess` does."""
        (amount, blank, wanted), (mean, found) = self._asked, self._spread.tolist()
        if amount == 0:
            self._contrast.reset()
        elif blank:
            self._contrast.observe_alone(found, mean)
        else:
            self._contrast.observe(wanted, found, mean, amount)

    def _as_painted(self, state: Tensor) -> Tensor:
        return state.permute(2, 0, 1)[None].mul(2).sub(1).to(self._input.dtype)

    def _upload(self, kept: list[Pinned], array: np.ndarray | None) -> Tensor | None:
        """A flow or a mask on the card; its buffer is made with the first."""
        if array is None:
            return None
        if not kept:
            kept.append(
                Pinned(
                    array.shape,
                    self._input.device,
                    torch.uint8 if array.dtype == np.uint8 else torch.float32,
                )
            )
        return kept[0].upload(array)

    def _finish(
        self,
        painted: Tensor,
        image: np.ndarray,
        snapshot: Snapshot,
        settings: BlendSettings,
        flow: np.ndarray | None,
        mask: np.ndarray | None,
    ) -> np.ndarray:
        there, shown = self._upload(self._dry_flow, flow), self._upload(self._mask, mask)
        blended = self._kernels.blend(painted, self._dry.upload(image), settings, there, shown)
        picture = self._kernels.sharpen(blended, snapshot["picture/sharpen"])
        self._down.copy_(picture, non_blocking=True)
        torch.cuda.current_stream(self._input.device).synchronize()
        return self._down.numpy().copy()


def make_compositor(size: Size, device: torch.device, dtype: torch.dtype) -> Compositor:
    """The quickest compositor for a model's device. Raises Unavailable on CUDA without cupy."""
    return (
        CudaCompositor(size, device, dtype)
        if device.type == "cuda"
        else HostCompositor(size, device)
    )
