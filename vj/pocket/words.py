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
- Negated words ("no gold", "without fire") are ignored.
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
from vj.pocket.word_vectors import NearestWords

__all__ = [
    "DEFAULT",
    "MODIFIERS",
    "PALETTES",
    "TECHNIQUE_WORDS",
    "ParsedPrompt",
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
"""Unknown words whose meaning is guessed, at most."""
TYPO = 0.84
"""difflib's similarity from which an unknown word is taken for a misspelt known one."""
NEGATIONS = frozenset({"no", "not", "without", "never"})
SHAPE_BEFORE = frozenset({"in", "of", "from", "with"})
"""Between two materials these mean that the first one gives the technique, the second the
colours."""
SUGGESTED = "gold, deep ocean, stained glass, feathers"


@dataclass(frozen=True, slots=True)
class ParsedPrompt:
    """A parsed prompt. technique: a name of TECHNIQUE_WORDS. ramp: five sRGB colours, None for the
    picture's own. palette: their name, "" for the picture's own. understood: (words of the text,
    their meaning). recognised: something was understood. unrecognised: the text when nothing
    was."""

    technique: str = DEFAULT
    ramp: Ramp | None = None
    modifiers: frozenset[str] = frozenset()
    palette: str = ""
    understood: tuple[tuple[str, str], ...] = ()
    recognised: bool = False
    unrecognised: str = ""


@dataclass(frozen=True, slots=True)
class WordEntry:
    """What a known word stands for."""

    technique: str = ""
    palette: str = ""
    modifier: str = ""
    own: bool = False
    """The picture's own colours, whatever else is named."""
    scene: bool = False
    """Its palette is used only if no other word names one."""

    @property
    def only_technique(self) -> bool:
        return bool(self.technique) and not self.palette

    @property
    def shape(self) -> bool:
        """A material known by its shape."""
        return bool(self.technique) and self.palette in SHAPES

    def describe(self) -> str:
        """Its meaning in words."""
        if self.own:
            return "the picture's own colours"
        return _painted(self.technique, self.palette) or self.modifier


@dataclass(frozen=True, slots=True)
class Match:
    """A word or phrase of a text that was recognised. like: the known word it is taken for, "" when
    it is known itself. shape_first: a word of `SHAPE_BEFORE` follows."""

    read: str
    entry: WordEntry
    like: str = ""
    shape_first: bool = False


def _painted(technique: str, palette: str) -> str:
    """A technique in its colours, in words."""
    alike = technique == palette
    return (
        f"{technique} in {palette}" if technique and palette and not alike else technique or palette
    )


@cache
def _entries() -> dict[Words, WordEntry]:
    """Every known word and phrase."""
    techniques = {split(word): name for name, words in TECHNIQUE_WORDS.items() for word in words}
    palettes = {split(word): name for name, (words, _) in PALETTES.items() for word in words}
    techniques |= {
        split(name): name for name in TECHNIQUE_WORDS if not _is_listed_in(palettes, name)
    }
    palettes |= {split(name): name for name in PALETTES if not _is_listed_in(techniques, name)}
    made = {
        words: WordEntry(
            techniques.get(words, ""), palettes.get(words, ""), scene=" ".join(words) in SCENES
        )
        for words in (*techniques, *palettes)
    }
    made |= {
        split(word): WordEntry(modifier=name) for name, words in MODIFIERS.items() for word in words
    }
    return made | {split(word): WordEntry(own=True) for word in OWN_COLOURS}


def _is_listed_in(table: Mapping[Words, str], name: str) -> bool:
    """A name that is a word of the other table is a material, and its row there says so."""
    return any(form in table for form in product(*(bases(word) for word in split(name))))


@cache
def _associations() -> dict[str, str]:
    """Free word -> the known word it is always taken for."""
    return {word: known for known, words in ASSOCIATIONS.items() for word in words}


@cache
def known_spellings() -> frozenset[str]:
    """Every word that occurs alone or in a phrase."""
    return frozenset(word for words in _entries() for word in words) | _associations().keys()


@cache
def nearest_words() -> NearestWords:
    """Finds the known word or phrase that a free one is near to in meaning."""
    return NearestWords([" ".join(words) for words in _entries() if len(words) > 1])


@cache
def ramp_of(palette: str) -> Ramp:
    """The five colours of a palette. Raises KeyError."""
    ramp = parse_ramp(PALETTES[palette][1])
    assert ramp is not None
    return ramp


def understand(text: str, palettes: Mapping[str, Ramp] = {}) -> ParsedPrompt:
    """What a text asks for. palettes: more of them, by the name that calls them. Never raises."""
    own = {split(name): WordEntry(palette=name) for name in palettes}
    clauses = [split(part) for part in CLAUSES.split(text[:LIMIT].replace("&", " and "))]
    entries = _entries() | own if own else _entries()
    matches, free = _read(clauses, entries)
    corrected = {word: _corrected(word) for word in [w for words in free for w in words][:GUESSES]}
    if any(word != better for word, better in corrected.items()):
        clauses = [tuple(corrected.get(word, word) for word in words) for words in clauses]
        matches, free = _read(clauses, entries)
    if not (_technique(matches) and _palette(matches)):
        guessed = _guess(free)
        if not _technique(matches) and not _palette(matches):
            matches += guessed
        elif not _technique(matches):
            matches += [one for one in guessed if one.entry.technique]
        else:
            matches += [one for one in guessed if one.entry.palette]
    modifiers = {one.entry.modifier for one in matches} - {""}
    if "bright" in modifiers:
        modifiers.discard("dark")
    palette = "" if any(one.entry.own for one in matches) else _palette(matches)
    ramp = palettes[palette] if palette in palettes else ramp_of(palette) if palette else None
    return ParsedPrompt(
        technique=_technique(matches) or DEFAULT,
        ramp=ramp,
        modifiers=frozenset(modifiers),
        palette=palette,
        understood=tuple((one.read, one.like or one.entry.describe()) for one in matches),
        recognised=bool(matches),
        unrecognised="" if matches else " ".join(text[:LIMIT].split()),
    )


def free_words(text: str) -> list[str]:
    """The words of a text that are not known as they are written, in their order; those that never
    mean anything left out."""
    clauses = [split(part) for part in CLAUSES.split(text[:LIMIT].replace("&", " and "))]
    return [word for words in _read(clauses, _entries())[1] for word in words]


def describe(meaning: ParsedPrompt) -> str:
    """One line for the user: "gold, volcano ~ lava: lava in molten gold". "" for an empty text."""
    if not meaning.recognised:
        if not meaning.unrecognised:
            return ""
        text = (
            meaning.unrecognised
            if len(meaning.unrecognised) <= 60
            else meaning.unrecognised[:59] + "…"
        )
        return (
            f"“{text}” names nothing that the built-in model knows: {DEFAULT} in the picture's own "
            f"colours; these would work: {SUGGESTED}"
        )
    exact = _entries()
    read = [
        word
        if means == word or any(form in exact for form in _forms(split(word)))
        else f"{word} ~ {means}"
        for word, means in meaning.understood
    ]
    painted = _painted(meaning.technique, meaning.palette or "the picture's own colours")
    painted = ", ".join([painted, *sorted(meaning.modifiers)])
    return f"{', '.join(read)}: {painted}" if read else painted


def _technique(matches: Sequence[Match]) -> str:
    """The technique of all matches; "" when none names one."""
    named = [one for one in matches if one.entry.only_technique]
    shapes = [one for one in matches if one.entry.shape]
    colours = [one for one in matches if one.entry.technique and not one.entry.shape]
    chosen = named[:1] or ([_shape(shapes)] if shapes else colours[:1])
    return chosen[0].entry.technique if chosen else ""


def _palette(matches: Sequence[Match]) -> str:
    """The palette of all matches; "" when none names one."""
    coloured = [one for one in matches if one.entry.palette]
    shapes = [one for one in coloured if one.entry.shape]
    chosen = [one for one in coloured if not (one.entry.shape or one.entry.scene)]
    if not chosen and len(shapes) > 1 and not any(one.entry.only_technique for one in matches):
        shape = _shape(shapes)
        chosen = [one for one in shapes if one is not shape]
    chosen = chosen or shapes or coloured
    return chosen[0].entry.palette if chosen else ""


def _shape(shapes: Sequence[Match]) -> Match:
    """Of several materials the one that gives the technique."""
    return shapes[0] if shapes[0].shape_first else shapes[-1]


def _forms(words: Words) -> Iterable[Words]:
    """The ways several words may stand in the lexicon."""
    spelt = known_spellings()
    return product(*([base for base in bases(word) if base in spelt] or [word] for word in words))


def _read(
    clauses: Sequence[Words], entries: Mapping[Words, WordEntry]
) -> tuple[list[Match], list[Words]]:
    """The known words, in the order of the text, and the unknown words of each clause."""
    matches: list[Match] = []
    free: list[Words] = []
    for words in clauses:
        unknown: list[str] = []
        place, negated = 0, False
        while place < len(words):
            for length in range(min(LONGEST, len(words) - place), 0, -1):
                part = words[place : place + length]
                found = next((entries[f] for f in (part, *_forms(part)) if f in entries), None)
                if found is not None:
                    after = words[place + length : place + length + 1]
                    if not negated:
                        shape_first = bool(after) and after[0] in SHAPE_BEFORE
                        matches.append(Match(" ".join(part), found, shape_first=shape_first))
                    break
            else:
                length = 1
                if words[place] not in STOP and not negated:
                    unknown.append(words[place])
            skipped = words[place] in STOP and found is None
            negated = words[place] in NEGATIONS or (negated and skipped)
            place += length
        free.append(tuple(unknown))
    return matches, free


def _guess(clauses: Sequence[Words]) -> list[Match]:
    """The known words that unknown ones are taken for."""
    matches: list[Match] = []
    for words in clauses:
        place = 0
        while place < len(words) and place < GUESSES:
            pair = words[place : place + 2]
            like = nearest_words().phrase(pair) if len(pair) == 2 else None
            read = " ".join(pair) if like else words[place]
            like = like or _like(words[place])
            if like:
                matches.append(Match(read, _entry_of(like), like))
            place += 1 + read.count(" ")
    return matches


def _entry_of(name: str) -> WordEntry:
    """What a word of `lexicon.NEAR` or a key of the associations calls."""
    word = _associations().get(name, name)
    return _entries()[split(word)]


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
    return nearest_words().word(word) or ""


@lru_cache(1024)
def _corrected(word: str) -> str:
    """A word with its spelling corrected, if it is neither known nor has a vector."""
    if (
        len(word) < 5
        or word in STOP
        or any(b in NOTHING or b in known_spellings() for b in bases(word))
    ):
        return word
    if nearest_words().knows(word):
        return word
    swapped = [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)]
    if found := next((one for one in swapped if one in known_spellings()), ""):
        return found
    known = [spelt for spelt in known_spellings() if spelt[0] == word[0]]
    return next(iter(get_close_matches(word, sorted(known), n=1, cutoff=TYPO)), word)
