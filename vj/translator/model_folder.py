"""A trained translator's folder: its weights, and its card (`vj.translator.card`)."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError

from vj.core.errors import Fault
from vj.pocket.network import Network, load_network, network_file
from vj.training.checkpoint import write_whole
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
    write_whole(folder / CARD_TEXT, for_people.encode())
    write_whole(folder / FILE, network_file(network))
    write_whole(folder / CARD, for_programs.encode())


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
