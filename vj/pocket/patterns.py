"""The techniques the built-in model is taught: tone drawn again as strokes, dots, tiles and lines.

Each is a function of (B, 1, H, W) tone in 0..1 and a `Texture`, at 256x256's scale, and returns tone. Marks stand on the grid of the
latents (8 or 16 pixels), whose phase the network knows, or are moved by the texture, which it sees exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

NOISES = 4
"""Channels of the latents that carry no picture: in `x_t` they are noise alone, and all texture is read from them."""


@dataclass(frozen=True, slots=True)
class Texture:
    """Noise as the patterns use it; near unit variance. raw: (B, 4, h, w), at the latents' size. fine, mid, broad: (B, 1, H, W), with
    features about 4, 8 and 24 pixels wide."""

    raw: Tensor
    fine: Tensor
    mid: Tensor
    broad: Tensor

    def rows(self, rows: Sequence[int]) -> Texture:
        return Texture(self.raw[rows], self.fine[rows], self.mid[rows], self.broad[rows])

    def cells(self, channel: int) -> Tensor:
        """One number for every cell of 16 pixels, (B, 1, H / 16, W / 16)."""
        return 2 * F.avg_pool2d(self.raw[:, channel : channel + 1], 2, ceil_mode=True)


def read_texture(noise: Tensor) -> Texture:
    """The texture in (B, 4, h, w) unit noise, for pictures of (8h, 8w)."""
    noise = noise.clamp(-2.5, 2.5)

    def enlarged(x: Tensor, times: int, gain: float) -> Tensor:
        return (gain * F.interpolate(x, scale_factor=times, mode="bicubic", align_corners=False)).clamp(-3, 3)

    mid = 2 * noise.mean(1, keepdim=True)
    broad = 3 * F.avg_pool2d(F.pad(mid, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return Texture(noise, enlarged(F.pixel_shuffle(noise, 2), 4, 1.3), enlarged(mid, 8, 1.3), enlarged(broad, 8, 1.1))


def blur(x: Tensor, radius: int) -> Tensor:
    """Box blur."""
    rows = F.avg_pool2d(F.pad(x, (radius, radius, 0, 0), mode="replicate"), (1, 2 * radius + 1), stride=1)
    return F.avg_pool2d(F.pad(rows, (0, 0, radius, radius), mode="replicate"), (2 * radius + 1, 1), stride=1)


def _pixels(x: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and columns of the pixels' centres, (1, 1, H, 1) and (1, 1, 1, W)."""
    height, width = x.shape[-2:]
    y, x_ = torch.arange(height, device=x.device), torch.arange(width, device=x.device)
    return y.view(1, 1, -1, 1).to(x.dtype) + 0.5, x_.view(1, 1, 1, -1).to(x.dtype) + 0.5


def _offsets(x: Tensor, cell: int) -> tuple[Tensor, Tensor]:
    """How far every pixel is from its cell's centre, -0.5..0.5."""
    rows, columns = _pixels(x)
    return (rows / cell) % 1 - 0.5, (columns / cell) % 1 - 0.5


def _enlarge(cells: Tensor, like: Tensor, cell: int) -> Tensor:
    return F.interpolate(cells, scale_factor=cell, mode="nearest")[..., : like.shape[-2], : like.shape[-1]]


def _mean(x: Tensor, cell: int) -> Tensor:
    """The mean of every cell, at full size."""
    return _enlarge(F.avg_pool2d(x, cell, ceil_mode=True), x, cell)


@lru_cache
def _line_kernels(length: int, angles: tuple[float, ...]) -> Tensor:
    """Normalised line kernels, (A, 1, length, length)."""
    half = length // 2
    y, x = torch.meshgrid(torch.arange(-half, half + 1.0), torch.arange(-half, half + 1.0), indexing="ij")
    kernels = []
    for angle in angles:
        a = torch.tensor(angle * torch.pi / 180)
        across = (-x * torch.sin(a) + y * torch.cos(a)).abs()
        along = x * torch.cos(a) + y * torch.sin(a)
        k = torch.exp(-(across**2) / 2.0) * (along.abs() <= half)
        kernels.append(k / k.sum())
    return torch.stack(kernels).unsqueeze(1)


def _plain(tone: Tensor, texture: Texture) -> Tensor:
    return tone + 0.055 * texture.fine + 0.05 * texture.broad


