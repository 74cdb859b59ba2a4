"""Finds show files by their names."""

from __future__ import annotations

from pathlib import Path

from vj.core.errors import Fault, nearest
from vj.show.paths import exists

FIRST_SHOW = Path(__file__).parents[2] / "mappings" / "first_show.yaml"
SHOWS = Path("shows")
"""The user's own shows, see `vj.show.own_shows`."""
ROOMS = FIRST_SHOW.parent / "rooms"
"""The shipped room files, see `vj.show.room_file`."""
PICTURES = SHOWS / "pictures"
"""The user's own style pictures: what was put on the page."""


def find_show(name: str) -> Path:
    """A path as it is, or a name in mappings/ or, else, in shows/ or mappings/rooms/, with or
    without its ending. Raises Fault with the nearest one there is."""
    shipped = FIRST_SHOW.parent
    folders = [folder / one for folder in (shipped, SHOWS, ROOMS) for one in (name, f"{name}.yaml")]
    for path in (Path(name), *folders):
        if is_file(path):
            return path
    if exists(Path(name)):
        what = (
            "is a folder; name the show file in it"
            if Path(name).is_dir()
            else "is no file that can be read as a show"
        )
        raise Fault(f"{name}: {what}")
    known, own = ([p.stem for p in sorted(folder.glob("*.yaml"))] for folder in (shipped, SHOWS))
    known += (p.stem for p in sorted(ROOMS.glob("*.yaml")))
    also = f"; in shows/: {', '.join(own)}" if own else ""
    raise Fault(
        f"{name}: no such show file{nearest(Path(name).stem, [*known, *own])} (in mappings/: "
        f"{', '.join(known)}{also})"
    )


def is_file(path: Path) -> bool:
    """Whether the file exists. A name that is invalid for the file system does not."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def included_path(name: str, beside: Path) -> Path:
    """The file that a show includes by a name: beside the show's file, or in mappings/. Raises
    Fault."""
    for folder in (beside.parent, FIRST_SHOW.parent):
        for path in (folder / name, folder / f"{name}.yaml"):
            if is_file(path):
                return path
    known = [
        str(p.relative_to(FIRST_SHOW.parent).with_suffix(""))
        for p in sorted(FIRST_SHOW.parent.rglob("*.yaml"))
        if p.parent != ROOMS
    ]
    raise Fault(f"{name}: no such file beside the show or in mappings/{nearest(name, known)}")
