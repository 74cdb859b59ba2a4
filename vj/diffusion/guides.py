"""What leads a model: ControlNets and T2I-Adapters, several at once, each by its own kind of guide
(`vj.core.kinds.GUIDES`) and with its own fader.

Their residuals are summed, each times its amount in every row, as diffusers' MultiControlNetModel
and MultiAdapter do. What has no hint is not computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vj.diffusion.devices import sent
from vj.parameters.store import Snapshot
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.guides import amount_of

Hints = tuple[Tensor | None, ...]
"""One for each kind that leads a model, (B, 3, H, W) 0..1; None for one that does not now."""


class ControlNets(torch.nn.Module):
    """ControlNets of one model, as one module."""

    def __init__(self, nets: Sequence[torch.nn.Module], guides: Sequence[int]) -> None:
        """guides: for each net, the place of its hint."""
        super().__init__()
        self.nets, self.guides = torch.nn.ModuleList(nets), tuple(guides)

    def forward(
        self,
        x: Tensor,
        t: Tensor,
        tokens: Tensor,
        added: dict[str, Any],
        hints: Hints,
        amounts: Tensor,
    ) -> dict[str, Any]:
        """What they add to the UNet, as its arguments. x, t, tokens, added: as it gets them.
        amounts: (B or 1, hints)."""
        down: list[Tensor] = []
        middle: Tensor | None = None
        for net, place in zip(self.nets, self.guides, strict=True):
            hint, share = hints[place], _share(amounts, place)
            if hint is None:
                continue
            parts, last = net(
                x, t, tokens, controlnet_cond=hint, added_cond_kwargs=added, return_dict=False
            )
            down = _sum(down, [share * part for part in parts])
            middle = share * last if middle is None else middle + share * last
        if middle is None:
            return {}
        return {
            "down_block_additional_residuals": tuple(down),
            "mid_block_additional_residual": middle,
        }


class T2IAdapters(torch.nn.Module):
    """T2I-Adapters of one model, as one module."""

    def __init__(self, nets: Sequence[torch.nn.Module], guides: Sequence[int]) -> None:
        """guides: for each net, the place of its hint."""
        super().__init__()
        self.nets, self.guides = torch.nn.ModuleList(nets), tuple(guides)

    def forward(self, hints: Hints, amounts: Tensor) -> dict[str, Any]:
        """What they add to the UNet, as its arguments. amounts: (B or 1, hints)."""
        parts: list[Tensor] = []
        for net, place in zip(self.nets, self.guides, strict=True):
            hint, share = hints[place], _share(amounts, place)
            if hint is None:
                continue
            step: Any = net.downscale_factor
            height, width = (-(-side // step) * step for side in hint.shape[-2:])
            if (height, width) != tuple(hint.shape[-2:]):  # SDXL's wants sides in multiples of 16
                hint = F.interpolate(hint, (height, width), mode="bilinear")
            config: Any = net.config
            drawn = hint[:, : config.in_channels]  # some are of one channel: guides are grey
            parts = _sum(parts, [share * part for part in net(drawn)])
        return {"down_intrablock_additional_residuals": parts} if parts else {}


def _share(amounts: Tensor, place: int) -> Tensor:
    return amounts[:, place].reshape(-1, 1, 1, 1)


def _sum(one: list[Tensor], two: list[Tensor]) -> list[Tensor]:
    return [a + b for a, b in zip(one, two, strict=True)] if one else two


def hints_of(
    kinds: Sequence[str], context: FrameContext, snapshot: Snapshot, device: torch.device
) -> tuple[Hints, tuple[float, ...]]:
    """A frame's hints for a model that is led by these kinds, (1, 3, H, W) each, and how strongly
    each leads. A fader at 0, or a guide that is not there, is no hint."""
    amounts = tuple(amount_of(kind, snapshot) for kind in kinds)
    found = (
        context.guide_of(kind) if amount else None
        for kind, amount in zip(kinds, amounts, strict=True)
    )
    return tuple(None if one is None else _hint(one, device) for one in found), amounts


def _hint(picture: Any, device: torch.device) -> Tensor:
    there = sent(torch.from_numpy(picture), device)
    return there.permute(2, 0, 1)[None].float() / 255


def stacked_hints(rows: Sequence[Hints]) -> Hints:
    """The hints of several rows as a batch, (B, 3, H, W) each, zeros for rows without."""
    made: list[Tensor | None] = []
    for place in range(max(len(hints) for hints in rows)):
        column = [hints[place] if place < len(hints) else None for hints in rows]
        like = next((hint for hint in column if hint is not None), None)
        made.append(
            None
            if like is None
            else torch.cat([torch.zeros_like(like) if hint is None else hint for hint in column])
        )
    return tuple(made)


def stacked(
    rows: Sequence[tuple[Hints, tuple[float, ...]]],
) -> tuple[Hints, Tensor] | tuple[()]:
    """The hints and amounts of several rows as a batch: each hint (B, 3, H, W), zeros and the
    amount 0 for rows without it; amounts (B, hints). Nothing when none has any."""
    made = stacked_hints([hints for hints, _ in rows])
    device = next((hint.device for hint in made if hint is not None), None)
    amounts = torch.zeros(len(rows), max(len(made), 1))
    for row, (hints, shares) in enumerate(rows):
        for place, hint in enumerate(hints):
            if hint is not None:
                amounts[row, place] = shares[place]
    return () if device is None else (made, sent(amounts, device))