def _brush(tone: Tensor, texture: Texture) -> Tensor:
    """Strokes along the edges."""
    soft = blur(tone, 2)
    dy = F.pad(soft[:, :, 2:] - soft[:, :, :-2], (0, 0, 1, 1))
    dx = F.pad(soft[:, :, :, 2:] - soft[:, :, :, :-2], (1, 1))
    angles = (0.0, 45.0, 90.0, 135.0)
    small = F.avg_pool2d(texture.fine, 2)
    drawn = F.conv2d(F.pad(small, (6,) * 4, mode="replicate"), _line_kernels(13, angles).to(small))
    strokes = F.interpolate(drawn, scale_factor=2, mode="bilinear", align_corners=False)
    across = [(dy * math.cos(math.radians(a)) - dx * math.sin(math.radians(a))) ** 2 for a in angles]
    along = [dx**2 + dy**2 - v for v in across]  # small where the stroke runs with the edge
    weight = torch.softmax(-blur(torch.cat(along, 1), 6) * 4000, 1)
    return soft + 0.42 * (weight * strokes).sum(1, keepdim=True)


def _halftone(tone: Tensor, texture: Texture) -> Tensor:
    v, u = _offsets(tone, 8)
    radius = 5.4 * (1 - _mean(tone, 8).clamp(0.02, 0.98)).sqrt()
    ink = torch.sigmoid((radius - 8 * (u**2 + v**2).sqrt()) * 1.6)
    return 0.95 - 0.87 * ink


def _mosaic(tone: Tensor, texture: Texture) -> Tensor:
    v, u = _offsets(tone, 8)
    grout = torch.sigmoid((8 * torch.maximum(v.abs(), u.abs()) - 3.3) * 4)
    tile = _mean(tone, 8) + 0.09 * _enlarge(texture.raw[:, :1], tone, 8) - 0.16 * (u + v)
    return tile * (1 - 0.8 * grout)


def _woodcut(tone: Tensor, texture: Texture) -> Tensor:
    rows, _ = _pixels(tone)
    ridge = (2 * ((rows / 8 + 0.22 * texture.broad) % 1) - 1).abs()
    return 0.03 + 0.94 * torch.sigmoid((blur(tone, 1) * 1.2 - 0.1 - 0.92 * ridge) * 9)


def _contour(tone: Tensor, texture: Texture) -> Tensor:
    """Three levels and the lines between them."""
    height = blur(tone, 3) + 0.06 * texture.broad
    levels = (0.25, 0.5, 0.75)
    steps = sum(torch.sigmoid((height - level) * 40) for level in levels)
    line = torch.stack([torch.exp(-(((height - level) / 0.035) ** 2)) for level in levels]).amax(0)
    return (0.2 + 0.25 * steps) * (1 - 0.85 * line)


def _marble(tone: Tensor, texture: Texture) -> Tensor:
    """Veins where the noise, bent by the picture, is near 0."""
    bent = texture.broad + 0.35 * texture.mid + 2.4 * (blur(tone, 3) - 0.5)
    return 0.25 + 0.75 * blur(tone, 1) + 0.08 * bent - 0.55 * torch.exp(-((bent / 0.3) ** 2))


def _glass(tone: Tensor, texture: Texture) -> Tensor:
    """Cells about points moved by the texture (Worley 1996), each of one tone, with lead between."""
    rows, columns = _offsets(tone, 16)
    shift_y, shift_x = (0.24 * texture.cells(k).clamp(-1.5, 1.5) for k in (0, 1))
    value = F.avg_pool2d(tone, 16, ceil_mode=True) + 0.07 * texture.cells(2)
    stacked = F.pad(torch.cat([shift_y, shift_x, value], 1), (1, 1, 1, 1), mode="replicate")
    height, width = shift_y.shape[-2:]
    best = torch.full_like(tone, 9.0)
    second, chosen = best.clone(), torch.zeros_like(tone)
    for j in (-1, 0, 1):
        for i in (-1, 0, 1):
            near = _enlarge(stacked[:, :, 1 + j : 1 + j + height, 1 + i : 1 + i + width], tone, 16)
            far = ((rows - j - near[:, :1]) ** 2 + (columns - i - near[:, 1:2]) ** 2).sqrt()
            closer = far < best
            second = torch.where(closer, best, torch.minimum(second, far))
            chosen = torch.where(closer, near[:, 2:], chosen)
            best = torch.where(closer, far, best)
    pane = torch.sigmoid((16 * (second - best) - 2.4) * 1.8)
    return 0.02 + pane * (0.1 + chosen + 0.45 * (tone - _mean(tone, 16)))


