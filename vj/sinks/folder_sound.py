"""The sound of a recording that is a folder of pictures: a file beside them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from vj.sinks.output_file import create_unused
from vj.sinks.sound_queue import SoundQueue
from vj.sound import CHANNELS, RATE


class FolderSound:
    """`sound.wav`, or `sound-2.wav`, ... where the folder is continued: 16 bits. Playable at every
    moment."""

    def __init__(self, path: Path) -> None:
        """path: a name that is taken gets a number. Raises OSError when it cannot be made."""
        self._file = create_unused(path)
        self._wave = wave.Wave_write(self._file)  # type: ignore[arg-type]
        self._wave.setparams((CHANNELS, 2, RATE, 0, "NONE", ""))
        self._queue = SoundQueue()

    @property
    def bytes(self) -> int:
        return self._file.size

    def put(self, first: int | None, samples: np.ndarray) -> None:
        """See `SoundQueue.put`. Raises OSError when it cannot be written."""
        queue = self._queue
        queue.put(first, samples)
        if queue.end > queue.taken:
            ready = queue.take(queue.end - queue.taken)
            levels = np.rint(np.clip(ready, -1, 1) * 32768.0).clip(-32768, 32767)
            self._wave.writeframes(levels.astype("<i2").tobytes())

    def close(self) -> None:
        """May be called twice. Raises OSError."""
        try:
            self._wave.close()
        finally:
            self._file.release()
