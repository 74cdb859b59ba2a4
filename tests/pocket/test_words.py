"""What the built-in model makes of the words a musician types."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from vj.core.errors import Fault
from vj.parameters.colours import from_oklab, parse_colour, to_oklab
from vj.pocket.lexicon import ASSOCIATIONS, NEAR, NOTHING, OWN_COLOURS, SHAPES, STOP
from vj.pocket.spelling import split
from vj.pocket.word_vectors import GLOVE
from vj.pocket.words import (
    DEFAULT,
    MODIFIERS,
    PALETTES,
    TECHNIQUE_WORDS,
    describe,
    parse_ramp,
    ramp_of,
    understand,
)
from vj.pocket.words_doc import CHANGED_WORDS, markdown

TECHNIQUES = """
    oil, impasto, ink, engraving, woodcut, pencil, charcoal, watercolour, pastel, feathers, flames,
    smoke, pointillism, stained glass, mosaic, crystal, halftone, circuit, scales, neon,
    contour lines, marble, metal, chrome, ice, wax, lava
"""

MEANT = [
    # A bare material is the whole picture,
    ("gold", "metal", "molten gold"),
    ("golden", "metal", "molten gold"),
    ("molten gold", "metal", "molten gold"),
    ("silver", "metal", "silver"),
    ("chrome", "chrome", "chrome"),
    ("copper", "metal", "copper"),
    ("bronze", "metal", "bronze"),
    ("ice", "ice", "ice"),
    ("frozen", "ice", "ice"),
    ("glass", "ice", "glass"),
    ("jade", "wax", "jade"),
    ("lava", "lava", "lava"),
    ("wax", "wax", "wax"),
    ("a burning city", "flames", "fire"),
    ("flames", "flames", "fire"),
    ("a dancer on fire", "flames", "fire"),
    ("neon", "neon", "neon"),
    ("ink", "ink", "ink"),
    ("charcoal", "charcoal", "ink"),
    ("pencil sketch", "pencil", "graphite"),
    ("smoke", "smoke", ""),
    ("rubies", "crystal", "rose"),
    # beside a technique it is only the colours,
    ("gold, oil painting", "oil", "molten gold"),
    ("oil painting, gold", "oil", "molten gold"),
    ("woodcut in ice", "woodcut", "ice"),
    ("jade dragon", "scales", "jade"),
    ("neon smoke", "smoke", "neon"),
    ("rusty feathers", "feathers", "rust"),
    # and beside other colours its shape.
    ("ice, deep ocean", "ice", "deep ocean"),
    ("golden flames", "flames", "molten gold"),
    ("flames, gold", "flames", "molten gold"),
    ("neon sunset", "neon", "sunset"),
    ("golden chrome", "chrome", "molten gold"),
    ("frozen fire", "flames", "ice"),
    ("ice in neon", "ice", "neon"),
    ("a cyberpunk city at night, neon lights, rain", "neon", "neon"),
    ("night, neon", "neon", "neon"),
    ("feathers at night", "feathers", "moonlight"),
    ("rose gold", "metal", "copper"),
    # The phrase wins over its words,
    ("rose window", "stained glass", ""),
    ("a church window at noon", "stained glass", ""),
    ("oil pastel", "pastel", ""),
    ("neon light", "neon", "neon"),
    ("black and white", "oil", "black and white"),
    ("black & white photo", "oil", "black and white"),
    ("low-poly fox", "crystal", ""),
    # of two the first wins,
    ("mosaic, woodcut", "mosaic", ""),
    ("silver and gold", "metal", "silver"),
    ("an autumn forest, in oil", "oil", "autumn"),
    # and both spellings and all endings are meant.
    ("watercolor", "watercolour", ""),
    ("watercolours", "watercolour", ""),
    ("aquarelle", "watercolour", ""),
    ("feathered wings", "feathers", ""),
    ("marbled", "marble", ""),
    ("etched", "engraving", ""),
    ("tiled", "mosaic", ""),
    ("gray, stippling", "pointillism", "ink"),
    ("painterly", "oil", ""),
    ("brush-strokes", "oil", ""),
    ("Étude, STAINED GLASS!", "stained glass", ""),
    ("stainde glass, deep ocaen", "stained glass", "deep ocean"),
    # What nobody has listed is taken for what is near,
    ("volcano", "lava", "lava"),
    ("a volcano, woodcut", "woodcut", "lava"),
    ("the bottom of the sea", "oil", "deep ocean"),
    ("the window of a church", "stained glass", ""),
    ("a cup of espresso", "oil", "coffee"),
    ("poison", "oil", "toxic"),
    ("a snowstorm over the pacific", "ice", "deep ocean"),
    ("Caravaggio, in the savannah", "crystal", "desert"),
    ("dinosaurs", "scales", ""),
    ("a lilac basilica", "stained glass", "amethyst"),
    ("a kilo of melted rock", "lava", "lava"),
    ("a stone statue", "marble", ""),
    ("metal and lightning", "metal", "neon"),
    # but never over what was said.
    ("deep ocean, mosaic, a volcano", "mosaic", "deep ocean"),
    ("gold, a volcano", "metal", "molten gold"),
    ("no gold, silver", "metal", "silver"),
    ("feathers without any fire", "feathers", ""),
    ("gold feathers, own colours", "feathers", ""),
]


@pytest.mark.parametrize(("text", "technique", "palette"), MEANT)
def test_words_mean_what_a_musician_means(text: str, technique: str, palette: str) -> None:
    meaning = understand(text)
    assert (meaning.technique, meaning.palette) == (technique, palette), describe(meaning)
    assert meaning.ramp == (ramp_of(palette) if palette else None)
    assert meaning.recognised
    assert meaning.understood


@pytest.mark.parametrize(
    "text",
    [
        "a cat in space",
        "a car crash",
        "two faces, calm",
        "a portrait of a woman with strange eyes",
        "the man who plays the guitar",
        "leaving home",
        "a bikini",
        "firs",
        "abstract textures of a landscape",
        "a very beautiful big dog",
        "zzzz qqq",
        "黄金",
        "no gold",
        "12345",
    ],
)
def test_what_is_not_known_leaves_the_picture_its_own_colours_and_says_so(text: str) -> None:
    meaning = understand(text)
    assert (meaning.technique, meaning.ramp, meaning.palette) == (DEFAULT, None, ""), describe(
        meaning
    )
    assert not meaning.recognised
    assert text in describe(meaning)
    for word in describe(meaning).rpartition(": ")[2].split(", "):
        assert understand(word).recognised, f"{word} was said to work"


def test_an_empty_text_says_nothing() -> None:
    for text in ("", "  \n", ",.!"):
        meaning = understand(text)
        assert (meaning.technique, meaning.ramp, meaning.recognised) == (DEFAULT, None, False)
        assert describe(meaning) == "" or text == ",.!"


def test_every_word_of_the_tables_calls_what_it_stands_for() -> None:
    """A word of the documentation that does something else would be found on stage."""
    assert list(TECHNIQUE_WORDS) == re.findall(r"\w[\w ]*\w", TECHNIQUES), (
        "these names are the network's"
    )
    coloured = {word for words, _ in PALETTES.values() for word in words}
    for technique, words in TECHNIQUE_WORDS.items():
        assert len(words) >= 3, technique
        for word in (technique, *words):
            meaning = understand(f"the {word} of a dancer")
            assert meaning.technique == technique, f"{word}: {describe(meaning)}"
            brings = bool({word, word.removesuffix("s")} & coloured)
            assert bool(meaning.palette) == brings, f"{word}: {describe(meaning)}"
    for palette, (words, _) in PALETTES.items():
        for word in (palette, *words):
            assert understand(word).palette == palette, word
            beside = understand(f"{word}, mosaic")
            assert (beside.technique, beside.palette) == ("mosaic", palette), word
    for modifier, words in MODIFIERS.items():
        for word in (modifier, *words):
            assert understand(f"gold, {word}").modifiers == {modifier}, word
    for word in OWN_COLOURS:
        assert understand(f"gold, {word}").ramp is None


FIRST_PALETTES = """
molten gold: gold, golden, molten gold, honey, amber
deep ocean: ocean, sea, deep ocean, underwater
fire: fire, flames, lava, burning
neon: neon, cyberpunk, electric
ice: ice, frozen, snow, glacier
forest: forest, jungle, moss, leaves
ink: ink, charcoal, monochrome, graphite
rust: rust, copper, iron
candy: candy, bubblegum, sugar
moonlight: moonlight, midnight, night
thermal: thermal, infrared, heat
blueprint: blueprint, cyanotype
sunset: sunset, dusk, evening
emerald: emerald, jade, malachite
amethyst: amethyst, violet, lavender
rose: rose, blood, ruby, crimson
desert: desert, sand, dune
toxic: toxic, acid, radioactive
aurora: aurora, northern lights
autumn: autumn, harvest, maple
blossom: blossom, cherry blossom, sakura, petals
coffee: coffee, chocolate, sepia, mahogany
lagoon: lagoon, turquoise, tropical
ultraviolet: ultraviolet, blacklight, laser
bronze: bronze, verdigris, patina
"""
"""The first generation's palettes and the words that called them."""
FIRST_TECHNIQUES = """
brush strokes, oil painting, painterly, impasto
halftone, comic dots, newsprint
mosaic, tiles, tesserae
woodcut, engraving, linocut, etching
contour lines, topographic, isolines
marble, marbled, veins
stained glass, cathedral window, leaded glass
circuit, circuit board, microchip
feathers, plumage, wings
scales, dragon, fish skin, reptile
smoke, fog, mist, vapour
crystal, facets, gemstone, low poly
"""


