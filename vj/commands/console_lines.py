"""Lines for whoever has typed a command."""

from __future__ import annotations

import sys
from typing import TextIO


def line(text: str) -> None:
    """Log something, if anybody still reads: a pipe's other end may have gone, as with `| head`,
    and so may a terminal."""
    _write(text, sys.stdout)


def complaint(text: str) -> None:
    """The same for what is wrong."""
    _write(text, sys.stderr)


def _write(text: str, to: TextIO | None) -> None:
    try:
        print(text, file=to, flush=True)
    except (OSError, ValueError):  # it has gone, or was closed
        pass
