"""What the learned styles make of the words a musician types."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from vj.painters.style_words import known_words, understood, unknown_words, vocabulary
from vj.painters.styles import FIRST, STYLES
from vj.painters.styles_doc import table
from vj.painters.weights import weighted
from vj.pocket.lexicon import STOP, TECHNIQUE_WORDS
from vj.pocket.spelling import split

NUMBER = {style.name: number for number, style in enumerate(STYLES)}


def mixture(text: str) -> dict[str, float]:
    """The styles of a text, those of weight 0 left out."""
    weights = understood(text).weights
    assert len(weights) == len(STYLES) == 26
    assert sum(weights) == pytest.approx(1)
    assert min(weights) >= 0
    return {
        style.name: round(weight, 3)
        for style, weight in zip(STYLES, weights, strict=True)
        if weight > 0
    }


def test_a_word_belongs_to_one_style_and_every_style_is_called_by_its_own() -> None:
    words = Counter(split(word) for style in STYLES for word in (style.name, *style.words))
    assert [" ".join(word) for word, times in words.items() if times > 1] == []
    assert not {word for word in words if word[0] in STOP and len(word) == 1}
    assert vocabulary() == {"styles": [style.name for style in STYLES]}
    for style in STYLES:
        assert style.look
        assert 1 <= len(split(style.name)) <= 2, style.name
        for word in (style.name, *style.words):
            assert mixture(word) == {style.name: 1}, word
            assert understood(word).recognised
            assert unknown_words(word) == (), word
        assert mixture(f"{style.name}s" if style.name[-1] != "s" else style.name) == {style.name: 1}


def test_the_first_style_plays_for_an_empty_text_and_keeps_people_whole() -> None:
    for text in ("", "  ", "\n", "()", ",,,"):
        assert mixture(text) == {STYLES[FIRST].name: 1}
        assert not understood(text).recognised
        assert understood(text).describe() == "an empty prompt: pastel", repr(text)
    assert not STYLES[FIRST].swallows


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("woodcut and pastel", {"woodcut": 0.5, "pastel": 0.5}),
        ("ink, swirls", {"ink": 0.5, "starry night": 0.5}),
        ("starry night, van gogh, swirls and ink", {"starry night": 0.5, "ink": 0.5}),
        ("a dancer in the style of van gogh", {"starry night": 1}),
        ("(ink:2) pastel", {"ink": 0.667, "pastel": 0.333}),
        ("(ink : 1.5), (noir:.5)", {"ink": 0.75, "noir": 0.25}),
        ("ink:2, pastel:1", {"ink": 0.667, "pastel": 0.333}),
        ("ink::3 pastel::1", {"ink": 0.75, "pastel": 0.25}),
        ("70% ink 30% woodcut", {"ink": 0.7, "woodcut": 0.3}),
        ("70 % ink and 30 % woodcut", {"ink": 0.7, "woodcut": 0.3}),
        ("ink 70 %, woodcut 30 %", {"ink": 0.7, "woodcut": 0.3}),
        ("ink 12.5% woodcut 87.5%", {"ink": 0.125, "woodcut": 0.875}),
        ("70% ink, woodcut", {"ink": 0.7, "woodcut": 0.3}),
        ("60% ink, woodcut, pastel", {"ink": 0.6, "woodcut": 0.2, "pastel": 0.2}),
        ("70% ink woodcut", {"ink": 0.7, "woodcut": 0.3}),
        ("ink and woodcut 70%", {"ink": 0.3, "woodcut": 0.7}),
        ("70% ink, (woodcut:2) pastel", {"ink": 0.7, "woodcut": 0.2, "pastel": 0.1}),
        ("a dancer, 70% ink and the rest in pastel", {"ink": 0.7, "pastel": 0.3}),
        ("50% ink, van gogh, swirls", {"ink": 0.5, "starry night": 0.5}),
        ("100% ink, pastel", {"ink": 1}),
        ("(ink:0) pastel", {"pastel": 1}),
        ("(ink:-2) pastel", {"pastel": 1}),
        ("ink:-2, pastel", {"pastel": 1}),
        ("-30% ink, pastel", {"pastel": 1}),
        ("70% ink-30% woodcut", {"ink": 0.7, "woodcut": 0.3}),
        ("(ink:0)", {"ink": 1}),
        ("no ink, pastel", {"pastel": 1}),
        ("pastel without ink", {"pastel": 1}),
    ],
)
def test_styles_mix_with_the_weights_that_are_written(text: str, meant: dict[str, float]) -> None:
    assert mixture(text) == meant


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("style 7", {7}),
        ("7", {7}),
        ("Style 0", {0}),
        ("style25", {25}),
        ("7 and 12", {7, 12}),
        ("7-12", {7, 12}),
        ("ink 2", {NUMBER["ink"], 2}),
        ("a dancer in style 7", {7}),
    ],
)
def test_a_number_names_a_style(text: str, numbers: set[int]) -> None:
    assert mixture(text) == {STYLES[n].name: round(1 / len(numbers), 3) for n in numbers}


@pytest.mark.parametrize(
    "text", ["26", "style 26", "3 dancers", "1920", "no 7", "-7", "style -1", "0.5", "1.5 2.5"]
)
def test_other_numbers_name_none(text: str) -> None:
    assert not understood(text).recognised


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("INK", "ink"),
        ("inks", "ink"),
        ("watercolor", "watercolour"),
        ("wodcut", "woodcut"),
        ("inkk", "ink"),
        ("pastal", "pastel"),
        ("charcoall", "charcoal"),
        ("b&w", "ink"),
        ("(ink:-2)", "ink"),
        ("chracoal", "charcoal"),
        ("psychadelic", "psychedelic"),
        ("stained-glass windows", "stained glass"),
        ("ukiyo-e", "great wave"),
        ("swirling", "starry night"),
        # words of the built-in model,
        ("glacier", "watercolour"),
        ("burning", "crimson"),
        ("mosaic", "stained glass"),
        ("brush strokes", "oil"),
        ("linocut", "woodcut"),
        ("gold", "etching"),
        ("snakeskin", "bubbles"),
        # and free words, by their meaning.
        ("volcano", "crimson"),
        ("the pacific", "great wave"),
        ("a basilica", "stained glass"),
        ("a cup of espresso", "copper"),
        ("fjord", "watercolour"),
    ],
)
def test_slips_and_words_that_mean_the_same_lead_to_a_style(text: str, name: str) -> None:
    assert mixture(text) == {name: 1}


def test_a_free_word_is_guessed_only_where_nothing_is_named() -> None:
    assert mixture("a volcano in ink") == {"ink": 1}
    assert mixture("70% volcano, 30% pacific") == {"crimson": 0.7, "great wave": 0.3}


@pytest.mark.parametrize(
    "text", ["dancer", "money", "silver", "steel", "opera", "zqqx blah", "no ink"]
)
def test_what_names_no_style_says_so_and_offers_some(text: str) -> None:
    meaning = understood(text)
    assert not meaning.recognised
    assert mixture(text) == {STYLES[FIRST].name: 1}
    line = meaning.describe()
    assert line.startswith(f"“{text}” names none of the styles: {STYLES[FIRST].name};")
    offered = line.rpartition(": ")[2].split(", ")
    assert len(offered) == len(set(offered)) == 4
    assert set(offered) <= NUMBER.keys()


def test_near_names_are_offered_first() -> None:
    assert understood("lemonade tiger").offered[0] in ("crayon", "psychedelic")
    assert dict(unknown_words("a wodcut of a fjord, ink")) == {
        "wodcut": ("woodcut",),
        "fjord": dict(unknown_words("fjord"))["fjord"],
    }
    assert "glacier" in dict(unknown_words("fjord"))["fjord"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ink", "ink"),
        ("a woman, in ink", "ink"),
        ("inks", "ink"),
        ("pastel and (woodcut:3)", "woodcut 75 %, pastel 25 %"),
        ("swirls, ink", "swirls: ink 50 %, starry night 50 %"),
        ("volcano", "volcano ~ lava: crimson"),
        ("style 7", "style 7: primary colours"),
        ("weave", "weave (figures are lost in it)"),
        ("weave, stained glass", "stained glass 50 %, weave 50 % (figures are lost in it)"),
        ("weave, pastel", "pastel 50 %, weave 50 %"),
    ],
)
def test_what_is_understood_is_said_in_a_line(text: str, line: str) -> None:
    assert understood(text).describe() == line
    assert len(understood(f"zq{text}x " * 300).describe()) < 200


def test_a_line_that_was_read_can_be_typed() -> None:
    for text in ("ink, crayon", "(noir:3) copper", "70% etching, oil, poster"):
        assert mixture(understood(text).describe()) == pytest.approx(mixture(text), abs=0.01)


def test_most_words_of_the_built_in_model_lead_somewhere() -> None:
    """A show written for it still shows something of what was meant."""
    words = [word for words in TECHNIQUE_WORDS.values() for word in words]
    lost = [word for word in words if not understood(word).recognised]
    assert len(lost) < 0.15 * len(words), lost


def test_any_text_is_read_and_soon() -> None:
    for text in ("(((ink:2", "ink:2)", "%%%", ":::", "(:2)", "(ink:2:3)", "ink %", "1e9% ink", "½"):
        mixture(text)
    for huge in ("9" * 500, "9" * 500 + ".5"):
        assert mixture(f"(ink:{huge}), pastel:{huge}") == {"ink": 0.5, "pastel": 0.5}
        assert mixture(f"{huge}% ink, pastel") == {"ink": 1}
    understood("zzzz qqqq")
    begun = time.thread_time()  # of the processor: other programs do not count
    mixture("(" * 5000 + "ink:2 70% " * 2000)
    mixture("qwxz vbnm " * 2000)
    assert time.thread_time() - begun < 0.5
    assert [(part.text.strip(), part.weight) for part in weighted("a:2, (b:.5) 5% c")] == [
        ("a", 2.0),
        ("b", 0.5),
        ("c", 0.05),
    ]


def test_the_words_need_no_engine() -> None:
    """`check` and the page read them without a network."""
    code = (
        "import sys; from vj.painters.style_words import understood;"
        "assert understood('a volcano').recognised;"
        "assert not {'torch', 'onnxruntime', 'cv2'} & set(sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_known_word_calls_a_style_there_is() -> None:
    assert set(known_words().entries.values()) == set(range(len(STYLES)))


def test_docs_painters_md_lists_every_style_with_its_words() -> None:
    page = Path(__file__).parents[2] / "docs" / "painters.md"
    text = page.read_text(encoding="utf-8")
    assert table() in text, (
        "run: python -m vj.painters.styles_doc, and put it into docs/painters.md"
    )
    for style in STYLES:
        assert (f"*{style.name}*" in text.partition("| | name")[0]) or not style.swallows, (
            "the ones that swallow figures are named"
        )
