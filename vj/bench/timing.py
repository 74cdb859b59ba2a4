"""How long a piece of work takes, again and again, with what a card still has to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from vj.core.metrics import percentile


@dataclass(frozen=True)
class Laps:
    """Seconds of one after the other."""

    seconds: list[float]

    @property
    def p50(self) -> float:
        """Milliseconds."""
        return round(1e3 * percentile(self.seconds, 0.5), 3)

    @property
    def p95(self) -> float:
        """Milliseconds."""
        return round(1e3 * percentile(self.seconds, 0.95), 3)

    @property
    def rate(self) -> float:
        """A second, on the average."""
        return round(len(self.seconds) / sum(self.seconds), 2)


def laps(
    work: Callable[[], object],
    device: torch.device,
    seconds: float,
    most: int = 200,
    least: int = 5,
    waits: bool = True,
) -> Laps:
    """Do it for so long, after a tenth of that to warm up. waits: for the card each time; without,
    the last one counts with what the card still has to do at the end."""

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    end = time.perf_counter() + seconds / 10
    work()
    while time.perf_counter() < end:
        work()
    wait()
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) < least or (len(taken) < most and time.perf_counter() < end):
        begun = time.perf_counter()
        work()
        if waits:
            wait()
        taken.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    wait()
    taken[-1] += time.perf_counter() - begun
    return Laps(taken)
