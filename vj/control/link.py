"""Ableton Link, where the package aalink is installed (GPLv3, so it is never installed or imported
unasked)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from vj.core.errors import Unavailable


class AbletonLink:
    """A Link session. Calling it returns (bpm, beat) now, None without peers; bars are in phase
    with those of all peers."""

    def __init__(self, held: list[Any], loop: asyncio.AbstractEventLoop) -> None:
        self._held, self._loop = held, loop

    def __call__(self) -> tuple[float, float] | None:
        link: Any = self._held[0] if self._held else None
        return (
            (float(link.tempo), float(link.beat))
            if link is not None and link.num_peers > 0
            else None
        )

    def set_tempo(self, bpm: float) -> None:
        """Set the tempo of the whole session. From any thread; does not block."""

        def change() -> None:
            if self._held:
                self._held[0].tempo = bpm

        self._loop.call_soon_threadsafe(change)


def open_link(bpm: float, quantum: float = 4.0) -> tuple[AbletonLink, Callable[[], None]]:
    """Join the session in this network. quantum: beats in a bar, for a common bar phase. Returns
    (session, close).

    Raises Unavailable without aalink.
    """
    try:
        import aalink
    except ImportError:
        raise Unavailable(
            "tempo: follow: link wants the package aalink; install it with .venv/bin/pip install "
            "aalink"
        ) from None
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="link", daemon=True)
    thread.start()

    async def join() -> object:
        link = aalink.Link(bpm, loop)
        link.quantum = quantum
        link.enabled = True
        return link

    held = [asyncio.run_coroutine_threadsafe(join(), loop).result(5)]

    async def leave() -> None:
        link: Any = held.pop()
        link.enabled = False

    def close() -> None:
        """Leave the session; otherwise the library's own thread would abort the program at exit."""
        asyncio.run_coroutine_threadsafe(leave(), loop).result(2)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(2)
        loop.close()

    return AbletonLink(held, loop), close
