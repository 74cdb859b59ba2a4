"""How far a painted picture is from its target: pure functions of tensors (B, C, H, W)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def differences(x: Tensor) -> tuple[Tensor, Tensor]:
    """From pixel to pixel across and down: (B, C, H, W - 1) and (B, C, H - 1, W)."""
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def picture_loss(
    made: Tensor,
    target: Tensor,
    slopes: float,
    fine_band: float = 0.0,
    texture: float = 0.0,
    weights: Tensor | float = 1.0,
) -> Tensor:
    """Mean absolute difference of the pictures, and so many times that of their slopes, which keeps
    marks crisp; of the band of 2 to 8 pixels, in which glints and strokes lie; and of the local
    contrast in that band, which does not depend on where exactly the marks are. weights: of the
    channels, (1, C, 1, 1)."""
    apart = made - target
    loss: Tensor = (weights * apart).abs().mean()
    loss = loss + slopes * sum((weights * d).abs().mean() for d in differences(apart))
    if fine_band or texture:
        ours, theirs = fine(made), fine(target)
        loss = loss + fine_band * (weights * (ours - theirs)).abs().mean()
        loss = loss + texture * (weights * (spread(ours) - spread(theirs))).abs().mean()
    return loss


def fine(picture: Tensor) -> Tensor:
    """The band of 2 to 8 pixels."""
    across = F.avg_pool2d(picture, (1, 7), 1, (0, 3), count_include_pad=False)
    return picture - F.avg_pool2d(across, (7, 1), 1, (3, 0), count_include_pad=False)


def spread(band: Tensor) -> Tensor:
    """Its standard deviation in windows of 16 pixels, every 4."""
    return (F.avg_pool2d(F.avg_pool2d(band * band, 4), 4, 1) + 1e-4).sqrt()
