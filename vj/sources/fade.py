"""From one source's picture to another's."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.frame import Frame, Size, WalkFrame
from vj.sources.reader import Reader

SLOWEST = 0.04
"""Seconds from one picture of a crossfade to the next, at most."""


def crossfade(old: Frame, new: Frame, share: float) -> Frame:
    """`new` with the rest of `old` over it: share 0 shows the old picture, 1 the new one. Of the
    new one's size: the old one is cut to its shape. A walk's chain has no one picture, so there is
    no way between."""
    if share >= 1 or isinstance(old, WalkFrame) or isinstance(new, WalkFrame):
        return new
    share = max(0.0, share)
    rest = covering(_over_black(old.pixels), new.size)
    mixed = cv2.addWeighted(rest, 1 - share, _over_black(new.pixels), share, 0.0)
    if old.pixels.shape[2] == 4 or new.pixels.shape[2] == 4:
        cover = covering(_alpha(old.pixels), new.size)
        cover = cv2.addWeighted(cover, 1 - share, _alpha(new.pixels), share, 0.0)
        whole = cv2.divide(mixed, cv2.cvtColor(cover, cv2.COLOR_GRAY2RGB), scale=255)
        mixed = cv2.merge([*cv2.split(whole), cover])
    return Frame(mixed, new.number, new.captured, place=new.place, faces=new.faces)


def _over_black(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3 or 4) -> (H, W, 3), what is transparent over black."""
    if pixels.shape[2] == 3:
        return pixels
    alpha = cv2.cvtColor(_alpha(pixels), cv2.COLOR_GRAY2RGB)
    return cv2.multiply(cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB), alpha, scale=1 / 255)


def _alpha(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3 or 4) -> (H, W), 255 where it is opaque."""
    if pixels.shape[2] == 3:
        return np.full(pixels.shape[:2], 255, np.uint8)
    return cv2.extractChannel(pixels, 3)


def covering(pixels: np.ndarray, size: Size) -> np.ndarray:
    """(H, W) or (H, W, 3) of any size -> of this one: scaled until nothing is left free, its
    middle."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    scale = max(size.width / width, size.height / height)
    across, down = min(width, round(size.width / scale)), min(height, round(size.height / scale))
    left, top = (width - across) // 2, (height - down) // 2
    part = pixels[top : top + down, left : left + across]
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


class SourceFade:
    """The crossfade from the source that played to the one that plays. Belongs to whoever holds the
    lock of `Capture`."""

    def __init__(self) -> None:
        self.old: Reader | None = None
        """The source that played before; None where no crossfade is going on."""
        self._mix: Frame | None = None
        """The picture shown when it began, if another crossfade was still going on."""
        self._began = self._seconds = 0.0

    def begin(self, old: Reader | None, shown: Frame | None, now: float, seconds: float) -> None:
        """old: what played until now. shown: the picture that is seen. seconds: 0 for a cut."""
        self._mix = shown if self.old is not None else None
        self.old, self._began, self._seconds = old, now, seconds
        if seconds <= 0:
            self.end()

    def end(self) -> None:
        """Nothing of the old source is seen any more."""
        self.old = self._mix = None

    def is_over(self, now: float) -> bool:
        """Whether its time has passed."""
        return now - self._began >= self._seconds

    def go_on(self, latest: Frame, now: float, shown_at: float) -> Frame | None:
        """A picture of it where the new source gives too few, and the last one at its end. latest:
        the new source's. shown_at: when a picture was shown last."""
        if self.old is None or not (self.is_over(now) or now - shown_at >= SLOWEST):
            return None
        mixed = self.of(latest, now)
        if self.is_over(now):
            self.end()
        return mixed

    def of(self, frame: Frame, now: float) -> Frame:
        """The new source's frame, mixed with the newest one of the source before."""
        before = self._mix or (self.old.latest if self.old is not None else None)
        if before is None:
            return frame
        return crossfade(before, frame, (now - self._began) / self._seconds)
