"""Trained models that `python3 launch.py add NAME` has fetched. Standard library only."""

from __future__ import annotations

import sys
from pathlib import Path


def models_folder(prefix: str = "") -> Path:
    """Where they lie in an environment; without a prefix, in this process's own."""
    return Path(prefix or sys.prefix) / "share" / "vj" / "models"


def fetched(name: str) -> Path | None:
    """A fetched file by its name; None where it has not been fetched."""
    path = models_folder() / name
    return path if path.is_file() else None
