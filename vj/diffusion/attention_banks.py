"""What a UNet's self-attentions keep of earlier frames, and how they look back at it: keys and
values that this frame's queries attend to, too, and tokens that its own are led to. After StreamV2V
(arXiv 2405.15757), written from the paper.

Everything lies at fixed addresses and is written in place, and what happens to it is said by
numbers on the device alone: one CUDA graph serves all frames.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

NUMBERS = 5
"""Of each row of a call: how much it looks back, how far it is led, from which cosine on, the place
in which it is kept (0 for none), and 1 where everything kept before is to be forgotten."""
LEADING = ("mid_block.", "up_blocks.0.", "up_blocks.1.")
"""Where tokens are led: deep layers say what is seen, the others how."""


@dataclass(frozen=True, slots=True)
class SelfAttention:
    """A self-attention of a UNet: its name and module, and (for latents of one size) how many
    tokens it has, how wide its keys and its output are. leads: its tokens are led."""

    name: str
    attn: Any
    tokens: int
    inside: int
    outside: int
    leads: bool


def self_attentions(unet: Any, height: int = 8, width: int = 8) -> list[SelfAttention]:
    """Those of a UNet for latents of height x width; none for a network that is no UNet of
    diffusers, or has none."""
    if not hasattr(unet, "attn_processors"):
        return []
    from diffusers.models.attention import BasicTransformerBlock

    found = []
    levels = len(unet.config.block_out_channels)
    for name, module in unet.named_modules():
        if not isinstance(module, BasicTransformerBlock) or module.only_cross_attention:
            continue
        part, _, rest = name.partition(".")
        number = int(rest.partition(".")[0]) if part != "mid_block" else 0
        level = {"down_blocks": number, "mid_block": levels - 1}.get(part, levels - 1 - number)
        attn, step = module.attn1, 1 << level
        tokens = -(-height // step) * -(-width // step)
        leads = name.startswith(LEADING)
        found.append(
            SelfAttention(f"{name}.attn1", attn, tokens, attn.inner_dim, attn.out_dim, leads)
        )
    return found


class KeptTokens:
    """What one self-attention keeps of one row's frames: place 0 is this frame's, the others are
    those of earlier ones."""

    def __init__(
        self, of: SelfAttention, frames: int, device: torch.device, dtype: torch.dtype
    ) -> None:
        def blank(width: int) -> Tensor:
            return torch.zeros(frames + 1, of.tokens, width, device=device, dtype=dtype)

        self.keys, self.values = blank(of.inside), blank(of.inside)
        self.tokens = blank(of.outside) if of.leads else None

    @property
    def tensors(self) -> list[Tensor]:
        return [one for one in (self.keys, self.values, self.tokens) if one is not None]

    def looked_back(
        self, query: Tensor, key: Tensor, value: Tensor, heads: int, told: Told
    ) -> Tensor:
        """What this frame's queries find in its own keys and values and in those that are kept;
        then these are kept. All (1, N, C)."""
        for kept, fresh in ((self.keys, key), (self.values, value)):
            kept.index_copy_(0, told.begins, fresh.expand_as(kept))
        q, k, v = (
            one.reshape(1, -1, heads, one.shape[-1] // heads).transpose(1, 2)
            for one in (query, self.keys, self.values)
        )
        out = F.scaled_dot_product_attention(q, k, v)
        for kept, fresh in ((self.keys, key), (self.values, value)):
            kept.index_copy_(0, told.place, fresh)
        return out.transpose(1, 2).reshape(query.shape)

    def led(self, tokens: Tensor, told: Told) -> Tensor:
        """Each token on its way to the kept one that is most like it; then these are kept.
        (1, N, C)."""
        if self.tokens is None:
            return tokens
        self.tokens.index_copy_(0, told.begins, tokens.expand_as(self.tokens))
        kept = self.tokens.narrow(0, 1, len(self.tokens) - 1).flatten(0, 1)
        wide = torch.promote_types(kept.dtype, torch.float32)
        own, others = (
            F.normalize(one.to(wide), dim=-1).to(kept.dtype) for one in (tokens.squeeze(0), kept)
        )
        cosine, most_alike = (own @ others.t()).max(-1)
        share = told.match * (cosine >= told.threshold)
        nearest = kept.index_select(0, most_alike).unsqueeze(0)
        led = torch.lerp(tokens, nearest, share.to(tokens.dtype).unsqueeze(-1))
        self.tokens.index_copy_(0, told.place, led)
        return led


@dataclass(frozen=True, slots=True)
class Told:
    """A row's numbers. amount, match, threshold: (1,) float32. begins: the places that this frame
    takes before it looks back, (1 + frames,) int64: 0, and all where what was kept is forgotten; so
    what it looks back at then is itself, which changes nothing. place: where it is kept
    afterwards, (1,) int64; place 0 is no earlier frame's."""

    amount: Tensor
    match: Tensor
    threshold: Tensor
    begins: Tensor
    place: Tensor


