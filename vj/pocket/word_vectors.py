"""Which known word a free one is near to in meaning: word vectors (GloVe, Pennington et al. 2014).

`glove.npz` holds 20,000 words of glove.6B.50d (public domain, PDDL), cut by
`vj.pocket.training.extract_glove`: `words`, their letters as UTF-8 bytes, one a line, and
`vectors`, (N, 50) int8. It is read when first needed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

import numpy as np

GLOVE = Path(__file__).parent / "glove.npz"

WORD, PHRASE = 0.65, 0.85
"""Cosines from which a word, or two words together, mean the same as a known one."""


class Vectors:
    """Word vectors of length 1."""

    def __init__(self, path: Path = GLOVE) -> None:
        with np.load(path, allow_pickle=False) as file:
            words = file["words"].tobytes().decode().split("\n")
            vectors = file["vectors"].astype(np.float32)
        self._rows = {word: row for row, word in enumerate(words)}
        self._vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def of(self, words: Sequence[str]) -> np.ndarray | None:
        """The direction of words taken together; None when one is not known."""
        rows = [self._rows.get(word, -1) for word in words]
        if not rows or min(rows) < 0:
            return None
        total = self._vectors[rows].sum(0)
        return total / max(float(np.linalg.norm(total)), 1e-6)


@cache
def all_vectors() -> Vectors:
    """The vectors that come with vj, read once."""
    return Vectors()


class NearestWords:
    """Finds the nearest of a set of known words and phrases."""

    def __init__(
        self,
        phrases: Collection[str],
        words: Collection[str],
        nothing: Collection[str],
        vectors: Vectors | None = None,
    ) -> None:
        """phrases: of several words, all that are known. words: single ones whose neighbours mean
        much the same. nothing: words that mean nothing, and those nearest to them neither."""
        self._vectors, self._nothing = vectors or all_vectors(), nothing
        self._words, self._word_rows = self._stack([*sorted(words), *sorted(nothing)])
        self._phrases, self._phrase_rows = self._stack(sorted(phrases))

    def _stack(self, known: Sequence[str]) -> tuple[list[str], np.ndarray]:
        found = [
            (word, row) for word in known if (row := self._vectors.of(word.split())) is not None
        ]
        return [word for word, _ in found], np.stack([row for _, row in found])

    def knows(self, word: str) -> bool:
        """There is a vector of the word."""
        return self._vectors.of([word]) is not None

    def word(self, word: str) -> str | None:
        """The known word that means about the same; None when none does."""
        found = self.ranked(word, 1)
        near = found and found[0][1] >= WORD and found[0][0] not in self._nothing
        return found[0][0] if near else None

    def ranked(self, word: str, count: int) -> list[tuple[str, float]]:
        """The nearest known words, those that mean nothing among them, each with its cosine."""
        row = self._vectors.of([word])
        if row is None:
            return []
        cosines = self._word_rows @ row
        return [(self._words[i], float(cosines[i])) for i in np.argsort(-cosines)[:count]]

    def phrase(self, words: Sequence[str]) -> str | None:
        """The known phrase that words taken together mean; None when they mean none."""
        row = self._vectors.of(words)
        if row is None:
            return None
        cosines = self._phrase_rows @ row
        best = int(cosines.argmax())
        return self._phrases[best] if cosines[best] >= PHRASE else None
