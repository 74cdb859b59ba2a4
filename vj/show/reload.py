"""Notice that a show file has been saved, and read it anew.

A file that is being written must not be taken for a show: one that is empty, or cut at the end of a
line, is a valid show made of defaults.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vj.core.errors import Fault
from vj.parameters.table import Value
from vj.show.load import included_files, load_show
from vj.show.parse import parse
from vj.show.save import put_cues
from vj.show.schema import Show

PAUSES = (0.2, 0.4, 0.8, 1.6)
"""Seconds for which a file that is written in place has to stand still. It grows with every look at
which it has changed again."""
SECOND_LOOK = 3.0
"""Seconds for which a file has to stand still that looks as if some of it were missing."""
AT_ONCE = 0.03
"""Seconds between two looks at a file that has been put in another's place: some editors make a new
file and then write into it."""

Look = dict[Path, tuple[int, bytes]]
"""What stands in the files: their inodes and bytes. A file that cannot be read is not in it."""


@dataclass(slots=True)
class _Candidate:
    """What stands in the files and may become the show."""

    texts: dict[Path, bytes]
    since: float
    changes: int
    """Looks at which it was another one."""


class ShowFile:
    """A show's file and what it includes. `changed` is asked now and then, on a thread that may
    wait for a disk."""

    def __init__(
        self,
        path: Path,
        overrides: dict[str, Any] | None,
        log: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """overrides: options that lie over the file. now: seconds, for the pauses."""
        self.path, self._overrides, self._log, self._now = path, overrides, log, now
        self._files = [path, *included_files(path)]
        look = self._look()
        self._inodes = {file: inode for file, (inode, _) in look.items()}
        self._before = self._running = self._seen = _texts(look)
        """What plays, and what was looked at last and settled, which may have been a fault."""
        self._candidate: _Candidate | None = None
        self._own: bytes | None = None
        self.by_itself = False
        """The show that `changed` gave last was written by this program, and nobody needs to be
        told."""

    def changed(self) -> Show | None:
        """The show, when its file has been saved since, and is whole. What is wrong with it is
        said, and the running show stays."""
        look = self._look()
        texts = _texts(look)
        if self.path not in texts:
            return None  # between two steps of an editor there may be none
        if texts == self._seen:
            self._candidate = None
            self._inodes = {file: inode for file, (inode, _) in look.items()}
            return None
        if texts == self._running:  # back to what plays: nothing is to be done
            self._settle(look)
            return None
        if self._candidate is None or self._candidate.texts != texts:
            changes = 0 if self._candidate is None else self._candidate.changes + 1
            self._candidate = _Candidate(texts, self._now(), changes)
        empty = next(
            (
                file
                for file, text in texts.items()
                if _is_empty(text) and not _is_empty(self._running.get(file, b""))
            ),
            None,
        )
        lost = self._lost(texts)
        replaced = all(
            inode != self._inodes.get(file)
            for file, (inode, text) in look.items()
            if text != self._seen.get(file)
        )
        if replaced and lost == [] and texts.keys() == self._running.keys():
            time.sleep(AT_ONCE)
            if _texts(self._look()) != texts:
                return None
        else:
            doubtful = empty is None and (
                lost != [] or texts.keys() != self._running.keys() or self._looks_cut(texts)
            )
            pause = (
                SECOND_LOOK if doubtful else PAUSES[min(self._candidate.changes, len(PAUSES) - 1)]
            )
            if self._now() - self._candidate.since < pause:
                return None
        self._settle(look)
        if empty is not None:
            self._log(f"{empty}: is empty; the running show goes on as it was")
            return None
        return self._load(texts, lost or [])

    def _load(self, texts: dict[Path, bytes], lost: list[str]) -> Show | None:
        try:
            show = load_show(self.path, self._overrides)
            files = [self.path, *included_files(self.path)]
        except Fault as fault:
            self._log(f"{fault}\nthe running show goes on as it was")
            return None
        except Exception as error:  # nothing that stands in a file may end the show
            self._log(
                f"{self.path}: cannot be used ({type(error).__name__}: {error})\nthe running show "
                "goes on as it was"
            )
            return None
        if self._look_of(files).get(self.path, (0, b""))[1] != texts[self.path]:
            self._candidate = None  # saved again while it was read: it is looked at anew
            self._seen = {}
            return None
        if lost:
            self._log(
                f"{self.path}: {', '.join(lost)}: no longer in the file; as without from now on"
            )
        self.by_itself = texts[self.path] == self._own
        if files != self._files:
            self._files = files
            look = self._look()
            self._settle(look)
        self._before, self._running = self._running, self._seen
        return show

    def write_cues(self, cues: dict[str, dict[str, Value]]) -> str:
        """Put cues into the file. What is written so plays already, so that nobody is told of a
        save. Raises Fault, with nothing written."""
        report, self._own = put_cues(self.path, cues)
        return report

    def rejected(self) -> None:
        """What `changed` gave last could not be played, and what played before does still."""
        self._running = self._before

    def _settle(self, look: Look) -> None:
        self._candidate = None
        self._seen = _texts(look)
        self._inodes = {file: inode for file, (inode, _) in look.items()}

    def _look(self) -> Look:
        return self._look_of(self._files)

    def _look_of(self, files: Iterable[Path]) -> Look:
        """Their bytes, not only their times: a clock that was set back, and a disk that counts in
        whole seconds, tell nothing."""
        found: Look = {}
        for path in files:
            try:
                with path.open("rb") as file:
                    found[path] = os.fstat(file.fileno()).st_ino, file.read()
            except OSError:
                pass
        return found

    def _lost(self, texts: dict[Path, bytes]) -> list[str]:
        """Sections that what plays has, and these texts have no more."""
        gone: list[str] = []
        for file, text in texts.items():
            before = self._running.get(file)
            if before is None or before == text:
                continue
            keys = _keys(text, file)
            if keys is not None:
                gone += [key for key in _keys(before, file) or [] if key not in keys]
        return gone

    def _looks_cut(self, texts: dict[Path, bytes]) -> bool:
        """The end of a file is missing, as it seems: it is the beginning of what plays, or its last
        line does not end."""
        for file, text in texts.items():
            before = self._running.get(file, b"")
            if text != before and (
                before.startswith(text) or (before.endswith(b"\n") and not text.endswith(b"\n"))
            ):
                return True
        return False


def _texts(look: Look) -> dict[Path, bytes]:
    return {path: text for path, (_, text) in look.items()}


def _is_empty(text: bytes) -> bool:
    """Nothing but remarks and blank lines, and marks of a document without one."""
    lines = (
        line.strip() for line in text.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").splitlines()
    )
    return all(
        not line or line.startswith(b"#") or line in (b"---", b"...", b"{}", b"null", b"~")
        for line in lines
    )


def _keys(text: bytes, file: Path) -> list[str] | None:
    """The names at a file's outermost level; None where it cannot be read, which is told when it is
    loaded."""
    try:
        return [str(key) for key in parse(text, file)]
    except Fault:
        return None
