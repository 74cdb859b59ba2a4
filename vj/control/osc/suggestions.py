"""What a wrong address may have meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from vj.control.replies import RateLimiter
from vj.core.errors import nearest

SUGGESTIONS = 5
"""Suggestions looked up per second; each takes a millisecond."""
KNOWN_MISTAKES = 256


class Suggestions:
    """Suggests the nearest known address; rate-limited, and cached."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._limiter = RateLimiter(SUGGESTIONS, clock)
        self._addresses: list[str] = []
        self._mistakes: dict[str, str] = {}

    def use(self, addresses: Iterable[str]) -> None:
        """Set the addresses that are known."""
        self._addresses, self._mistakes = list(addresses), {}

    def nearest_to(self, address: str) -> str:
        """A suggestion to follow a message, as `nearest` words it; "" for none."""
        known = self._mistakes.get(address)
        if known is None:
            if not self._limiter.allow():
                return ""
            if len(self._mistakes) >= KNOWN_MISTAKES:
                self._mistakes.clear()
            known = self._mistakes[address] = nearest(address[:100], self._addresses)
        return known
