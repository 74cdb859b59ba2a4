"""The words of a prompt are looked up beside the page, which never waits for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.waiting import PATIENCE, until
from vj.app import word_lookup
from vj.app.model_words import MODEL_WORDS
from vj.app.word_lookup import WordLookup
from vj.core.supervisor import Supervisor
from vj.pocket.word_help import UnknownWords


@pytest.fixture
def lookup() -> Iterator[WordLookup]:
    made = WordLookup(Supervisor(lambda text: None))
    yield made
    made.close()
    made.close()


def test_the_words_of_the_newest_texts_come_and_nobody_waits_for_them(
    lookup: WordLookup, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on, looked_up = threading.Event(), list[str]()

    def slow(text: str) -> UnknownWords:
        going_on.wait(PATIENCE)
        looked_up.append(text)
        return ((text, ("silver",)),)

    slow_words = replace(MODEL_WORDS["pocket"], unknown=slow)
    monkeypatch.setattr(word_lookup, "MODEL_WORDS", {"pocket": slow_words})
    for text in ("s", "si", "sil", "silvr"):
        assert lookup.of("pocket", {"prompt/a": text}) == {}, "it does not wait"
    going_on.set()
    found = {"prompt/a": [{"word": "silvr", "nearest": ["silver"]}]}
    until(lambda: lookup.of("pocket", {"prompt/a": "silvr"}) == found)
    assert set(looked_up) <= {"s", "silvr"}, "what has gone by is left out"


def test_another_model_has_other_words(lookup: WordLookup) -> None:
    texts = {"prompt/a": "silver, woodcutt", "prompt/b": ""}

    def unknown() -> list[str]:
        return [one["word"] for one in lookup.of("pocket", texts).get("prompt/a", [])]

    until(lambda: unknown() == ["woodcutt"])
    until(lambda: bool(lookup.of("styles", texts)))
    words = lookup.of("styles", texts)
    assert [one["word"] for one in words["prompt/a"]] == ["silver", "woodcutt"]
    assert words["prompt/a"][1]["nearest"][0] == "woodcut"
    assert words["prompt/b"] == []
    assert lookup.of("", texts) == {}, "any text means something, or none does"
