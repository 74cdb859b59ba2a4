"""The sounds of a show beside each other, by the samples of its clock: what a frame says of them is
heard from the sample of its moment on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from vj.sound import silence
from vj.sound.track import Track

FRAMES = 2000
"""What so many frames say is kept until it is heard, at most."""


class Heard(NamedTuple):
    """What a frame says of a track. gain: 0..1. plays, stops: how often it was started and stopped
    so far."""

    gain: float
    pace: float
    plays: int
    stops: int = 0


class Tracks:
    """Plays them block by block. For one thread, but for `frame`."""

    def __init__(self, failed: Callable[[str, Exception], None] | None = None) -> None:
        """failed: told of a sound that cannot be read any more; it is silent from then on, and the
        others play. None: that is raised."""
        self._failed = failed
        self._tracks: dict[str, Track] = {}
        self._leaving: list[Track] = []
        self._frames: deque[tuple[int, Mapping[str, Heard]]] = deque(maxlen=FRAMES)
        self._at: int | None = None
        """The sample that comes next."""

    def of(self) -> dict[str, Track]:
        """Those that are played, by their names."""
        return dict(self._tracks)

    def exchange(self, tracks: Mapping[str, Track]) -> None:
        """These are played from now on. Those that were played and are not among them go without a
        click, and are closed."""
        stay = {id(track) for track in tracks.values()}
        for track in self._tracks.values():
            if id(track) not in stay:
                track.leave()
                self._leaving.append(track)
        self._tracks = dict(tracks)

    def frame(self, at: int, heard: Mapping[str, Heard]) -> None:
        """A frame's moment, in samples of the clock, and what it says. In order; from any
        thread."""
        self._frames.append((at, heard))

    def next(self, first: int) -> int:
        """The sample that comes next, where the next block begins at `first`: what has been said
        before the first block happens unheard."""
        if self._at is not None:
            return self._at
        return min(first, self._frames[0][0]) if self._frames else first

    def block(self, first: int, count: int) -> np.ndarray:
        """What is heard from this sample on: (count, 2) float32. What lies between goes by unheard;
        a frame that has come too late counts from here on."""
        self._at = self.next(first)
        if self._at < first:
            self._run(first - self._at, None)
        self._at = first
        mixed = silence(count)
        self._run(count, mixed)
        return mixed

    def _run(self, count: int, mixed: np.ndarray | None) -> None:
        assert self._at is not None
        begins, ends = self._at, self._at + count
        while self._at < ends:
            until = ends
            while self._frames:
                at = self._frames[0][0]
                if at > self._at:
                    until = min(ends, at)
                    break
                self._say(*self._frames.popleft())
            if mixed is None:
                for track in self._tracks.values():
                    track.skip(until - self._at)
            else:
                part = mixed[self._at - begins : until - begins]
                for name, track in list(self._tracks.items()):
                    self._add(name, track, part)
                for track in self._leaving:
                    track.add_to(part)
            self._at = until
        for track in [one for one in self._leaving if one.silent]:
            self._leaving.remove(track)
            track.close()

    def _add(self, name: str, track: Track, part: np.ndarray) -> None:
        if self._failed is None:
            track.add_to(part)
            return
        try:
            track.add_to(part)
        except Exception as error:  # a share that is lost, whatever a decoder raises
            del self._tracks[name]
            track.close()
            self._failed(name, error)

    def _say(self, at: int, heard: Mapping[str, Heard]) -> None:
        for name, track in self._tracks.items():
            said = heard.get(name)
            if said is not None:
                track.frame(at, *said)

    def close(self) -> None:
        """May be called twice."""
        for track in (*self._tracks.values(), *self._leaving):
            track.close()
        self._tracks, self._leaving = {}, []
