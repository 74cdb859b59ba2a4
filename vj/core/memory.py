"""Memory that was let go, given back to the system."""

from __future__ import annotations

import ctypes
import sys

PERIOD = 30.0
"""Seconds from one time to the next, while a show plays."""


def give_back() -> bool:
    """Have the C library return what is free. It keeps the parts between others, and a show whose
    models and sizes change for weeks would seem to grow. Takes some milliseconds, in which other
    threads may wait for memory. False where there is no such call (all but glibc)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL("libc.so.6").malloc_trim(0))
    except (OSError, AttributeError):  # musl
        return False
