"""Help with writing a prompt for the built-in model: what it knows, and what it does not."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache, lru_cache

from vj.pocket.lexicon import MODIFIERS, NOTHING, PALETTES, TECHNIQUE_WORDS
from vj.pocket.words import free_words, known_spellings, nearest_words

OFFERED = 3
"""Known words that are offered for an unknown one, at most."""
CLOSE = 0.7
"""difflib's similarity from which a spelling is offered."""
NEAR = 0.4
"""Cosine from which a meaning is offered."""
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


@lru_cache(64)
def unknown_words(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The words of a text that the model does not know as they are written, each with the known
    ones it is nearest to, in spelling or in meaning; the nearest first. The first call reads the
    word vectors."""
    found = []
    for word in list(dict.fromkeys(free_words(text)))[:WORDS]:
        spelt = get_close_matches(word, sorted(known_spellings()), n=OFFERED, cutoff=CLOSE)
        meant = [
            known
            for known, cosine in nearest_words().ranked(word, 2 * OFFERED)
            if cosine >= NEAR and known not in NOTHING
        ]
        found.append(
            (word, tuple(dict.fromkeys(one for one in (*spelt, *meant) if one != word))[:OFFERED])
        )
    return tuple(found)
