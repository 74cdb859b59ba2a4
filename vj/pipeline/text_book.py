"""What texts stand for, looked up or computed beside the picture: embeddings of prompts, weights of
styles, the vectors of style pictures."""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from vj.core.errors import told
from vj.core.supervisor import Supervisor

T = TypeVar("T")


class TextBook(Generic[T]):
    """Values by text. Live, an unknown text is handed to a thread and is there a few frames later;
    offline it is found on the spot, so that the same frames come out every time."""

    def __init__(
        self,
        find: Callable[[str], T],
        wait: bool,
        on_message: Callable[[str], None] = lambda text: None,
        keep: int = 256,
        supervisor: Supervisor | None = None,
        thread: str = "prompts",
        what: str = "prompt {!r} could not be encoded",
    ) -> None:
        """find: may take its time, and raise. wait: offline. supervisor: of the thread that finds,
        which is called `thread`. what: the message about a text that cannot be found, with a place
        for the text."""
        self._supervisor = supervisor or Supervisor(on_message)
        self._find, self._wait, self._on_message, self._keep = find, wait, on_message, keep
        self._name, self._what = thread, what
        self._known: OrderedDict[str, T] = OrderedDict()
        self._asked: set[str] = set()
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def get(self, text: str) -> T | None:
        """The value, or None while it is being found. Offline raises what `find` does."""
        with self._lock:
            found = self._known.get(text)
            if found is not None:
                self._known.move_to_end(text)
                return found
        if self._wait:
            self.find(text)
            return self._known[text]
        if text not in self._asked:
            self._asked.add(text)
            if self._thread is None:
                self._thread = self._supervisor.start(self._name, self._run)
            self._queue.put(text)
        return None

    def close(self) -> None:
        """End the thread."""
        self._queue.put(None)

    def forget(self, text: str) -> None:
        """Find it anew when it is asked for next: what it stands for may be another thing now."""
        with self._lock:
            self._known.pop(text, None)
        self._asked.discard(text)

    def find(self, text: str) -> None:
        """Find a text's value here and now."""
        value = self._find(text)
        with self._lock:
            self._known[text] = value
            while len(self._known) > self._keep:
                self._known.popitem(last=False)

    def _run(self) -> None:
        while (text := self._queue.get()) is not None:
            try:
                self.find(text)
                self._asked.discard(text)
            # A text that cannot be found stays in `_asked`, so it is not tried again; the one
            # before it stays.
            except Exception as error:
                self._supervisor.count(self._name)
                what = self._what.format(text[:40])
                self._on_message(f"{what}: {told(error)}")
