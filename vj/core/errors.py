"""Errors whose messages are shown to the user."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class Fault(Exception):
    """An error that the user can fix. The message says what, where, what came and what would be
    right."""


class Unavailable(Fault):
    """A library, device or file is missing. The message ends with the remedy."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`", did you mean 'strength'?"` for the nearest known word, or an empty string."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {found[0]}?" if found else ""
