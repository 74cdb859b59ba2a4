"""The patch discriminator (Isola et al. 2017): tells real frames from painted ones by small pieces,
so that what is painted late in a training is as crisp as the film.

It sees the condition beside the picture, and answers for every patch of about 46 pixels. Spectral
normalisation (Miyato et al. 2018) keeps it from running away from the painter.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

WIDTHS = (32, 64, 128)


class PatchDiscriminator(nn.Module):
    """Four layers. channels: of the condition."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        first, second, third = WIDTHS
        self.layers = nn.ModuleList(
            spectral_norm(layer)
            for layer in (
                nn.Conv2d(3 + channels, first, 4, 2, 1),
                nn.Conv2d(first, second, 4, 2, 1),
                nn.Conv2d(second, third, 4, 2, 1),
                nn.Conv2d(third, 1, 4, 1, 1),
            )
        )

    def forward(self, condition: Tensor, picture: Tensor) -> Tensor:
        """condition: (B, C, H, W), picture: (B, 3, H, W), both 0..1. Returns (B, 1, h, w): above 0
        where it takes the picture for real."""
        seen = torch.cat([condition, picture], 1) - 0.5
        *inner, last = self.layers
        for layer in inner:
            seen = F.leaky_relu(layer(seen), 0.2)
        answer: Tensor = last(seen)
        return answer


def hinge(real: Tensor, painted: Tensor) -> Tensor:
    """What the discriminator learns by (Lim and Ye 2017): of its answers to real and to painted
    pictures."""
    return F.relu(1 - real).mean() + F.relu(1 + painted).mean()


def deceit(painted: Tensor) -> Tensor:
    """What the painter learns by: the less, the more its pictures are taken for real."""
    return -painted.mean()
