"""Sound made longer with its pitch kept, by FFmpeg's filter atempo."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from vj.sound import RATE, silence

SLOWEST = 2
"""Times that one filter makes it longer, at most."""


class SlowSound:
    """Takes sound piece by piece; it comes out `times` as long, a little later."""

    def __init__(self, times: int) -> None:
        from av.filter import Graph

        self._graph: Any = Graph()
        layout = "stereo"
        chain = [
            self._graph.add(
                "abuffer",
                sample_rate=str(RATE),
                sample_fmt="fltp",
                channel_layout=layout,
                time_base=f"1/{RATE}",
            )
        ]
        left = float(times)
        while left > 1:
            step = min(left, SLOWEST)
            chain.append(self._graph.add("atempo", repr(1 / step)))
            left /= step
        chain.append(self._graph.add("aformat", "sample_fmts=fltp"))
        chain.append(self._graph.add("abuffersink"))
        for one, other in pairwise(chain):
            one.link_to(other)
        self._graph.configure()
        self._came = 0

    def put(self, samples: np.ndarray) -> np.ndarray:
        """samples: (n, 2) float32. Returns what is ready: (m, 2) float32."""
        from av import AudioFrame

        if len(samples):
            planes = np.ascontiguousarray(samples.T)
            frame = AudioFrame.from_ndarray(planes, format="fltp", layout="stereo")
            frame.rate, frame.pts, frame.time_base = RATE, self._came, Fraction(1, RATE)
            self._came += len(samples)
            self._graph.push(frame)
        return self._pulled()

    def rest(self) -> np.ndarray:
        """The end, after which nothing more is put in."""
        self._graph.push(None)
        return self._pulled()

    def _pulled(self) -> np.ndarray:
        from av import FFmpegError

        found = []
        while True:
            try:
                found.append(self._graph.pull().to_ndarray().T)
            except (EOFError, BlockingIOError, FFmpegError):
                break
        return np.concatenate(found) if found else silence(0)
