"""Work on a thread of its own for which nobody waits: the newest item is taken, what came in
between is passed over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from vj.core.mailbox import Mailbox
from vj.core.supervisor import Supervisor

T = TypeVar("T")


class NewestWorker(Generic[T]):
    """Does one thing with the newest item. Its thread begins with the first."""

    def __init__(self, supervisor: Supervisor, name: str, do: Callable[[T], None]) -> None:
        """supervisor: of the thread, which is called `name`. do: may take its time."""
        self._supervisor, self._name, self._do = supervisor, name, do
        self._box: Mailbox[T] = Mailbox()
        self._thread: threading.Thread | None = None

    def put(self, item: T) -> None:
        """Never waits. Belongs to one thread."""
        if self._thread is None:
            self._thread = self._supervisor.start(self._name, self._run, lambda: self.closed)
        self._box.put(item)

    @property
    def closed(self) -> bool:
        return self._box.closed

    def close(self) -> None:
        """End, after the item in hand; does not wait. May be called twice."""
        self._box.close()

    def _run(self) -> None:
        while not self.closed:
            item = self._box.get(1.0)
            if item is not None:
                self._do(item)
