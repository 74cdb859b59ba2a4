"""A picture that loops, on its way to disk: GIF or animated WebP, its end faded into its beginning
where that is asked for."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from vj.core.frame import Size
from vj.sinks.fit import fitted, opaque
from vj.sinks.gif import GifWriter
from vj.sinks.mark import Mark
from vj.sinks.output_file import create_unused

FASTEST = {".gif": 30.0, ".webp": 60.0}
"""Pictures a second at most; frames that come sooner are left out. Browsers show a GIF's frames of
less than 2 hundredths of a second as if they were 10."""

SHORTEST = {".gif": 0.0195, ".webp": 0.0095}
"""Seconds of a frame that brings its time offline, at least; shorter ones are left out."""

AT_ITS_END = 20
"""Pictures of a fade that are written when a live recording ends, at most: a show ends within two
seconds, and 20 of 512x512 take a quarter of one as WebP."""

MOST, MOST_PIXELS = 1800, 1_000_000_000
"""Of a WebP's pictures, and of all their pixels: they wait in memory. 600 of them took 60 to 140 MB
at 320x240, and 140 to 330 MB at 640x480."""

Moment = tuple[float, np.ndarray]
"""Seconds since the first frame, and the picture."""


class _Writer(Protocol):
    def add(self, pixels: np.ndarray, seconds: float) -> None: ...
    def end(self, seconds: float) -> None: ...


class LoopPicture:
    """Writes frames into a new file, a `vj.sinks.recorder.Recording`. Raises OSError when they
    cannot be written.

    With a fade, the first `fade` seconds are kept back and mixed over the last ones, so that the
    last picture leads into the one that comes first: the loop is that much shorter. Live, a long
    fade has fewer pictures a second. A killed GIF
    plays up to its last frame; a killed WebP is empty, since it is written at its end.
    """

    def __init__(
        self,
        path: Path,
        size: Size,
        fps: float,
        live: bool,
        fade: float = 0.0,
        alpha: bool = False,
        timed: bool = False,
    ) -> None:
        """size: of the first frame. live: frames are timed by the clock, else counted. fade:
        seconds. alpha: is kept, in a WebP. timed: each frame brings its time, though the show is
        not live."""
        self.size = size
        self.mark: Mark | None = None
        """Written with the first frame; later ones change nothing."""
        self.frames = 0
        self.seconds = 0.0
        self.remark = ""
        """What became of the fade, when it could not be made; after `finish`."""
        self._fps, self._live, self._fade = fps, live, fade
        self._timed = live or timed
        self._ending = path.suffix.lower()
        self._alpha = alpha and self._ending == ".webp"
        self._period = 1 / min(fps, FASTEST[self._ending])
        self._gap = 0.9 / FASTEST[self._ending]
        if timed and not live:
            self._gap = SHORTEST[self._ending]
        self._came = 0
        self._first = 0.0
        self._last = -1.0
        self._head: list[Moment] = []
        self._tail: deque[Moment] = deque()
        self._writer: _Writer | None = None
        self._shift = 0.0
        self._file = create_unused(path)
        self.path = self._file.path

    @property
    def bytes(self) -> int:
        return self._file.size

    @property
    def full(self) -> bool:
        """No more pictures should be added: a WebP takes too much memory by now."""
        if self._ending != ".webp":
            return False
        return self.frames >= min(MOST, MOST_PIXELS // (self.size.width * self.size.height))

    def exists(self) -> bool:
        """The file still exists at its path."""
        return self._file.exists()

    def add(self, pixels: np.ndarray, moment: float, lasts: float = 0.0) -> None:
        """pixels: (H, W, 3 or 4) uint8, any size. moment: seconds on the show's clock, used where
        frames are timed. lasts: seconds that it is seen, 0 where nobody knows."""
        if self._came == 0:
            self._first = moment
        at = moment - self._first if self._timed else self._came / self._fps
        self._came += 1
        if self._last >= 0 and at - self._last < self._gap:
            self.seconds = max(self.seconds, at + lasts)
            return
        self._last = at
        self.frames += 1
        self.seconds = at + (lasts or self._period)
        picture = fitted(pixels if self._alpha else opaque(pixels), self.size)
        if self._alpha and picture.shape[2] == 3:
            picture = cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)
        if at < self._fade - 1e-6:
            self._head.append((at, picture))
            return
        self._tail.append((at, picture))
        while self._tail and self._tail[0][0] <= at - self._fade + 1e-6:
            self._put(*self._tail.popleft())

    def _put(self, at: float, picture: np.ndarray) -> None:
        if self._writer is None:
            self._shift = at
            if self._ending == ".gif":
                self._writer = GifWriter(self.size, self._file.write, self.mark)
            else:
                from vj.sinks.webp import WebpWriter  # wants PyAV, which a GIF does not

                rate = min(self._fps, FASTEST[self._ending])
                self._writer = WebpWriter(self.size, self._file.write, self.mark, rate)
        self._writer.add(picture, at - self._shift)

    def add_sound(self, samples: np.ndarray, moment: float) -> None:
        """It has none."""

    def finish(self) -> None:
        """Fade, and write what is left. Raises OSError when it does not fit; the file is released
        in any case."""
        try:
            end = self.seconds
            if self._head and end < 2 * self._fade:
                self.remark = (
                    f"{end:.1f} s are too short for a fade of {self._fade:g} s: the loop has none"
                )
                self._tail.extendleft(reversed(self._head))
                self._head = []
            tail = list(self._tail)
            if self._live and self._head and len(tail) > AT_ITS_END:
                every = -(-len(tail) // AT_ITS_END)
                tail = tail[::-1][::every][::-1]  # with the very last
            for at, picture in tail:
                self._put(at, self._faded(picture, at - (end - self._fade)))
            if self._writer is not None:
                self._writer.end(end - self._shift)
                self.seconds = end - self._shift
        finally:
            self._file.release()

    def _faded(self, picture: np.ndarray, into: float) -> np.ndarray:
        """A picture of the end, mixed with that of the beginning which lies as far. into: seconds
        since the fade began."""
        if not self._head or into < -self._period / 2:
            return picture
        share = min(1.0, (into + self._period) / self._fade)  # the last one is all beginning
        _, first = min(self._head, key=lambda one: abs(one[0] - into))
        mixed: np.ndarray = cv2.addWeighted(picture, 1 - share, first, share, 0)
        return mixed

    def abandon(self) -> None:
        """Leave the file as it is: a GIF up to its last whole frame."""
        self._file.release()
