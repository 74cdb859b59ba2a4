"""The NDI senders that are there: how they are discovered, and which one a name means."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vj.core.errors import Unavailable

LOCAL_ADDRESSES = (
    ["127.0.0.1"] if sys.platform == "darwin" else [f"127.0.0.{number}" for number in (1, 2)]
)
"""This machine, to be asked without mDNS. A connection is answered by one of the NDI programs on
this machine, chosen at random, which lists its own senders only (measured with libndi 6.3 on
Linux): one connection is not enough. macOS has the first address alone."""


def ndi_library(name: str) -> Any:
    """NDIlib, running. name: of the source, for messages. Raises Unavailable without it."""
    try:
        import NDIlib
    except ImportError as error:
        raise Unavailable(
            f"{name} needs ndi-python ({error}): python3 launch.py add ndi"
        ) from error
    if not NDIlib.initialize():
        raise Unavailable(
            f"{name}: NDI does not run on this processor (it needs SSE4.2 or NEON); use another "
            "computer"
        )
    return NDIlib


@dataclass(slots=True, eq=False)
class Finder:
    """One of the library's finders. others: how many senders it knows that are not our own."""

    handle: Any
    others: int = 0


def make_finder(library: Any, addresses: Sequence[str]) -> Finder:
    """Searches by mDNS, on this machine, and at the given addresses."""
    settings = library.FindCreate()
    settings.show_local_sources = True
    settings.extra_ips = ",".join(dict.fromkeys([*addresses, *LOCAL_ADDRESSES]))
    return Finder(library.find_create_v2(settings))


def list_ndi_sources(seconds: float = 1.5, addresses: Sequence[str] = ()) -> list[str]:
    """The full names, `HOST (NAME)`, of all senders discovered within `seconds`. Raises Unavailable
    without the library."""
    library = ndi_library("ndi:")
    finders: list[Finder] = []
    found: set[str] = set()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        finders.append(make_finder(library, addresses))
        library.find_wait_for_sources(finders[-1].handle, 200)
        for finder in finders:
            found.update(
                source.ndi_name for source in library.find_get_current_sources(finder.handle)
            )
        time.sleep(0.05)
    for finder in finders:
        library.find_destroy(finder.handle)
    return sorted(found)


def fit(full: str, wanted: str) -> int | None:
    """How well a sender's full name, `HOST (NAME)`, matches the wanted one: 0 it is equal, 1 NAME
    is equal, 2 it contains it; None not at all."""
    full, wanted = full.casefold(), wanted.casefold()
    if full == wanted:
        return 0
    if full.partition(" (")[2] == f"{wanted})":
        return 1
    return 2 if wanted in full else None
