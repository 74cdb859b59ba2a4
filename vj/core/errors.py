"""Errors that are meant to be read by a person."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class Fault(Exception):
    """Something a person can put right. The message says what, where, what came and what would
    do."""


class Unavailable(Fault):
    """A library, device or file is not at hand. The message ends with the remedy."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`", did you mean 'strength'?"` for the nearest known word, or an empty string."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {found[0]}?" if found else ""