class Bank:
    """What all self-attentions keep for one row. number: of the last frame that went through it,
    which the host knows."""

    def __init__(
        self,
        attentions: Sequence[SelfAttention],
        frames: int,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.kept = {one.name: KeptTokens(one, frames, device, dtype) for one in attentions}
        self.places = torch.arange(frames + 1, device=device, dtype=torch.float32)
        self.number: int | None = None

    @property
    def bytes(self) -> int:
        return sum(t.numel() * t.element_size() for k in self.kept.values() for t in k.tensors)

    def told(self, numbers: Tensor) -> Told:
        """numbers: a row's, (`NUMBERS`,) float32 on the device."""
        amount, match, threshold, place, forgets = numbers.split(1)
        return Told(amount, match * amount, threshold, (forgets * self.places).long(), place.long())


class _Call(threading.local):
    rows: list[tuple[Bank, Told]] | None = None


_call = _Call()
"""What the UNet is called with on this thread: another may capture a graph of another call."""


@contextmanager
def looking_back(banks: Sequence[Bank], numbers: Tensor) -> Iterator[None]:
    """A UNet that is called within it, on this thread, looks back. banks: of its rows, in order.
    numbers: (B, `NUMBERS`) float32, on the device."""
    _call.rows = [(bank, bank.told(row)) for bank, row in zip(banks, numbers.unbind(), strict=True)]
    try:
        yield
    finally:
        _call.rows = None


def looks_back() -> bool:
    """What is called now, on this thread, looks back."""
    return _call.rows is not None


class RememberingProcessor:
    """Around the processor of a self-attention: what it makes, and on the way from there to what it
    would make with the keys and values of earlier frames, too.

    The way between the two is straight, `lerp(own, looked back, amount)`, and not a bias on the
    kept keys: it begins, bit for bit, at what the processor makes, whichever that is; and it needs
    no mask, which the quickest kernels of attention do not take.
    """

    def __init__(self, name: str, own: Any) -> None:
        self.name, self.own = name, own

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        **more: Any,
    ) -> Tensor:
        if temb is not None:  # not every processor takes one
            more["temb"] = temb
        others = {"encoder_hidden_states": encoder_hidden_states, "attention_mask": attention_mask}
        own: Tensor = self.own(attn, hidden_states, **others, **more)
        if _call.rows is None:
            return own
        parts = attn.to_q(hidden_states), attn.to_k(hidden_states), attn.to_v(hidden_states)
        rows = zip(_call.rows, zip(*(part.split(1) for part in parts), strict=True), strict=True)
        found = torch.cat(
            [
                bank.kept[self.name].looked_back(query, key, value, attn.heads, told)
                for (bank, told), (query, key, value) in rows
            ]
        )
        amounts = torch.stack([told.amount for _, told in _call.rows]).to(own.dtype).unsqueeze(-1)
        out = torch.lerp(own, attn.to_out[1](attn.to_out[0](found)), amounts)
        return torch.cat(
            [
                bank.kept[self.name].led(tokens, told)
                for (bank, told), tokens in zip(_call.rows, out.split(1), strict=True)
            ]
        )


def install(attentions: Sequence[SelfAttention]) -> None:
    """Around whatever processors are there; those that it is around already are left."""
    for one in attentions:
        if not isinstance(one.attn.processor, RememberingProcessor):
            one.attn.set_processor(RememberingProcessor(one.name, one.attn.processor))


def uninstall(attentions: Sequence[SelfAttention]) -> None:
    """The processors are those that were there; others that came meanwhile are left."""
    for one in attentions:
        if isinstance(one.attn.processor, RememberingProcessor):
            one.attn.set_processor(one.attn.processor.own)
