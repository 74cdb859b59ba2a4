"""The packets of one stream of a film, as PyAV reads them, and times that are to be believed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

SENT = ("mpegts", "mpeg")
"""FFmpeg's names of formats that are received, as television is."""
FAR = 1.0
"""Seconds from the one before beyond which a time may be torn."""
FEW = 16
"""Packets or frames that are looked at to find out: one torn time counts for all that were sent
with it."""


def packets_of(container: Any, stream: Any) -> Iterator[Any]:
    """All packets of an open `av` container's stream from here on, the last one empty. Raises
    `av.FFmpegError`."""
    try:
        yield from container.demux(stream)
    except IndexError:
        return  # PyAV 18, after the last one, where other streams began in the middle of the file


def untorn(items: Iterator[Any]) -> Iterator[Any]:
    """Packets or frames of `av`, the same. The times are taken from a few that lie far away, and
    after which the others go on as before: a weak signal or a disk tore them."""
    ahead: deque[Any] = deque()
    last: float | None = None

    def is_far(item: Any) -> bool:
        moment = _moment(item)
        return moment is not None and last is not None and abs(moment - last) > FAR

    def is_torn() -> bool:
        while len(ahead) < FEW and (item := next(items, None)) is not None:
            ahead.append(item)
        return not all(map(is_far, ahead))

    while (item := ahead.popleft() if ahead else next(items, None)) is not None:
        if is_far(item) and is_torn():
            item.pts = None
            item.dts = None
        moment = _moment(item)
        last = last if moment is None else moment
        yield item


def believed(pictures: Iterator[Any], container: str) -> Iterator[Any]:
    """The same for pictures, which may stand for long where they were not sent. container: FFmpeg's
    name of it."""
    return untorn(pictures) if container in SENT else pictures


def _moment(item: Any) -> float | None:
    """Seconds."""
    return None if item.pts is None else float(item.pts * item.time_base)
