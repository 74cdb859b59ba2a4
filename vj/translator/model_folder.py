"""A trained translator's folder: its weights, and its card (`vj.translator.card`)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from safetensors import SafetensorError

from vj.core.errors import Fault
from vj.pocket.network import Network, load_network, save_network
from vj.translator.card import CARD, CARD_TEXT, FILE, Card, read_card

TECHNIQUES = ("strength", "simplicity")
"""What a translator's network has in the place of the built-in one's techniques: its style's first
numbers."""


def save_translator(folder: Path, network: Network, card: Card) -> None:
    """Write a model folder, each file at once as a whole: what was there stays where writing fails,
    and a show that plays the folder may load it meanwhile.

    network: its weights are written in half precision. Raises OSError: a full disk, a folder that
    may not be written.
    """
    for_people, for_programs = card.as_text(), card.as_json()
    folder.mkdir(parents=True, exist_ok=True)
    _written(folder / CARD_TEXT, partial(_write_text, text=for_people))

    def write_weights(part: Path) -> None:
        save_network(network, part)
        # safetensors lets nobody but the owner read what it writes.
        shutil.copymode(folder / CARD_TEXT, part)

    _written(folder / FILE, write_weights)
    _written(folder / CARD, partial(_write_text, text=for_programs))


def load_translator(folder: Path) -> tuple[Network, Card]:
    """What `save_translator` wrote: the network, float32, and its card. Raises Fault."""
    card = read_card(folder)
    path = folder / FILE
    try:
        network = load_network(path)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise Fault(f"model {folder}: its {FILE} cannot be read ({reason})") from None
    if network.techniques != TECHNIQUES:
        raise Fault(
            f"model {folder}: its {FILE} is no translator's: it has learned "
            f"{', '.join(network.techniques)[:60]}"
        )
    return network, card


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _written(path: Path, write: Callable[[Path], object]) -> None:
    """Have a file written beside its place, and put there. Raises OSError."""
    part = path.with_name(f".{path.name}.part")
    try:
        write(part)
        os.replace(part, path)
    except SafetensorError as error:  # it has its own word for a disk that is full
        part.unlink(missing_ok=True)
        raise OSError(f"{path} cannot be written ({error})") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
