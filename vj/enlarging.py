"""Between what is painted and what is sent: every picture brought to the size of the show's output, on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from vj.engine.enlarge import Enlarger
from vj.frame import Frame
from vj.mailbox import Mailbox
from vj.metrics import Metrics


class Enlarging:
    """Takes pictures from the render loop and never holds it up: the newest one waits, older ones are let go and counted."""

    def __init__(self, enlarger: Enlarger, deliver: Callable[[Frame], None], metrics: Metrics, on_message: Callable[[str], None]) -> None:
        self._enlarger, self._deliver, self._metrics, self._say = enlarger, deliver, metrics, on_message
        self._box: Mailbox[Frame] = Mailbox()
        self._said = ""
        self._thread = threading.Thread(target=self._run, name="enlarge", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        return self._box.dropped

    def put(self, frame: Frame) -> None:
        self._box.put(frame)

    def _run(self) -> None:
        while True:
            frame = self._box.take(1.0)
            if frame is not None:
                self._deliver(self._enlarged(frame))
            elif self._box.closed:
                break
        self._enlarger.close()

    def _enlarged(self, frame: Frame) -> Frame:
        try:
            return replace(frame, pixels=self._enlarger.enlarge(frame.pixels))
        except Exception as error:  # a card that has gone, a foreign model: the picture goes on as it was painted
            self._metrics.faults += 1
            told = f"upscaling failed ({type(error).__name__}: {error}); the picture leaves as it was painted"[:300]
            if told != self._said:
                self._said = told
                self._say(told)
            return frame

    def stop(self, timeout: float = 0.5) -> None:
        self._box.close()
        self._thread.join(timeout)
