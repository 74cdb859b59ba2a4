"""A film that is killed while its pieces are put together: nothing torn has its name."""

from __future__ import annotations

import errno
import os
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.films import FPS, FRAMES, draw_film, pictures
from tests.app.killed_films import Killed, film_of
from tests.shows import movie_frames
from vj.app.films import film as film_in_pieces
from vj.app.films import in_parts
from vj.sinks import joined
from vj.sinks.gif import GifWriter

OUT = ("b", "a.mkv", "c.gif")
SHOW: dict[str, Any] = {
    "sinks": ["record:b/", "record:a.mkv?codec=ffv1", "record:c.gif"],
    "model": "none",
    "sound": "tone.wav",
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(in_parts, "SECONDS", 0.6)
    draw_film(tmp_path / "film.mkv")
    with wave.open("tone.wav", "wb") as file:
        file.setparams((1, 2, 48000, 0, "NONE", ""))
        file.writeframes(np.full(4 * 48000, 9000, "<i2").tobytes())


def killed_at(of: object, name: str, call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Render until this function is called so often."""
    left = [call]
    made: Callable[..., Any] = getattr(of, name)

    def dies(*given: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            raise Killed
        return made(*given)

    with monkeypatch.context() as patched:
        patched.setattr(of, name, dies)
        with pytest.raises(Killed):
            film_of("x/", [], resume=True, **SHOW).run()


def test_what_is_torn_has_no_name_and_nothing_is_there_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed_at(joined, "_move", 75, monkeypatch)  # after the pieces of two sinks, in the film
    assert 0 < len(pictures(Path("b"))) < FRAMES
    killed_at(joined.JoinedMovie, "finish", 1, monkeypatch)
    killed_at(GifWriter, "end", 1, monkeypatch)
    assert Path("a.mkv").exists()
    assert not Path("c.gif").exists()
    killed_at(film_in_pieces.FilmRendering, "_clear", 1, monkeypatch)
    said: list[str] = []
    assert film_of("x/", said, resume=True, **SHOW).run() == FRAMES
    assert any("is finished, 31 frames" in one for one in said)
    assert sorted(os.listdir()) == [*sorted((*OUT, "b.parts")), "film.mkv", "tone.wav"]
    assert os.listdir("b.parts") == [film_in_pieces.FINISHED]
    found = pictures(Path("b"))
    assert list(found) == list(range(FRAMES))
    movie = movie_frames(Path("a.mkv"))
    assert all(np.array_equal(movie[n], found[n][:, :, ::-1]) for n in range(FRAMES))
    with wave.open("b/sound.wav") as sound:
        assert sound.getnframes() == round(FRAMES / FPS * 48000)


def test_pictures_moved_before_it_was_killed_are_not_painted_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed_at(joined, "_move", 9, monkeypatch)
    said: list[str] = []
    assert film_of("x/", said, resume=True, **SHOW).run() == FRAMES
    assert not [one for one in said if "as it was written" in one or "as they were" in one]


def test_pictures_go_onto_another_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def onto_another(one: Path, two: Path) -> None:
        if one.parent != two.parent and two.parent == Path("b"):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        replace(one, two)

    monkeypatch.setattr(joined.os, "replace", onto_another)
    assert film_of("x/", [], **SHOW).run() == FRAMES
    assert list(pictures(Path("b"))) == list(range(FRAMES))
    assert sorted(os.listdir()) == ["a.mkv", "b", "c.gif", "film.mkv", "tone.wav"]
