"""A sound card, which test machines do not have. A test file that writes `card = sound_card.card`
has the fixture."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vj.sound import RATE


class Card:
    """It has one user at a time, as an exclusive driver has it, and plays a hum of one loudness to
    whoever opened it."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        """`open DEVICE CHANNELS` and `close`, as they came."""
        self.users = 0

    def stream(self, callback: Callable[..., None], device: str | None = None, **asked: Any) -> Any:
        """Takes the place of sounddevice's `InputStream`."""
        if self.users:
            raise OSError("Device unavailable")
        self.users += 1
        self.messages.append(f"open {device or 'default'} {asked['channels']}")
        stop = threading.Event()

        def play() -> None:
            block = np.full((512, asked["channels"]), 0.25, np.float32)
            while not stop.wait(512 / RATE):
                callback(block, 512, None, None)

        def close() -> None:
            stop.set()
            self.users -= 1
            self.messages.append("close")

        thread = threading.Thread(target=play, daemon=True)
        return types.SimpleNamespace(start=thread.start, stop=stop.set, close=close)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    made = Card()
    fake = types.SimpleNamespace(InputStream=made.stream)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return made
