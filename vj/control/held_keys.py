"""Keys that are held down. A page says when a key goes up, a terminal does not: there a key that is
held repeats, and is up once it no longer does."""

from __future__ import annotations

from typing import Literal

Phase = Literal["tap", "down", "held", "up"]
"""What is known of a key. tap: of a terminal, where a repeat is another tap. down, up: of a page,
which says held now and then until it is up."""

FIRST = 0.7
"""Seconds for which a terminal's key counts as held after its first tap. Before it repeats .5 s
pass on Windows, macOS and most Linux desktops, .66 s on plain X11."""
REPEATING = 0.2
"""Seconds after a repeat. Keys repeat 10 to 33 times a second."""
SILENCE = 2.0
"""Seconds after which a page that says no more has gone, and let go."""


class HeldKeys:
    """Which keys are down. On the frame's time."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def __bool__(self) -> bool:
        return bool(self._until)

    def take_over(self, old: HeldKeys) -> None:
        """Take over what is held."""
        self._until = old._until

    def press(self, key: str, phase: Phase, time: float) -> bool:
        """A key has been heard of, other than `up`. Whether it was not down before."""
        new = key not in self._until
        patience = SILENCE if phase != "tap" else FIRST if new else REPEATING
        self._until[key] = time + patience
        return new

    def lift(self, key: str) -> bool:
        """A key is up. Whether it was down."""
        return self._until.pop(key, None) is not None

    def let_go(self, time: float) -> list[str]:
        """The keys that are up by now, since nothing more was heard of them."""
        gone = [key for key, until in self._until.items() if time >= until]
        for key in gone:
            del self._until[key]
        return gone
