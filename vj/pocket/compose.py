"""From what the network paints to the picture that is shown: strength, palette, modifiers.

None of it is learned, so all of it is exact: strength 0 is the input, a palette's colours are its
colours, whatever they are, and a mixture of two prompts lies between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vj.core.smoothstep import smoothstep
from vj.pocket.network import LUMA

MODIFIERS = ("dark", "bright", "soft", "glowing", "fine", "coarse", "pale", "vivid")
STOPS = 5
CHROMA = 0.12
"""How much of the input's own colour is added to a palette, so that things of the same tone stay
distinct."""
COLOUR = (0.04, 0.5)
"""Strengths between which the colours arrive; the technique goes on arriving up to 1."""


@dataclass(frozen=True, slots=True)
class PaletteConditioning:
    """What a prompt selects besides the technique, row by row. ramp: (B, 5, 3), sRGB 0..1, from
    dark to bright. coloured: (B,), 1 with a palette, 0 in the picture's own colours. modifiers: (B,
    8), see `MODIFIERS`."""

    ramp: Tensor
    coloured: Tensor
    modifiers: Tensor


def _step(low: float, high: float, x: Tensor) -> Tensor:
    """0 up to `low`, 1 from `high`, and an S between."""
    return smoothstep(((x - low) / (high - low)).clamp(0, 1))


def colour_at(strength: Tensor) -> Tensor:
    """0..1, how far the colours are the painting's."""
    return _step(*COLOUR, strength)


def depth_at(strength: Tensor) -> Tensor:
    """0..1, how far the technique is drawn: most of it by .6, and still more up to 1."""
    return 1 - (1 - ((strength - COLOUR[0]) / (1 - COLOUR[0])).clamp(0, 1)).square()


def through_ramp(tone: Tensor, ramp: Tensor) -> Tensor:
    """(B, 1, H, W), 0..1.25 -> (B, 3, H, W): linear between the stops of (B, 5, 3); a glint, above
    1, goes on to white."""
    ends = torch.cat([ramp, torch.ones_like(ramp[:, :1])], 1)
    out = ends[:, 0, :, None, None].expand(-1, -1, *tone.shape[-2:])
    position = tone * (STOPS - 1)
    for index in range(STOPS):
        way = (ends[:, index + 1] - ends[:, index])[..., None, None]
        out = torch.addcmul(out, (position - index).clamp(0, 1), way)
    return out


def _luma(picture: Tensor) -> Tensor:
    red, green, blue = (picture[:, index : index + 1] for index in range(3))
    return (LUMA[0] * red).add(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])


def _soft(picture: Tensor, times: int) -> Tensor:
    """A wide soft blur, at a smaller size."""
    small = F.avg_pool2d(picture, times, ceil_mode=True)
    for _ in range(2):
        small = F.avg_pool2d(F.pad(small, (1, 1, 1, 1), mode="replicate"), 3, 1)
    return F.interpolate(small, size=picture.shape[-2:], mode="bilinear", align_corners=False)


def _asked(numbers: Tensor) -> bool:
    """Whether any is not 0. On a GPU that is not asked, which would wait for it and costs more than
    it saves: it is computed as if."""
    return numbers.device.type != "cpu" or bool(numbers.any())


def compose(
    painted: Tensor, picture: Tensor, strength: Tensor, conditioning: PaletteConditioning
) -> Tensor:
    """painted: (B, 4, H, W), tone and colour, of `Network.forward`. picture: (B, 3, H, W) 0..1,
    what it saw. strength: (B,) 0..1. Returns (B, 3, H, W) 0..1."""
    named = dict(zip(MODIFIERS, conditioning.modifiers.t(), strict=True))

    def of(name: str) -> Tensor:
        return named[name].view(-1, 1, 1, 1)

    fine, coarse = named["fine"], named["coarse"]
    depth = (depth_at(strength) * (1 - 0.45 * fine + 0.15 * coarse)).clamp(max=1)
    depth = depth.view(-1, 1, 1, 1)
    seen = _luma(picture)
    tone = torch.lerp(seen, painted[:, :1], depth)
    touched = _asked(conditioning.modifiers)
    if touched:
        tone = _modified(tone, of)
    tone = tone.clamp(0, 1.25)
    coloured = conditioning.coloured.view(-1, 1, 1, 1)
    whole = not _asked(coloured < 1)
    colour = picture
    if not whole:
        colour = torch.lerp(picture, painted[:, 1:], depth)
        if touched:
            colour = _modified(colour, of)
        colour = colour.clamp(0, 1)
    if _asked(coloured > 0):
        ramped = (
            torch.add(picture, seen, alpha=-1)
            .mul_(CHROMA)
            .add_(through_ramp(tone, conditioning.ramp))
        )
        colour = ramped if whole else torch.lerp(colour, ramped, coloured)
    if touched:
        grey = _luma(colour)
        colour = grey + (1 - 0.55 * of("pale") + 0.5 * of("vivid")) * (colour - grey)
    arrived = colour_at(strength)
    if _asked(arrived < 1):
        colour = torch.lerp(picture, colour, arrived.view(-1, 1, 1, 1))
    return colour.clamp(0, 1)


def _modified(x: Tensor, of: Callable[[str], Tensor]) -> Tensor:
    """Light and softness of a tone or colour."""
    soft, glowing = of("soft"), of("glowing")
    if _asked(soft):
        x = torch.lerp(x, _soft(x, 2), 0.8 * soft)
    if _asked(glowing):
        x = x + glowing * 1.1 * _soft((x - 0.5).clamp(0, 1), 4)
    x = x * (1 - 0.42 * of("dark"))
    return 1 - (1 - x) * (1 - 0.4 * of("bright"))
