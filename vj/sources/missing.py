"""Files that do not exist: a typing error, or a USB stick that is not plugged in yet."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from vj.core.errors import Fault, nearest_file
from vj.sources import Awaited, split_uri
from vj.sources.file_names import is_sequence, is_there, local, parted

MOUNTS = ("/media/", "/mnt/", "/run/media/", "/run/user/", "/net/", "/Volumes/")
"""Where removable disks and network shares are mounted on Linux and macOS."""


def missing(kind: str, path: Path) -> Fault:
    """The exception for a file that does not exist. kind: of the source. `Awaited` when it may
    appear: on a share, below a folder for mounts, behind a link, or in a folder elsewhere that does
    not exist either; else a `Fault`. It suggests a similar name."""
    whole = path.absolute()
    folder = whole.parent
    if not folder.is_dir():
        report = f"{kind}:{path}: there is no such file, and no folder {folder}"
        return Fault(report) if whole.is_relative_to(Path.cwd()) else Awaited(report)
    plain, asked, wish = str(path).partition("?")
    if asked and is_there(plain):
        return Fault(f"{kind}:{path}: {plain} takes no {wish!r}; {_wishes(plain, wish)}")
    if whole.is_symlink():
        return Awaited(f"{kind}:{path}: is a link that leads nowhere ({os.readlink(whole)})")
    report = f"{kind}:{path}: there is no such file (looked in {folder}){nearest_file(path)}"
    share = sys.platform == "win32" and whole.drive.startswith("\\\\")
    return Awaited(report) if share or whole.as_posix().startswith(MOUNTS) else Fault(report)


def _wishes(name: str, wish: str) -> str:
    """What may follow the name of something that is there. wish: what did."""
    if is_sequence(name):
        return "?fps=24 or ?alpha=premultiplied would be right, or both with & between"
    rate = "; a film keeps its own rate (source/speed, --fps)" if wish.startswith("fps") else ""
    return f"?alpha=premultiplied would be right{rate}"


def can_restart(uri: str) -> bool:
    """The source has a first picture, not one that stands, and can be opened once more: it is no
    pipe."""
    try:
        kind, rest = split_uri(uri)
    except Fault:  # the test card that plays in place of others has a name of its own
        return False
    plain = kind == "video" and (is_sequence(rest) or local(parted(rest).plain).is_file())
    return kind in ("clips", "download", "drawn") or plain
