"""Help with writing a prompt for the built-in model: what it knows, and what it does not."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TypeVar

from vj.pocket.known_words import KnownWords
from vj.pocket.lexicon import MODIFIERS, PALETTES, TECHNIQUE_WORDS
from vj.pocket.words import known_words

WORDS = 24
"""Unknown words of a text that are looked at."""


@cache
def vocabulary() -> dict[str, list[str]]:
    """The names of what a text may ask for: `techniques`, `palettes`, `modifiers`."""
    return {
        "techniques": list(TECHNIQUE_WORDS),
        "palettes": list(PALETTES),
        "modifiers": list(MODIFIERS),
    }


UnknownWords = tuple[tuple[str, tuple[str, ...]], ...]
"""Words, each with the known ones it is nearest to, the nearest first."""
Entry = TypeVar("Entry")


@lru_cache(64)
def unknown_words(text: str) -> UnknownWords:
    """The words of a text that the model does not know as they are written, each with the known
    ones it is nearest to, in spelling or in meaning. The first call reads the word vectors."""
    return unknown_among(known_words(), text)


def unknown_among(known: KnownWords[Entry], text: str) -> UnknownWords:
    """The same for any list of known words."""
    free = list(dict.fromkeys(known.free_words(text)))[:WORDS]
    return tuple((word, known.nearest_to(word)) for word in free)