def test_what_the_first_generation_was_taught_is_still_a_palette() -> None:
    """A show written for the old model keeps its colours, and its techniques mean something."""
    moved = {"copper": "copper", "jade": "jade", "lava": "lava", "graphite": "graphite"}
    for line in FIRST_PALETTES.strip().splitlines():
        palette, _, words = line.partition(": ")
        for word in words.split(", "):
            assert understand(word).palette == moved.get(word, palette), word
    assert PALETTES["molten gold"][1].split() == ["1c0d02", "6b3a06", "c98412", "ffc933", "fff7c4"]
    assert {"dark", "bright", "soft", "glowing", "fine", "coarse", "pale", "vivid"} == set(
        MODIFIERS
    )
    for word in FIRST_TECHNIQUES.replace("\n", ", ").strip(", ").split(", "):
        assert understand(word).recognised, word


def test_the_documentation_is_made_from_the_tables() -> None:
    docs = Path(__file__).parents[2] / "docs" / "words.md"
    assert docs.read_text(encoding="utf-8") == markdown(), (
        "run: python -m vj.pocket.words_doc > docs/words.md"
    )
    for words, now in CHANGED_WORDS[:-1]:
        for word in words.split(", "):
            meaning = understand(word)
            if now.startswith("materials"):
                assert meaning.palette, word
                assert meaning.technique != DEFAULT, word
            elif now.startswith("nothing"):
                assert not meaning.recognised, word
            elif words.startswith("charcoal"):
                assert (meaning.technique, meaning.palette) == ("charcoal", "ink")
            elif not now.startswith("a technique"):
                assert now.startswith((meaning.palette or meaning.technique, meaning.technique)), (
                    word
                )


