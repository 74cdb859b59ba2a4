"""Numbers about a performance, cheap enough to take every frame."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0..1) of them lie; 0 when there are none."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


@dataclass(slots=True)
class Window:
    """The last few hundred measurements of one thing, in seconds."""

    values: deque[float] = field(default_factory=lambda: deque(maxlen=300))

    def add(self, value: float) -> None:
        self.values.append(value)

    def percentile(self, share: float) -> float:
        return percentile(list(self.values), share)


class Metrics:
    """Frames, stages, latencies and losses. Written by the render and sink threads, read by the
    status line."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.painted = 0
        self.repeated = 0
        """Frames repeated because the model had no new one: freeze, an error, or a stream batch
        that fills."""
        self.faults = 0
        self._first: float | None = None
        self._moments: deque[float] = deque(maxlen=120)
        self._stages: dict[str, Window] = {}
        self._latency = Window()
        self._latencies: list[float] = []

    def restart(self) -> None:
        """Discard what was measured before the model was loaded, when frames are cheap."""
        with self._lock:
            self.painted = self.repeated = 0
            self._first = None
            self._moments.clear()
            self._stages.clear()
            self._latency.values.clear()
            self._latencies.clear()

    def stage(self, name: str, seconds: float) -> None:
        """How long one part of a frame took."""
        with self._lock:
            self._stages.setdefault(name, Window()).add(seconds)

    def lap(self, name: str, begun: float) -> float:
        """A part of a frame, which began then (`time.perf_counter`), has ended. Returns now."""
        now = time.perf_counter()
        self.stage(name, now - begun)
        return now

    def frame(self, now: float) -> None:
        """One frame left the render loop."""
        with self._lock:
            self.painted += 1
            self._moments.append(now)
            self._first = now if self._first is None else self._first

    def latency(self, seconds: float) -> None:
        """From the source's time stamp until a sink has sent the frame."""
        with self._lock:
            self._latency.add(seconds)
            if len(self._latencies) < 1_000_000:
                self._latencies.append(seconds)

    def fps(self) -> float:
        """Frames a second over the last two seconds or so."""
        with self._lock:
            if len(self._moments) < 2:
                return 0.0
            recent = [m for m in self._moments if m > self._moments[-1] - 2.0]
            return (
                (len(recent) - 1) / (recent[-1] - recent[0])
                if len(recent) > 1 and recent[-1] > recent[0]
                else 0.0
            )

    def whole_fps(self) -> float:
        """Frames a second from the first to the last."""
        with self._lock:
            if self._first is None or self.painted < 2 or self._moments[-1] <= self._first:
                return 0.0
            return (self.painted - 1) / (self._moments[-1] - self._first)

    def recent_latency(self) -> tuple[float, float]:
        """p50 and p95 of the last 300 frames, seconds."""
        with self._lock:
            return self._latency.percentile(0.5), self._latency.percentile(0.95)

    def whole_latency(self) -> tuple[float, float]:
        """p50 and p95 of the whole performance, seconds."""
        with self._lock:
            return percentile(self._latencies, 0.5), percentile(self._latencies, 0.95)

    def stages(self) -> dict[str, float]:
        """Median seconds of every stage."""
        with self._lock:
            return {name: window.percentile(0.5) for name, window in self._stages.items()}
