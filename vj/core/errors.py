"""Errors whose messages are shown to the user."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable
from pathlib import Path

LISTED = 2000
"""Entries of a folder that are compared with a name, at most, to suggest a similar one."""


class Fault(Exception):
    """An error that the user can fix. The message says what, where, what came and what would be
    right."""


class Unavailable(Fault):
    """A library, device or file is missing. The message ends with the remedy."""


def told(error: BaseException) -> str:
    """An exception as words of a message: a Fault's own; of another one its kind, and so much of
    what it says as a line holds."""
    if isinstance(error, Fault):
        return str(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300].rstrip(": ")


def is_out_of_memory(error: BaseException) -> bool:
    """There was no memory left, of the machine or of a card, whatever library says so."""
    return isinstance(error, MemoryError) or "out of memory" in str(error).lower()


def nearest(word: str, known: Iterable[str], quote: str = "") -> str:
    """`"; did you mean strength?"` for the nearest known word, or an empty string. quote: put
    before and after it, where words may be of several."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {quote}{found[0]}{quote}?" if found else ""


def nearest_file(path: Path) -> str:
    """The same for the path of a file that does not exist: the one beside it whose name is nearest.
    Asks the disk."""
    try:
        names = [entry.name for entry in itertools.islice(path.parent.iterdir(), LISTED)]
    except OSError:
        return ""
    stems = {Path(name).stem: name for name in names}  # endings make all names similar
    near = difflib.get_close_matches(path.stem, list(stems), n=1)
    return f"; did you mean {stems[near[0]]}?" if near else ""
