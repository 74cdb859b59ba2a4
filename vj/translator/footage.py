"""The frames that a translator is trained on: clips, folders of pictures, and drawn scenes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from pathlib import Path

import cv2
import numpy as np

from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.pipeline.preprocess import over_black
from vj.sources import EndOfSource, SourceSettings
from vj.sources.drawn import Scene
from vj.sources.image import read_picture
from vj.sources.video import Video
from vj.training.square import square
from vj.translator.drawn_footage import RATE, DrawnFrames, frames_of_scene, is_drawn, scene_of
from vj.translator.preparing import Preparing

LEAST = 40
"""Frames below which there is too little to learn from."""
MOST_BYTES = 300_000_000
"""Of the frames that are kept: 1,525 of 256x256."""
HELD_OUT = 0.15
"""Share of every clip, its end, that is not trained on."""
LOOKED_AT = 16
"""Frames by which a clip is known again."""
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
VIDEOS = (
    *(".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".gif"),
    *(".3gp", ".mts", ".m2ts", ".wmv", ".flv", ".ogv"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """frames: (N, S, S, 3) uint8, RGB. starts: the number of each clip's first frame. names: of the
    clips, without folders. inputs: what is to become each of the frames, as they are; None where it
    is made of the frames themselves. drawn: what scenes say of their frames."""

    frames: np.ndarray
    starts: tuple[int, ...]
    names: tuple[str, ...]
    inputs: np.ndarray | None = None
    drawn: DrawnFrames | None = None

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def clips(self) -> list[range]:
        """The frames of each clip."""
        return [range(*ends) for ends in pairwise((*self.starts, len(self.frames)))]

    @property
    def looks(self) -> list[list[int]]:
        """What the clips look like, to know them again: coarse colours of some frames."""
        pictures = [self.frames] if self.inputs is None else [self.frames, self.inputs]
        return [
            cv2.resize(of[number], (4, 4), interpolation=cv2.INTER_AREA).reshape(-1).tolist()
            for number in np.linspace(0, len(self) - 1, LOOKED_AT).astype(int)
            for of in pictures
        ]

    def trained(self, before: int = 0) -> list[int]:
        """Frames to train on that have so many before them in their clip."""
        return [number for clip in self.clips for number in clip[before : _end(clip)]]

    def held_out(self, before: int = 0) -> list[int]:
        """The others."""
        return [number for clip in self.clips for number in clip[max(before, _end(clip)) :]]


def _end(clip: range) -> int:
    return len(clip) - max(1, round(HELD_OUT * len(clip))) if len(clip) > 1 else 1


def frames_of(
    paths: Sequence[Path],
    size: int,
    most_bytes: int = MOST_BYTES,
    successive: bool = False,
    preparing: Preparing | None = None,
    least: int = LEAST,
) -> Footage:
    """The middle squares of clips' frames and of folders' pictures.

    size: the squares' side, in pixels. most_bytes: where the frames would take more, every second
    one is kept, then every fourth and so on: of all clips alike, from beginning to end. successive:
    the first ones are kept instead, without gaps. A folder that holds videos is all of them; one of
    pictures is a clip, in the order of their names; `drawn:fox` is a round of a scene. What is
    broken in a folder is left out, and told. least: the fewest frames that do.

    Raises Fault for what is missing, cannot be read, or is too short, and Stopped.
    """
    preparing = preparing or Preparing()
    if not paths:
        raise Fault("nothing to train on: name a clip, or a folder of pictures")
    named = [Path(path).expanduser() for path in paths]
    clips = [clip for path in named for clip in clips_in(path)]
    kept, starts = _Kept(most_bytes // (3 * size * size)), []
    for clip in clips:
        starts.append(kept.offered)
        broken = preparing.say if clip.is_dir() or clip not in named else None
        for _, frame in _frames(clip, size, broken):
            if successive and kept.full:
                break
            preparing.at(f"reading {clip.name}", kept.offered - starts[-1])
            kept.offer(lambda frame=frame: square(frame, size))  # type: ignore[misc]
    _enough(kept, named, least)
    places = np.array([place for place, _ in kept.pieces])
    firsts = [int(np.searchsorted(places, start)) for start in starts]
    names: dict[int, str] = {}
    for first, clip in zip(firsts, clips, strict=True):
        if first < len(places):
            names[first] = clip.name  # of clips that are left out altogether the last one counts
    drawn: dict[int, tuple[Scene, float]] = {}
    for clip, start, end in zip(clips, starts, [*starts[1:], kept.offered], strict=True):
        if is_drawn(clip):
            scene = scene_of(clip, size)
            within = np.flatnonzero((places >= start) & (places < end))
            drawn |= {int(n): (scene, float(places[n] - start) / RATE) for n in within}
    told = DrawnFrames(drawn) if drawn else None
    return Footage(kept.stacked(), tuple(names), tuple(names.values()), drawn=told)


def pairs_of(
    before: Path,
    after: Path,
    size: int,
    most_bytes: int = MOST_BYTES,
    preparing: Preparing | None = None,
) -> Footage:
    """The middle squares of pictures, and of what they are to become.

    before, after: two folders whose pictures have the same names, or two clips of as many frames.
    size, most_bytes: see `frames_of`. Raises Fault, for pictures of one pair that have not one
    shape, too, and Stopped.
    """
    preparing = preparing or Preparing()
    paths = [Path(path).expanduser() for path in (before, after)]
    for path in paths:
        clips_in(path)
    kept = _Kept(most_bytes // (6 * size * size))
    for one, two in zip_longest(*(_frames(path, size) for path in paths)):
        if one is None or two is None or one[0] != two[0]:
            which = (one or two or ("",))[0]
            raise Fault(
                f"{paths[0]} and {paths[1]}: {which} has no counterpart; every picture has one of "
                "the same name in the other folder, every frame one in the other clip"
            )
        (height, width), (high, wide) = one[1].shape[:2], two[1].shape[:2]
        if abs(width / height - wide / high) > 0.02 * width / height:
            raise Fault(
                f"{paths[0]} and {paths[1]}: {one[0]} is {width}x{height} in one and {wide}x{high} "
                "in the other; both of a pair are to be of one shape"
            )
        preparing.at(f"reading {paths[0].name} and {paths[1].name}", kept.offered)
        pair = one[1], two[1]
        kept.offer(
            lambda pair=pair: np.stack([square(each, size) for each in pair])  # type: ignore[misc]
        )
    _enough(kept, paths, LEAST)
    both = kept.stacked()
    return Footage(both[:, 1], (0,), (paths[1].name,), both[:, 0])


class _Kept:
    """As many pieces as there is room for, evenly of all that are offered."""

    def __init__(self, room: int) -> None:
        self._room, self._stride = max(LEAST, room), 1
        self.offered = 0
        self.pieces: list[tuple[int, np.ndarray]] = []
        """Each with its number among all."""

    @property
    def full(self) -> bool:
        """The next one takes the place of others."""
        return len(self.pieces) == self._room

    def offer(self, make: Callable[[], np.ndarray]) -> None:
        number, self.offered = self.offered, self.offered + 1
        if number % self._stride == 0 and self.full:
            self._stride *= 2
            self.pieces = [one for one in self.pieces if one[0] % self._stride == 0]
        if number % self._stride == 0:
            self.pieces.append((number, make()))

    def stacked(self) -> np.ndarray:
        return np.stack([piece for _, piece in self.pieces])


def _enough(kept: _Kept, paths: Sequence[Path], least: int) -> None:
    if len(kept.pieces) < least:
        what = "one frame" if kept.offered == 1 else f"{kept.offered} frames"
        raise Fault(
            f"{', '.join(path.name for path in paths)[:120]}: {what}; {least} or more are needed, "
            "and thirty seconds of film are good"
        )


def clips_in(path: Path) -> list[Path]:
    """A file, a scene, a folder of pictures, or the videos of a folder. Raises Fault for what is
    none of them."""
    if is_drawn(path):
        return [path]
    try:
        if not path.exists():
            raise Fault(f"{path}: there is no such file or folder")
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise Fault(f"{path!s:.120}: cannot be read ({error.strerror})") from None
    if not path.is_dir():
        return [path]
    inside = _inside(path)
    videos = [one for one in inside if one.suffix.lower() in VIDEOS]
    if any(one.suffix.lower() in PICTURES for one in inside):
        return [*videos, path]
    if not videos:
        raise Fault(
            f"{path}: holds no pictures and no clips ({', '.join((*PICTURES, *VIDEOS))} are read)"
        )
    return videos


def _inside(folder: Path) -> list[Path]:
    """What a folder holds, by name; not what is hidden: a Mac puts a `._a.jpg` beside `a.jpg`."""
    try:
        return sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    except OSError as error:
        raise Fault(f"{folder}: cannot be read ({error.strerror})") from None


def _frames(
    path: Path, size: int, broken: Callable[[str], None] | None = None
) -> Iterator[tuple[str, np.ndarray]]:
    """A folder's pictures, a picture or a clip's frames, each with its name, without an ending.
    size: of what is drawn. broken: is told what cannot be read, which is left out; without it a
    Fault is raised."""
    if path.is_dir() and not is_drawn(path):
        for one in _inside(path):
            if one.suffix.lower() in PICTURES:
                yield from _frames(one, size, broken)
        return
    try:
        yield from _of_file(path, size)
    except Fault as fault:
        if broken is None:
            raise
        broken(f"{fault}; it is left out")


def _seen(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3 or 4) -> (H, W, 3), what is transparent over black: so it comes while a show
    plays."""
    return over_black(pixels) if pixels.shape[2] == 4 else pixels


def _of_file(path: Path, size: int) -> Iterator[tuple[str, np.ndarray]]:
    if is_drawn(path):
        yield from frames_of_scene(path, size)
        return
    if path.suffix.lower() in PICTURES:
        yield path.stem, _seen(read_picture(path, "image"))
        return
    video = Video(str(path), SourceSettings(clock=FrameClock(30), fps=30, loop=False))
    video.open()
    try:
        while (frame := video.read()) is not None:
            yield f"frame {frame.number}", _seen(frame.pixels)
    except EndOfSource:
        return
    finally:
        video.close()
