"""Returning freed memory to the operating system."""

from __future__ import annotations

import ctypes
import sys

PERIOD = 30.0
"""Seconds between two calls of `give_back` while a show plays."""


def give_back() -> bool:
    """Have the C library return free memory to the system. By itself it keeps fragments, and a show
    whose models and sizes change for weeks would seem to leak. Takes some milliseconds, during
    which other threads may wait for memory. False where there is no such call (all but glibc)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL("libc.so.6").malloc_trim(0))
    except (OSError, AttributeError):  # musl
        return False
