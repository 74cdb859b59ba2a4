"""What this machine has found out and may forget: a folder in the user's cache, small JSON
files."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any


def folder() -> Path:
    """`vj` in the user's folder for caches. VJ_CACHE names another."""
    if given := os.environ.get("VJ_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(base) / "vj" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "vj"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vj"


def read(name: str) -> Any:
    """What was written under a name; None when nothing was, or it cannot be read."""
    try:
        return json.loads((folder() / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write(name: str, value: Any) -> bool:
    """Write it whole or not at all. False when it cannot be written: then it is found out again."""
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
    """Forget it."""
    with suppress(OSError):
        (folder() / name).unlink()
