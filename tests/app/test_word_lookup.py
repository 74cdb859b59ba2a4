"""The words of a prompt are looked up beside the page, which never waits for them."""

from __future__ import annotations

import threading

import pytest

from tests.waiting import PATIENCE, until
from vj.app import word_lookup
from vj.app.word_lookup import WordLookup
from vj.core.supervisor import Supervisor


def test_the_words_of_the_newest_texts_come_and_nobody_waits_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    going_on, looked_up = threading.Event(), list[str]()

    def slow(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        going_on.wait(PATIENCE)
        looked_up.append(text)
        return ((text, ("silver",)),)

    monkeypatch.setattr(word_lookup, "unknown_words", slow)
    lookup = WordLookup(Supervisor(lambda text: None))
    for text in ("s", "si", "sil", "silvr"):
        assert lookup.of({"prompt/a": text}) == {}, "it does not wait"
    going_on.set()
    found = {"prompt/a": [{"word": "silvr", "nearest": ["silver"]}]}
    until(lambda: lookup.of({"prompt/a": "silvr"}) == found)
    assert set(looked_up) <= {"s", "silvr"}, "what has gone by is left out"
    lookup.close()
    lookup.close()
