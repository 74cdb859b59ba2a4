"""The two pixel passes around diffusion, on the device the model lives on, and the last generated
image that they keep.

`preprocess` makes the model's input (feedback), `postprocess` makes the picture (smoothing,
wet/dry, colour, sharpening). What is kept between frames is the generated image from before wet/dry
and colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

import cv2
import numpy as np

from vj.core.frame import Size
from vj.kernels import border, cv_ops
from vj.kernels.cv_warp import STAY
from vj.kernels.edges import EdgePainter
from vj.kernels.settings import BlendSettings, colour_matrix, feedback_matrix
from vj.parameters.store import Snapshot
from vj.pipeline.coming import AS_PAINTED, ComingPicture, Here, WayOut
from vj.pipeline.feedback_gain import ALONE, FLAT, FeedbackGain

if TYPE_CHECKING:
    import torch
    from torch import Tensor


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
    zoom, rotate, x, y, yaw, pitch, dolly, fov = (
        snapshot[f"feedback/{name}"]
        for name in ("zoom", "rotate", "x", "y", "yaw", "pitch", "dolly", "fov")
    )
    return feedback_matrix(
        *size,
        zoom,
        rotate,
        x,
        y,
        yaw_degrees=yaw,
        pitch_degrees=pitch,
        dolly=dolly,
        fov_degrees=fov,
    )


Picture: TypeAlias = "Tensor | np.ndarray"
LUMA = (0.299, 0.587, 0.114)


class Compositor(Protocol):
    """One size, one device. Belongs to the render thread."""

    size: Size
    works_beside: bool
    """Its pictures come from a card, which is at work while the host goes on."""
    way_out: WayOut
    """How the next picture leaves the card, if it comes from one."""

    def preprocess(
        self,
        image: np.ndarray,
        snapshot: Snapshot,
        flow: np.ndarray | None = None,
        blank: bool = False,
        least: float | None = None,
        back: np.ndarray | None = None,
    ) -> Tensor | np.ndarray:
        """The prepared input (H, W, 3) uint8 -> what the backend takes, the last generated image
        mixed in. flow: (h, w, 3) float32, see `vj.pipeline.optical_flow`, from this input to that
        of the last generated image. blank: there is no input; what is fed back is all there is, and
        image only says how light it was. least: on a journey, so much of the last generated image
        at least. back: what comes into view beyond its edges is on the strip that was kept, at the
        places to which this (3, 3) matrix leads from those of the picture."""

    def ahead(self, matrix: np.ndarray, seed: int) -> Picture | None:
        """What a camera would see of the last generated image that has gone on by a matrix, with
        new edges painted on, as the backend takes it; None before the first. seed: of their
        noise."""

    def keep_strip(self, painted: Picture) -> None:
        """What the backend made of `ahead` is what comes into view beyond the edges from now on:
        see `vj.kernels.border`."""

    def postprocess(
        self,
        painted: Picture,
        image: np.ndarray,
        snapshot: Snapshot,
        crossfade: float = 0.0,
        flow: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> ComingPicture:
        """What the backend gave and the input it was made of -> the picture, for which nothing
        waits yet. mask: (H, W) uint8, 255 where the generated image shows. When the backend gave
        NaN nothing is kept of it."""

    def recomposite(
        self, image: np.ndarray, snapshot: Snapshot, mask: np.ndarray | None = None
    ) -> np.ndarray | None:
        """The last generated image once more, with the last touches as they stand now; None before
        the first."""

    def last(self) -> np.ndarray | None:
        """The last generated image, (H, W, 3) float32 0..1 on the host, for the compositor that
        takes over."""

    def take_over(self, last: np.ndarray) -> None:
        """Go on from another compositor's last generated image."""

    def reset(self) -> None:
        """Forget all that frames have left, as after a hard cut: it goes on as a new one would."""


