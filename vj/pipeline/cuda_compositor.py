"""The compositor on an NVIDIA card, and the choice of one by the model's device."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from vj.core.frame import Size
from vj.kernels import border, torch_border
from vj.kernels.cv_warp import STAY
from vj.kernels.settings import BlendSettings
from vj.kernels.torch_edges import TorchEdgePainter
from vj.parameters.store import Snapshot
from vj.pipeline.compositor import (
    LUMA,
    Compositor,
    HostCompositor,
    Picture,
    blend_settings,
    fed_back,
    light_of,
    paints_edges,
    spread,
    turn_matrix,
)
from vj.pipeline.feedback_gain import FeedbackGain


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
        self._edges: TorchEdgePainter | None = None
        self._ahead: tuple[Tensor, np.ndarray] | None = None
        """What was seen ahead, like the last generated image, and through which matrix."""
        self._strip: Tensor | None = None
        self._asked: tuple[float, bool, float, tuple[float, float] | None] = 0.0, False, 0.0, None
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
        least: float | None = None,
        back: np.ndarray | None = None,
    ) -> Tensor:
        matrix, last = turn_matrix(self.size, snapshot), self._kernels.state
        there, fresh = self._upload(self._fresh_flow, flow), self._fresh.upload(image)
        amount = 0.0 if last is None else fed_back(snapshot, blank, least)
        if last is not None and amount > 0 and paints_edges(snapshot, least):
            if back is not None and self._strip is not None and there is None:
                last = torch_border.laid_in(last, matrix, self._strip, back)
            else:
                beyond = None if blank else fresh
                if self._edges is None:
                    self._edges = TorchEdgePainter(*self.size[::-1], last.device)
                last = self._edges.seen(last, matrix, there, beyond, snapshot["seed/a"])
            matrix = STAY
            if there is not None:
                there = torch.cat([torch.zeros_like(there[..., :2]), there[..., 2:]], dim=2)
        gain = self._contrast
        self._kernels.feedback(
            fresh, self._input, matrix, amount, there, gain.gain, gain.middle, last
        )
        light = None if least is None or not blank else light_of(image)
        self._asked = amount, blank, spread(image)[1] if amount else 0.0, light
        if amount:  # how light the mixture is comes down with the picture
            light = (
                torch.tensordot(self._input.new_tensor(LUMA), self._input[0], 1).float() * 0.5 + 0.5
            )
            small = self._rows @ light @ self._columns.T
            self._spread.copy_(
                torch.stack([small.mean(), small.std(correction=0)]), non_blocking=True
            )
        return self._input

    def ahead(self, matrix: np.ndarray, seed: int) -> Tensor | None:
        last = self._kernels.state
        if last is None:
            return None
        quiet = border.quiet_bands(*self.size[::-1])
        painter = TorchEdgePainter(*self.size[::-1], last.device, quiet)
        seen = painter.seen(torch_border.rimless(last), matrix, seed=seed)
        self._ahead = seen, matrix
        return self._as_painted(seen)

    def keep_strip(self, painted: Picture) -> None:
        if self._ahead is None:
            return
        if isinstance(painted, np.ndarray):
            made = torch.from_numpy(painted).to(self._input.device).float().div(255)
        else:
            made = painted[0].permute(1, 2, 0).float().mul(0.5).add(0.5)
        self._strip, self._ahead = torch_border.matched(made, *self._ahead), None

    def postprocess(
        self,
        painted: Picture,
        image: np.ndarray,
        snapshot: Snapshot,
        crossfade: float = 0.0,
        flow: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray | None:
        if isinstance(painted, np.ndarray):
            there = torch.from_numpy(painted).to(self._input.device)
            painted = there.permute(2, 0, 1)[None].to(self._input.dtype).div(127.5).sub(1)
        # Whether it is finite is known on the card only, and asking would wait. So a bad generated
        # image is replaced by the last one there, and the flag comes down with the picture.
        bad = ~torch.isfinite(painted).all()
        state = self._kernels.state
        safe = torch.where(
            bad,
            # of the kernels' own type: the two are brought to a common one
            torch.zeros_like(painted, dtype=self._input.dtype)
            if state is None
            else self._as_painted(state),
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
        self._edges = self._ahead = self._strip = None
        self._kernels.reset()
        if last is not None:
            self._kernels.restore(torch.from_numpy(last))

    def _observe(self) -> None:
        """Lead the contrast by this frame's figures, as `HostCompositor.preprocess` does."""
        (amount, blank, wanted, light), (mean, found) = self._asked, self._spread.tolist()
        if amount == 0:
            self._contrast.reset()
        elif blank:
            self._contrast.observe_alone(found, mean, light)
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
