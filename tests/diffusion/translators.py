"""Translators that nobody has trained: networks with random weights, which follow all that they are
given."""

from __future__ import annotations

from pathlib import Path

import torch

from vj.diffusion.translator_model import TranslatorModel
from vj.pocket.network import SEEN, Network
from vj.translator.card import Card
from vj.translator.conditions import CHANNELS
from vj.translator.model_folder import TECHNIQUES, save_translator

TINY = (8, 8, 8, 8)


def card_of(kind: str, size: int = 64) -> Card:
    return Card("kiss", kind, size, ("kiss.mov",), 0.5, 20, {"l1": 0.1}, {}, seed=3)


def network_of(kind: str, widths: tuple[int, ...] = TINY) -> Network:
    """The last layer of a new network gives nothing: here it does."""
    torch.manual_seed(11)
    network = Network(TECHNIQUES, widths, seen=SEEN + CHANNELS[kind])
    torch.nn.init.normal_(network.head.conv.weight, std=0.05)
    torch.nn.init.normal_(network.keep.style.weight, std=0.02)
    return network.eval().requires_grad_(False)


def model_of(kind: str, widths: tuple[int, ...] = TINY) -> TranslatorModel:
    return TranslatorModel("kiss", network_of(kind, widths), card_of(kind), torch.device("cpu"))


def folder_of(kind: str, folder: Path) -> Path:
    """A model folder, new, `folder/models/kiss`."""
    save_translator(folder / "models" / "kiss", network_of(kind), card_of(kind))
    return folder / "models" / "kiss"
