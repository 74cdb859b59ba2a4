"""What a text means to the built-in model: a technique, five colours, and modifiers.

The words are in `lexicon.py`. How they are read:

- A phrase wins over the words in it; plurals, -ing, -ed and American spelling are found, and
  slips of a letter or two.
- A word that names technique and palette at once is a material ("gold", "ice", "fire"). Alone it
  calls both; beside a named technique it is only the palette ("gold, oil painting", "woodcut in
  ice").
- The first technique named wins, and the first palette; to be between two there are prompt/a,
  prompt/b and prompt/mix.
- Beside other colours a material known by its shape lends the technique: "ice, deep ocean" is ice
  in deep ocean, "gold flames" are flames in gold. Of two such, the last has the shape ("frozen
  fire" is fire in ice), but "ice in neon" and "ice of fire" are ice.
- A free word is taken for the known one nearest in meaning ("volcano" ~ lava), and only for what no
  known word has said.
- Night, evening and winter lend colours only where nothing else does: "neon at night" is neon.
- "No gold" and "without fire" are not heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from itertools import product

from vj.parameters.colours import Ramp, parse_ramp
from vj.pocket.lexicon import (
    ASSOCIATIONS,
    DEFAULT,
    MODIFIERS,
    NOTHING,
    OWN_COLOURS,
    PALETTES,
    SCENES,
    SHAPES,
    STOP,
    TECHNIQUE_WORDS,
)
from vj.pocket.spelling import CLAUSES, Words, bases, split
from vj.pocket.word_vectors import Nearness

__all__ = [
    "DEFAULT",
    "MODIFIERS",
    "PALETTES",
    "TECHNIQUE_WORDS",
    "Meaning",
    "Ramp",
    "describe",
    "parse_ramp",
    "ramp_of",
    "understand",
]  # fmt: skip

LONGEST = 4
"""Words in a phrase."""
LIMIT = 2000
"""Characters of a text that are read."""
GUESSES = 24
"""Words that are not known of which is asked what they may mean."""
TYPO = 0.84
"""How like a known word (difflib) a word has to be written that is not known at all."""
NEGATIONS = frozenset({"no", "not", "without", "never"})
INSIDE = frozenset({"in", "of", "from", "with"})
"""Between two materials these say that the first has the shape."""
SUGGESTED = "gold, deep ocean, stained glass, feathers"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What was understood of a text. technique: a name of TECHNIQUE_WORDS. ramp: five sRGB colours,
    None for the picture's own. palette: their name, "" for the picture's own. understood: (what was
    read, what it means). heard: something was understood. unheard: the text when nothing was."""

    technique: str = DEFAULT
    ramp: Ramp | None = None
    modifiers: frozenset[str] = frozenset()
    palette: str = ""
    understood: tuple[tuple[str, str], ...] = ()
    heard: bool = False
    unheard: str = ""


@dataclass(frozen=True, slots=True)
class Sense:
    """What a known word calls."""

    technique: str = ""
    palette: str = ""
    modifier: str = ""
    own: bool = False
    """The picture's own colours, whatever else is named."""
    scene: bool = False
    """The palette is lent only where nothing else does."""

    @property
    def only_technique(self) -> bool:
        return bool(self.technique) and not self.palette

    @property
    def shape(self) -> bool:
        """A material known by its shape."""
        return bool(self.technique) and self.palette in SHAPES

    def told(self) -> str:
        """In words."""
        if self.own:
            return "the picture's own colours"
        return _painted(self.technique, self.palette) or self.modifier


@dataclass(frozen=True, slots=True)
class Heard:
    """A word or phrase of a text that means something. like: the known word it is taken for, ""
    when it is known itself. outer: "in" or the like follows."""

    read: str
    sense: Sense
    like: str = ""
    outer: bool = False


def _painted(technique: str, palette: str) -> str:
    """A technique in its colours, in words."""
    alike = technique == palette
    return (
        f"{technique} in {palette}" if technique and palette and not alike else technique or palette
    )


