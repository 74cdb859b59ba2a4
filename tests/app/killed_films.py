"""Films that are killed while they are painted, for tests of how they go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.films import FRAMES, draw_film, film_show, pictures
from tests.shows import movie_frames
from vj.app.films import in_parts
from vj.app.films.film import FilmRendering
from vj.app.films.job import FilmJob
from vj.app.films.pieces import FilmPiece, paint, place_of
from vj.app.offline import Rendering
from vj.app.picture_state import PictureState
from vj.core.threads import fix_threads
from vj.diffusion.making import KeptModels
from vj.show.load import check_show

WHOLE = FilmPiece(0, FRAMES)


def begin(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film in the working folder; a part lasts 6 frames of it."""
    monkeypatch.chdir(folder)
    fix_threads(1)  # of what is rendered whole, too
    monkeypatch.setattr(in_parts, "SECONDS", 0.6)
    draw_film(folder / "film.mkv")


class Killed(BaseException):
    """As by a signal: nobody catches it, and nothing is tidied up."""


def painted(
    folder: str, uri: str, monkeypatch: pytest.MonkeyPatch, *kills: int, **more: Any
) -> list[str]:
    """Paint the film's one piece into a folder, killed before these frames and started again; with
    -1 at the end it is not. Returns what was said the last time."""
    work = Path(folder)
    work.mkdir(exist_ok=True)
    job = FilmJob(
        check_show(film_show("x/", **more), "here"), None, None, None, None, 1, Path.cwd()
    )
    until, models = list(kills), KeptModels()
    follow = in_parts.PieceInParts.follow

    def killed(self: in_parts.PieceInParts, rendering: Rendering) -> None:
        follow(self, rendering)
        between = rendering.between

        def then(state: PictureState, came: int) -> None:
            between(state, came)
            if until and came == until[0]:
                raise Killed

        rendering.between = then

    with monkeypatch.context() as patched:
        patched.setattr(in_parts.PieceInParts, "follow", killed)
        while True:
            try:
                return list(paint(job, WHOLE, work, [uri], False, models).said)
            except Killed:
                until.pop(0)
                if until == [-1]:
                    return []


def frames(folder: str, uri: str) -> list[np.ndarray]:
    place = place_of(Path(folder), WHOLE, 0, uri, False)
    return list(pictures(place).values()) if place.is_dir() else movie_frames(place)


def film_of(out: str, said: list[str], **more: Any) -> FilmRendering:
    options = {name: more.pop(name) for name in ("frames", "resume") if name in more}
    show = check_show(film_show(out, **more), "here")
    return FilmRendering(show, said.append, None, None, None, None, None, **options)
