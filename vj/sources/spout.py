"""Spout in (Windows): the picture of another program on the same machine, by way of the graphics
card.

We have not run this on Windows ourselves: it is tested against a stand-in with SpoutGL's calls.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import Any

import numpy as np

from vj.core.errors import Unavailable
from vj.core.frame import Frame
from vj.sources import SourceSettings

GL_RGBA = 0x1908
"""OpenGL's name of the format."""

WAIT_MS = 200
POLL = 0.004
"""Seconds between two looks for a new picture."""
DOUBTFUL = 1 / 30
"""Seconds after which a picture counts as new, whatever the library says, which cannot be relied on
to say so."""


def _library(name: str) -> Any:
    try:
        import SpoutGL
    except ImportError as error:
        if sys.platform != "win32":
            raise Unavailable(f"{name}: Spout is for Windows only; NDI plays here") from error
        raise Unavailable(f"{name} needs SpoutGL ({error}): python3 launch.py add spout") from error
    return SpoutGL


def list_spout_senders() -> list[str]:
    """The names of all senders. Raises Unavailable off Windows or without SpoutGL."""
    with _library("spout:").SpoutReceiver() as receiver:
        return [str(name) for name in receiver.getSenderList()]


class SpoutSource:
    """`spout:NAME`; without a name, the active sender. RGBA. Everything belongs on one thread: the
    hidden OpenGL context does."""

    live = True

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        self.name = rest.strip()
        self._settings = settings
        self._receiver: Any = None
        self._open = ExitStack()
        self._buffer: np.ndarray | None = None
        self._size = (0, 0)
        self._number = 0
        self._last_at = 0.0

    def open(self) -> None:
        """Begin to receive; a sender that does not exist yet is no fault. Raises Unavailable off
        Windows or without SpoutGL."""
        self.close()
        self._receiver = self._open.enter_context(_library(f"spout:{self.name}").SpoutReceiver())
        if self.name:
            self._receiver.setReceiverName(self.name)

    def read(self) -> Frame | None:
        """The newest frame; None while the sender gives none."""
        assert self._receiver is not None, "open comes first"
        self._receiver.waitFrameSync(self.name, WAIT_MS)
        # False: our first row is the top one.
        received = self._receiver.receiveImage(self._buffer, GL_RGBA, False, 0)
        if received and self._receiver.isUpdated():
            self._size = (self._receiver.getSenderWidth(), self._receiver.getSenderHeight())
            self._buffer = np.zeros(self._size[0] * self._size[1] * 4, np.uint8)
            return None
        now = time.monotonic()
        # a sender that is connected and has not drawn yet has no size
        there = received and self._buffer is not None and self._buffer.size > 0
        if not there or not (self._receiver.isFrameNew() or now - self._last_at >= DOUBTFUL):
            time.sleep(POLL)  # without a sender, `waitFrameSync` does not wait
            return None
        self._last_at = now
        assert self._buffer is not None
        width, height = self._size
        frame = Frame(
            self._buffer.reshape(height, width, 4).copy(), self._number, self._settings.clock.now()
        )
        self._number += 1
        return frame

    def close(self) -> None:
        self._receiver, self._buffer = None, None
        self._open.close()
