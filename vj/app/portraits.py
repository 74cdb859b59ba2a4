"""The portraits of a show (`portraits:`, `portrait/picture`): still pictures with a face, by names
that are no paths; where each face is, is found once, or said in a file beside the picture."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from vj.core.errors import Fault, nearest
from vj.core.frame import Size
from vj.painters.style_pictures import picture_name, pictures_in, read_picture
from vj.pipeline.landmarks.followed_faces import face_finder, missing
from vj.pipeline.portraits.anchors import anchors_beside, from_anchors, read_anchors
from vj.pipeline.portraits.framing import StillFace
from vj.show.schema import Show
from vj.sources.drawn import still
from vj.sources.drawn.face_anchors import PORTRAIT
from vj.sources.drawn.fox import fox_ahead
from vj.sources.picture_file import ORIENTATION

DRAWN = "drawn:"
ON_ITS_SIDE = (5, 6, 7, 8)
"""Orientations of EXIF with which width and height change places."""
OWN = ("fox", "portrait")
"""Portraits that vj draws, which there are in every show."""


def portrait_names(portraits: Sequence[str]) -> dict[str, Path | str]:
    """Name -> a file, or the name of one that vj draws; those of the show (`portraits:`, files,
    folders of them, and drawn:NAME) first, in their order."""
    found: dict[str, Path | str] = {}
    for given in portraits:
        if given.startswith(DRAWN):
            found.setdefault(given.removeprefix(DRAWN), given.removeprefix(DRAWN))
            continue
        path = Path(given).expanduser()
        for file in pictures_in(path) if path.is_dir() else [path]:
            found.setdefault(picture_name(file), file)
    for name in OWN:
        found.setdefault(name, name)
    return found


def open_portrait(portraits: Sequence[str], name: str, size: Size) -> StillFace:
    """The portrait of a name, empty for the first; drawn at a size, a file as it is. May take a
    second. Raises Fault for a name that is none, a picture that cannot be read, and where nobody
    knows where its face is."""
    places = portrait_names(portraits)
    known = {one.casefold(): one for one in reversed(places)}
    chosen = next(iter(places)) if not name.strip() else known.get(name.strip().casefold())
    if chosen is None:
        raise Fault(
            f"portrait/picture: no portrait is called {name!r:.60}{nearest(name[:100], places)} "
            f"({', '.join(places)})"
        )
    place = places[chosen]
    return _of_file(place) if isinstance(place, Path) else _drawn(place, size)


def faults_of(portraits: Sequence[str]) -> Iterator[tuple[int, Fault]]:
    """What is wrong with those that a show names: which, and what. What needs networks that are not
    installed is wrong, too."""
    for index, given in enumerate(portraits):
        path = Path(given).expanduser()
        if not given.startswith(DRAWN) and path.is_dir():
            files = pictures_in(path)
            if not files:
                yield index, Fault(f"portraits: {given}: no picture is in this folder")
        else:
            files = [path]
        for file in files:
            try:
                if given.startswith(DRAWN):
                    _check_drawn(given.removeprefix(DRAWN))
                else:
                    _of_file(file)
            except Fault as fault:
                yield index, fault


def opener(show: Callable[[], Show]) -> Callable[[str, Size], StillFace]:
    """Opens what `portrait/picture` names in the show that plays."""
    return lambda name, size: open_portrait(show().portraits, name, size)


def _check_drawn(name: str) -> None:
    if name not in OWN:
        raise Fault(
            f"portraits: drawn:{name}: has no face that is known{nearest(name, OWN)} "
            f"({', '.join(f'drawn:{one}' for one in OWN)})"
        )


def _drawn(name: str, size: Size) -> StillFace:
    _check_drawn(name)
    if name == "fox":
        picture, anchors = fox_ahead(size)
    else:
        picture, anchors = still(name, size), PORTRAIT
    points = from_anchors(anchors, f"drawn:{name}") * min(size) + np.divide(size, 2)
    return StillFace(picture, points.astype(np.float32))


def _of_file(path: Path) -> StillFace:
    picture = read_picture(path, "portraits")
    beside = anchors_beside(path)
    if beside.is_file():
        return StillFace(picture, read_anchors(beside) * _reduced(path, picture))
    say = f"or say where it is in {beside.name}, see docs/show-file.md#portraits"
    if why := missing():
        raise Fault(f"portraits: {path}: what finds its face {why}; {say}")
    faces = face_finder().find(picture, 0.0)
    if not faces:
        raise Fault(f"portraits: {path}: no face is found in it; take another picture, {say}")
    return StillFace(picture, faces[0])


def _reduced(path: Path, picture: np.ndarray) -> np.float32:
    """By how much a picture was made smaller when it was read."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about size, which was looked at when it was read
        with Image.open(path) as image:
            width, height = image.size
            if image.getexif().get(ORIENTATION) in ON_ITS_SIDE:
                width, height = height, width
    return np.float32(max(picture.shape[1] / width, picture.shape[0] / height))
