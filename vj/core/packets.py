"""The packets of one stream of a film, as PyAV reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def packets_of(container: Any, stream: Any) -> Iterator[Any]:
    """All packets of an open `av` container's stream from here on, the last one empty. Raises
    `av.FFmpegError`."""
    try:
        yield from container.demux(stream)
    except IndexError:
        return  # PyAV 18, after the last one, where other streams began in the middle of the file
