"""Files that are not where a show says: a slip of the pen, or a stick that is not plugged in
yet."""

from __future__ import annotations

import difflib
import itertools
import sys
from pathlib import Path

from vj.core.errors import Fault
from vj.sources import KINDS, Awaited

MOUNTS = ("/media/", "/mnt/", "/run/media/", "/run/user/", "/net/", "/Volumes/")
"""Where sticks, disks and shares appear on Linux and macOS."""

LISTED = 2000
"""Names that are looked through for one that may have been meant."""


def missing(kind: str, path: Path) -> Fault:
    """What to raise for a file that is not there. kind: of the source. Awaited when it lies where
    disks come and go: on a share, below a folder for mounts, or in a folder elsewhere that is not
    there either; else a Fault. Both with the name that is next to it."""
    whole = path.absolute()
    folder = whole.parent
    try:
        names = [entry.name for entry in itertools.islice(folder.iterdir(), LISTED)]
    except OSError:
        report = f"{kind}:{path}: there is no such file, and no folder {folder}"
        return Fault(report) if whole.is_relative_to(Path.cwd()) else Awaited(report)
    stems = {Path(name).stem: name for name in names}  # endings are much alike
    near = difflib.get_close_matches(path.stem, list(stems), n=1)
    report = f"{kind}:{path}: there is no such file (looked in {folder})" + "".join(
        f"; did you mean {stems[stem]}?" for stem in near
    )
    share = sys.platform == "win32" and whole.drive.startswith("\\\\")
    return Awaited(report) if share or whole.as_posix().startswith(MOUNTS) else Fault(report)


def may_begin_anew(uri: str) -> bool:
    """It has a first picture, and can be opened once more: no pipe."""
    kind, _, rest = uri.partition(":")
    if kind not in KINDS:
        kind, rest = "video", uri
    plain = kind == "video" and Path(rest).expanduser().is_file()
    return kind in ("clips", "drawn", "walk") or plain
