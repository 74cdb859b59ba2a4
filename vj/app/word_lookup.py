"""Words of the prompts that the built-in model does not know, for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vj.core.supervisor import Supervisor, TaskQueue
from vj.pocket.word_help import unknown_words

Json = dict[str, Any]


class WordLookup:
    """Looks words up on a thread of its own: they are compared with every known one, and the first
    time a file is read. One caller at a time."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._tasks = TaskQueue(supervisor, "words of the prompts")
        self._asked: Mapping[str, str] = {}
        self._found: dict[str, list[Json]] = {}

    def of(self, texts: Mapping[str, str]) -> dict[str, list[Json]]:
        """`{name: [{word, nearest: [..]}]}`; those of earlier texts until new ones are looked up.
        Never waits. texts: by the parameters' names."""
        if texts != self._asked:
            self._asked = texts
            self._tasks.put(lambda: self._look_up(texts))
        return self._found

    def _look_up(self, texts: Mapping[str, str]) -> None:
        if texts == self._asked:  # else there are newer ones by now
            self._found = {
                name: [{"word": word, "nearest": list(near)} for word, near in unknown_words(text)]
                for name, text in texts.items()
            }

    def close(self) -> None:
        """May be called twice."""
        self._tasks.close(0.1)
