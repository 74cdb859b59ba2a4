"""Files that do not exist: a typing error, or a USB stick that is not plugged in yet."""

from __future__ import annotations

import difflib
import itertools
import sys
from pathlib import Path

from vj.core.errors import Fault
from vj.sources import KINDS, Awaited

MOUNTS = ("/media/", "/mnt/", "/run/media/", "/run/user/", "/net/", "/Volumes/")
"""Where removable disks and network shares are mounted on Linux and macOS."""

LISTED = 2000
"""Directory entries that are compared with the name, at most, to suggest a similar one."""


def missing(kind: str, path: Path) -> Fault:
    """The exception for a file that does not exist. kind: of the source. `Awaited` when it may
    appear: on a share, below a folder for mounts, or in a folder elsewhere that does not exist
    either; else a `Fault`. Both suggest a similar name."""
    whole = path.absolute()
    folder = whole.parent
    try:
        names = [entry.name for entry in itertools.islice(folder.iterdir(), LISTED)]
    except OSError:
        report = f"{kind}:{path}: there is no such file, and no folder {folder}"
        return Fault(report) if whole.is_relative_to(Path.cwd()) else Awaited(report)
    stems = {
        Path(name).stem: name for name in names
    }  # without endings, which make all names similar
    near = difflib.get_close_matches(path.stem, list(stems), n=1)
    report = f"{kind}:{path}: there is no such file (looked in {folder})" + "".join(
        f"; did you mean {stems[stem]}?" for stem in near
    )
    share = sys.platform == "win32" and whole.drive.startswith("\\\\")
    return Awaited(report) if share or whole.as_posix().startswith(MOUNTS) else Fault(report)


def can_restart(uri: str) -> bool:
    """The source has a first picture and can be opened once more: it is no pipe."""
    kind, _, rest = uri.partition(":")
    if kind not in KINDS:
        kind, rest = "video", uri
    plain = kind == "video" and Path(rest).expanduser().is_file()
    return kind in ("clips", "drawn", "walk") or plain
