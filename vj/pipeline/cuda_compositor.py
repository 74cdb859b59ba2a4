"""The compositor on an NVIDIA card, and the choice of one by the model's device."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from vj.core.frame import Size
from vj.kernels import torch_border
from vj.kernels.cupy_pack import PackKernels
from vj.kernels.cv_warp import STAY
from vj.kernels.settings import BlendSettings, blend_numbers, feedback_numbers
from vj.kernels.torch_edges import TorchEdgePainter
from vj.parameters.store import Snapshot
from vj.pipeline.card_transfer import GainFigures, OnCard, OnItsWay, Pinned, area_weights
from vj.pipeline.coming import AS_PAINTED
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


class CudaCompositor:
    """On an NVIDIA card: the fused kernels on torch's stream; pictures go up and come down through
    pinned memory. The one wait of a frame is at its end, for its own picture, or for the one before
    it (`vj.pipeline.painted`)."""

    works_beside = True

    def __init__(self, size: Size, device: torch.device, dtype: torch.dtype) -> None:
        from vj.kernels.cupy_ops import TemporalKernels

        self.size = size
        self.kernels = TemporalKernels(size.height, size.width, device, dtype)
        self.kernels.warm()
        self.way_out = AS_PAINTED
        self._pack = PackKernels(device)
        self._device, self._dtype = device, dtype
        self._shape = shape = (size.height, size.width, 3)
        self._fresh, self._dry = Pinned(shape, device), Pinned(shape, device)
        self._contrast = FeedbackGain()
        self._edges: TorchEdgePainter | None = None
        self._strips: TorchEdgePainter | None = None
        self._ahead: tuple[Tensor, np.ndarray] | None = None
        """What was seen ahead, like the last generated image, and through which matrix."""
        self._strip: Tensor | None = None
        self._asked = GainFigures()
        self._figures = torch.zeros(2, device=device)
        self._rows, self._columns = (area_weights(side).to(device) for side in size[::-1])
        self._luma = torch.tensor(LUMA, device=device)
        self._fresh_flow: list[Pinned] = []
        self._dry_flow: list[Pinned] = []
        self._mask: list[Pinned] = []
        self._input = self.empty_input()

    def preprocess(
        self,
        image: np.ndarray,
        snapshot: Snapshot,
        flow: np.ndarray | None = None,
        blank: bool = False,
        least: float | None = None,
        back: np.ndarray | None = None,
    ) -> Tensor:
        matrix, last = turn_matrix(self.size, snapshot), self.kernels.state
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
        self.kernels.feedback(
            fresh, self._input, matrix, amount, there, gain.gain, gain.middle, last
        )
        self._asked = self._asking(image, amount, blank, least)
        if amount:  # how light the mixture is comes down with the picture
            self._figures = self.brightness(self._input)
        return self._input

    def empty_input(self) -> Tensor:
        """A place for what a model is given, (1, 3, H, W)."""
        return torch.empty((1, 3, *self.size[::-1]), dtype=self._dtype, device=self._device)

    def _asking(
        self, image: np.ndarray, amount: float, blank: bool, least: float | None
    ) -> GainFigures:
        return GainFigures(
            amount,
            blank,
            spread(image)[1] if amount else 0.0,
            None if least is None or not blank else light_of(image),
        )

    def brightness(self, entered: Tensor) -> Tensor:
        """(2,) float32: mean and deviation of the brightness of what a model is given."""
        light = torch.tensordot(self._luma, entered[0].float(), 1) * 0.5 + 0.5
        small = self._rows @ light @ self._columns.T
        return torch.stack([small.mean(), small.std(correction=0)])

    def ahead(self, matrix: np.ndarray, seed: int) -> Tensor | None:
        last = self.kernels.state
        if last is None:
            return None
        if self._strips is None:
            self._strips = TorchEdgePainter(*self.size[::-1], last.device, strips=True)
        seen = self._strips.seen(torch_border.rimless(last), matrix, seed=seed)
        self._ahead = seen, matrix
        return self._as_painted(seen)

    def keep_strip(self, painted: Picture) -> None:
        if self._ahead is None:
            return
        if isinstance(painted, np.ndarray):
            made = torch.from_numpy(painted).to(self._device).float().div(255)
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
    ) -> OnItsWay:
        if isinstance(painted, np.ndarray):
            there = torch.from_numpy(painted).to(self._device)
            painted = there.permute(2, 0, 1)[None].to(self._dtype).div(127.5).sub(1)
        state = self.kernels.state
        safe, bad = self.guarded(painted, state)
        picture = self._finish(
            safe, image, snapshot, blend_settings(snapshot, crossfade), flow, mask
        )
        figures = torch.cat([self._figures, bad.float()[None]])
        return self._down(picture, figures, self._asked, state is None)

    def guarded(self, painted: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """What a model gave, in the kernels' own type, and whether it is bad. That is known on the
        card only, and asking would wait: a bad one is replaced by the last one there, and the flag
        comes down with the picture."""
        bad = ~torch.isfinite(painted).all()
        kept = torch.zeros_like(painted) if state is None else self._as_painted(state)
        return torch.where(bad, kept.to(self._dtype), painted.to(self._dtype)), bad

    def _down(self, picture: Tensor, figures: Tensor, asked: GainFigures, first: bool) -> OnItsWay:
        """first: there was no generated image before."""
        gain = self._contrast

        def arrived(mean: float, deviation: float, bad: bool) -> bool:
            if gain is self._contrast:  # else it is of before a `reset`
                self._observe(asked, mean, deviation)
                if bad and first:
                    self.kernels.reset()
            return not bad

        way, self.way_out = self.way_out, AS_PAINTED
        return OnItsWay(picture, figures, arrived, way, self._pack.packed)

    def recomposite(
        self, image: np.ndarray, snapshot: Snapshot, mask: np.ndarray | None = None
    ) -> np.ndarray | None:
        state = self.kernels.state
        if state is None:
            return None
        settings = blend_settings(snapshot)
        # smoothing .99 of a state with itself: it stays what it is
        still = BlendSettings(0.99, 0, settings.wet, settings.mode, settings.colour)
        picture = self._finish(self._as_painted(state), image, snapshot, still, None, mask)
        made: np.ndarray = picture.cpu().numpy()
        return made

    def last(self) -> np.ndarray | None:
        return None if self.kernels.state is None else self.kernels.state.cpu().numpy()

    def take_over(self, last: np.ndarray) -> None:
        self.reset()
        self.kernels.restore(torch.from_numpy(last))

    def reset(self) -> None:
        self._contrast = FeedbackGain()
        self._edges = self._strips = self._ahead = self._strip = None
        self.kernels.reset()

    def _observe(self, asked: GainFigures, mean: float, found: float) -> None:
        """Lead the contrast by a frame's figures, as `HostCompositor.preprocess` does."""
        if asked.amount == 0:
            self._contrast.reset()
        elif asked.blank:
            self._contrast.observe_alone(found, mean, asked.light)
        else:
            self._contrast.observe(asked.wanted, found, mean, asked.amount)

    def _as_painted(self, state: Tensor) -> Tensor:
        return state.permute(2, 0, 1)[None].mul(2).sub(1).to(self._dtype)

    def _upload(self, kept: list[Pinned], array: np.ndarray | None) -> Tensor | None:
        """A flow or a mask on the card; its buffer is made with the first."""
        if array is None:
            return None
        if not kept:
            kept.append(
                Pinned(
                    array.shape,
                    self._device,
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
    ) -> Tensor:
        there, shown = self._upload(self._dry_flow, flow), self._upload(self._mask, mask)
        blended = self.kernels.blend(painted, self._dry.upload(image), settings, there, shown)
        return self.kernels.sharpen(blended, snapshot["picture/sharpen"])

    # A whole frame as one function of tensors, see `vj.diffusion.whole_frame`.

    def on_card(
        self,
        image: np.ndarray,
        dry: np.ndarray,
        snapshot: Snapshot,
        crossfade: float,
        flow: np.ndarray | None,
        flow_after: np.ndarray | None,
        mask: np.ndarray | None,
        blank: bool,
    ) -> OnCard | None:
        """What `preprocess` and `postprocess` would be given, on the card. None where edges are
        painted on, which is done between kernels."""
        state = self.kernels.state
        amount = 0.0 if state is None else fed_back(snapshot, blank, None)
        if amount > 0 and paints_edges(snapshot, None):
            return None
        settings, gain = blend_settings(snapshot, crossfade), self._contrast
        smoothing = settings.smoothing if state is not None else 0.0
        matrix = turn_matrix(self.size, snapshot)
        numbers = np.concatenate(
            [
                feedback_numbers(matrix, amount, gain.gain, gain.middle),
                blend_numbers(settings, smoothing),
                np.array([snapshot["picture/sharpen"]], np.float32),
            ]
        )
        there = self.kernels.sent(numbers)
        before, after, sharpen = there.split((12, 16, 1))
        return OnCard(
            self._fresh.upload(image),
            self._dry.upload(dry),
            self.kernels.place,
            before,
            after,
            sharpen,
            self._upload(self._fresh_flow, flow),
            self._upload(self._dry_flow, flow_after),
            self._upload(self._mask, mask),
            self._asking(image, amount, blank, None),
        )

    def take(self, asked: GainFigures, picture: Tensor, state: Tensor, figures: Tensor) -> OnItsWay:
        """What a whole frame made: the picture, the generated image that it leaves, and the
        figures of `OnItsWay`."""
        first = self.kernels.state is None
        self.kernels.restore(state)
        return self._down(picture, figures, asked, first)


def make_compositor(size: Size, device: torch.device, dtype: torch.dtype) -> Compositor:
    """The quickest compositor for a model's device. Raises Unavailable on CUDA without cupy."""
    return (
        CudaCompositor(size, device, dtype)
        if device.type == "cuda"
        else HostCompositor(size, device)
    )
