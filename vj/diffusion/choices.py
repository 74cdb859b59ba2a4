"""Choices that were made by timing, kept per machine in the user's cache, so that the second start
of a show does not have to time anything."""

from __future__ import annotations

import os
import threading
from importlib.metadata import version
from typing import Any

from vj.core import cache
from vj.core.processor import processor_name

FILE = "choices.json"


def machine() -> str:
    """What the timings hold for: processor, how many cores this process may use, torch."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{processor_name()}, {cores} cores, torch {version('torch')}"


class Choices:
    """Small dictionaries by names. From any thread."""

    def __init__(self) -> None:
        self._machine = machine()
        self._lock = threading.Lock()
        found = cache.read(FILE)
        mine = isinstance(found, dict) and found.get("machine") == self._machine
        kept = found.get("choices") if mine else None
        self._kept: dict[str, dict[str, Any]] = (
            {key: value for key, value in kept.items() if isinstance(value, dict)}
            if isinstance(kept, dict)
            else {}
        )
        self._doubted: set[str] = set()
        self.way: tuple[object, ...] | None = None
        """The name of the way to compute that was taken over from another run, see
        `vj.diffusion.autotune.tune`."""

    def get(self, *name: object) -> dict[str, Any] | None:
        """The choice under a name; None when there is none, or it was made on another machine."""
        with self._lock:
            return self._kept.get(_key(name))

    def keep(self, *name: object, **value: Any) -> None:
        """For this run and those to come, as far as the cache can be written."""
        with self._lock:
            self._kept[_key(name)] = value
            self._write()

    def doubt(self, *name: object) -> None:
        """It looks wrong: it is to be timed anew, and what is chosen then is final."""
        with self._lock:
            self._doubted.add(_key(name))
            if self._kept.pop(_key(name), None) is not None:
                self._write()

    def doubted(self, *name: object) -> bool:
        """`doubt` was called in this run."""
        with self._lock:
            return _key(name) in self._doubted

    def _write(self) -> None:
        cache.write(FILE, {"machine": self._machine, "choices": self._kept})


def _key(name: tuple[object, ...]) -> str:
    return " ".join(map(str, name))
