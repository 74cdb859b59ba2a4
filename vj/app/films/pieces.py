"""The pieces of a film: where it is cut, and each rendered into a folder of its own."""

from __future__ import annotations

import math
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from vj.app.films.checksums import held_in, is_whole
from vj.app.films.in_parts import NotTakenUp, PieceInParts, clear_parts
from vj.app.films.job import FilmJob
from vj.app.films.looking import FilmLook, read_json, read_looked, write_json
from vj.app.films.running_ahead import NotTheSame, running_ahead
from vj.app.offline import Report
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.core.processor import processor_name
from vj.diffusion.making import MakesBackend
from vj.pipeline.frame_range import RUN_IN, FrameRange, part
from vj.sinks import SinkSettings, make_sink
from vj.sinks.codecs import LOOPS
from vj.sinks.recorder import Recorder
from vj.sinks.rule import parse

QUICKER = 20
"""Times as quick as painting a frame is having it pass by, about."""
RENDERED = "piece.json"


@dataclass(frozen=True, slots=True)
class FilmPiece:
    """The frames from `begins` on, before `ends`. overlap: so many frames before them are rendered
    too, over which it is faded in over the piece before: then it is not exact. paints: the frame
    at which nothing of the past is left, where that is not `begins`. forgets: the last hard
    cut till there."""

    begins: int
    ends: int
    overlap: int = 0
    paints: int | None = None
    forgets: int = 0

    @property
    def name(self) -> str:
        faded = f"-over-{self.overlap}" if self.overlap else ""
        return f"{self.begins:06d}-{self.ends:06d}{faded}"

    @property
    def frames(self) -> int:
        """That are painted and written."""
        return self.ends - self.begins + self.overlap

    def range(self) -> FrameRange:
        return part(self.begins - self.overlap, self.ends, self.paints, self.forgets)


@dataclass(frozen=True, slots=True)
class PaintedPiece:
    """A piece that is there. pid: of who rendered it. tries: how often it was begun."""

    piece: FilmPiece
    pid: int
    tries: int
    seconds: float
    said: tuple[str, ...] = ()


