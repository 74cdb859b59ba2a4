"""The frames that a translator is trained on: clips, and folders of pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.sources import EndOfSource, SourceSettings
from vj.sources.image import read_picture
from vj.sources.video import Video

LEAST = 40
"""Frames below which there is too little to learn from."""
MOST_BYTES = 300_000_000
"""Of the frames that are kept: 1,525 of 256x256."""
HELD_OUT = 0.15
"""Share of every clip, its end, that is not trained on."""
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
VIDEOS = (".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".gif")


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """frames: (N, S, S, 3) uint8, RGB. starts: the number of each clip's first frame. names: of the
    clips, without folders."""

    frames: np.ndarray
    starts: tuple[int, ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def clips(self) -> list[range]:
        """The frames of each clip."""
        return [range(*ends) for ends in pairwise((*self.starts, len(self.frames)))]

    def trained(self, before: int = 0) -> list[int]:
        """Frames to train on that have so many before them in their clip."""
        return [number for clip in self.clips for number in clip[before : _end(clip)]]

    def held_out(self, before: int = 0) -> list[int]:
        """The others."""
        return [number for clip in self.clips for number in clip[max(before, _end(clip)) :]]


def _end(clip: range) -> int:
    return len(clip) - max(1, round(HELD_OUT * len(clip))) if len(clip) > 1 else 1


def frames_of(paths: Sequence[Path], size: int, most_bytes: int = MOST_BYTES) -> Footage:
    """The middle squares of clips' frames and of folders' pictures.

    size: the squares' side, in pixels. most_bytes: where the frames would take more, every second
    one is kept, then every fourth and so on: of all clips alike, from beginning to end. A folder
    that holds videos is all of them; one of pictures is a clip, in the order of their names.

    Raises Fault for what is missing, cannot be read, or is too short.
    """
    if not paths:
        raise Fault("nothing to train on: name a clip, or a folder of pictures")
    clips = [clip for path in paths for clip in _clips(Path(path).expanduser())]
    most = max(LEAST, most_bytes // (3 * size * size))
    kept: list[tuple[int, np.ndarray]] = []
    stride, number, starts = 1, 0, []
    for clip in clips:
        starts.append(number)
        for frame in _frames(clip):
            if number % stride == 0:
                if len(kept) == most:
                    stride *= 2
                    kept = [(place, one) for place, one in kept if place % stride == 0]
                if number % stride == 0:
                    kept.append((number, square(frame, size)))
            number += 1
    if number < LEAST or len(kept) < LEAST:
        what = "one frame" if number == 1 else f"{number} frames"
        raise Fault(
            f"{', '.join(clip.name for clip in clips)[:120]}: {what}; {LEAST} or more are needed, "
            "and thirty seconds of film are good"
        )
    places = np.array([place for place, _ in kept])
    firsts = [int(np.searchsorted(places, start)) for start in starts]
    names: dict[int, str] = {}
    for first, clip in zip(firsts, clips, strict=True):
        if first < len(kept):
            names[first] = clip.name  # of clips that are left out altogether the last one counts
    return Footage(np.stack([one for _, one in kept]), tuple(names), tuple(names.values()))


def square(frame: np.ndarray, side: int) -> np.ndarray:
    """The middle square of (H, W, 3 or more) uint8 -> (side, side, 3)."""
    height, width = frame.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    piece = np.ascontiguousarray(frame[top : top + edge, left : left + edge, :3])
    how = cv2.INTER_AREA if edge > side else cv2.INTER_CUBIC
    out: np.ndarray = cv2.resize(piece, (side, side), interpolation=how)
    return out


def _clips(path: Path) -> list[Path]:
    """A file, a folder of pictures, or the videos of a folder."""
    if not path.exists():
        raise Fault(f"{path}: there is no such file or folder")
    if not path.is_dir():
        return [path]
    inside = sorted(path.iterdir())
    videos = [one for one in inside if one.suffix.lower() in VIDEOS]
    if any(one.suffix.lower() in PICTURES for one in inside):
        return [*videos, path]
    if not videos:
        raise Fault(
            f"{path}: holds no pictures and no clips ({', '.join((*PICTURES, *VIDEOS))} are read)"
        )
    return videos


def _frames(path: Path) -> Iterator[np.ndarray]:
    if path.is_dir():
        for one in sorted(path.iterdir()):
            if one.suffix.lower() in PICTURES:
                yield read_picture(one, "image")
        return
    if path.suffix.lower() in PICTURES:
        yield read_picture(path, "image")
        return
    video = Video(str(path), SourceSettings(clock=FrameClock(30), fps=30, loop=False))
    video.open()
    try:
        while (frame := video.read()) is not None:
            yield frame.pixels
    except EndOfSource:
        return
    finally:
        video.close()
