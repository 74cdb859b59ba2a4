"""Ableton Link, where the package aalink is installed (GPLv3, so it is never installed or imported unasked)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from vj.errors import Unavailable

Session = Callable[[], tuple[float, float] | None]


def open_link(bpm: float) -> tuple[Session, Callable[[], None]]:
    """Join the session in this network. Returns (session, close): session() is (bpm, beat) now, None while nobody else is there.

    Raises Unavailable without aalink.
    """
    try:
        import aalink
    except ImportError:
        raise Unavailable("tempo: follow: link wants the package aalink; install it with .venv/bin/pip install aalink") from None
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="link", daemon=True)
    thread.start()

    async def join() -> object:
        link = aalink.Link(bpm, loop)
        link.enabled = True
        return link

    held = [asyncio.run_coroutine_threadsafe(join(), loop).result(5)]

    def session() -> tuple[float, float] | None:
        link: Any = held[0] if held else None
        return (float(link.tempo), float(link.beat)) if link is not None and link.num_peers > 0 else None

    async def leave() -> None:
        link: Any = held.pop()
        link.enabled = False

    def close() -> None:
        """Leave; without it the library's own thread would abort the program at its end."""
        asyncio.run_coroutine_threadsafe(leave(), loop).result(2)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(2)
        loop.close()

    return session, close
