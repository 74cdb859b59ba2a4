"""The pieces of a film put together: as they are, or faded into each other."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from glob import escape
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vj.app.films.looking import SOUND, FilmLook, read_json, write_json
from vj.app.films.pieces import FilmPiece, is_loop, place_of, recorder
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.sinks import SinkSettings
from vj.sinks.folder_sound import FolderSound
from vj.sinks.joined import JoinedFolder, JoinedMovie
from vj.sinks.output_file import give_name, part_of
from vj.sinks.rule import parse
from vj.sound import RATE, silence

JOINING = "joining.json"
"""In the folder of the pieces: they are being put together, and which sinks' are."""
BLOCK = 1 << 16
"""Samples that are read at a time."""


def is_begun(folder: Path, key: str) -> bool:
    """Every piece was as it was written, and they are being put together: pictures may have been
    moved. folder: of the pieces. key: of the film and of which of its frames."""
    return (read_json(folder / JOINING) or {}).get("key") == key


def join_all(
    folder: Path,
    key: str,
    pieces: Sequence[FilmPiece],
    sinks: Sequence[str],
    looked: FilmLook,
    slow: int,
    log: Callable[[str], None],
) -> list[tuple[list[Path], int]]:
    """Put a film together, or go on with that. folder, key: see `is_begun`. slow: how many frames
    are written for each. Returns each sink's files and its frames. Raises Fault where one cannot be
    written."""
    told = read_json(folder / JOINING) if is_begun(folder, key) else None
    joined: dict[str, list[Any]] = told["joined"] if told is not None else {}
    write_json(folder / JOINING, {"key": key, "joined": joined})
    for index, uri in enumerate(sinks):
        if str(index) in joined:
            continue
        try:
            files, frames = _join(folder, pieces, index, uri, looked, slow, log)
        except OSError as error:
            where = recorder(uri).requested.parent
            raise Fault(
                f"{uri}: the pieces in {folder} cannot be put together in {where} "
                f"({error.strerror or error}); free some space and start again: what is rendered "
                "stays"
            ) from error
        joined[str(index)] = [list(map(str, files)), frames]
        write_json(folder / JOINING, {"key": key, "joined": joined})
    return [(list(map(Path, files)), int(frames)) for files, frames in joined.values()]


def _join(
    folder: Path,
    pieces: Sequence[FilmPiece],
    index: int,
    uri: str,
    looked: FilmLook,
    slow: int,
    log: Callable[[str], None],
) -> tuple[list[Path], int]:
    """Raises OSError."""
    faded = any(piece.overlap for piece in pieces)
    places = [place_of(folder, piece, index, uri, faded) for piece in pieces]
    made = recorder(uri)
    made.requested.parent.mkdir(parents=True, exist_ok=True)
    first = pieces[0].begins * slow
    if made.folder:
        if faded:
            whole = folder / f"faded-{index}"
            if not whole.exists():
                begun = part_of(whole)
                shutil.rmtree(begun, ignore_errors=True)
                _faded(places, pieces, begun, folder, uri, looked, slow, log)
                os.replace(begun, whole)
            places = [whole]
        return _moved(places, folder / f"moving-{index}.json", made.requested, looked, first, log)
    part = part_of(made.requested)
    for old in part.parent.glob(f"{escape(part.stem)}*{part.suffix}"):  # of one that was killed
        old.unlink()
    if faded or is_loop(uri):
        files, frames = _faded(places, pieces, part, folder, uri, looked, slow, log)
    else:
        files, frames = [part], _copied(places, part, folder, uri, looked, first)
    return [give_name(file, made.requested) for file in files], frames


def _moved(
    places: Sequence[Path],
    memo: Path,
    to: Path,
    looked: FilmLook,
    first: int,
    log: Callable[[str], None],
) -> tuple[list[Path], int]:
    """Numbered pictures. memo: the file that says which number was the first, for one that was
    killed. first: of the first picture in the whole film."""
    joined = JoinedFolder(to, first)
    begins = int((read_json(memo) or {}).get("begins", joined.next))
    write_json(memo, {"begins": begins})
    for place in places:
        joined.add(place)
    frames = joined.next - begins
    if looked.sounds:
        part = part_of(to / "sound.wav")
        part.unlink(missing_ok=True)
        sound = FolderSound(part)
        for block in _heard(memo.parent, looked, first, frames):
            sound.put(None, block)
        sound.close()
        give_name(part, to / "sound.wav")
    if begins != first:
        log(
            f"{to}: its pictures from before stay; this film's are "
            f"{begins:06d}.png to {joined.next - 1:06d}.png"
        )
    return [to], frames


def _copied(
    places: Sequence[Path], part: Path, folder: Path, uri: str, looked: FilmLook, first: int
) -> int:
    """A movie of movies. first: the number of the first picture in the whole film."""
    rule = parse(uri)
    mark = looked.marked() if rule.painted else None
    joined = JoinedMovie(part, looked.rate, rule.codec, mark, looked.sounds)
    heard, told = _heard(folder, looked, first), 0
    for place in places:
        joined.add(place)
        while told < joined.frames / looked.rate * RATE:
            block = next(heard, None)
            if block is None:
                break
            joined.add_sound(block)
            told += len(block)
    joined.finish()
    return joined.frames


def _heard(
    folder: Path, looked: FilmLook, first: int, frames: int | None = None
) -> Iterator[np.ndarray]:
    """(n, 2) float32, from the film's picture `first` on. frames: for so many, None: all."""
    if not looked.sounds:
        return
    begins = round(first / looked.rate * RATE)
    left = None if frames is None else round((first + frames) / looked.rate * RATE) - begins
    with (folder / SOUND).open("rb") as file:
        file.seek(8 * begins)
        while block := file.read(8 * BLOCK if left is None else 8 * min(BLOCK, left)):
            samples = np.frombuffer(block, np.float32).reshape(-1, 2)
            left = None if left is None else left - len(samples)
            yield samples


def _faded(
    places: Sequence[Path],
    pieces: Sequence[FilmPiece],
    to: Path,
    folder: Path,
    uri: str,
    looked: FilmLook,
    slow: int,
    log: Callable[[str], None],
) -> tuple[list[Path], int]:
    """Encoded of pictures without loss: where pieces overlap one is faded into the next. to: where
    it is written, in place of the sink's own. Returns its files, more than one where a WebP became
    too long, and its frames. Raises OSError."""
    rule, clock = parse(uri), FrameClock(looked.rate)
    mark = looked.marked() if rule.painted else None
    sink = recorder(uri, SinkSettings(clock, False, log, mark=lambda: mark, sound=lambda: sounds))
    sounds = looked.sounds and not sink.folder
    sink.requested = to
    heard = _heard(folder, looked, 0) if sounds else iter(())
    waits = silence(0)
    count = 0
    for picture in _pictures(places, pieces, slow):
        if not count:
            sink.open(picture.shape[1], picture.shape[0], looked.rate)
        sink.send(Frame(picture, count, clock.now()))
        count += 1
        end = round(count / looked.rate * RATE) - round((count - 1) / looked.rate * RATE)
        while len(waits) < end and (block := next(heard, None)) is not None:
            waits = np.concatenate([waits, block])
        if sounds:
            sink.send_sound(clock.now(), waits[:end])
            waits = waits[end:]
        clock.advance()
    sink.close()
    return [path for path, _ in sink.recorded], count


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
