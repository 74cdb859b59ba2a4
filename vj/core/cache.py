"""Cached results, such as timings: small JSON files in a folder of the user's cache."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any


def folder() -> Path:
    """`vj` in the user's cache folder. The environment variable VJ_CACHE names another."""
    if given := os.environ.get("VJ_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(base) / "vj" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "vj"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vj"


def read(name: str) -> Any:
    """The value written under a name; None if there is none, or it cannot be read."""
    try:
        return json.loads((folder() / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write(name: str, value: Any) -> bool:
    """Write a value atomically. False when it cannot be written."""
    path = folder() / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(value, file)
            os.replace(made, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(made)
            raise
    except OSError:
        return False
    return True


def remove(name: str) -> None:
    """Delete a value."""
    with suppress(OSError):
        (folder() / name).unlink()
