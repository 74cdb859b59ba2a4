"""Lines of JSON between a show and its display: the show's on the display's standard input, the
display's on its standard output. `FRAME` alone on a line says that the shared memory has a new
frame.

To the display: `memory` and `pixels` (where frames lie, of how many pixels at most), `setup`,
`pattern`, `close`. From it: `ready`, `monitors` and `place` (whenever they change), `setup` (when
it was changed by hand), `pattern`, `told` (a message for the user), `fault` (it ends), `closed` (by
hand; it ends), `beat` (once a second: `drawn` frames in all, `lag` in ms, the median from sent to
handed to the screen)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any

FRAME = "f"


def send_line(stream: IO[str], message: Mapping[str, Any]) -> None:
    """Write one message. Raises OSError or ValueError when nobody listens any more."""
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def read_lines(stream: IO[str], take: Callable[[dict[str, Any]], None]) -> None:
    """Pass on every message until the stream ends; `FRAME` as an empty one. What is no message,
    such as a library's own words, is left out."""
    try:
        for line in stream:
            if line.strip() == FRAME:
                take({})
                continue
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if isinstance(message, dict):
                take(message)
    except (OSError, ValueError):
        pass


class LineWriter:
    """Writes on a thread of its own, so that a display that does not read holds nobody up."""

    def __init__(self, stream: IO[str], name: str) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._something = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def send(self, message: Mapping[str, Any]) -> None:
        self._add(json.dumps(message))

    def frame(self) -> None:
        """There is a new frame; said once where it has not been read yet."""
        self._add(FRAME)

    def close(self) -> None:
        with self._something:
            self._closed = True
            self._something.notify()

    def _add(self, line: str) -> None:
        with self._something:
            if line != FRAME or FRAME not in self._lines:
                self._lines.append(line)
            self._something.notify()

    def _run(self) -> None:
        try:
            while True:
                with self._something:
                    while not self._lines and not self._closed:
                        self._something.wait()
                    lines, self._lines = self._lines, []
                    if not lines:
                        break
                self._stream.write("".join(f"{line}\n" for line in lines))
                self._stream.flush()
        except (OSError, ValueError):
            pass
        finally:
            try:
                self._stream.close()
            except OSError:
                pass
