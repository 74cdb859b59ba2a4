"""Files with sound by the names that a show gives them."""

from __future__ import annotations

from pathlib import Path

from vj.core.errors import Fault, nearest_file
from vj.core.media_file import opened
from vj.sound.sound_file import SoundFile


def holds_sound(path: Path) -> bool:
    """Whether there is a sound stream in a file; False for one that cannot be read."""
    import av

    try:
        with opened(path) as container:
            return container.streams.best("audio") is not None
    except (av.FFmpegError, OSError, ValueError):
        return False


def open_named(name: str) -> SoundFile:
    """The sound of a file that a show names, open. Raises Fault."""
    path = Path(name).expanduser()
    if "://" in name:
        raise Fault(f"{name:.100}: sound is taken from files, not from addresses")
    if not path.exists():
        raise Fault(f"{path}: there is no such file{nearest_file(path)}")
    file = SoundFile(path)
    if not file.open():
        raise Fault(f"{path}: has no sound")
    return file
