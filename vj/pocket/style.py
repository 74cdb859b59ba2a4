"""What the model is taught to paint: a deterministic function of picture, caption and noise.

As in pix2pix (Isola et al. 2017) the target is a function of the input. All texture is read from the noised latents, which the
network sees exactly, so nothing has to be guessed and nothing averages out to grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from vj.pocket.vocabulary import PALETTES, PATTERNS, Caption

CELL = 16
"""Pixels between the marks of patterns that stand on a grid: two latents, which the autoencoder can hold and whose phase the network
knows. At eight pixels the marks were lost."""


@lru_cache
def ramps() -> Tensor:
    """All palettes, (P, 3, 5), sRGB 0..1."""
    stops = [[[int(c[i : i + 2], 16) / 255 for c in colours] for i in (0, 2, 4)] for _, colours in PALETTES.values()]
    return torch.tensor(stops)


def luma(rgb: Tensor) -> Tensor:
    """Rec. 601 luma of (B, 3, H, W), in the same 0..1 sRGB; (B, 1, H, W)."""
    return (rgb * rgb.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)


def _blur(x: Tensor, radius: int) -> Tensor:
    rows = F.avg_pool2d(F.pad(x, (radius, radius, 0, 0), mode="replicate"), (1, 2 * radius + 1), stride=1)
    return F.avg_pool2d(F.pad(rows, (0, 0, radius, radius), mode="replicate"), (2 * radius + 1, 1), stride=1)


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


def _smear(noise: Tensor, length: int, angles: tuple[float, ...]) -> Tensor:
    """Noise (B, 1, H, W) drawn out along each angle at half resolution; (B, A, H, W), unit variance."""
    small = F.avg_pool2d(noise, 2)
    pad = length // 2
    drawn = F.conv2d(F.pad(small, (pad,) * 4, mode="replicate"), _line_kernels(length, angles).to(noise))
    drawn = drawn / drawn.std((2, 3), keepdim=True).clamp_min(1e-3)
    return F.interpolate(drawn, scale_factor=2, mode="bilinear", align_corners=False)


def _grid(x: Tensor) -> tuple[Tensor, Tensor]:
    """Offsets (-0.5..0.5) of every pixel from its grid cell's centre, as two (1, 1, H, W)."""
    h, w = x.shape[-2:]
    ys = ((torch.arange(h, device=x.device) % CELL) + 0.5) / CELL - 0.5
    xs = ((torch.arange(w, device=x.device) % CELL) + 0.5) / CELL - 0.5
    return ys.view(1, 1, h, 1).to(x.dtype), xs.view(1, 1, 1, w).to(x.dtype)


def _cells(x: Tensor) -> Tensor:
    """The mean of every grid cell, at full size."""
    return F.interpolate(F.avg_pool2d(x, CELL), scale_factor=CELL, mode="nearest")


def _plain(light: Tensor, noise: Tensor) -> Tensor:
    return light + 0.07 * noise[:, :1]


def _brush(light: Tensor, noise: Tensor) -> Tensor:
    soft = _blur(light, 2)
    angles = (0.0, 45.0, 90.0, 135.0)
    dy = F.pad(soft[:, :, 2:] - soft[:, :, :-2], (0, 0, 1, 1))
    dx = F.pad(soft[:, :, :, 2:] - soft[:, :, :, :-2], (1, 1))
    strokes = _smear(noise[:, :1], 17, angles)
    across = [(-dx * torch.sin(torch.tensor(a * torch.pi / 180)) + dy * torch.cos(torch.tensor(a * torch.pi / 180))) ** 2 for a in angles]
    along = [dx**2 + dy**2 - v for v in across]  # small where the stroke runs with the edge
    weight = torch.softmax(-_blur(torch.cat(along, 1), 6) * 4000, 1)
    return soft + 0.12 * (weight * strokes).sum(1, keepdim=True)


def _halftone(light: Tensor, noise: Tensor) -> Tensor:
    y, x = _grid(light)
    radius = 0.72 * (1 - _cells(light).clamp(0.02, 0.98)).sqrt() + 0.03 * _cells(noise[:, :1])
    ink = torch.sigmoid((radius - (x**2 + y**2).sqrt()) * 18)
    return 0.93 - 0.83 * ink