def test_ramps_rise_from_dark_to_bright() -> None:
    """Whatever the colours, a face stays a face."""
    for name in PALETTES:
        luma = [float(np.dot(stop, (0.299, 0.587, 0.114))) for stop in ramp_of(name)]
        assert len(luma) == 5, name
        assert min(np.diff(luma)) > 0.02, name


def test_the_lists_do_not_quarrel() -> None:
    known = {split(word) for words in TECHNIQUE_WORDS.values() for word in words}
    known |= {split(word) for words, _ in PALETTES.values() for word in words}
    known |= {split(word) for words in MODIFIERS.values() for word in words}
    associated = {split(word) for words in ASSOCIATIONS.values() for word in words}
    nothing = {(word,) for word in NOTHING | STOP}
    assert not known & associated
    assert not (known | associated) & nothing
    assert {(word,) for word in NEAR} <= known | associated
    assert not SHAPES - PALETTES.keys()
    for name in ASSOCIATIONS:
        assert understand(name).recognised, name


def test_modifiers_are_recognised_beside_all_else() -> None:
    meaning = understand(
        "a portrait of a dancer, stained glass, deep ocean, glowing, very detailed"
    )
    assert meaning.modifiers == {"glowing", "fine"}
    assert understand("dark, brightly lit, bright").modifiers == {"bright"}
    assert understand("glowing").recognised
    assert understand("glowing").ramp is None


def test_one_line_tells_what_was_understood() -> None:
    assert describe(understand("gold")) == "gold: metal in molten gold"
    assert describe(understand("a volcano, woodcut")) == "woodcut, volcano ~ lava: woodcut in lava"
    assert describe(understand("neon, glowing")) == "neon, glowing: neon, glowing"
    assert describe(understand("smoke")) == "smoke: smoke in the picture's own colours"
    assert understand("gold, volcanoes").understood == (("gold", "metal in molten gold"),)
    assert understand("volcanoes").understood == (("volcanoes", "lava"),)
    assert len(describe(understand("x" * 10_000))) < 250


