"""One process works in a folder at a time: two would write over each other's files."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vj.core.errors import Fault

CLAIM = "claim"
"""The file that says so."""
TAKEN = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)


@contextmanager
def claimed(folder: Path, work: str) -> Iterator[None]:
    """Claim a folder, which exists, for this process. The system gives it back when the process
    ends, however it ends. work: what is done there, for the message. Raises Fault where another
    process has it, or it cannot be written."""
    try:
        file = (folder / CLAIM).open("a+b")
    except OSError as error:
        raise Fault(f"{folder} cannot be written: {error}") from error
    with file:
        try:
            _lock(file)
        except OSError as error:
            if error.errno in TAKEN:  # otherwise the disk knows no locks, and one may work there
                raise Fault(
                    f"{folder}: another process is {work} there; wait for it, or end it"
                ) from None
        yield


def _lock(file: Any) -> None:
    """Raises OSError where another process has locked it."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
