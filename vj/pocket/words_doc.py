"""docs/words.md: every word the built-in model knows, from the tables of `lexicon.py`."""

from __future__ import annotations

from vj.pocket.lexicon import (
    ASSOCIATIONS,
    DEFAULT,
    MODIFIERS,
    OWN_COLOURS,
    PALETTES,
    TECHNIQUE_WORDS,
)

CHANGED_WORDS = (
    ("brush strokes, painterly", "oil (was: brush strokes)"),
    ("impasto", "a technique of its own (was: brush strokes)"),
    ("engraving, etching", "engraving (was: woodcut)"),
    ("weave, woven, textile, wicker", "nothing any more"),
    ("copper", "copper (was: rust)"),
    ("jade", "jade (was: emerald)"),
    ("lava", "lava (was: fire)"),
    ("charcoal", "charcoal in greys (was: ink)"),
    ("graphite", "pencil in graphite (was: ink)"),
    (
        "gold, honey, amber, ice, frozen, glacier, fire, flames, burning, neon, cyberpunk, "
        "electric, ink, rust, iron, copper, bronze, jade, emerald, malachite, amethyst, ruby, lava",
        "materials: without a technique beside them they bring their own (was: colours only)",
    ),
    ("any words without a technique", f"{DEFAULT} (was: a light grain)"),
)
"""What means something else than in the first generation."""


def markdown() -> str:
    """docs/words.md."""
    lines = [
        "# The words of the built-in model",
        "",
        "Made from `vj/pocket/lexicon.py` by `python -m vj.pocket.words_doc`; do not edit it here.",
        "",
        "A text may name a technique, a palette and modifiers, in any order, inside free text;",
        "what is understood comes back at `/vj/status/understood`. Plurals, -ing, -ed, American",
        "spelling and a wrong letter are understood too. A phrase wins over the words in it; the",
        "first technique and the first palette win. `no gold` is not matched.",
        "",
        "**Materials** (in *italics*) are technique and palette at once: `gold` is metal in",
        "molten gold. Beside a named technique they are only the palette: `gold, oil painting`,",
        "`woodcut in ice`. Beside other colours ice, fire, lava, glass, wax, neon, ink, pencil "
        "and chrome",
        "lend the technique: `ice, deep ocean`; `golden flames`; `ice in neon`.",
        "",
        "**Without a palette** the picture keeps its own colours; so it does with",
        f"{', '.join(f'`{word}s`' for word in OWN_COLOURS)}.",
        f"Without a technique it is {DEFAULT}.",
        "",
        "**Other words** are taken for the known one that is nearest in meaning (word vectors,",
        "GloVe), if one is near enough and no known word names one: `the pacific` is deep ocean,",
        "`a basilica` stained glass. A text of which nothing is understood is answered with a line",
        "that says so.",
        "",
        "`model: styles` reads the same words where a style is near to them, and has more of its",
        "own: [painters.md](painters.md).",
        "",
        "## Techniques",
        "",
        "| technique | words |",
        "|---|---|",
    ]
    lines += [f"| {name} | {_listed(words)} |" for name, words in TECHNIQUE_WORDS.items()]
    lines += ["", "## Palettes", "", "| palette | words | colours |", "|---|---|---|"]
    for name, (words, stops) in PALETTES.items():
        colours = " ".join(f"`#{stop}`" for stop in stops.split())
        lines.append(f"| {name} | {_listed(words)} | {colours} |")
    lines += ["", "## Modifiers", "", "| modifier | words |", "|---|---|"]
    lines += [f"| {name} | {', '.join(words)} |" for name, words in MODIFIERS.items()]
    lines += ["", "## Taken for another word", "", "| taken for | words |", "|---|---|"]
    lines += [f"| {name} | {', '.join(words)} |" for name, words in ASSOCIATIONS.items()]
    lines += ["", "## What moved since the first generation", "", "| words | now |", "|---|---|"]
    lines += [f"| {words} | {now} |" for words, now in CHANGED_WORDS]
    return "\n".join([*lines, ""])


def _listed(words: tuple[str, ...]) -> str:
    """Words in a row, materials in italics."""
    return ", ".join(f"*{word}*" if _is_material(word) else word for word in words)


def _is_material(word: str) -> bool:
    return any(word in words for words in TECHNIQUE_WORDS.values()) and any(
        word in words for words, _ in PALETTES.values()
    )


if __name__ == "__main__":
    print(markdown(), end="")
