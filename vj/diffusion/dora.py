"""DoRA (Liu et al. 2024, arXiv 2402.09353): a LoRA that also gives each row of a weight another
length, W' = m (W + s B A) / |W + s B A|.

It is played as a LoRA is: at 0 the model is as it was, at 1 as the file says, between them a line.
peft's own DoRA keeps the lengths at 0, too, and normalises in every frame. So it is brought into
the form W' x - W x = (d - 1) W x + s (d B) A x with d = m / |W + s B A|, found once. Files of
LyCORIS before 2024 have a length for each column instead, where d is at x.
"""

from __future__ import annotations

from typing import Any

import torch
from peft.tuners.lora.layer import LoraVariant
from torch import Tensor, nn


class DoraFactors(nn.Module):
    """d - 1, for the rows of a weight or for its columns; the other is None."""

    def __init__(self, rows: Tensor | None, columns: Tensor | None) -> None:
        super().__init__()
        self.rows: Tensor | None
        self.columns: Tensor | None
        self.register_buffer("rows", rows)
        self.register_buffer("columns", columns)


class FadedDora(LoraVariant):
    """What peft asks instead of its own sum. The factors are in the layer, by the adapter's name,
    among its magnitude vectors."""

    @staticmethod
    def forward(
        module: Any, active_adapter: str, x: Tensor, result: Tensor, **kwargs: Any
    ) -> Tensor:
        factors = module.lora_magnitude_vector[active_adapter]
        base = module.get_base_layer()
        conv = isinstance(base, nn.Conv2d)
        given = x if factors.columns is None else x * _along(factors.columns, conv)
        own = base(given)  # again: earlier adapters have changed `result`
        if base.bias is not None:
            own = own - _along(base.bias, conv)
        if factors.rows is not None:
            own = own * _along(factors.rows, conv)
        more = module.lora_B[active_adapter](module.lora_A[active_adapter](x))
        # the factor `scaling` has alpha / rank in it, which the first term has not
        fader = module.scaling[active_adapter] * _rank_share(module, active_adapter)
        return result + own * fader + more * module.scaling[active_adapter]

    @staticmethod
    def merge_unsafe(module: Any, active_adapter: str, orig_weight: Tensor) -> None:
        orig_weight.data.copy_(FadedDora.merge_safe(module, active_adapter, orig_weight.data))

    @staticmethod
    def merge_safe(module: Any, active_adapter: str, orig_weight: Tensor) -> Tensor:
        factors = module.lora_magnitude_vector[active_adapter]
        fader = module.scaling[active_adapter] * _rank_share(module, active_adapter)
        spread = (-1,) + (1,) * (orig_weight.ndim - 1)
        change = torch.zeros_like(orig_weight)
        if factors.rows is not None:
            change = orig_weight * factors.rows.view(spread)
        if factors.columns is not None:
            change = orig_weight * factors.columns.view(1, *spread[:-1])
        delta = module.get_delta_weight(active_adapter)
        return orig_weight + (change * fader + delta).to(orig_weight.dtype)


def _along(vector: Tensor, conv: bool) -> Tensor:
    return vector.view(1, -1, 1, 1) if conv else vector


def _rank_share(module: Any, adapter: str) -> float:
    return float(module.r[adapter]) / float(module.lora_alpha[adapter])


def factors_of(
    weight: Tensor, delta: Tensor, lengths: Tensor, by_rows: bool
) -> tuple[Tensor, bool] | None:
    """d, (out,) and True for rows or (in,) and False for columns; None for lengths that fit
    neither. weight: of the module. delta: s B A, in its shape. lengths: as the file has them.
    by_rows: they are of rows, whatever their shape (peft writes (1, out, 1, 1))."""
    whole = weight.float() + delta
    rows, columns = whole.shape[:2]
    flat = lengths.float().flatten()
    by_rows = by_rows or lengths.ndim == 1 or lengths.shape[0] == rows
    if flat.numel() != (rows if by_rows else columns):
        return None
    norm = (whole if by_rows else whole.transpose(0, 1)).flatten(1).norm(dim=1)
    return flat / norm.clamp_min(1e-12), by_rows
