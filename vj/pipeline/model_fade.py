"""From one model's pictures to another's: the last generated image of the one before lies over
those of the one that plays, and goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from vj.parameters.store import Snapshot
from vj.pipeline.compositor import Compositor, Picture

if TYPE_CHECKING:
    from torch import Tensor


class ModelFade:
    """One fade, over the first frames of a model. What lies over them follows the input's motion,
    as feedback does, and is mixed in before the last touches: a blackout is black meanwhile, too.
    """

    def __init__(self, last: np.ndarray) -> None:
        """last: the last generated image of the model before, (H, W, 3) float32 0..1."""
        self._last = last
        self._there: Tensor | None = None
        """The same on a card, (1, 3, H, W) float32, -1..1."""
        height, width = last.shape[:2]
        self._x, self._y = np.meshgrid(
            np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
        )
        self._begun: tuple[float, float] | None = None

    @property
    def begun(self) -> bool:
        """It has reached a picture."""
        return self._begun is not None

    def share(self, snapshot: Snapshot) -> float:
        """How much of the image before is seen in this frame, from 1 to 0. The fade begins with the
        first call, and lasts as long as `crossfade` says then."""
        if self._begun is None:
            self._begun = snapshot.time, float(snapshot["crossfade"])
        begun, seconds = self._begun
        return 0.0 if seconds <= 0 else max(0.0, 1 - (snapshot.time - begun) / seconds)

    def over(self, picture: Picture, share: float, flow: np.ndarray | None) -> Picture:
        """A backend's picture, see `GeneratedImage`, with the image before over it. flow: (h, w, 3)
        float32 as `Compositor.postprocess` takes it, by which that image moves first."""
        if not isinstance(picture, np.ndarray) and picture.device.type != "cpu":
            return self._over_on_card(picture, share, flow)
        if flow is not None:
            self._last = self._moved(flow)
        if not isinstance(picture, np.ndarray):
            import torch  # as in the compositor

            last = torch.from_numpy(self._last).permute(2, 0, 1)[None].mul(2).sub_(1)
            return torch.lerp(picture, last.to(picture.dtype), share)
        return cv2.addWeighted(picture, 1 - share, self._last, share * 255, 0, dtype=cv2.CV_8U)

    def _moved(self, flow: np.ndarray) -> np.ndarray:
        """Where it is unsure how something moves, less."""
        height, width = self._last.shape[:2]
        wide = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
        x, y = (
            place + wide[..., axis] * wide[..., 2] for axis, place in enumerate((self._x, self._y))
        )
        return cv2.remap(self._last, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)

    def _over_on_card(self, picture: Tensor, share: float, flow: np.ndarray | None) -> Tensor:
        import torch

        if self._there is None:
            there = torch.from_numpy(self._last).to(picture.device)
            self._there = there.permute(2, 0, 1)[None].mul(2).sub(1).contiguous()
        if flow is not None:
            self._there = moved_on_card(self._there, flow)
        return torch.lerp(picture, self._there.to(picture.dtype), share)


def faded_in(
    fade: ModelFade | None,
    compositor: Compositor,
    painted: Picture,
    snapshot: Snapshot,
    flow: np.ndarray | None,
) -> tuple[Picture, ModelFade | None]:
    """What a backend gave, while it fades in over the one before, and the fade that goes on."""
    if fade is None:
        return painted, None
    begins = not fade.begun
    share = fade.share(snapshot)
    if share > 0:
        return fade.over(painted, share, flow), fade
    if begins:  # a cut: smoothing shall keep nothing, either
        compositor.reset()
    return painted, None


def moved_on_card(image: Tensor, flow: np.ndarray) -> Tensor:
    """(1, 3, H, W) moved by a flow, as `ModelFade` does on the host; nothing waits for it."""
    import torch
    from torch.nn import functional

    height, width = image.shape[2:]
    host = torch.from_numpy(flow)
    if image.is_cuda:
        host = host.pin_memory()
    grid = host.to(image.device, non_blocking=True).permute(2, 0, 1)[None]
    wide = functional.interpolate(grid, size=(height, width), mode="bilinear", align_corners=False)[
        0
    ]
    x = torch.arange(width, device=image.device) + wide[0] * wide[2]
    y = torch.arange(height, device=image.device)[:, None] + wide[1] * wide[2]
    places = torch.stack([x * (2 / (width - 1)) - 1, y * (2 / (height - 1)) - 1], -1)[None]
    return functional.grid_sample(
        image, places, mode="bilinear", padding_mode="reflection", align_corners=True
    )