@cache
def _senses() -> dict[Words, Sense]:
    """Every known word and phrase."""
    techniques = {split(word): name for name, words in TECHNIQUE_WORDS.items() for word in words}
    palettes = {split(word): name for name, (words, _) in PALETTES.items() for word in words}
    techniques |= {split(name): name for name in TECHNIQUE_WORDS if not _stands_in(palettes, name)}
    palettes |= {split(name): name for name in PALETTES if not _stands_in(techniques, name)}
    made = {
        words: Sense(
            techniques.get(words, ""), palettes.get(words, ""), scene=" ".join(words) in SCENES
        )
        for words in (*techniques, *palettes)
    }
    made |= {
        split(word): Sense(modifier=name) for name, words in MODIFIERS.items() for word in words
    }
    return made | {split(word): Sense(own=True) for word in OWN_COLOURS}


def _stands_in(table: Mapping[Words, str], name: str) -> bool:
    """A name that is a word of the other table is a material, and its row there says so."""
    return any(form in table for form in product(*(bases(word) for word in split(name))))


@cache
def _associations() -> dict[str, str]:
    """Free word -> the known word it is always taken for."""
    return {word: known for known, words in ASSOCIATIONS.items() for word in words}


@cache
def _spelt() -> frozenset[str]:
    """Every word that occurs alone or in a phrase."""
    return frozenset(word for words in _senses() for word in words) | _associations().keys()


@cache
def _nearness() -> Nearness:
    return Nearness([" ".join(words) for words in _senses() if len(words) > 1])


@cache
def ramp_of(palette: str) -> Ramp:
    """The five colours of a palette. Raises KeyError."""
    ramp = parse_ramp(PALETTES[palette][1])
    assert ramp is not None
    return ramp


def understand(text: str, palettes: Mapping[str, Ramp] = {}) -> Meaning:
    """What a text asks for. palettes: more of them, by the name that calls them. Never raises."""
    own = {split(name): Sense(palette=name) for name in palettes}
    clauses = [split(part) for part in CLAUSES.split(text[:LIMIT].replace("&", " and "))]
    senses = _senses() | own if own else _senses()
    heard, free = _read(clauses, senses)
    mended = {word: _mended(word) for word in [w for words in free for w in words][:GUESSES]}
    if any(word != better for word, better in mended.items()):
        clauses = [tuple(mended.get(word, word) for word in words) for words in clauses]
        heard, free = _read(clauses, senses)
    if not (_technique(heard) and _palette(heard)):
        guessed = _guess(free)
        if not _technique(heard) and not _palette(heard):
            heard += guessed
        elif not _technique(heard):
            heard += [one for one in guessed if one.sense.technique]
        else:
            heard += [one for one in guessed if one.sense.palette]
    modifiers = {one.sense.modifier for one in heard} - {""}
    if "bright" in modifiers:
        modifiers.discard("dark")
    palette = "" if any(one.sense.own for one in heard) else _palette(heard)
    ramp = palettes[palette] if palette in palettes else ramp_of(palette) if palette else None
    return Meaning(
        technique=_technique(heard) or DEFAULT,
        ramp=ramp,
        modifiers=frozenset(modifiers),
        palette=palette,
        understood=tuple((one.read, one.like or one.sense.told()) for one in heard),
        heard=bool(heard),
        unheard="" if heard else " ".join(text[:LIMIT].split()),
    )


def describe(meaning: Meaning) -> str:
    """One line for whoever plays: "gold, volcano ~ lava: lava in molten gold". "" for an empty
    text."""
    if not meaning.heard:
        if not meaning.unheard:
            return ""
        text = meaning.unheard if len(meaning.unheard) <= 60 else meaning.unheard[:59] + "…"
        return (
            f"“{text}” names nothing that the built-in model knows: {DEFAULT} in the picture's own "
            f"colours; these would work: {SUGGESTED}"
        )
    exact = _senses()
    read = [
        word
        if means == word or any(form in exact for form in _forms(split(word)))
        else f"{word} ~ {means}"
        for word, means in meaning.understood
    ]
    painted = _painted(meaning.technique, meaning.palette or "the picture's own colours")
    painted = ", ".join([painted, *sorted(meaning.modifiers)])
    return f"{', '.join(read)}: {painted}" if read else painted


