"""Lines that a command prints, without the passwords of addresses."""

from __future__ import annotations

import sys
from typing import TextIO

from vj.sources.network import without_password


def print_line(text: str) -> None:
    """Print a line on standard output. A pipe's other end may be closed, as with `| head`, and so
    may a terminal: then it is dropped."""
    _write(text, sys.stdout)


def print_error(text: str) -> None:
    """The same on standard error."""
    _write(text, sys.stderr)


def _write(text: str, to: TextIO | None) -> None:
    try:
        print(without_password(text), file=to, flush=True)
    except (OSError, ValueError):  # closed
        pass
