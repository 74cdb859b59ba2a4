"""Watches a show file, and reloads it when it was saved.

A file that is being written must not be loaded: one that is empty, or cut at the end of a line, is
a valid show made of defaults.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vj.core.errors import Fault
from vj.parameters.table import Value
from vj.show.load import load_show
from vj.show.own_shows import is_lent, writable
from vj.show.parse import parse
from vj.show.played_files import played_files
from vj.show.presence import Presence
from vj.show.save import Saved, change_range, check_own, put_cues, put_mapping, remove_mapping
from vj.show.save_marks import put_marks
from vj.show.schema import Show

SETTLE_DELAYS = (0.2, 0.4, 0.8, 1.6)
"""Debounce: seconds for which a file that is written in place must not change; longer after each
further change."""
DOUBTFUL_DELAY = 3.0
"""Seconds for which a file that looks truncated must not change."""
REPLACED_DELAY = 0.03
"""Seconds between two reads of a file that has replaced another: some editors create a new file and
then write into it."""

FileStates = dict[Path, tuple[int, bytes]]
"""The files' inodes and bytes. A file that cannot be read is left out."""


@dataclass(slots=True)
class _Candidate:
    """A changed content of the files that may be loaded."""

    texts: dict[Path, bytes]
    since: float
    changes: int
    """How often it has changed so far."""


