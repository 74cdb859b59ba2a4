"""Work that goes on beside whoever asks for it, on one thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Made = TypeVar("Made")


class Beside:
    """A thread of its own, begun with the first work, which is done in its order. Belongs to the
    thread that asks. A pool's thread would be waited for when the program ends, and work that hangs
    would hold it for ever."""

    def __init__(self, name: str) -> None:
        """name: the thread's."""
        self._name = name
        self._asked: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None]
        self._asked = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    @property
    def begun(self) -> bool:
        """It has been asked for something."""
        return self._thread is not None

    def do(self, work: Callable[[], Made]) -> Future[Made]:
        """Begin it. What it raises is raised where its result is asked for."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        done: Future[Made] = Future()
        self._asked.put((work, done))
        return done

    def _run(self) -> None:
        while (asked := self._asked.get()) is not None:
            work, done = asked
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(work())
            except BaseException as error:  # raised where the result is asked for
                done.set_exception(error)
            del asked, work, done  # they hold pictures until the next one comes

    def close(self) -> None:
        """End after what is asked for. What hangs is left to itself."""
        self._asked.put(None)
