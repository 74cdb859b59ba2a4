"""A strip of new edges, see `border`, where torch has the picture: on a card, and nothing waits for
it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from vj.kernels.border import FADE, LEAST, LOCAL, LOUDEST, NEAR, RIM, feather_pixels, grid_shape
from vj.kernels.torch_edges import sampled_at, torch_places_seen


def rimless(last: Tensor) -> Tensor:
    """`border.rimless`, of (H, W, 3)."""
    inner = last[RIM:-RIM, RIM:-RIM].permute(2, 0, 1)[None]
    return functional.pad(inner, (RIM, RIM, RIM, RIM), mode="replicate")[0].permute(1, 2, 0)


def matched(painted: Tensor, continued: Tensor, matrix: np.ndarray) -> Tensor:
    """`border.matched`, of (H, W, 3) float32 0..1."""
    height, width = continued.shape[:2]
    good = torch.where(torch.isfinite(painted), painted, continued)
    coarse, wanted = _smooth(good), _smooth(continued)
    detail = good - coarse
    column, row = _places(height, width, continued.device)
    x, y = torch_places_seen(matrix, column, row, width, height)
    far = torch.hypot(x - x.clamp(0, width - 1), y - y.clamp(0, height - 1))
    own = (far == 0).float()[..., None]
    squared = (continued - wanted) ** 2 * own
    here = _small(torch.cat([squared, own], dim=2))
    edge = NEAR // 2
    wide = functional.pad(here, (edge, edge, edge, edge), mode="replicate")
    near = functional.avg_pool2d(wide, NEAR, stride=1)
    local, whole = (
        (one[:, :3] / one[:, 3:].clamp_min(LEAST)).sqrt()
        for one in (near, here.mean((2, 3), keepdim=True))
    )
    contrast = _wide(local**LOCAL * whole ** (1 - LOCAL), height, width)
    loud = LOUDEST * contrast / detail.std((0, 1), correction=0).clamp_min(LEAST)
    share = torch.exp(far * (-1 / (FADE * min(height, width))))[..., None]
    made = detail * loud.clamp_max(1) + coarse + share * (wanted - coarse)
    return made.clamp_(0, 1).contiguous()


def _smooth(picture: Tensor) -> Tensor:
    """The colours of (H, W, 3)."""
    return _wide(_small(picture), *picture.shape[:2])


def _small(picture: Tensor) -> Tensor:
    """(H, W, C) on the grid: (1, C, h, w)."""
    planes = picture.permute(2, 0, 1)[None]
    return functional.interpolate(planes, size=grid_shape(*picture.shape[:2]), mode="area")


def _wide(grid: Tensor, height: int, width: int) -> Tensor:
    """And back: (H, W, C)."""
    size = height, width
    wide = functional.interpolate(grid, size=size, mode="bilinear", align_corners=False)
    return wide[0].permute(1, 2, 0)


def laid_in(last: Tensor, matrix: np.ndarray, strip: Tensor, back: np.ndarray) -> Tensor:
    """`border.laid_in`, of (H, W, 3) float32 0..1."""
    height, width = last.shape[:2]
    column, row = _places(height, width, last.device)
    x, y = torch_places_seen(matrix, column, row, width, height)
    seen = sampled_at(last.permute(2, 0, 1)[None], x, y, height, width)
    beyond = torch.maximum(torch.maximum(-x, x - (width - 1)), torch.maximum(-y, y - (height - 1)))
    new = beyond.clamp(0, 1)[None, None]
    side = feather_pixels(height)
    wide = functional.pad(new, (side, side, side, side), mode="replicate")
    near = functional.avg_pool2d(wide, 2 * side + 1, stride=1)
    share = torch.maximum(new, (2 * near).clamp(0, 1))
    x, y = torch_places_seen(back, column, row, width, height)
    more = sampled_at(strip.permute(2, 0, 1)[None], x, y, height, width)
    return (seen + share * (more - seen))[0].permute(1, 2, 0).contiguous()


def _places(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Columns and rows, (H, W) float32 each."""
    column = torch.arange(width, device=device, dtype=torch.float32).expand(height, width)
    row = torch.arange(height, device=device, dtype=torch.float32)[:, None].expand(height, width)
    return column, row
