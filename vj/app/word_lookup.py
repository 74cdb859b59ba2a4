"""Words of the prompts that the model that plays does not know, for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vj.app.model_words import MODEL_WORDS
from vj.core.supervisor import Supervisor, TaskQueue
from vj.pipeline.backend import Words

Json = dict[str, Any]


class WordLookup:
    """Looks words up on a thread of its own: they are compared with every known one, and the first
    time a file is read. One caller at a time."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._tasks = TaskQueue(supervisor, "words of the prompts")
        self._asked: tuple[Words, Mapping[str, str]] = ("", {})
        self._found: dict[str, list[Json]] = {}

    def of(self, words: Words, texts: Mapping[str, str]) -> dict[str, list[Json]]:
        """`{name: [{word, nearest: [..]}]}`; those of earlier texts until new ones are looked up,
        nothing until another model's are. Never waits. words: `Backend.words`. texts: by the
        parameters' names."""
        if words != self._asked[0]:
            self._found = {}
        asked = words, texts
        if asked != self._asked:
            self._asked = asked
            if words:
                self._tasks.put(lambda: self._look_up(words, texts))
        return self._found

    def _look_up(self, words: Words, texts: Mapping[str, str]) -> None:
        if (words, texts) != self._asked:
            return  # there are newer ones by now
        unknown = MODEL_WORDS[words].unknown
        found = {
            name: [{"word": word, "nearest": list(near)} for word, near in unknown(text)]
            for name, text in texts.items()
        }
        if words == self._asked[0]:
            self._found = found

    def close(self) -> None:
        """May be called twice."""
        self._tasks.close(0.1)
