"""The words that a model knows, for the page and for `check`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vj.painters import style_words
from vj.pipeline.backend import Words
from vj.pocket import word_help
from vj.pocket.word_help import UnknownWords
from vj.pocket.words import understand


@dataclass(frozen=True, slots=True)
class ModelWords:
    """vocabulary: the names of what a text may ask for, by their kind. unknown: the words of a text
    that are not known as they are written, each with the nearest known ones; takes a while.
    recognises: something of a text is understood. page: of the documentation, which lists them."""

    vocabulary: Callable[[], Mapping[str, list[str]]]
    unknown: Callable[[str], UnknownWords]
    recognises: Callable[[str], bool]
    page: str


MODEL_WORDS: Mapping[Words, ModelWords] = {
    "pocket": ModelWords(
        word_help.vocabulary,
        word_help.unknown_words,
        lambda text: understand(text).recognised,
        "docs/words.md",
    ),
    "styles": ModelWords(
        style_words.vocabulary,
        style_words.unknown_words,
        lambda text: style_words.understood(text).recognised,
        "docs/painters.md",
    ),
}
"""By `Backend.words`; nothing for a model that has no list of words."""
