"""Frames from one process to another through shared memory: three slots, of which the newest
counts. Neither side waits for the other."""

from __future__ import annotations

import sys
import time
from multiprocessing import shared_memory
from typing import Any

import cv2
import numpy as np

SLOTS = 3
HEAD = 64
"""Bytes before the first slot, and before the pixels of each: whole cache lines."""


class FrameMemory:
    """Written by one process (`create`, `put`), read by another (`attach`, `newest`, `intact`).

    Layout: an int64, the number of the newest frame (0: none yet), in `HEAD` bytes; then for each
    slot the width, the height and the time (monotonic, ns) as int64 in `HEAD` bytes, and RGBA
    pixels. Frame n lies in slot n % 3. A writer that laps the reader while it reads spoils what it
    has read, which `intact` tells.
    """

    def __init__(self, memory: shared_memory.SharedMemory, capacity: int, owned: bool) -> None:
        self._memory, self.capacity, self._owned = memory, capacity, owned
        there: Any = memory.buf
        self._newest = np.frombuffer(there, np.int64, 1)
        self._heads, self._pixels = [], []
        for slot in range(SLOTS):
            place = HEAD + slot * (HEAD + capacity)
            self._heads.append(np.frombuffer(there, np.int64, 3, place))
            self._pixels.append(np.frombuffer(there, np.uint8, capacity, place + HEAD))

    @classmethod
    def create(cls, pixels: int) -> FrameMemory:
        """For frames of up to so many pixels. Raises OSError where there is no memory."""
        capacity = pixels * 4
        memory = shared_memory.SharedMemory(create=True, size=HEAD + SLOTS * (HEAD + capacity))
        return cls(memory, capacity, True)

    @classmethod
    def attach(cls, name: str, pixels: int) -> FrameMemory:
        """That of another process. Raises OSError when it is not there."""
        if sys.version_info >= (3, 13):
            memory = shared_memory.SharedMemory(name, track=False)
        else:
            # Before 3.13 whoever attached was taken for the owner, and took the memory along at
            # its end; this process only ever attaches.
            shared_memory.resource_tracker.register = lambda *of: None  # type: ignore[attr-defined]
            memory = shared_memory.SharedMemory(name)
        return cls(memory, pixels * 4, False)

    @property
    def name(self) -> str:
        return self._memory.name

    def holds(self, height: int, width: int) -> bool:
        return height * width * 4 <= self.capacity

    def put(self, pixels: np.ndarray) -> None:
        """Write a frame, (H, W, 3 or 4) uint8 RGB or RGBA, of no more pixels than it was made for:
        RGBA, since cards take three bytes a pixel only after copying them to four, five to
        twenty times slower."""
        height, width, channels = pixels.shape
        number = int(self._newest[0]) + 1
        slot = number % SLOTS
        there = self._pixels[slot][: height * width * 4].reshape(height, width, 4)
        if channels == 3:
            cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA, dst=there)
        else:
            np.copyto(there, pixels)
        self._heads[slot][:] = width, height, time.monotonic_ns()
        self._newest[0] = number

    def newest(self, seen: int) -> tuple[int, np.ndarray, int] | None:
        """(number, (H, W, 4) uint8 in the shared memory, time in ns) of a frame newer than `seen`;
        None when there is none."""
        number = int(self._newest[0])
        if number <= seen:
            return None
        width, height, sent = (int(one) for one in self._heads[number % SLOTS])
        if not 0 < width * height * 4 <= self.capacity:
            return None  # overtaken; the newer one is here in a moment
        flat = self._pixels[number % SLOTS][: width * height * 4]
        return number, flat.reshape(height, width, 4), sent

    def intact(self, number: int) -> bool:
        """Whether nobody can have written into frame `number` since it was the newest."""
        return int(self._newest[0]) < number + SLOTS - 1

    def close(self) -> None:
        """May be called twice. The memory goes with the process that made it."""
        self._newest = np.zeros(1, np.int64)
        self._heads, self._pixels = [], []
        try:
            self._memory.close()
        except BufferError:  # somebody still looks at a frame: it goes with the process
            pass
        if self._owned:
            self._owned = False
            self._memory.unlink()
