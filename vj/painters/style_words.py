"""What a text means to the learned styles: how much of each of the 26 there is.

The words are in `styles.py`; how text is read by them is in `vj.pocket.known_words`.

- Several styles in a text mix: "woodcut and pastel", "ink, swirls".
- Weights as people write them: "(ink:2) pastel", "70% ink 30% woodcut".
- A number names a style too: "style 7", and "7" alone or between other styles.
- What the built-in model knows by its words is taken for a style where one is near.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product

from vj.painters.styles import FIRST, STYLES
from vj.painters.weights import WeightedText, weighted
from vj.pocket.known_words import LIMIT, KnownWords, Match, clauses_of
from vj.pocket.lexicon import ASSOCIATIONS, NEAR, NOTHING, PALETTES, TECHNIQUE_WORDS
from vj.pocket.spelling import Words, bases, split
from vj.pocket.word_help import UnknownWords, unknown_among

SUGGESTED = ("ink", "pastel", "starry night", "woodcut")
"""Names that are offered where none is near."""
LOST = 0.7
"""Weight of styles that swallow figures from which that is told: half of one is still readable."""
SHOWN = 60
"""Characters of a text that are repeated to the user."""


@dataclass(frozen=True, slots=True)
class StyleMeaning:
    """A text as styles. weights: of each of `STYLES`, sum 1. recognised: something was understood.
    read: (words of the text, the known word they are taken for, "" where they are known, the
    style's number). unrecognised: the text when nothing was understood. offered: names of styles
    for that."""

    weights: tuple[float, ...]
    recognised: bool
    read: tuple[tuple[str, str, int], ...] = ()
    unrecognised: str = ""
    offered: tuple[str, ...] = ()

    def describe(self) -> str:
        """One line for the user: "woodcut 60 %, pastel 40 %"."""
        if not self.recognised:
            if not self.unrecognised:
                return f"an empty prompt: {STYLES[FIRST].name}"
            text = self.unrecognised
            text = text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
            return (
                f"“{text}” names none of the styles: {STYLES[FIRST].name}; "
                f"these would work: {', '.join(self.offered)}"
            )
        mixed = sorted(
            ((weight, -number) for number, weight in enumerate(self.weights) if weight > 0),
            reverse=True,
        )
        painted = ", ".join(_painted(weight, -number) for weight, number in mixed)
        if sum(weight for weight, number in mixed if STYLES[-number].swallows) > LOST:
            painted += " (figures are lost in it)"
        read = [
            f"{words} ~ {like}" if like else words
            for words, like, number in self.read
            if like or split(STYLES[number].name) not in known_words().forms(split(words))
        ]
        return f"{', '.join(dict.fromkeys(read))}: {painted}" if read else painted


def _painted(weight: float, number: int) -> str:
    return STYLES[number].name + ("" if weight > 0.995 else f" {weight * 100:.0f} %")


@cache
def vocabulary() -> dict[str, list[str]]:
    """The names of what a text may ask for: `styles`."""
    return {"styles": [style.name for style in STYLES]}


@cache
def known_words() -> KnownWords[int]:
    """Every word that calls a style, by the style's number."""
    own = {
        split(word): number
        for number, style in enumerate(STYLES)
        for word in (style.name, *style.words)
    }
    of_palettes = {split(word) for words, _ in PALETTES.values() for word in words}
    groups = [(name, words) for name, (words, _) in PALETTES.items()]
    groups += [
        (name, tuple(word for word in words if split(word) not in of_palettes))
        for name, words in TECHNIQUE_WORDS.items()
    ]
    borrowed: dict[Words, int] = {}
    for name, words in groups:
        forms = product(*(bases(word) for word in split(name)))
        number = next((own[form] for form in forms if form in own), None)
        if number is not None:
            borrowed |= {split(word): number for word in words if split(word) not in borrowed}
    numbers: dict[Words, int] = {("style", str(number)): number for number in range(len(STYLES))}
    numbers |= {(f"style{number}",): number for number in range(len(STYLES))}
    entries = numbers | borrowed | own
    associations = {
        word: known
        for known, words in ASSOCIATIONS.items()
        if split(known) in entries
        for word in words
        if split(word) not in entries
    }
    near = [word for word in NEAR if split(word) in entries or word in associations]
    foreign = {word for _, words in groups for word in words if split(word) not in entries}
    return KnownWords(entries, near, associations, NOTHING | foreign)


NO_STYLE = re.compile(r"\d*\.\d+|(?<!\w)-\d+")
"""Numbers that are none of a style's."""
BARE_NUMBERS: dict[Words, int] = {(str(number),): number for number in range(len(STYLES))}


@lru_cache(256)
def understood(text: str) -> StyleMeaning:
    """What a text asks for. Nothing recognised: the first style. Never raises."""
    text = text[:LIMIT]
    parts = weighted(text)
    found = [(part, _matches(part.text)) for part in parts]
    if not any(matches for _, matches in found):
        guesses = known_words().guess
        found = [(part, guesses(known_words().read(clauses_of(part.text))[1])) for part in parts]
    read = [(one.read, one.like, one.entry) for _, matches in found for one in matches]
    weights = _weights([(part, matches) for part, matches in found if matches])
    if not sum(weights):
        return StyleMeaning(
            tuple(float(number == FIRST) for number in range(len(STYLES))),
            recognised=False,
            unrecognised=" ".join(text.split()) if parts else "",
            offered=tuple(_offered(text)) if parts else (),
        )
    return StyleMeaning(
        tuple(weight / sum(weights) for weight in weights), recognised=True, read=tuple(read)
    )


def _matches(text: str) -> list[Match[int]]:
    """The styles that a part of a text names. A bare number counts only where nothing but styles is
    named: in "3 dancers" it does not."""
    clauses = clauses_of(NO_STYLE.sub(" ", text))
    matches, free = known_words().read(clauses, BARE_NUMBERS)
    return known_words().read(clauses)[0] if any(free) else matches


def _weights(found: Sequence[tuple[WeightedText, Sequence[Match[int]]]]) -> list[float]:
    """How much of each style there is, not yet to a sum of 1. What has no weight beside shares in
    per cent gets what they leave."""
    given: dict[int, float] = {}
    free: dict[int, float] = {}
    for part, matches in found:
        named = [match.entry for match in matches]
        if part.share:
            given[named.pop(0 if part.share == "before" else -1)] = part.weight
        weight = 1.0 if part.share else part.weight
        for number in named:
            free[number] = max(free.get(number, 0.0), weight)
    left, whole = max(0.0, 1 - sum(given.values())), sum(free.values())
    weights = [0.0] * len(STYLES)
    for number, weight in free.items():
        weights[number] = weight * left / whole if given and whole else weight
    for number, weight in given.items():
        weights[number] = max(weights[number], weight)
    if not any(weights):  # all that is named was given the weight 0
        for match in (one for _, matches in found for one in matches):
            weights[match.entry] = 1.0
    return weights


@lru_cache(64)
def unknown_words(text: str) -> UnknownWords:
    """The words of a text that name no style as they are written, each with the known ones it is
    nearest to. The first call reads the word vectors."""
    parts = ", ".join(part.text for part in weighted(text[:LIMIT]))
    return tuple(
        (word, near) for word, near in unknown_among(known_words(), parts) if not word.isdigit()
    )


def _offered(text: str) -> Iterator[str]:
    """Names of styles for a text that names none."""
    near = [word for _, words in unknown_words(text) for word in words]
    numbers = [number for word in near for number in _called_by(word)]
    names = dict.fromkeys(STYLES[number].name for number in numbers)
    yield from list(names | dict.fromkeys(SUGGESTED))[: len(SUGGESTED)]


def _called_by(word: str) -> Iterator[int]:
    """The style that a known word calls; none for a word that is only part of a phrase."""
    yield from (match.entry for match in known_words().read([split(word)])[0])
