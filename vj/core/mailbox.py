"""Hand-over between threads: one slot, the newest wins, every loss is counted."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

from vj.core.clock import wait_for

T = TypeVar("T")


class Mailbox(Generic[T]):
    """A slot for one item. `put` never waits; what it pushes out is counted in `dropped`."""

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._item: T | None = None
        self._closed = self._woken = False
        self.dropped = 0

    def put(self, item: T) -> None:
        """Put an item, replacing one that was not fetched. After `close` it is ignored."""
        with self._ready:
            if self._closed:
                return
            if self._item is not None:
                self.dropped += 1
            self._item = item
            self._ready.notify()

    def get(self, timeout: float | None = None) -> T | None:
        """The item, waiting up to `timeout` seconds for one (None: for ever). None when none came,
        somebody woke it, or the box is closed and empty."""
        with self._ready:
            if self._item is None and not self._closed and (timeout is None or timeout > 0):
                wait_for(self._ready, self._is_over, timeout)
            item, self._item = self._item, None
            self._woken = False
            return item

    def _is_over(self) -> bool:
        return self._item is not None or self._closed or self._woken

    def wake(self) -> None:
        """End the waiting, or the next one, without an item: something else is to be done."""
        with self._ready:
            self._woken = True
            self._ready.notify()

    def close(self) -> None:
        """Wake all waiting threads; nothing is accepted any more."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed
