"""What texts stand for, looked up or computed beside the picture: embeddings of prompts, weights of
styles, the vectors of style pictures."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from vj.core.errors import told
from vj.core.supervisor import Supervisor

T = TypeVar("T")
WAITING = 32
"""Texts that wait to be found, at most: more than the prompts of a frame."""


class TextBook(Generic[T]):
    """Values by text. Live, an unknown text is handed to a thread and is there a few frames later:
    the text that was asked for last comes first, and what no frame has asked for in a while is
    never looked for. Offline it is found on the spot, so that the same frames come out every
    time."""

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
        self._asked: OrderedDict[str, None] = OrderedDict()
        """What waits to be found; what was asked for last is last."""
        self._finding: str | None = None
        self._failed: set[str] = set()
        """Not tried again, until `forget`."""
        self.latest: T | None = None
        """What the thread has found last; None before the first."""
        self._closed = False
        self._lock = threading.Lock()
        self._change = threading.Condition(self._lock)
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
        with self._change:
            if text not in self._failed and text != self._finding:
                self._asked[text] = None
                self._asked.move_to_end(text)
                while len(self._asked) > WAITING:
                    self._asked.popitem(last=False)
                self._change.notify()
        if self._thread is None:
            self._thread = self._supervisor.start(self._name, self._run)
        return None

    def close(self) -> None:
        """End the thread."""
        with self._change:
            self._closed = True
            self._change.notify()

    def forget(self, text: str) -> None:
        """Find it anew when it is asked for next: what it stands for may be another thing now."""
        with self._lock:
            self._known.pop(text, None)
            self._failed.discard(text)
            if self._finding == text:
                self._finding = None  # what is being found is the thing before

    def find(self, text: str) -> None:
        """Find a text's value here and now."""
        value = self._find(text)
        with self._lock:
            self._known[text] = self.latest = value
            while len(self._known) > self._keep:
                self._known.popitem(last=False)

    def _next(self) -> str | None:
        """The text to be found now, once there is one; None at the end."""
        with self._change:
            self._finding = None
            self._change.wait_for(lambda: self._closed or self._asked)
            if self._closed:
                return None
            self._finding = self._asked.popitem()[0]
            return self._finding

    def _run(self) -> None:
        while (text := self._next()) is not None:
            try:
                self.find(text)
            except Exception as error:  # a text that nothing can be made of: the one before stays
                with self._lock:
                    self._failed.add(text)
                self._supervisor.count(self._name)
                what = self._what.format(text[:40])
                self._on_message(f"{what}: {told(error)}")