def divide(looked: FilmLook, workers: int, overlap: int = 0) -> list[FilmPiece]:
    """The pieces of a film, in their order. overlap: frames over which pieces are faded into each
    other where there is no place to cut; 0: those stay whole."""
    # More pieces wait less for the last one, but each is run ahead from the film's beginning. Of
    # e pieces each, what is lost is e * n / 2 frames that pass by, and n / (2 * e * workers) that
    # are painted while others wait: least where e is this.
    each = max(1, round(math.sqrt(QUICKER / workers)))
    wanted = max(RUN_IN, looked.frames // (each * workers))
    begins, pieces = 0, []
    for place in sorted({*looked.cuts, *looked.clear}):
        if place - begins >= wanted and looked.frames - place >= min(wanted, RUN_IN):
            pieces.append(FilmPiece(begins, place))
            begins = place
    pieces.append(FilmPiece(begins, looked.frames))
    if overlap:
        wanted = max(wanted, 2 * overlap)
        last = looked.frames if looked.lost_at is None else looked.lost_at
        pieces = [share for piece in pieces for share in _shared(piece, wanted, overlap, last)]
    cuts = [0, *looked.cuts]
    return [
        replace(piece, forgets=max(cut for cut in cuts if cut <= piece.begins - piece.overlap))
        for piece in pieces
    ]


def among(pieces: Sequence[FilmPiece], begins: int, ends: int, looked: FilmLook) -> list[FilmPiece]:
    """Of these pieces the frames from `begins` on, before `ends`, as they are in the whole: painted
    from the last place where nothing of the past is left."""
    places = {0, *looked.cuts, *looked.clear}
    found = []
    for piece in pieces:
        first, last = max(begins, piece.begins), min(ends, piece.ends)
        if first < last:
            paints = max(place for place in places if place <= first)
            forgets = max(cut for cut in (0, *looked.cuts) if cut <= paints)
            found.append(FilmPiece(first, last, paints=paints, forgets=forgets))
    return found


def _shared(piece: FilmPiece, wanted: int, overlap: int, last: int) -> list[FilmPiece]:
    """last: the frame after which none may be begun with."""
    length = max(0, min(piece.ends, last) - piece.begins)
    count = max(1, round(length / wanted))
    edges = [piece.begins + length * i // count for i in range(count)] + [piece.ends]
    return [
        FilmPiece(one, two, overlap if index else 0)
        for index, (one, two) in enumerate(pairwise(edges))
    ]


def recorder(uri: str, settings: SinkSettings | None = None) -> Recorder:
    """The recording of a sink, not open. Raises Fault for one that cannot be put together."""
    made = make_sink(uri, settings or SinkSettings(FrameClock(30.0), live=False))
    if not isinstance(made, Recorder):
        raise Fault(f"{uri}: a film in pieces is recorded: record:film.mp4 or record:frames/")
    return made


def is_loop(uri: str) -> bool:
    """A GIF or WebP, which is encoded as a whole, of pictures that pieces hold."""
    return recorder(uri).requested.suffix.lower() in LOOPS


def recorded(uri: str, folder: Path, index: int, pictures: bool) -> str:
    """What stands in a piece for a sink of the film. pictures: a folder of them, whatever the film
    becomes."""
    ending = _ending_in_pieces(uri, pictures)
    to = f"record:{(folder / str(index)).as_posix()}{ending or '/'}"
    rule = replace(parse(uri), to=to, loop_fade=0.0)
    return str(rule if ending else replace(rule, codec=parse("record:a/").codec))


def place_of(folder: Path, piece: FilmPiece, index: int, uri: str, pictures: bool) -> Path:
    """Where a piece's recording lies."""
    return folder / piece.name / f"{index}{_ending_in_pieces(uri, pictures)}"


def _ending_in_pieces(uri: str, pictures: bool) -> str:
    """Of a piece's recording; empty for a folder."""
    made = recorder(uri)
    return "" if made.folder or pictures or is_loop(uri) else made.requested.suffix.lower()


def is_painted(folder: Path, piece: FilmPiece, key: str) -> bool:
    """It was rendered before, of the very same."""
    found = read_json(folder / piece.name / RENDERED)
    return found is not None and found.get("key") == key


def is_as_written(folder: Path, piece: FilmPiece) -> bool:
    """What was rendered of a piece is what lies there. Reads all of it."""
    held = (read_json(folder / piece.name / RENDERED) or {}).get("held")
    return isinstance(held, dict) and bool(held) and is_whole(folder / piece.name, held)


def processors(folder: Path, pieces: Sequence[FilmPiece]) -> list[str]:
    """On which processors pieces that are there were painted."""
    found = (read_json(folder / piece.name / RENDERED) or {} for piece in pieces)
    return sorted({str(one["processor"]) for one in found if "processor" in one})


def paint(
    job: FilmJob,
    piece: FilmPiece,
    folder: Path,
    sinks: Sequence[str],
    pictures: bool,
    make: MakesBackend,
    stop: threading.Event | None = None,
    report: Report = lambda done, total: None,
    log: Callable[[str], None] | None = None,
) -> PaintedPiece:
    """Render a piece, from where it stood when it was killed. sinks: the film's recordings. report:
    told of each picture, by the film's numbers. log: takes what is said, in place of `said`.
    Raises Fault."""
    begun = time.monotonic()
    tries = _count(folder / f"{piece.name}.tries")
    work = folder / f".{piece.name}.part"
    shutil.rmtree(folder / piece.name, ignore_errors=True)
    said: list[str] = []
    say = log or said.append
    looked = read_looked(folder, job.key)
    rate, seeks = None if looked is None else looked.rate, looked is not None
    while True:
        parts = PieceInParts(work, job.key)
        (work / "pid").write_text(str(os.getpid()), encoding="utf-8")
        if words := parts.told(piece.begins):
            say(words)
        uris = [recorded(uri, parts.place, index, pictures) for index, uri in enumerate(sinks)]
        frames = parts.range(piece.range())
        if looked is not None and seeks:
            frames = running_ahead(frames, looked, parts.goes_on_at is not None)
        rendering = job.rendering(say, frames, make, uris, rate=rate)
        again = parts.damaged is not None
        parts.follow(rendering)
        if stop is not None:
            _follow(stop, rendering.stop)
        try:
            if again:
                rendering.run()
            else:
                rendering.run(report)
        except NotTakenUp as fault:
            say(f"{fault}: these frames begin anew")
            continue
        except NotTheSame as fault:
            say(f"{fault}: everything before is read")
            seeks = False
            continue
        if stop is not None and stop.is_set():
            return PaintedPiece(piece, os.getpid(), tries, 0.0)
        parts.check(rendering)
        if not again and parts.all_whole():
            break
    parts.put_together(uris, rendering)  # the parts stay until the whole has its name
    told: dict[str, Any] = {
        "key": job.key,
        "piece": asdict(piece),
        "held": held_in(work, dict.fromkeys(Path(parse(uri).to).name for uri in uris)),
        "threads": job.threads,
        "processor": processor_name(),
    }
    write_json(work / RENDERED, told)
    os.replace(work, folder / piece.name)
    clear_parts(folder / piece.name)
    return PaintedPiece(piece, os.getpid(), tries, time.monotonic() - begun, tuple(said))


def _count(path: Path) -> int:
    """One more in this file."""
    with path.open("ab") as file:
        file.write(b".")
        return file.tell()


def _follow(stop: threading.Event, end: Callable[[], None]) -> None:
    def wait() -> None:
        stop.wait()
        end()

    threading.Thread(target=wait, name="film's end", daemon=True).start()
