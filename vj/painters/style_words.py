"""What a text means to the learned styles: how much of each of the 26 there is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from vj.painters.styles import FIRST, STYLES
from vj.pocket.spelling import CLAUSES, Words, split


@dataclass(frozen=True, slots=True)
class StyleMeaning:
    """A text as styles. weights: of each of `STYLES`, sum 1. recognised: something was
    understood."""

    weights: tuple[float, ...]
    recognised: bool

    def describe(self) -> str:
        """One line for the user: "ink 60 %, woodcut 40 %"."""
        named = [
            (style.name, weight)
            for style, weight in zip(STYLES, self.weights, strict=True)
            if weight
        ]
        if len(named) == 1:
            return named[0][0]
        return ", ".join(f"{name} {weight:.0%}".replace("%", " %") for name, weight in named)


@cache
def vocabulary() -> dict[str, list[str]]:
    """The names of what a text may ask for: `styles`."""
    return {"styles": [style.name for style in STYLES]}


@cache
def _known() -> dict[Words, int]:
    return {
        split(word): number
        for number, style in enumerate(STYLES)
        for word in (style.name, *style.words)
    }


@lru_cache(64)
def understood(text: str) -> StyleMeaning:
    """What a text asks for. Never raises."""
    weights = [0.0] * len(STYLES)
    for clause in CLAUSES.split(text.replace("&", " and ")):
        words = split(clause)
        for at in range(len(words)):
            for length in (3, 2, 1):
                number = _known().get(words[at : at + length])
                if number is not None:
                    weights[number] += 1.0
                    break
    total = sum(weights)
    if not total:
        return StyleMeaning(tuple(float(i == FIRST) for i in range(len(STYLES))), False)
    return StyleMeaning(tuple(weight / total for weight in weights), True)
