"""A film rendered in pieces: looked through, cut, rendered by a crew, put together."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from vj.app.film_progress import DiskNeed, size_of
from vj.app.films.crew import Alone, Crew, RayCrew
from vj.app.films.hand import under_way
from vj.app.films.in_parts import STATE
from vj.app.films.job import FilmJob
from vj.app.films.joining import is_begun, join_all
from vj.app.films.looking import FOUND, FilmLook, read_json, write_json
from vj.app.films.pieces import (
    FilmPiece,
    PaintedPiece,
    among,
    divide,
    is_as_written,
    is_painted,
    processors,
    recorder,
)
from vj.app.offline import RENDERED, Report
from vj.core.claim import CLAIM, claimed
from vj.core.errors import Fault
from vj.show.schema import Show
from vj.sinks.recorder import FULL

FINISHED = "finished.json"
"""In the folder of the pieces: what is finished, where."""


TRIES = 3
"""How often pieces are rendered that do not stay on the disk."""


class FilmRendering:
    """Renders one show in pieces. Called as `vj.app.offline.Rendering` is; one that is stopped or
    killed goes on with the pieces that are there when it is started again."""

    def __init__(
        self,
        show: Show,
        on_message: Callable[[str], None],
        seconds: float | None,
        fps: float | None,
        replay: Path | None,
        take_log: Path | None,
        file: Path | None,
        *,
        workers: int | str = 1,
        threads: int = 1,
        overlap: float = 0.0,
        frames: tuple[int, int | None] | None = None,
        resume: bool = False,
    ) -> None:
        """workers: how many, or the address of a cluster. threads: of each. overlap: seconds over
        which pieces are faded into each other where the film has no place to cut, 0 for not at all.
        frames: the first and the last of those that are wanted, of all that are painted. resume:
        what is finished is not rendered again, and what it was stays written beside it. The others:
        see `Rendering`; replay: the take's path. Raises Fault."""
        self.show, self._log, self._take_log = show, on_message, take_log
        self._sinks = [uri for uri in show.sinks if uri.partition(":")[0] in RENDERED]
        if not self._sinks:
            raise Fault("a film is rendered into recordings: --sink record:film.mp4")
        first = recorder(self._sinks[0]).requested
        for uri in self._sinks:
            recorder(uri)
        here = Path.cwd()
        self.job = FilmJob(show, seconds, fps, replay, file, threads, here)
        self.folder = (here / first).with_name(f"{first.name}.parts")
        self._workers, self._threads, self._overlap = workers, threads, overlap
        self._frames, self._resume = frames, resume
        self._computed: dict[str, float] = {}
        """Seconds that this process computed: looking through, painting, putting together."""
        self._was_there = False
        """It was finished before."""
        if frames is not None and overlap:
            raise Fault("--frames: are exact, and --overlap is not: leave one of them out")
        self._stop = threading.Event()
        self._begun = time.monotonic()
        self.rendered = 0
        self.pieces: list[FilmPiece] = []
        self._painted: list[PaintedPiece] = []
        self._sent: dict[str, int] = {}
        self._count = 1
        self._said: set[str] = set()
        self._processors: list[str] = []

    def stop(self) -> None:
        self._stop.set()

    def run(self, report: Report = lambda done, total: None) -> int:
        """Render. Returns how many frames the film has; 0 where it was stopped. Raises Fault."""
        try:
            if self._resume and self._finished():
                return self.rendered
            self.folder.mkdir(parents=True, exist_ok=True)
            with claimed(self.folder, "rendering this film"):
                rendered = self._run(report)
            (self.folder / CLAIM).unlink(missing_ok=True)
            with suppress(OSError):  # there is something to go on from
                self.folder.rmdir()
            return rendered
        except OSError as error:  # of a disk: those of sources and models are faults already
            full = error.errno in FULL
            then = "free some space and start again: it goes on" if full else "see to its disk"
            raise Fault(
                f"{self.folder}: cannot be written ({error.strerror or error}); {then}"
            ) from error

    def _run(self, report: Report) -> int:
        crew = self._crew()
        if isinstance(crew, Alone):
            crew.report = report
        try:
            self._count = crew.count
            self._log(f"{self.show.show}: looking through it for places to cut")
            begun = time.process_time()
            looked = crew.look(self.job, self.folder, self._take_log, self._say)
            self._computed["look"] = time.process_time() - begun
            if looked is None:
                return 0
            if not looked.frames:
                raise Fault("there is no frame to render")
            self.pieces = self._divided(looked, crew.count)
            begun = time.process_time()
            self._leave_out_damaged()
            for _ in range(TRIES):
                if not self._render(crew, looked, report):
                    self._log(f"what is rendered stays in {self.folder}: the same command goes on")
                    return 0
                if not self._leave_out_damaged():
                    break
            else:
                raise Fault(
                    f"{self.folder}: what is written there is not what is read back, {TRIES} times "
                    "over: see to its disk; what is rendered stays"
                )
            self._computed["paint"] = time.process_time() - begun
        finally:
            crew.close()
            if not (self.folder / FOUND).exists():  # nothing that could be gone on from
                shutil.rmtree(self.folder, ignore_errors=True)
        self._processors = processors(self.folder, self.pieces)
        if len(self._processors) > 1:
            self._log(
                f"painted on different processors ({', '.join(self._processors)}): on another kind "
                "the last bits of a picture may be other ones"
            )
        begun, files = time.process_time(), []
        joined = join_all(
            self.folder, self._key, self.pieces, self._sinks, looked, self.show.slow, self._log
        )
        for uri, (paths, frames) in zip(self._sinks, joined, strict=True):
            self._sent[uri], self.rendered = frames, frames
            names = ", ".join(map(str, paths))
            self._log(f"{names}: {frames} frames of {_counted(self.pieces, 'piece')}")
            files += [str(path.absolute()) for path in paths]
        if self._resume:  # first: killed after it, the film is known to be there
            told = {"key": self._key, "frames": self.rendered, "files": files}
            write_json(self.folder / FINISHED, told)
        self._clear()
        self._computed["join"] = time.process_time() - begun
        return self.rendered

    def _clear(self) -> None:
        """Pieces of a film that is put together go."""
        for old in self.folder.iterdir():
            if old.is_dir():
                shutil.rmtree(old, ignore_errors=True)
            elif old.name not in (CLAIM, FINISHED if self._resume else ""):
                old.unlink(missing_ok=True)

    def _leave_out_damaged(self) -> int:
        """Pieces that do not lie there as they were written are as if they were not there. Returns
        how many."""
        if is_begun(self.folder, self._key):
            return 0  # pictures have been moved already
        damaged = [
            one
            for one in self.pieces
            if is_painted(self.folder, one, self.job.key) and not is_as_written(self.folder, one)
        ]
        for one in damaged:
            self._log(
                f"{self.folder / one.name}: frames {one.begins} to {one.ends - 1} are not there as "
                "they were written, and are rendered again: see to the disk"
            )
            shutil.rmtree(self.folder / one.name)
        return len(damaged)

    @property
    def _key(self) -> str:
        return f"{self.job.key} {self._frames}"

    def _finished(self) -> bool:
        """It was rendered before, of the very same, and is still there."""
        found = read_json(self.folder / FINISHED) or {}
        files = [Path(str(name)) for name in found.get("files", ())]
        if not files or not all(file.exists() for file in files):
            return False
        names = ", ".join(str(file) for file in files)
        if found.get("key") != self._key:
            self._log(f"{names}: stays; the show, or what it plays, has changed: rendered anew")
            return False
        self.rendered, self._was_there = int(found.get("frames", 0)), True
        with suppress(OSError, Fault), claimed(self.folder, "rendering this film"):
            self._clear()  # of one that was killed as it did
            (self.folder / CLAIM).unlink(missing_ok=True)
        self._log(
            f"{names}: is finished, {self.rendered} frames of this very show; move it away to "
            "render it again"
        )
        return True

    def _crew(self) -> Crew:
        here = self.job.folder
        if self._workers == 1:
            return Alone(self._threads, here, self._stop)
        return RayCrew(self._workers, self._threads, here, self._stop, self._log)

    def _divided(self, looked: FilmLook, workers: int) -> list[FilmPiece]:
        overlap = round(self._overlap * looked.rate / self.show.slow)
        pieces = divide(looked, workers, overlap)
        if self._frames is not None:
            first, last = self._frames
            pieces = among(pieces, first, looked.frames if last is None else last + 1, looked)
            if not pieces:
                raise Fault(
                    f"command line: --frames {first}: the film has frames 0 to {looked.frames - 1}"
                )
        longest = max(piece.frames for piece in pieces)
        self._log(
            f"{looked.frames} frames, {_counted(looked.cuts, 'hard cut')}; "
            f"{_counted(pieces, 'piece')}, the longest of {longest} frames"
        )
        if workers > 1 and longest > looked.frames / workers and not overlap:
            self._log(looked.why_whole())
        if any(piece.overlap for piece in pieces):
            self._log(
                f"--overlap {self._overlap:g}: pieces are faded into each other, which is not what "
                "one worker would paint"
            )
        return pieces

    def _render(self, crew: Crew, looked: FilmLook, report: Report) -> bool:
        """False where it was stopped."""
        pictures = any(piece.overlap for piece in self.pieces)
        there = [one for one in self.pieces if is_painted(self.folder, one, self.job.key)]
        if there:
            self._log(f"{_counted(there, 'piece')} already there")
        todo = [piece for piece in self.pieces if piece not in there]
        todo.sort(key=lambda piece: -piece.frames)
        for old in (*self.folder.glob("*.tries"), *self.folder.glob("*.painted")):
            old.unlink()
        slow, done = self.show.slow, sum(piece.frames for piece in there)
        total = sum(piece.frames for piece in self.pieces)
        last = looked.frames == self.pieces[-1].ends
        disk = DiskNeed(self.folder, 2 if any(map(_is_movie, self._sinks)) else 1)

        def tell(count: int) -> None:
            """count: frames that are there."""
            report(count * slow, total * slow - (slow - 1 if last else 0))
            if words := disk.look(count, total, lambda: size_of([self.folder], STATE)):
                self._log(words)

        if isinstance(crew, Alone):

            def in_piece(number: int, of: int | None) -> None:
                frame = (number - 1) // slow
                tell(done + frame + 1 - self._begins(frame))

            crew.report, crew.log = in_piece, self._say
        elif isinstance(crew, RayCrew):

            def waits() -> None:
                """What the workers have painted is told."""
                whole = {painted.piece for painted in self._painted}
                rest = (under_way(self.folder, one) for one in todo if one not in whole)
                tell(done + sum(rest))

            crew.waits = waits
        for painted in crew.paint(self.job, todo, self.folder, self._sinks, pictures):
            self._painted.append(painted)
            for line in painted.said:
                self._say(line)
            if painted.tries > 1 and self._workers != 1:
                piece = painted.piece
                self._log(
                    f"frames {piece.begins} to {piece.ends - 1} were begun {painted.tries} times: "
                    "a worker ended"
                )
            done += painted.piece.frames
            tell(done)
        return not self._stop.is_set()

    def _begins(self, frame: int) -> int:
        """Where the piece begins in which a frame lies."""
        return max((one.begins for one in self.pieces if one.begins <= frame), default=0)

    def _say(self, text: str) -> None:
        """What workers say, once."""
        if text not in self._said:
            self._said.add(text)
            self._log(text)

    def summary(self) -> dict[str, Any]:
        """How it went, as `Rendering.summary` tells it, and of the pieces."""
        seconds = time.monotonic() - self._begun
        return {
            "show": self.show.show,
            "offline": True,
            "model": self.show.model.name,
            "seconds": round(seconds, 2),
            "painted": self.rendered,
            "fps": round(self.rendered / seconds, 2) if seconds else 0.0,
            "repeated": 0,
            "faults": 0,
            "stages_ms": {},
            "sent": self._sent,
            "workers": self._count,
            "threads": self._threads,
            "processors": self._processors,
            "pieces": len(self.pieces),
            "computed_s": {name: round(took, 2) for name, took in self._computed.items()},
            "was_there": self._was_there,
            "again": sum(painted.tries - 1 for painted in self._painted),
        }


def _counted(things: Sequence[object], what: str) -> str:
    return f"{len(things)} {what}{'' if len(things) == 1 else 's'}"


def _is_movie(uri: str) -> bool:
    return not recorder(uri).folder