class ShowFile:
    """A show's file, those that it includes, and those of its effects. `changed` is called
    periodically, on a thread that may block on the disk, and what writes it on any other. Writing
    to a shipped show makes a copy of it, which is the file from then on."""

    def __init__(
        self,
        path: Path,
        overrides: dict[str, Any] | None,
        log: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """overrides: command-line options over the file. now: seconds, for the delays."""
        self.path, self._overrides, self.log, self._now = path, overrides, log, now
        self._files = played_files(path)
        look = self._look()
        self._inodes = {file: inode for file, (inode, _) in look.items()}
        self._before = self._running = self._seen = _texts(look)
        """The contents before the last reload, the running ones, and the last settled ones, which
        may be faulty."""
        self._candidate: _Candidate | None = None
        self._own: bytes | None = None
        self._lock = threading.Lock()
        self.written_by_vj = False
        """The show that `changed` returned last was written by this program, so that no message is
        needed."""
        self.saved = ""
        """Which of the files were saved for that show, as a message begins."""
        self._presence = Presence("the running show goes on as it was", log, now)

    def changed(self) -> Show | None:
        """The show, if its file was saved and is complete; else None. Faults are logged, and the
        running show stays."""
        with self._lock:
            return self._changed()

    def _changed(self) -> Show | None:
        look = self._look()
        texts = _texts(look)
        self._presence.look(self.path, self.path in texts)
        if self.path not in texts:
            return None
        if texts == self._seen:
            self._candidate = None
            self._inodes = {file: inode for file, (inode, _) in look.items()}
            return None
        if texts == self._running:  # back to the running content: nothing to do
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
        lost = self._removed_sections(texts)
        replaced = all(
            inode != self._inodes.get(file)
            for file, (inode, text) in look.items()
            if text != self._seen.get(file)
        )
        if replaced and lost == [] and texts.keys() == self._running.keys():
            time.sleep(REPLACED_DELAY)
            if _texts(self._look()) != texts:
                return None
        else:
            doubtful = empty is None and (
                lost != [] or texts.keys() != self._running.keys() or self._looks_truncated(texts)
            )
            pause = (
                DOUBTFUL_DELAY
                if doubtful
                else SETTLE_DELAYS[min(self._candidate.changes, len(SETTLE_DELAYS) - 1)]
            )
            if self._now() - self._candidate.since < pause:
                return None
        self._settle(look)
        if empty is not None:
            self.log(f"{empty}: is empty; the running show goes on as it was")
            return None
        return self._load(texts, lost or [])

    def _named(self, saved: list[Path]) -> str:
        """`the show file was`, or the names of others that it plays."""
        if not saved or self.path in saved:
            return "the show file was"
        names = " and ".join(file.name for file in saved)
        return f"{names} was" if len(saved) == 1 else f"{names} were"

    def _load(self, texts: dict[Path, bytes], lost: list[str]) -> Show | None:
        try:
            show = load_show(self.path, self._overrides)
            files = played_files(self.path)
        except Fault as fault:
            self.log(f"{fault}\nthe running show goes on as it was")
            return None
        except Exception as error:  # whatever is in the file, the show goes on
            self.log(
                f"{self.path}: cannot be used ({type(error).__name__}: {error})\nthe running show "
                "goes on as it was"
            )
            return None
        if self._look_of(files).get(self.path, (0, b""))[1] != texts[self.path]:
            self._candidate = None  # saved again while it was read: check it again
            self._seen = {}
            return None
        if lost:
            self.log(
                f"{self.path}: {', '.join(lost)}: no longer in the file; as without from now on"
            )
        saved = [file for file, text in texts.items() if text != self._running.get(file)]
        self.saved = self._named(saved)
        self.written_by_vj = saved == [self.path] and texts[self.path] == self._own
        if files != self._files:
            self._files = files
            look = self._look()
            self._settle(look)
        self._before, self._running = self._running, self._seen
        return show

    # What is written back: it is active already, or reported by who wrote it, so that the save
    # needs no message. All raise Fault, with nothing written, and return a message.

    def write_cues(self, cues: dict[str, dict[str, Value]], recipe: str | None = None) -> str:
        """Write cues into the file. recipe: the one that lies over the show."""
        return self._write(lambda path: put_cues(path, cues, recipe))

    def write_marks(self, marks: dict[str, dict[str, float]]) -> str:
        """Write marks of clips into the file."""
        return self._write(lambda path: put_marks(path, marks))

    def add_mapping(self, mapping: dict[str, Any]) -> str:
        """Add a mapping, by its keys."""
        return self._write(lambda path: put_mapping(path, mapping))

    def remove_mapping(self, key: str) -> str:
        """Remove a mapping. key: as `vj.show.mapping_keys`."""
        check_own(self.path, key)  # before a copy is made in vain
        return self._write(lambda path: remove_mapping(path, key))

    def change_range(self, key: str, ends: tuple[float, float]) -> str:
        """Change a mapping's range, see `vj.show.save.change_range`."""
        check_own(self.path, key)
        return self._write(lambda path: change_range(path, key, ends))

    def _write(self, put: Callable[[Path], Saved]) -> str:
        with self._lock:
            if is_lent(self.path):
                copy, remark = writable(self.path, playing=True)
                self.log(remark)
                self._follow(copy)
            report, self._own = put(self.path)
        return report

    def _follow(self, copy: Path) -> None:
        """Go on with a copy of the file that plays."""
        self.path = copy
        self._files = played_files(copy)
        self._settle(self._look())
        self._before = self._running = self._seen

    def rejected(self) -> None:
        """Call when the show that `changed` returned last could not be played, and the one before
        goes on."""
        self._running = self._before

    def _settle(self, look: FileStates) -> None:
        self._candidate = None
        self._seen = _texts(look)
        self._inodes = {file: inode for file, (inode, _) in look.items()}

    def _look(self) -> FileStates:
        return self._look_of(self._files)

    def _look_of(self, files: Iterable[Path]) -> FileStates:
        """Contents are compared, not times: these are unreliable when a clock was set back, or on a
        file system with a resolution of seconds."""
        found: FileStates = {}
        for path in files:
            try:
                with path.open("rb") as file:
                    found[path] = os.fstat(file.fileno()).st_ino, file.read()
            except OSError:
                pass
        return found

    def _removed_sections(self, texts: dict[Path, bytes]) -> list[str]:
        """Sections of the running show that are missing in these contents."""
        gone: list[str] = []
        for file, text in texts.items():
            before = self._running.get(file)
            if before is None or before == text or file.suffix == ".py":
                continue
            keys = _keys(text, file)
            if keys is not None:
                gone += [key for key in _keys(before, file) or [] if key not in keys]
        return gone

    def _looks_truncated(self, texts: dict[Path, bytes]) -> bool:
        """Whether a file seems truncated: it is the beginning of the running one, or its last line
        has no end."""
        for file, text in texts.items():
            before = self._running.get(file, b"")
            if text != before and (
                before.startswith(text) or (before.endswith(b"\n") and not text.endswith(b"\n"))
            ):
                return True
        return False


def _texts(look: FileStates) -> dict[Path, bytes]:
    return {path: text for path, (_, text) in look.items()}


def _is_empty(text: bytes) -> bool:
    """Whether it holds nothing but comments, blank lines and empty documents."""
    lines = (
        line.strip() for line in text.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").splitlines()
    )
    return all(
        not line or line.startswith(b"#") or line in (b"---", b"...", b"{}", b"null", b"~")
        for line in lines
    )


def _keys(text: bytes, file: Path) -> list[str] | None:
    """A file's top-level keys; None if it cannot be parsed, which is reported when it is loaded."""
    try:
        return [str(key) for key in parse(text, file)]
    except Fault:
        return None
