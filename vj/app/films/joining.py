"""The pieces of a film put together: as they are, or faded into each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from vj.app.films.looking import SOUND, FilmLook
from vj.app.films.pieces import FilmPiece, is_loop, place_of, recorder
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.sinks import SinkSettings, make_sink
from vj.sinks.image_sequence import next_number
from vj.sinks.joined import JoinedFolder, JoinedMovie
from vj.sinks.recorder import Recorder
from vj.sinks.rule import parse
from vj.sound import RATE, silence

BLOCK = 1 << 16
"""Samples that are read at a time."""


def join(
    folder: Path,
    pieces: Sequence[FilmPiece],
    index: int,
    uri: str,
    looked: FilmLook,
    slow: int,
    log: Callable[[str], None],
) -> tuple[Path, int]:
    """Put a film together. folder: of the pieces. index: of the sink among the film's. slow: how
    many frames are written for each. Returns its path and its frames. Raises Fault where it cannot
    be written."""
    pictures = any(piece.overlap for piece in pieces)
    places = [place_of(folder, piece, index, uri, pictures) for piece in pieces]
    made = recorder(uri)
    try:
        if pictures or is_loop(uri):
            return _faded(places, pieces, uri, looked, slow, log)
        path, frames = _as_they_are(places, folder, made, uri, looked, pieces[0].begins * slow)
    except OSError as error:
        where = made.requested.parent
        raise Fault(
            f"{uri}: the pieces in {folder} cannot be put together in {where} "
            f"({error.strerror or error}); free some space and start again: what is rendered stays"
        ) from error
    if made.folder:
        ends = next_number(path)
        begins = ends - sum(piece.frames for piece in pieces) * slow  # not `frames`: a join goes on
        if begins != pieces[0].begins * slow:
            log(
                f"{path}: its pictures from before stay; this film's are "
                f"{begins:06d}.png to {ends - 1:06d}.png"
            )
    return path, frames


def _as_they_are(
    places: Sequence[Path], folder: Path, made: Recorder, uri: str, looked: FilmLook, first: int
) -> tuple[Path, int]:
    """first: the number of the first picture in the whole film."""
    rule = parse(uri)
    mark = looked.marked() if rule.painted else None
    joined: JoinedMovie | JoinedFolder
    made.requested.parent.mkdir(parents=True, exist_ok=True)
    if made.folder:
        joined = JoinedFolder(made.requested, looked.sounds, first)
    else:
        joined = JoinedMovie(made.requested, looked.rate, rule.codec, mark, looked.sounds)
    begins = round(first / looked.rate * RATE)
    heard = _samples(folder / SOUND, begins) if looked.sounds else iter(())
    told = 0
    for place in places:
        joined.add(place)
        while told < joined.frames / looked.rate * RATE:
            block = next(heard, None)
            if block is None:
                break
            joined.add_sound(block)
            told += len(block)
    joined.finish()
    return joined.path, joined.frames


def _samples(path: Path, begins: int = 0) -> Iterator[np.ndarray]:
    with path.open("rb") as file:
        file.seek(8 * begins)
        while block := file.read(8 * BLOCK):
            yield np.frombuffer(block, np.float32).reshape(-1, 2)


def _faded(
    places: Sequence[Path],
    pieces: Sequence[FilmPiece],
    uri: str,
    looked: FilmLook,
    slow: int,
    log: Callable[[str], None],
) -> tuple[Path, int]:
    """Encoded of pictures without loss: where pieces overlap one is faded into the next."""
    rule, clock = parse(uri), FrameClock(looked.rate)
    mark = looked.marked() if rule.painted else None
    sink = make_sink(
        uri,
        SinkSettings(clock, live=False, log=log, mark=lambda: mark, sound=lambda: looked.sounds),
    )
    assert isinstance(sink, Recorder)
    heard = _samples(places[0].parent.parent / SOUND) if looked.sounds else iter(())
    waits = silence(0)
    count = 0
    for picture in _pictures(places, pieces, slow):
        if not count:
            sink.open(picture.shape[1], picture.shape[0], looked.rate)
        sink.send(Frame(picture, count, clock.now()))
        count += 1
        end = round(count / looked.rate * RATE) - round((count - 1) / looked.rate * RATE)
        while looked.sounds and len(waits) < end:
            block = next(heard, None)
            if block is None:
                break
            waits = np.concatenate([waits, block])
        if looked.sounds:
            sink.send_sound(clock.now(), waits[:end])
            waits = waits[end:]
        clock.advance()
    sink.close()
    return sink.path, count


def _pictures(
    places: Sequence[Path], pieces: Sequence[FilmPiece], slow: int
) -> Iterator[np.ndarray]:
    """(H, W, 3 or 4) uint8, in their order."""
    held: list[Path] = []
    for index, (place, piece) in enumerate(zip(places, pieces, strict=True)):
        files = sorted(place.glob("*.png"))
        faded = piece.overlap * slow
        for step, (one, two) in enumerate(zip(held, files[:faded], strict=False)):
            share = (step + 1) / (faded + 1)
            yield cv2.addWeighted(_read(one), 1 - share, _read(two), share, 0)
        files = files[faded:]
        following = pieces[index + 1].overlap * slow if index + 1 < len(pieces) else 0
        held = files[len(files) - following :]
        for file in files[: len(files) - following]:
            yield _read(file)


def _read(path: Path) -> np.ndarray:
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if found is None:
        raise OSError(f"{path} is no picture any more")
    code = cv2.COLOR_BGRA2RGBA if found.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.ascontiguousarray(cv2.cvtColor(found, code))
