"""What a text encoder makes of prompts, and mixtures of it. How they travel: see
`vj.pipeline.mixture_travel`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Embedding:
    """What a text encoder makes of a text. tokens: (1, T, D). pooled: (1, P) for SDXL, else None.
    image: (1, N, D + 1), the tokens of an image prompt, each with its amount at the end; None
    without."""

    tokens: Tensor
    pooled: Tensor | None = None
    image: Tensor | None = None

    @staticmethod
    def stack(parts: Sequence[Embedding]) -> Embedding:
        """Several as one batch. One without an image prompt gets one of amount 0 when others have
        one."""
        pooled = [p.pooled for p in parts if p.pooled is not None]
        like = next((p.image for p in parts if p.image is not None), None)
        images = (
            []
            if like is None
            else [torch.zeros_like(like) if p.image is None else p.image for p in parts]
        )
        return Embedding(
            torch.cat([p.tokens for p in parts]),
            torch.cat(pooled) if pooled else None,
            torch.cat(images) if images else None,
        )


def blend(parts: Sequence[tuple[Embedding, float]]) -> Embedding:
    """Weighted mean of embeddings, each token's norm brought back to the weighted mean of the norms
    (close to slerp, for any number of prompts). Weights need not sum to 1. Without image prompts:
    those are added to the mixture."""
    parts = [(e, w) for e, w in parts if w > 0] or [(parts[0][0], 1.0)]
    if len(parts) == 1:
        return parts[0][0]
    total = sum(w for _, w in parts)

    def mean(tensors: list[Tensor]) -> Tensor:
        weights = [w / total for _, w in parts]
        mixed = torch.stack([w * t.float() for t, w in zip(tensors, weights, strict=True)]).sum(0)
        norm = torch.stack(
            [
                w * t.float().norm(dim=-1, keepdim=True)
                for t, w in zip(tensors, weights, strict=True)
            ]
        ).sum(0)
        return (mixed * (norm / mixed.norm(dim=-1, keepdim=True).clamp_min(1e-8))).to(
            tensors[0].dtype
        )

    pooled = [e.pooled for e, _ in parts if e.pooled is not None]
    return Embedding(mean([e.tokens for e, _ in parts]), mean(pooled) if pooled else None)
