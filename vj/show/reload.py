"""Notice that a show file has been saved, and read it anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vj.errors import Fault
from vj.show.load import included_files, load_show
from vj.show.schema import Show

Stamp = tuple[tuple[str, int, int, int], ...]


class ShowFile:
    """A show's file and what it includes. `changed` is asked now and then, on a thread that may wait for a disk."""

    def __init__(self, path: Path, overrides: dict[str, Any] | None, say: Callable[[str], None]) -> None:
        self.path, self._overrides, self._say = path, overrides, say
        self._files = [path, *included_files(path)]
        self._seen = self._stamp()
        self._settling: Stamp | None = None

    def _stamp(self) -> Stamp:
        """What the files look like from outside. Editors replace a file (another inode) or write into it (another time)."""
        found = []
        for path in self._files:
            try:
                status = path.stat()
                found.append((str(path), status.st_ino, status.st_mtime_ns, status.st_size))
            except OSError:
                pass  # between two steps of an editor there may be none
        return tuple(found)

    def changed(self) -> Show | None:
        """The show, when its file has been saved since, and has stood still since the last look. A fault is said, and the running show
        stays."""
        stamp = self._stamp()
        if stamp == self._seen or len(stamp) < len(self._files):
            self._settling = None
            return None
        if stamp != self._settling:
            self._settling = stamp
            return None
        self._seen, self._settling = stamp, None
        try:
            show = load_show(self.path, self._overrides)
            self._files = [self.path, *included_files(self.path)]
            self._seen = self._stamp()
            return show
        except Fault as fault:
            self._say(f"{fault}\nthe running show goes on as it was")
            return None
