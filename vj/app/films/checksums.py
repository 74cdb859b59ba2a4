"""What recordings were when they were written: a disk that changes a byte of them is found out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

Held = dict[str, list[int | str]]
"""Recordings by name: the bytes of a movie or the pictures of a folder, and their SHA-256."""


def held_in(folder: Path, names: Mapping[str, object] | None = None) -> Held:
    """What lies in a folder. names: only these. Reads all of it. Raises OSError."""
    return {
        path.name: [_size(path), _digest(path)]
        for path in sorted(folder.iterdir())
        if names is None or path.name in names
    }


def is_whole(folder: Path, held: Mapping[str, list[int | str]]) -> bool:
    """It lies there as it was written. What is of another size is not read."""
    try:
        sizes = {name: _size(folder / name) for name in held}
        if sizes != {name: size for name, (size, _) in held.items()}:
            return False
        return all(_digest(folder / name) == digest for name, (_, digest) in held.items())
    except OSError:
        return False


def _size(path: Path) -> int:
    return sum(1 for _ in path.iterdir()) if path.is_dir() else path.stat().st_size


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        found.update(file.name.encode())
        with file.open("rb") as opened:
            found.update(hashlib.file_digest(opened, "sha256").digest())
    return found.hexdigest()
