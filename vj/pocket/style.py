"""What the model is taught to paint: a deterministic function of picture, caption and noise.

As in pix2pix (Isola et al. 2017) the target is a function of the input. All texture is read from latents that hold nothing but noise,
which the network sees exactly, so nothing has to be guessed and nothing averages out to grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from vj.pocket.patterns import DRAW, Texture, blur, plain
from vj.pocket.vocabulary import PALETTES, PATTERNS, Caption

CHROMA = 0.2
"""How much of the input's own colour shines through a palette: two things of one tone stay two things."""


@lru_cache
def ramps() -> Tensor:
    """All palettes, (P, 3, 5), sRGB 0..1."""
    stops = [[[int(c[i : i + 2], 16) / 255 for c in colours] for i in (0, 2, 4)] for _, colours in PALETTES.values()]
    return torch.tensor(stops)


def luma(rgb: Tensor) -> Tensor:
    """Rec. 601 luma of (B, 3, H, W), in the same 0..1 sRGB; (B, 1, H, W)."""
    return (rgb * rgb.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)


def tone_of(source: Tensor) -> Tensor:
    """What a painter would draw of a picture in one colour: luma, reds lifted from blues, with local contrast and dark outlines."""
    tone = luma(source) + 0.16 * (source[:, :1] - source[:, 2:])
    tone = tone + 0.45 * (tone - blur(tone, 14))
    soft = blur(source, 1)
    across = F.pad(soft[..., 2:] - soft[..., :-2], (1, 1)).abs().sum(1, keepdim=True)
    down = F.pad(soft[..., 2:, :] - soft[..., :-2, :], (0, 0, 1, 1)).abs().sum(1, keepdim=True)
    return (tone - 0.3 * ((across + down) * 0.9).clamp(0, 1)).clamp(0, 1)


def smoothstep(low: float, high: float, x: Tensor) -> Tensor:
    u = ((x - low) / (high - low)).clamp(0, 1)
    return u * u * (3 - 2 * u)


def colour_weight(t: Tensor) -> Tensor:
    """How far the colours are the caption's in a picture noised to timestep t (0..999), 0..1: complete at 500."""
    return smoothstep(60, 500, t)


def texture_weight(t: Tensor) -> Tensor:
    """How strongly the caption's technique is drawn, 0..1: follows the colours, complete at 720."""
    return smoothstep(60, 720, t)


def _mask(captions: Sequence[Caption], test: str, like: Tensor) -> Tensor:
    """1 where a caption has a modifier, (B, 1, 1, 1)."""
    return torch.tensor([float(test in c.modifiers) for c in captions], device=like.device, dtype=like.dtype).view(-1, 1, 1, 1)


def _modified(tone: Tensor, captions: Sequence[Caption], texture: Texture) -> Tensor:
    tone = tone + 0.16 * _mask(captions, "coarse", tone) * texture.broad
    tone = torch.lerp(tone, blur(tone, 2), 0.85 * _mask(captions, "soft", tone))
    tone = tone + _mask(captions, "glowing", tone) * 1.3 * blur((tone - 0.5).clamp(0, 1), 6)
    tone = tone.clamp(0, 1)
    tone = torch.lerp(tone, 0.58 * tone, _mask(captions, "dark", tone))
    return torch.lerp(tone, 1 - 0.6 * (1 - tone), _mask(captions, "bright", tone)).clamp(0, 1)


def paint(source: Tensor, captions: Sequence[Caption], texture: Texture, colour: Tensor, depth: Tensor) -> Tensor:
    """The picture a caption asks for.

    source: (B, 3, H, W) 0..1 sRGB, sides multiples of 8. texture: of the same size. colour, depth: (B,) 0..1, how far the colours are
    the caption's, and how strongly its technique is drawn. Returns (B, 3, H, W) in 0..1; an empty caption gives the source.
    """
    light, tone = luma(source), tone_of(source)
    drawn = torch.empty_like(tone)
    for index, painter in enumerate([plain, *(DRAW[name] for name in PATTERNS)]):
        rows = [i for i, c in enumerate(captions) if c.pattern == index - 1]
        if rows:
            drawn[rows] = painter(tone[rows], texture.rows(rows))
    bare = torch.tensor([c.palette < 0 and c.pattern < 0 for c in captions], device=source.device).view(-1, 1, 1, 1)
    strength = depth.view(-1, 1, 1, 1) * (1 - 0.5 * _mask(captions, "fine", tone))
    start = torch.where(bare, light, tone)
    drawn = _modified(torch.where(bare, light, torch.lerp(start, drawn.clamp(0, 1), strength)), captions, texture)
    chroma = source - light
    natural = drawn + chroma
    position = drawn * 4
    low = position.floor().clamp(0, 3)
    table = ramps().to(source)[[max(c.palette, 0) for c in captions]]  # (B, 3, 5)
    flat = low.long().expand(-1, 3, -1, -1).flatten(2)
    under = table.gather(2, flat).view_as(source)
    over = table.gather(2, flat + 1).view_as(source)
    mapped = torch.lerp(under, over, position - low) + CHROMA * chroma
    coloured = torch.tensor([c.palette >= 0 for c in captions], device=source.device).view(-1, 1, 1, 1)
    done = torch.where(coloured, mapped, natural)
    grey = luma(done)
    vividness = 1 - 0.55 * _mask(captions, "pale", tone) + 0.45 * _mask(captions, "vivid", tone)
    done = grey + vividness * (done - grey)
    return torch.lerp(source, done.clamp(0, 1), colour.view(-1, 1, 1, 1))