def _technique(heard: Sequence[Heard]) -> str:
    """The technique of all that was heard; "" when nothing calls one."""
    named = [one for one in heard if one.sense.only_technique]
    shapes = [one for one in heard if one.sense.shape]
    colours = [one for one in heard if one.sense.technique and not one.sense.shape]
    chosen = named[:1] or ([_shape(shapes)] if shapes else colours[:1])
    return chosen[0].sense.technique if chosen else ""


def _palette(heard: Sequence[Heard]) -> str:
    """The palette of all that was heard; "" when nothing calls one."""
    coloured = [one for one in heard if one.sense.palette]
    shapes = [one for one in coloured if one.sense.shape]
    chosen = [one for one in coloured if not (one.sense.shape or one.sense.scene)]
    if not chosen and len(shapes) > 1 and not any(one.sense.only_technique for one in heard):
        shape = _shape(shapes)
        chosen = [one for one in shapes if one is not shape]
    chosen = chosen or shapes or coloured
    return chosen[0].sense.palette if chosen else ""


def _shape(shapes: Sequence[Heard]) -> Heard:
    """Of several materials the one whose shape is meant."""
    return shapes[0] if shapes[0].outer else shapes[-1]


def _forms(words: Words) -> Iterable[Words]:
    """The ways several words may stand in the lexicon."""
    spelt = _spelt()
    return product(*([base for base in bases(word) if base in spelt] or [word] for word in words))


def _read(
    clauses: Sequence[Words], senses: Mapping[Words, Sense]
) -> tuple[list[Heard], list[Words]]:
    """What is known, in the order of the text, and of each clause the words that are not."""
    heard: list[Heard] = []
    free: list[Words] = []
    for words in clauses:
        unknown: list[str] = []
        place, negated = 0, False
        while place < len(words):
            for length in range(min(LONGEST, len(words) - place), 0, -1):
                part = words[place : place + length]
                found = next((senses[f] for f in (part, *_forms(part)) if f in senses), None)
                if found is not None:
                    after = words[place + length : place + length + 1]
                    if not negated:
                        outer = bool(after) and after[0] in INSIDE
                        heard.append(Heard(" ".join(part), found, outer=outer))
                    break
            else:
                length = 1
                if words[place] not in STOP and not negated:
                    unknown.append(words[place])
            skipped = words[place] in STOP and found is None
            negated = words[place] in NEGATIONS or (negated and skipped)
            place += length
        free.append(tuple(unknown))
    return heard, free


def _guess(clauses: Sequence[Words]) -> list[Heard]:
    """What unknown words are taken for."""
    heard: list[Heard] = []
    for words in clauses:
        place = 0
        while place < len(words) and place < GUESSES:
            pair = words[place : place + 2]
            like = _nearness().phrase(pair) if len(pair) == 2 else None
            read = " ".join(pair) if like else words[place]
            like = like or _like(words[place])
            if like:
                heard.append(Heard(read, _sense_of(like), like))
            place += 1 + read.count(" ")
    return heard


def _sense_of(name: str) -> Sense:
    """What a word of `lexicon.NEAR` or a key of the associations calls."""
    word = _associations().get(name, name)
    return _senses()[split(word)]


@lru_cache(1024)
def _like(word: str) -> str:
    """The known word that a free one is taken for; "" for none."""
    for base in bases(word):
        if base in NOTHING:
            return ""
        if base in _associations():
            return _associations()[base]
    if len(word) < 3 or word.isdigit():
        return ""
    return _nearness().word(word) or ""


@lru_cache(1024)
def _mended(word: str) -> str:
    """A word with its slip put right, when it is none that is known or has a vector."""
    if len(word) < 5 or word in STOP or any(b in NOTHING or b in _spelt() for b in bases(word)):
        return word
    if _nearness().knows(word):
        return word
    swapped = [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)]
    if found := next((one for one in swapped if one in _spelt()), ""):
        return found
    known = [spelt for spelt in _spelt() if spelt[0] == word[0]]
    return next(iter(get_close_matches(word, sorted(known), n=1, cutoff=TYPO)), word)
