"""What a worker of a film does, in whatever process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from vj.app.films.job import FilmJob
from vj.app.films.looking import FilmLook, look_through
from vj.app.films.pieces import FilmPiece, PaintedPiece, paint
from vj.app.offline import Report
from vj.core.opencv import use_one_thread
from vj.core.threads import fix_threads
from vj.diffusion.making import KeptModels

COUNTED = 0.5
"""Seconds between two counts that a worker writes down."""


class Hand:
    """Renders pieces, one after the other, each model loaded once. Belongs to one thread."""

    def __init__(
        self,
        threads: int,
        folder: Path,
        stop: threading.Event | None = None,
    ) -> None:
        """threads: that it computes on. folder: in which paths of the show begin. stop: ends what
        is under way."""
        os.chdir(folder)
        use_one_thread()
        fix_threads(threads)
        self._make, self._stop = KeptModels(), stop

    def look(
        self,
        job: FilmJob,
        folder: Path,
        take_log: Path | None = None,
        log: Callable[[str], None] | None = None,
        report: Report = lambda done, total: None,
    ) -> tuple[FilmLook | None, list[str]]:
        """The first pass, and what was said in it. log: is told instead."""
        said: list[str] = []
        found = look_through(
            job, folder, log or said.append, self._make, take_log, self._stop, report
        )
        return found, said

    def paint(
        self,
        job: FilmJob,
        piece: FilmPiece,
        folder: Path,
        sinks: Sequence[str],
        pictures: bool,
        report: Report | None = None,
        log: Callable[[str], None] | None = None,
    ) -> PaintedPiece:
        """See `vj.app.films.pieces.paint`. report: None has it written beside the piece, see
        `under_way`."""
        report = report or WrittenCount(folder, piece, job.show.slow).told
        return paint(job, piece, folder, sinks, pictures, self._make, self._stop, report, log)


class WrittenCount:
    """How far a piece is, in a file beside it: a worker is busy, and cannot be asked."""

    def __init__(self, folder: Path, piece: FilmPiece, slow: int) -> None:
        self._path, self._piece, self._slow = _count_of(folder, piece), piece, slow
        self._next = 0.0

    def told(self, done: int, total: int | None) -> None:
        """See `vj.app.offline.Report`; done: by the film's numbers."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + COUNTED
        first = self._piece.begins - self._piece.overlap
        with suppress(OSError):
            self._path.write_text(str((done - 1) // self._slow + 1 - first), encoding="utf-8")


def under_way(folder: Path, piece: FilmPiece) -> int:
    """How many frames of a piece are painted that is not done yet, about."""
    try:
        return min(piece.frames, int(_count_of(folder, piece).read_text(encoding="utf-8") or 0))
    except (OSError, ValueError):  # none yet, or it is just being written
        return 0


def _count_of(folder: Path, piece: FilmPiece) -> Path:
    return folder / f"{piece.name}.painted"