def test_a_show_may_bring_palettes_of_its_own() -> None:
    own = {"our flag": parse_ramp("navy white"), "gold": parse_ramp("#000 #fff")}
    assert all(own.values())
    meaning = understand("our flag, mosaic", own)  # type: ignore[arg-type]
    assert (meaning.technique, meaning.palette, meaning.ramp) == (
        "mosaic",
        "our flag",
        own["our flag"],
    )
    assert understand("gold", own).ramp == own["gold"]  # type: ignore[arg-type]
    assert understand("our flag").palette == ""


def test_a_prompt_is_read_before_the_next_frame() -> None:
    understand("zzzz qqq")
    texts = [text for text, _, _ in MEANT] + [
        "an unheard-of thing number " + str(n) for n in range(50)
    ]
    begun = time.thread_time()  # of the processor: other programs do not count
    for text in texts:
        understand(text)
    assert (time.thread_time() - begun) / len(texts) < 0.02, "seconds; 0.004 on a busy machine"
    begun = time.thread_time()
    understand("qwxz vbnm " * 2000)
    assert time.thread_time() - begun < 0.5


def test_the_words_need_no_engine() -> None:
    """They are read while a model is still loading, and by tools that have none."""
    code = (
        "import sys, time; from vj.pocket.words import understand; begun = time.thread_time();"
        "assert understand('a volcano').technique == 'lava'; assert understand('savannah').palette;"
        "print(time.thread_time() - begun);"
        "assert not {'torch', 'diffusers', 'transformers', 'cv2'} & set(sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 0.6, "seconds of the processor"


def test_the_word_vectors_are_as_small_as_promised() -> None:
    assert GLOVE.stat().st_size < 1_200_000
    with np.load(GLOVE, allow_pickle=False) as file:
        assert file["vectors"].shape == (20_000, 50)
        assert file["vectors"].dtype == np.int8
        words = file["words"].tobytes().decode().split("\n")
    assert len(words) == len(set(words)) == 20_000
    assert NEAR - {"watercolour"} <= set(words)


def test_a_ramp_is_five_colours_however_it_is_written() -> None:
    written = [
        '["#102030", "crimson"]',
        "#102030 crimson",
        "#102030, CRIMSON",
        ["#102030", "crimson"],
    ]
    ramps = {parse_ramp(one) for one in written}
    assert len(ramps) == 1
    (ramp,) = ramps
    assert ramp is not None
    assert ramp[0] == (16 / 255, 32 / 255, 48 / 255)
    assert ramp[-1] == parse_colour("crimson")
    assert parse_ramp("#abc #000") == parse_ramp("aabbcc black")
    assert parse_ramp("") is parse_ramp(" ") is parse_ramp([]) is None
    five = "#000000 #112233 #778899 #bbccdd #ffffff"
    assert parse_ramp(five) == tuple(parse_colour(word) for word in five.split())
    assert [len(parse_ramp(" ".join(["#123456", "#fff000"] * n)) or ()) for n in (1, 2, 3, 4)] == [
        5
    ] * 4


def test_between_two_colours_lightness_goes_evenly() -> None:
    """Black to white passes through greys that look evenly spaced."""
    ramp = parse_ramp("black white")
    assert ramp is not None
    assert [to_oklab(stop)[0] for stop in ramp] == pytest.approx([0, 0.25, 0.5, 0.75, 1], abs=1e-4)
    assert all(max(stop) - min(stop) < 1e-4 for stop in ramp)
    for name in ("crimson", "navy", "white", "lime"):
        assert from_oklab(to_oklab(parse_colour(name))) == pytest.approx(
            parse_colour(name), abs=1e-4
        )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("red", "1 colour came, 2 to 8"),
        (" ".join(["red"] * 9), "9 colours came, 2 to 8"),
        ("crimsom white", "'crimsom' is no colour; did you mean crimson?"),
        ("#12345 white", "write #102030"),
        ('["#102030"', "no list of colours"),
        ("[" * 9_000, "no list of colours"),
        ("[1, 2]", 'write "#102030" in quotes'),
        ([16, "red"], "16 is no colour"),
        ([None, "red"], "None is no colour"),
    ],
)
def test_what_is_no_colour_is_answered(given: str | list[object], words: str) -> None:
    with pytest.raises(Fault) as caught:
        parse_ramp(given)
    assert words in str(caught.value)
