"""What a worker of a film does, in whatever process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from vj.app.films.job import FilmJob
from vj.app.films.looking import FilmLook, look_through
from vj.app.films.pieces import FilmPiece, PaintedPiece, paint
from vj.app.offline import Report
from vj.core.opencv import use_one_thread
from vj.core.threads import fix_threads
from vj.diffusion.making import KeptModels


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
    ) -> tuple[FilmLook | None, list[str]]:
        """The first pass, and what was said in it. log: is told instead."""
        said: list[str] = []
        found = look_through(job, folder, log or said.append, self._make, take_log, self._stop)
        return found, said

    def paint(
        self,
        job: FilmJob,
        piece: FilmPiece,
        folder: Path,
        sinks: Sequence[str],
        pictures: bool,
        report: Report = lambda done, total: None,
        log: Callable[[str], None] | None = None,
    ) -> PaintedPiece:
        """See `vj.app.films.pieces.paint`."""
        return paint(job, piece, folder, sinks, pictures, self._make, self._stop, report, log)
