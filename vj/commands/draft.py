"""`--draft`: a small, quick rendering and a contact sheet of it, to be looked at before the long
one."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from vj.app.setup import painted_size
from vj.core.claim import claimed
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.diffusion.model_names import is_built_in
from vj.show.schema import Show
from vj.sinks.rule import parse

SHARE = 4
"""A draft's sides are so many times smaller."""
LEAST, LEAST_TRAINED = 128, 320
"""The shorter side, at least, in pixels; of models that were trained on large pictures, whose small
ones say little."""
LONGEST = 640
"""The longer side of what is written."""
COLUMNS, ROWS = 6, 5
TILE, GAP, TITLE = 320, 6, 22
"""Of the sheet: a picture's width, between two, and for the words below each; in pixels."""


def _film(show: Show) -> Path:
    """Where the film would go. Raises Fault."""
    for uri in show.sinks:
        kind, _, rest = parse(uri).to.partition(":")
        if kind == "record" and rest:
            return Path(rest.rstrip("/\\")).expanduser()
    raise Fault("--draft is named after the film: --sink record:film.mp4")


def clear_drafts(show: Show, goes_on: Path | None = None) -> None:
    """What killed drafts of a film have left of the pieces in which they were rendered goes, but
    where another process works. goes_on: the movie of a draft that takes its own up again."""
    try:
        film = _film(show)
    except Fault:  # it goes nowhere, which is told elsewhere
        return
    named = re.compile(rf"{re.escape(film.stem)}\.draft(-\d+)?\.mp4\.parts")
    try:
        found = [one for one in film.absolute().parent.iterdir() if named.fullmatch(one.name)]
    except OSError:
        return
    for folder in found:
        if goes_on is not None and folder.name == f"{goes_on.name}.parts":
            continue
        with suppress(Fault):
            with claimed(folder, "rendering this draft"):
                shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)  # a claim is open on Windows


@contextmanager
def kept_apart(movie: Path) -> Iterator[Path]:
    """A folder beside a draft's movie, in which lies what is not whole yet; `clear_drafts` takes
    away what a killed one has left there. Raises Fault where another process works in it."""
    folder = movie.with_name(f"{movie.name}.parts")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Fault(f"{folder}: cannot be written ({error.strerror or error})") from None
    with claimed(folder, "rendering this draft"):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)  # a claim is open on Windows


def draft(
    film: Show,
    log: Callable[[str], None],
    in_pieces: bool,
    render: Callable[[Show], dict[str, Any]],
) -> dict[str, Any]:
    """Have a small film rendered, and lay out a sheet of it; both get their names when they are
    whole. in_pieces: it is rendered as those are, which name theirs themselves. render: renders a
    show. Returns its summary. Raises Fault."""
    if not in_pieces:
        clear_drafts(film)
    show, movie = small_show(film, log, in_pieces)
    sheet = movie.with_suffix(".jpg")
    if in_pieces:
        clear_drafts(film, movie)
        summary = render(show)
        if movie.exists():
            with kept_apart(movie) as folder:
                write_sheet(movie, folder / sheet.name)
                _name(folder, sheet)
    else:
        with kept_apart(movie) as folder:
            to = f"record:{(folder / movie.name).as_posix()}"
            summary = render(show.model_copy(update={"sinks": [to]}))
            summary["sent"] = {show.sinks[0]: summary["sent"].get(to, 0)}
            if (folder / movie.name).exists():
                write_sheet(folder / movie.name, folder / sheet.name)
                _name(folder, movie, sheet)
    if sheet.exists():
        log(f"look at {sheet} and {movie}; without --draft the film itself is rendered")
    return summary


def _name(folder: Path, *files: Path) -> None:
    """Files that are whole go from a folder to their places. Raises Fault."""
    for file in files:
        try:
            os.replace(folder / file.name, file)
        except OSError as error:
            raise Fault(f"{file}: cannot be written ({error.strerror or error})") from None


def small_show(show: Show, log: Callable[[str], None], goes_on: bool = False) -> tuple[Show, Path]:
    """The same show, painted small and written into a movie named after the film: this movie.
    goes_on: also where a folder of its parts is there. Raises Fault."""
    film = _film(show)
    names = (f"{film.stem}.draft{f'-{number}' if number > 1 else ''}.mp4" for number in count(1))

    def free(movie: Path) -> bool:
        taken = movie.exists() or movie.with_suffix(".jpg").exists()
        return not taken and (goes_on or not movie.with_name(f"{movie.name}.parts").exists())

    movie = next(filter(free, map(film.with_name, names)))
    size = painted_size(show, lambda text: None)
    own = is_built_in(show.model.name) or show.model.name == "none"
    step, least = (16, LEAST) if own else (64, LEAST_TRAINED)
    share = max(1 / SHARE, min(1.0, least / min(size)))
    painted = Size(*(max(step, round(side * share / step) * step) for side in size))
    leaves = show.output or size
    scale = min(1.0, LONGEST / max(leaves))
    output = Size(*(max(2, round(side * scale / 2) * 2) for side in leaves))
    instead = "as the film is" if painted == size else f"instead of {size}"
    log(
        f"a draft: painted at {painted} {instead}, without finish:, so finer things look "
        "otherwise than in the film; times, cuts and colours are the film's"
    )
    uri = f"record:{movie.as_posix()}"
    changed = {"size": painted, "output": output, "finish": [], "upscale": "auto", "sinks": [uri]}
    return show.model_copy(update=changed), movie


def write_sheet(movie: Path, sheet: Path) -> None:
    """Lay out pictures of a movie, evenly spread, each with its frame and its time. Raises
    Fault."""
    try:
        with av.open(str(movie)) as file:
            track = file.streams.video[0]
            frames = track.frames or sum(1 for _ in file.decode(video=0))
            rate = float(track.average_rate or 25)
        wanted = np.unique(np.linspace(0, max(0, frames - 1), min(frames, COLUMNS * ROWS)).round())
        tiles = []
        with av.open(str(movie)) as file:
            for number, frame in enumerate(file.decode(video=0)):
                if number in wanted:
                    tiles.append(_tile(frame.to_ndarray(format="bgr24"), number, rate))
        if not tiles:
            raise Fault(f"{movie}: has no pictures")
        cv2.imencode(".jpg", _laid_out(tiles), [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tofile(sheet)
    except (OSError, av.FFmpegError) as error:
        raise Fault(f"{sheet}: cannot be written ({error})") from None


def _tile(picture: np.ndarray, number: int, rate: float) -> np.ndarray:
    """(H, W, 3) uint8 BGR -> the same, `TILE` wide, with its frame and its time below."""
    height = max(1, round(picture.shape[0] * TILE / picture.shape[1]))
    small = cv2.resize(picture, (TILE, height), interpolation=cv2.INTER_AREA)
    out = np.full((height + TITLE, TILE, 3), 24, np.uint8)
    out[:height] = small
    seconds = number / rate
    text = f"{number}   {int(seconds // 60)}:{seconds % 60:05.2f}"
    place = (4, height + TITLE - 7)
    cv2.putText(out, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (210,) * 3, 1, cv2.LINE_AA)
    return out


def _laid_out(tiles: list[np.ndarray]) -> np.ndarray:
    columns = min(COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    height, width = tiles[0].shape[:2]
    sheet = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), 24, np.uint8)
    for place, tile in enumerate(tiles):
        row, column = divmod(place, columns)
        top, left = GAP + row * (height + GAP), GAP + column * (width + GAP)
        sheet[top : top + height, left : left + width] = tile
    return sheet
