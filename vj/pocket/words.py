"""What a text means to the built-in model: a technique, five colours, and modifiers.

The words are in `lexicon.py`; how text is read by them is in `known_words.py`. What they call:

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
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from vj.parameters.colours import Ramp, parse_ramp
from vj.pocket.known_words import LIMIT, KnownWords, Match, clauses_of
from vj.pocket.lexicon import (
    ASSOCIATIONS,
    DEFAULT,
    MODIFIERS,
    NEAR,
    OWN_COLOURS,
    PALETTES,
    SCENES,
    SHAPES,
    TECHNIQUE_WORDS,
)
from vj.pocket.spelling import Words, bases, split

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
def known_words() -> KnownWords[WordEntry]:
    """All that the built-in model knows, and how a text is read by it."""
    return KnownWords(_entries(), NEAR, _associations())


@cache
def ramp_of(palette: str) -> Ramp:
    """The five colours of a palette. Raises KeyError."""
    ramp = parse_ramp(PALETTES[palette][1])
    assert ramp is not None
    return ramp


def understand(text: str, palettes: Mapping[str, Ramp] = {}) -> ParsedPrompt:
    """What a text asks for. palettes: more of them, by the name that calls them. Never raises."""
    own = {split(name): WordEntry(palette=name) for name in palettes}
    matches, free = known_words().read(clauses_of(text), own)
    if not (_technique(matches) and _palette(matches)):
        guessed = known_words().guess(free)
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
    read = [
        word if means == word or known_words().knows(word) else f"{word} ~ {means}"
        for word, means in meaning.understood
    ]
    painted = _painted(meaning.technique, meaning.palette or "the picture's own colours")
    painted = ", ".join([painted, *sorted(meaning.modifiers)])
    return f"{', '.join(read)}: {painted}" if read else painted


def _technique(matches: Sequence[Match[WordEntry]]) -> str:
    """The technique of all matches; "" when none names one."""
    named = [one for one in matches if one.entry.only_technique]
    shapes = [one for one in matches if one.entry.shape]
    colours = [one for one in matches if one.entry.technique and not one.entry.shape]
    chosen = named[:1] or ([_shape(shapes)] if shapes else colours[:1])
    return chosen[0].entry.technique if chosen else ""


def _palette(matches: Sequence[Match[WordEntry]]) -> str:
    """The palette of all matches; "" when none names one."""
    coloured = [one for one in matches if one.entry.palette]
    shapes = [one for one in coloured if one.entry.shape]
    chosen = [one for one in coloured if not (one.entry.shape or one.entry.scene)]
    if not chosen and len(shapes) > 1 and not any(one.entry.only_technique for one in matches):
        shape = _shape(shapes)
        chosen = [one for one in shapes if one is not shape]
    chosen = chosen or shapes or coloured
    return chosen[0].entry.palette if chosen else ""


def _shape(shapes: Sequence[Match[WordEntry]]) -> Match[WordEntry]:
    """Of several materials the one that gives the technique."""
    return shapes[0] if shapes[0].after in SHAPE_BEFORE else shapes[-1]