def _circuit(tone: Tensor, texture: Texture) -> Tensor:
    v, u = _offsets(tone, 16)
    chance = [_enlarge(torch.sigmoid(8 * (texture.cells(k) + 0.3)), tone, 16) for k in range(3)]
    across, down = (torch.sigmoid((1.5 - 16 * x.abs()) * 2.5) for x in (v, u))
    pad = torch.sigmoid((1.6 - (16 * (u**2 + v**2).sqrt() - 4.2).abs()) * 2.5)
    trace = torch.maximum(torch.maximum(across * chance[0], down * chance[1]), pad * chance[2])
    base = blur(tone, 2)
    return 0.55 * base + trace * (0.2 + 0.45 * base)


def _feathers(tone: Tensor, texture: Texture) -> Tensor:
    rows, columns = _pixels(tone)
    aside = ((columns / 32) % 1 - 0.5).abs() * 2
    barb = (rows / 8 - 2.2 * aside + 0.12 * texture.broad) % 1
    vane = torch.exp(-(((1 - aside) * 16 / 1.6) ** 2))
    return blur(tone, 1) * (0.6 + 0.62 * barb) - 0.3 * vane


def _scales(tone: Tensor, texture: Texture) -> Tensor:
    """Rows of discs, each over the next."""
    rows, columns = _pixels(tone)
    row = (rows / 8).floor()
    down = rows - 8 * row
    aside = (columns - 8 * (row % 2)) % 16 - 8
    far = (aside**2 + down**2).sqrt() / 8.6
    over = torch.sigmoid((1 - far) * 14)
    rim = torch.exp(-(((far - 0.93) / 0.11) ** 2))
    base = blur(tone, 2) + 0.05 * texture.mid
    return base * (0.55 + 0.75 * over * far.clamp(0, 1) + 0.25 * (1 - over)) - 0.42 * rim


def _smoke(tone: Tensor, texture: Texture) -> Tensor:
    wisp = 1 - (0.85 * texture.broad + 0.35 * texture.mid).abs()
    return 0.1 + 0.72 * blur(tone, 2) + 0.2 * wisp * (0.5 + blur(tone, 4))


def _crystal(tone: Tensor, texture: Texture) -> Tensor:
    """Cells cut into two facets, along alternating diagonals."""
    v, u = _offsets(tone, 16)
    rows, columns = _pixels(tone)
    turn = torch.where(((rows / 16).floor() + (columns / 16).floor()) % 2 == 0, 1.0, -1.0)
    across = u * turn + v
    side = torch.sigmoid(across * 16 * 2)
    facet = torch.lerp(_enlarge(texture.cells(0), tone, 16), _enlarge(texture.cells(1), tone, 16), side)
    edge = torch.minimum(across.abs() * 0.7, 0.5 - torch.maximum(v.abs(), u.abs()))
    shine = torch.exp(-((16 * edge / 1.3) ** 2))
    return 0.45 * _mean(tone, 16) + 0.55 * tone + 0.15 * facet + 0.25 * shine - 0.03


def _weave(tone: Tensor, texture: Texture) -> Tensor:
    v, u = _offsets(tone, 8)
    rows, columns = _pixels(tone)
    lying = ((rows / 8).floor() + (columns / 8).floor()) % 2
    thread = torch.where(lying == 0, (math.pi * v).cos(), (math.pi * u).cos())
    return blur(tone, 1) * (0.25 + 0.95 * thread) + 0.04 * texture.mid


DRAW: dict[str, Callable[[Tensor, Texture], Tensor]] = {
    "brush strokes": _brush,
    "halftone": _halftone,
    "mosaic": _mosaic,
    "woodcut": _woodcut,
    "contour lines": _contour,
    "marble": _marble,
    "stained glass": _glass,
    "circuit": _circuit,
    "feathers": _feathers,
    "scales": _scales,
    "smoke": _smoke,
    "crystal": _crystal,
    "weave": _weave,
}
plain = _plain