class HostCompositor:
    """On a CPU, or beside a device without CUDA. With `plain` the backend takes and gives (H, W, 3)
    uint8: no model."""

    works_beside = False

    def __init__(self, size: Size, device: torch.device | None = None, plain: bool = False) -> None:
        self.size = size
        self.way_out = AS_PAINTED
        self._device = device
        self._plain = plain
        self._blender = cv_ops.Blender(size.height, size.width)
        self._last: np.ndarray | None = None
        self._contrast = FeedbackGain()
        self._edges: EdgePainter | None = None
        self._strips: EdgePainter | None = None
        self._ahead: tuple[np.ndarray, np.ndarray] | None = None
        """What was seen ahead, like the last generated image, and through which matrix."""
        self._strip: np.ndarray | None = None

    def preprocess(
        self,
        image: np.ndarray,
        snapshot: Snapshot,
        flow: np.ndarray | None = None,
        blank: bool = False,
        least: float | None = None,
        back: np.ndarray | None = None,
    ) -> Tensor | np.ndarray:
        last = self._last
        amount = 0.0 if last is None else fed_back(snapshot, blank, least)
        matrix = turn_matrix(self.size, snapshot)
        if last is not None and amount > 0 and paints_edges(snapshot, least):
            if back is not None and self._strip is not None and flow is None:
                last = border.laid_in(last, matrix, self._strip, back)
            else:
                beyond = None if blank else image
                if self._edges is None:
                    self._edges = EdgePainter(self.size.height, self.size.width)
                last = self._edges.seen(last, matrix, flow, beyond, snapshot["seed/a"])
            matrix, flow = STAY, standing(flow)
        gain = self._contrast
        mixed = self._blender.feedback(
            image, last, matrix, amount, self._plain, flow, gain.gain, gain.middle
        )
        if amount == 0:
            gain.reset()
        elif blank:
            gain.observe_alone(*spread(mixed)[::-1], None if least is None else light_of(image))
        else:
            wanted, found = spread(image), spread(mixed)
            gain.observe(wanted[1], found[1], found[0], amount)
        return mixed if self._plain else self._for_model(mixed)

    def _for_model(self, mixed: np.ndarray) -> Tensor:
        import torch  # a show without a model has no use for it

        given = torch.from_numpy(mixed).mul_(2).sub_(1).permute(2, 0, 1)[None]
        return given if self._device is None else given.to(self._device)

    def ahead(self, matrix: np.ndarray, seed: int) -> Picture | None:
        if self._last is None:
            return None
        if self._strips is None:
            self._strips = EdgePainter(self.size.height, self.size.width, strips=True)
        seen = self._strips.seen(border.rimless(self._last), matrix, seed=seed)
        self._ahead = seen, matrix
        return cv2.convertScaleAbs(seen, alpha=255) if self._plain else self._for_model(seen.copy())

    def keep_strip(self, painted: Picture) -> None:
        if self._ahead is None:
            return
        made = painted / np.float32(255) if isinstance(painted, np.ndarray) else unit(painted)
        self._strip, self._ahead = border.matched(made, *self._ahead), None

    def postprocess(
        self,
        painted: Picture,
        image: np.ndarray,
        snapshot: Snapshot,
        crossfade: float = 0.0,
        flow: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> ComingPicture:
        if not isinstance(painted, np.ndarray):
            if not painted.isfinite().all():
                return Here(None)
            painted = unit(painted)
        picture, self._last = self._blender.blend(
            painted, self._last, image, blend_settings(snapshot, crossfade), flow, mask
        )
        return Here(cv_ops.sharpen(picture, snapshot["picture/sharpen"]))

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

    def take_over(self, last: np.ndarray) -> None:
        self.reset()
        self._last = last

    def reset(self) -> None:
        self._last = None
        self._contrast.reset()
        self._edges = self._strips = self._ahead = self._strip = None


def fed_back(snapshot: Snapshot, blank: bool, least: float | None = None) -> float:
    """The share of the last generated image in the next input. Without an input it is all or
    nothing: grey would only wash it out. least: see `Compositor.preprocess`."""
    amount: float = snapshot["feedback/amount"]
    if least is not None:
        return max(amount, least)
    return 1.0 if blank and amount > 0 else amount


def paints_edges(snapshot: Snapshot, least: float | None) -> bool:
    """What comes into view beyond the edges of the last generated image is painted on, and no
    mirror. least: see `Compositor.preprocess`."""
    edge = snapshot["feedback/edge"]
    return edge == "paint" or (edge == "auto" and least is not None)


def unit(painted: Tensor) -> np.ndarray:
    """What a model gave, (1, 3, H, W) about -1..1, as (H, W, 3) float32 0..1 on the host."""
    made: np.ndarray = (
        painted[0].permute(1, 2, 0).float().mul(0.5).add_(0.5).contiguous().cpu().numpy()
    )
    return made


def standing(flow: np.ndarray | None) -> np.ndarray | None:
    """A flow that was followed already: how sure it is, without its moves."""
    return None if flow is None else np.dstack([np.zeros_like(flow[..., :2]), flow[..., 2]])


def light_of(moment: np.ndarray) -> tuple[float, float]:
    """Mean and deviation of brightness (0..1) that a journey from a moment, (H, W, 3) uint8, keeps
    to; those of an ordinary picture where it was none, or grey."""
    mean, deviation = spread(moment)
    if deviation < FLAT:
        return ALONE
    return min(0.8, max(0.12, mean)), min(0.32, max(0.06, deviation))


def spread(picture: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation, 0..1, of the brightness of a small copy of (H, W, 3), uint8 or
    float."""
    small = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA)
    mean, deviation = cv2.meanStdDev(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    unit = 255 if picture.dtype == np.uint8 else 1
    return float(mean[0, 0]) / unit, float(deviation[0, 0]) / unit