def _mosaic(light: Tensor, noise: Tensor) -> Tensor:
    y, x = _grid(light)
    grout = torch.sigmoid((torch.maximum(y.abs(), x.abs()) - 0.42) * 40)
    tile = _cells(light) + 0.11 * _cells(noise[:, :1]) - 0.12 * (x + y)
    return tile * (1 - 0.75 * grout)


def _woodcut(light: Tensor, noise: Tensor) -> Tensor:
    grain = _smear(noise[:, :1], 21, (20.0,))
    return 0.06 + 0.88 * torch.sigmoid((0.22 * grain + _blur(light, 1) - 0.5) * 12)


def _contour(light: Tensor, noise: Tensor) -> Tensor:
    height = _blur(light, 3) * 5 + 0.25 * noise[:, 2:]
    phase = height - height.floor()
    line = torch.exp(-(((phase - 0.5) / 0.2) ** 2))
    return (height.floor() / 5 * 0.9 + 0.14) * (1 - 0.75 * line)


def _marble(light: Tensor, noise: Tensor) -> Tensor:
    vein = torch.sin(2 * torch.pi * (_blur(light, 4) * 1.3 + 0.35 * noise[:, 2:]))
    return 0.62 * _blur(light, 1) + 0.19 + 0.21 * vein


_PAINTERS = {"brush": _brush, "halftone": _halftone, "mosaic": _mosaic, "woodcut": _woodcut, "contour": _contour, "marble": _marble}


def texture_noise(noised: Tensor, sigma: Tensor, height: int, width: int) -> Tensor:
    """The texture's phase, read from the noised latents (B, C, h, w) whose noise has the deviation `sigma` (B,): what two channels
    have that their neighbourhood has not, which is mostly noise, and a broader one of features about three cells wide.
    (B, 3, height, width), near unit variance where the picture is calm."""
    around = F.pad(noised[:, :2], (2, 2, 2, 2), mode="replicate")
    fine = (noised[:, :2] - F.avg_pool2d(around, 5, stride=1)) / sigma.clamp_min(0.15).view(-1, 1, 1, 1).to(noised)
    fine = 2.5 * torch.tanh(fine / 2.5)
    broad = 3.75 * F.avg_pool2d(F.pad(fine[:, :1], (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return F.interpolate(torch.cat([fine, broad], 1), size=(height, width), mode="bicubic", align_corners=False).clamp(-3, 3)


def style_weight(t: Tensor) -> Tensor:
    """How far a picture noised to timestep t (0..999) is to be painted over, 0..1: an S-curve, complete at t = 560."""
    u = ((t - 20) / 540).clamp(0, 1)
    return u * u * (3 - 2 * u)


def paint(source: Tensor, captions: Sequence[Caption], noise: Tensor, depth: Tensor) -> Tensor:
    """The picture a caption asks for.

    source: (B, 3, H, W) 0..1 sRGB, sides multiples of 8. noise: (B, 3, H, W) from `texture_noise`. depth: (B,) 0..1, how strongly
    texture is applied. Returns (B, 3, H, W) in 0..1.
    """
    light = luma(source)
    drawn = torch.empty_like(light)
    for index, painter in enumerate([_plain, *(_PAINTERS[name] for name in PATTERNS)]):
        rows = [i for i, c in enumerate(captions) if c.pattern == index - 1]
        if rows:
            drawn[rows] = painter(light[rows], noise[rows])
    plain = torch.tensor([c.palette < 0 and c.pattern < 0 for c in captions], device=source.device).view(-1, 1, 1, 1)
    drawn = torch.where(plain, light, torch.lerp(light, drawn, depth.view(-1, 1, 1, 1)))
    drawn = drawn + 0.18 * torch.tensor([c.brightness for c in captions], device=source.device).view(-1, 1, 1, 1)
    drawn = drawn.clamp(0, 1)
    natural = (source + drawn - light).clamp(0, 1)
    position = drawn * 4
    low = position.floor().clamp(0, 3)
    table = ramps().to(source)[[max(c.palette, 0) for c in captions]]  # (B, 3, 5)
    flat = low.long().expand(-1, 3, -1, -1).flatten(2)
    under = table.gather(2, flat).view_as(source)
    over = table.gather(2, flat + 1).view_as(source)
    mapped = torch.lerp(under, over, position - low)
    coloured = torch.tensor([c.palette >= 0 for c in captions], device=source.device).view(-1, 1, 1, 1)
    return torch.where(coloured, mapped, natural)
