"""The card of a trained translator: what it was made of, and how well it does. No torch and no
OpenCV: `list` and `check` read cards of many models."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from vj import __version__
from vj.core.errors import Fault

FILE, CARD, CARD_TEXT = "translator.safetensors", "card.json", "card.md"
"""The files of a model folder: the weights, the card, the card for people to read."""

TOLD = {
    "drawn": "The scene says what is its subject and what lies around it.",
    "person": "What is a person and what lies around was told by the person mask.",
    "motion": "Its subject was told from what lies around it by what moves.",
    "none": "Its subject was not told from what lies around it.",
}
"""How the subject was told from its surroundings, in words."""


@dataclass(frozen=True, slots=True)
class Card:
    """kind: what frames become before they are painted, one of `vj.translator.conditions.KINDS`.
    size: the side of the squares it was trained on, in pixels. clips: the names of the films it has
    seen, without folders. minutes, steps: of training. figures: measured on frames that it has not
    seen, each number by its name. settings: of the conditions, as
    `vj.translator.conditions.ConditionSettings` has them; numbers, texts and lists of them."""

    name: str
    kind: str
    size: int
    clips: tuple[str, ...]
    minutes: float
    steps: int
    figures: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    subjects: str = ""
    """How its subject was told from what lies around it: of `TOLD`; empty where nobody knows."""
    seed: int = 0
    version: str = __version__
    """Of vj, by which it was trained."""
    command: str = ""
    """What trains it anew, with its films' names and without their folders; empty where nobody
    knows."""

    def as_json(self) -> str:
        plain = asdict(self)
        return json.dumps(plain, indent=2, allow_nan=False) + "\n"

    def as_text(self) -> str:
        """In Markdown, for people."""
        figures = "".join(
            f"| {name} | {number:.3g} |\n" for name, number in sorted(self.figures.items())
        )
        table = f"\n| on frames it has not seen | |\n|---|---|\n{figures}" if figures else ""
        how = f"\n    {self.command}\n" if self.command else ""
        told = f" {TOLD[self.subjects]}" if self.subjects in TOLD else ""
        return (
            f"# {self.name}\n\n"
            f"A translator of vj {self.version}: it paints what it has seen of "
            f"{', '.join(self.clips) or 'no clip'}, from {self.kind}.\n\n"
            f"Trained for {self.minutes:.3g} minutes ({self.steps} steps, seed {self.seed}) at "
            f"{self.size}x{self.size}.{told}\n{how}{table}"
        )


def read_card(folder: Path) -> Card:
    """The card of a model folder. Raises Fault where it is missing or wrong."""
    path = folder / CARD
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Fault(
            f"model {folder}: has no {CARD}, without which {FILE} cannot be played; copy the whole "
            "folder"
        ) from None
    except (OSError, ValueError) as error:  # a wrong encoding and wrong JSON are ValueErrors
        raise Fault(f"model {folder}: its {CARD} cannot be read ({error})") from None
    if not isinstance(plain, dict):
        raise Fault(f"model {folder}: its {CARD} holds no object, but {type(plain).__name__}")
    known = {one.name for one in fields(Card)}
    wrong = _wrong({name: value for name, value in plain.items() if name in known})
    if wrong:
        raise Fault(f"model {folder}: {CARD}: {wrong}")
    given = {name: value for name, value in plain.items() if name in known}
    return Card(**{**given, "clips": tuple(given["clips"])})


def _wrong(plain: Mapping[str, Any]) -> str:
    """What is wrong with the values of a card, in words; empty when nothing is."""
    for name in ("name", "kind", "size", "clips", "minutes", "steps"):
        if name not in plain:
            return f"{name} is missing"
    for name, value in plain.items():
        if name in ("name", "kind", "version"):
            fits, wanted = isinstance(value, str) and value.strip() != "", "a text"
        elif name in ("command", "subjects"):
            fits, wanted = isinstance(value, str), "a text"
        elif name in ("size", "steps", "seed"):
            fits = isinstance(value, int) and not isinstance(value, bool)
            wanted = "a whole number"
        elif name == "minutes":
            fits, wanted = _is_number(value), "a number"
        elif name == "clips":
            fits = isinstance(value, list) and all(isinstance(one, str) for one in value)
            wanted = "a list of names"
        elif name == "figures":
            fits = isinstance(value, dict) and all(map(_is_number, value.values()))
            wanted = "numbers by their names"
        else:
            fits, wanted = isinstance(value, dict), "settings by their names"
        if not fits:
            return f"{name}: {value!r:.60} is not {wanted}"
    return "" if plain["size"] > 0 else f"size: {plain['size']} is not above 0"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
