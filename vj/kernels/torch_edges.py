"""What is painted on beyond the edges of the last picture, see `edges`, where torch has the
picture: on a card, and nothing waits for it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from vj.kernels.edges import (
    COARSEST,
    FOLLOW,
    GAIN,
    LEAST,
    LONG,
    LOSS,
    MOST,
    QUIETEST,
    BandNoise,
    band_count,
    beyond_edges,
    loudness,
    quiet_bands,
)
from vj.kernels.settings import LEAST_DEPTH, REACH


class TorchEdgePainter:
    """For pictures of one size on one device. Belongs to one thread."""

    def __init__(self, height: int, width: int, device: torch.device, strips: bool = False) -> None:
        """strips: see `edges.EdgePainter`."""
        self._strips = strips
        self._quiet = quiet_bands(height, width) if strips else 0
        self._shape, self._device = (height, width), device
        self._column = torch.arange(width, device=device, dtype=torch.float32).expand(height, width)
        self._row = torch.arange(height, device=device, dtype=torch.float32)[:, None].expand(
            height, width
        )
        self._noise = BandNoise(band_count(height, width))
        self._been: dict[int, Tensor] = {}
        self._energy: dict[int, Tensor] = {}

    def seen(
        self,
        last: Tensor,
        matrix: np.ndarray,
        flow: Tensor | None = None,
        beyond: Tensor | None = None,
        seed: int = 0,
    ) -> Tensor:
        """See `edges.EdgePainter.seen`: the same with tensors. last: (H, W, 3) float32 0..1. flow:
        (h, w, 3) float32. beyond: (H, W, 3) uint8. Returns a new picture like `last`."""
        height, width = self._shape
        column, row = self._column, self._row
        if flow is not None:
            wide = functional.interpolate(
                flow.permute(2, 0, 1)[None], size=self._shape, mode="bilinear", align_corners=False
            )[0]
            column, row = column + wide[0], row + wide[1]
        x, y = torch_places_seen(matrix, column, row, width, height)
        planes = last.permute(2, 0, 1)[None]
        four = torch.cat([planes, torch.ones_like(planes[:, :1])], dim=1)
        four = self._at(four, x, y, "zeros")
        far = beyond_edges(matrix, height, width)
        if flow is None and far == 0:
            return four[0, :3].permute(1, 2, 0).contiguous()
        if beyond is None:
            far = max(far, 1.0)
            more = self._painted_on(planes, x, y, self._noise.moved_on(seed, far), far)
        else:
            more = beyond.permute(2, 0, 1)[None].float() / 255
        picture = (four[:, :3] + (1 - four[:, 3:]) * more).clamp_(0, 1)
        return picture[0].permute(1, 2, 0).contiguous()

    def _painted_on(
        self, last: Tensor, x: Tensor, y: Tensor, tiles: list[np.ndarray], depth: float
    ) -> Tensor:
        """(1, 3, H, W), for all places; only those beyond the edges are of use."""
        height, width = self._shape
        near_x, near_y = x.clamp(0, width - 1), y.clamp(0, height - 1)
        far = torch.hypot(x - near_x, y - near_y)
        fine, out = last, torch.zeros_like(last)
        for band, tile in enumerate(tiles):
            if band < len(tiles) - 1:
                half = -(-fine.shape[2] // 2), -(-fine.shape[3] // 2)
                coarse = functional.interpolate(fine, size=half, mode="area")
                detail = fine[:, :, ::2, ::2] - coarse
                strength = functional.adaptive_avg_pool2d(
                    (detail * detail).mean(dim=1, keepdim=True), COARSEST
                )
                loud = (strength / strength.mean().clamp_min(LEAST**2)).sqrt().sqrt()
                if self._strips:
                    loud = loud.clamp_min(QUIETEST)
                loud = self._at(loud, near_x, near_y)
            else:
                coarse = self._followed(-1, fine.mean(dim=(2, 3), keepdim=True))
                detail, loud = fine - coarse, torch.ones_like(far)
            here = self._at(fine, near_x, near_y) - self._at(coarse, near_x, near_y)
            flat = detail[0].flatten(1)
            now = flat @ flat.T / flat.shape[1]
            root = _colour_root(self._statistics(band, now))
            noise = self._tiled(tile, x / 2**band, y / 2**band)
            loud = loud * (0.0 if band < self._quiet else loudness(band, depth))
            noise = torch.einsum("ij,jhw->ihw", root, noise)[None] * loud
            keep = torch.exp(far * (-1 / 2**band / LONG))
            out += keep * here + (1 - keep) * noise
            fine = coarse
        return out + fine

    def _statistics(self, band: int, now: Tensor) -> Tensor:
        """Of a band's noise: see `edges.EdgePainter`."""
        if self._strips:
            found = now.trace()
            kept = self._energy.get(band, found)
            kept = torch.lerp(kept, found, torch.where(found > kept, GAIN, LOSS))
            self._energy[band] = kept
            return now * (kept / found.clamp_min(1e-12)).clamp(1, MOST**2)
        been = self._followed(band, now)
        most = MOST**2 * now.trace() / been.trace().clamp_min(1e-12)
        return been * most.clamp_max(1)

    def _followed(self, what: int, now: Tensor) -> Tensor:
        """A statistic of the picture, and what it has been."""
        if self._strips:
            return now
        self._been[what] = torch.lerp(self._been.get(what, now), now, FOLLOW)
        return self._been[what]

    def _at(self, planes: Tensor, x: Tensor, y: Tensor, padding: str = "border") -> Tensor:
        """(1, C, h, w), a smaller copy of the picture, at the picture's own places."""
        return sampled_at(planes, x, y, *self._shape, padding)

    def _tiled(self, tile: np.ndarray, x: Tensor, y: Tensor) -> Tensor:
        """(3, H, W): the noise of a band at its own cells."""
        side = len(tile)
        wide = np.pad(tile, ((0, 1), (0, 1), (0, 0)), mode="wrap")
        host = torch.from_numpy(wide)
        if self._device.type == "cuda":
            host = host.pin_memory()
        there = host.to(self._device, non_blocking=True).permute(2, 0, 1)[None]
        places = torch.stack([x.remainder(side), y.remainder(side)], -1)[None] * (2 / side) - 1
        return functional.grid_sample(
            there, places, mode="bilinear", padding_mode="border", align_corners=True
        )[0]


