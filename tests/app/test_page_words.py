"""The page is told the words of the model that plays, and what of the prompts it does not know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.waiting import until
from vj.app.live import Performance
from vj.core.frame import Size
from vj.painters import style_words
from vj.pipeline.backend import PassThrough, Words
from vj.pocket import word_help
from vj.show.load import check_show


class Knowing(PassThrough):
    """A backend that knows words."""

    def __init__(self, words: Words) -> None:
        super().__init__(Size(64, 64), f"one of {words or 'any'} words")
        self.words = words


@pytest.fixture
def performance() -> Iterator[Performance]:
    """A show that plays."""
    start = {"prompt/a": "silver lithographs", "prompt/b": "ink"}
    show = check_show(
        {
            "model": "none",
            "size": "64x64",
            "sinks": [],
            "osc": {"listen": "127.0.0.1:0"},
            "page": "off",
            "midi": "off",
            "start": start,
        },
        "a test",
    )
    played = Performance(show, lambda text: None)
    played.start()
    yield played
    played.stop()


def test_the_words_follow_the_model(performance: Performance) -> None:
    feed = performance.page_feed

    def unknown() -> list[str]:
        told: list[dict[str, Any]] = feed.state()["unknown"].get("prompt/a", [])
        return [one["word"] for one in told]

    until(lambda: feed.effective().get("prompt/b") == "ink")
    assert feed.describe()["words"] is None, "without a model no word means anything"
    assert unknown() == []
    steps: tuple[tuple[Words, dict[str, list[str]] | None, list[str]], ...] = (
        ("pocket", word_help.vocabulary(), ["lithographs"]),
        ("styles", style_words.vocabulary(), ["silver"]),
        ("", None, []),
        ("styles", style_words.vocabulary(), ["silver"]),
    )
    for words, known, missing in steps:
        backend = Knowing(words)
        performance.loop.offer(backend)
        until(lambda backend=backend: performance.loop.pipeline.backend is backend)  # type: ignore[misc]
        assert feed.describe()["words"] == known
        until(lambda missing=missing: unknown() == missing)  # type: ignore[misc]
        assert feed.state()["unknown"].get("prompt/b", []) == []