def sampled_at(
    planes: Tensor, x: Tensor, y: Tensor, height: int, width: int, padding: str = "border"
) -> Tensor:
    """(1, C, h, w), perhaps a smaller copy of a picture of height and width, at that picture's own
    places: (1, C, H, W)."""
    places = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], -1)[None]
    return functional.grid_sample(
        planes, places, mode="bilinear", padding_mode=padding, align_corners=False
    )


def torch_places_seen(
    matrix: np.ndarray, column: Tensor, row: Tensor, width: int, height: int
) -> tuple[Tensor, Tensor]:
    """`numpy_ops.places_seen`."""
    x, y, *depth = (float(a) * column + float(b) * row + float(c) for a, b, c in matrix)
    if not depth:
        return x, y
    far = depth[0].clamp_min(LEAST_DEPTH)
    return (
        (x / far).clamp(-REACH * width, (REACH + 1) * width),
        (y / far).clamp(-REACH * height, (REACH + 1) * height),
    )


def _colour_root(covariance: Tensor) -> Tensor:
    """`edges.colour_root`, where nothing waits: torch's own would look whether there is one."""
    c = covariance
    a = c[0, 0].clamp_min(LEAST**2).sqrt()
    b, d = c[1, 0] / a, c[2, 0] / a
    e = (c[1, 1] - b * b).clamp_min(LEAST**2).sqrt()
    f = (c[2, 1] - b * d) / e
    g = (c[2, 2] - d * d - f * f).clamp_min(LEAST**2).sqrt()
    none = torch.zeros_like(a)
    return torch.stack([a, none, none, b, e, none, d, f, g]).reshape(3, 3)
