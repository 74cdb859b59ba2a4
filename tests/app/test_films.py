"""A film rendered in pieces is to the byte the one that is rendered whole."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import wave
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests.app.films import CUTS, FPS, FRAMES, draw_film, film_show, pictures
from tests.shows import movie_frames
from tests.waiting import until
from vj.app.films.film import FilmRendering
from vj.app.films.looking import FilmLook
from vj.app.films.pieces import FilmPiece, divide
from vj.app.offline import Rendering
from vj.core.errors import Fault
from vj.core.threads import fix_threads
from vj.pipeline.frame_range import RUN_IN
from vj.show.load import check_show


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the film in it, and a sound."""
    monkeypatch.chdir(tmp_path)
    fix_threads(1)  # of what is rendered whole, too
    with wave.open("tone.wav", "wb") as file:
        file.setparams((1, 2, 48000, 0, "NONE", ""))
        tone = np.sin(np.arange(48000 * 4) * 0.05) * np.linspace(0, 0.5, 48000 * 4)
        file.writeframes((tone * 32767).astype("<i2").tobytes())
    return draw_film(tmp_path / "film.mkv")


def whole(out: str, **more: Any) -> None:
    Rendering(check_show(film_show(out, **more), "here"), print).run()


def in_pieces(
    out: str, said: list[str] | None = None, workers: int = 1, overlap: float = 0.0, **more: Any
) -> FilmRendering:
    log = (lambda text: None) if said is None else said.append
    show = check_show(film_show(out, **more), "here")
    return FilmRendering(
        show, log, None, None, None, None, None, workers=workers, threads=1, overlap=overlap
    )


def sound_of(path: Path) -> np.ndarray:
    with av.open(path) as file:
        return np.concatenate([one.to_ndarray() for one in file.decode(audio=0)], axis=1)


def tags_of(path: Path) -> dict[str, str]:
    with av.open(path) as file:
        return dict(file.metadata)


def test_a_take_is_written_in_the_first_pass_and_played_by_every_worker(film: Path) -> None:
    show = check_show(film_show("one/", model="none"), "here")
    Rendering(show, print, take_log=Path("one.take")).run()
    show = check_show(film_show("two/", model="none"), "here")
    FilmRendering(show, print, None, None, None, Path("two.take"), None).run()
    assert Path("one.take").read_bytes() == Path("two.take").read_bytes()
    shutil.rmtree("two")
    plain = {"source": "film.mkv", "size": "64x64", "model": "none", "fps": FPS, "loop": False}
    show = check_show({**plain, "sinks": ["record:two/"]}, "here")
    FilmRendering(show, print, None, None, Path("one.take"), None, None).run()
    one, two = pictures(Path("one")), pictures(Path("two"))
    assert all(np.array_equal(one[number], two[number]) for number in range(FRAMES))


def test_pictures_of_the_pieces_are_those_of_the_whole(film: Path) -> None:
    more: dict[str, Any] = {"model": "none", "sound": "tone.wav"}
    whole("whole/", **more)
    said: list[str] = []
    made = in_pieces("pieces/", said, **more)
    assert made.run() == FRAMES
    assert (made.summary()["threads"], len(made.summary()["processors"])) == (1, 1)
    assert [(piece.begins, piece.ends) for piece in made.pieces] == [
        (0, CUTS[0]),
        (CUTS[0], CUTS[1]),
        (CUTS[1], FRAMES),
    ]
    one, two = (sorted(Path(out).iterdir()) for out in ("whole", "pieces"))
    assert [path.name for path in one] == [path.name for path in two]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert not list(Path().glob("*.parts"))


def test_it_is_cut_where_pictures_leave_nothing_too(film: Path) -> None:
    start = {"feedback/amount": 0, "blend/smoothing": 0, "noise/hold": 1, "steps": 2}
    more: dict[str, Any] = {"model": "none", "start": start}
    whole("whole/", **more)
    made = in_pieces("pieces/", **more)
    made.run()
    assert [piece.begins for piece in made.pieces] == [0, RUN_IN + 1, 2 * (RUN_IN + 1)]
    one, two = pictures(Path("whole")), pictures(Path("pieces"))
    assert all(np.array_equal(one[number], two[number]) for number in range(FRAMES))


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("out.mp4", "none"),
        ("out.mkv?codec=ffv1", "drawn"),
        pytest.param("out.mov?codec=prores", "none", marks=pytest.mark.long),
    ],
)
def test_a_movie_is_put_together_without_encoding_it_again(
    film: Path, name: str, model: str
) -> None:
    plain = name.partition("?")[0]
    more: dict[str, Any] = {
        "sound": "tone.wav",
        "slow": 2,
        "model": model,
        "start": {"noise/hold": 1},
    }
    whole(f"whole/{name}", **more)
    made = in_pieces(f"pieces/{name}", **more)
    assert made.run() == 2 * FRAMES - 1
    one, two = Path("whole", plain), Path("pieces", plain)
    found, wanted = movie_frames(two), movie_frames(one)
    assert len(found) == len(wanted) == 2 * FRAMES - 1
    most = {"out.mp4": 4, "out.mov": 0.5}.get(plain, 0)
    for here, there in zip(found, wanted, strict=True):
        apart = np.abs(here.astype(int) - there).mean()
        assert apart <= most, "a piece begins with a picture by itself"
    np.testing.assert_array_equal(sound_of(two), sound_of(one))
    assert tags_of(two) == tags_of(one)
    with av.open(two) as file:
        stamps = [(one.pts or 0) * one.time_base for one in file.demux(video=0) if one.size]
    assert [round(float(stamp * FPS), 2) for stamp in stamps] == list(range(2 * FRAMES - 1))


def test_what_is_rendered_stays_when_it_is_started_again(film: Path) -> None:
    more: dict[str, Any] = {"model": "none"}
    whole("whole/", **more)
    made = in_pieces("pieces/", **more)
    made.run(lambda done, total: made.stop() if done > CUTS[1] - CUTS[0] else None)
    assert made.rendered == 0
    assert len(list(Path("pieces.parts").glob("*-*/piece.json"))) == 1
    said: list[str] = []
    again = in_pieces("pieces/", said, **more)
    again.run()
    assert "1 piece already there" in said
    one, two = pictures(Path("whole")), pictures(Path("pieces"))
    assert all(np.array_equal(one[number], two[number]) for number in range(FRAMES))
    # another show: nothing of it is taken
    first = in_pieces("pieces/", **more)
    first.run(lambda done, total: first.stop() if done > CUTS[1] - CUTS[0] else None)
    said.clear()
    in_pieces("pieces/", said, **more, start={"strength": 0.9}).run()
    assert not any("already" in line for line in said)


def looked(
    frames: int, cuts: list[int], clear: list[int] | None = None, lost: int | None = None
) -> FilmLook:
    why = "" if lost is None else "walk/even goes by what is painted"
    return FilmLook(frames, 30.0, cuts, clear or [], ["feedback/amount"], why, lost, False, None)


def test_it_is_cut_into_some_pieces_for_each_worker() -> None:
    pieces = divide(looked(1000, list(range(50, 1000, 50))), 2)
    assert (pieces[0].begins, pieces[-1].ends) == (0, 1000)
    assert all(one.ends == two.begins for one, two in pairwise(pieces))
    assert 4 <= len(pieces) <= 8
    assert all(piece.begins % 50 == 0 for piece in pieces)
    assert divide(looked(1000, []), 2) == [FilmPiece(0, 1000)]
    faded = divide(looked(1000, []), 2, overlap=10)
    assert len(faded) > 3
    assert [piece.overlap for piece in faded] == [0] + [10] * (len(faded) - 1)
    walked = divide(looked(1000, [100], lost=400), 2, overlap=10)
    assert max(piece.begins for piece in walked) < 400, "what was painted leads from there on"
    assert walked[-1].ends == 1000
    assert divide(looked(1000, [], lost=0), 2, overlap=10) == [FilmPiece(0, 1000)]
    clear = divide(looked(100, [], list(range(30, 60))), 1)
    assert [piece.begins for piece in clear] == [0, 30, 55]


def test_where_nothing_can_be_cut_that_is_said_and_pieces_may_overlap(film: Path) -> None:
    said: list[str] = []
    more: dict[str, Any] = {"model": "none", "start": {"feedback/amount": 0.8}}
    frames, more["source"] = 40, "drawn:puppet"
    show = check_show(film_show("whole.mp4", **more), "here")
    Rendering(show, print, seconds=frames / FPS).run()
    show = check_show(film_show("pieces.mp4", **more), "here")
    made = FilmRendering(
        show, said.append, frames / FPS, None, None, None, None, workers=1, overlap=0.5
    )
    assert made.run() == frames
    assert len(made.pieces) > 2
    assert any("not what one worker would paint" in line for line in said)
    one, two = movie_frames(Path("whole.mp4")), movie_frames(Path("pieces.mp4"))
    assert len(one) == len(two) == frames
    apart = [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(one, two, strict=True)]
    assert max(apart) < 12


def test_what_cannot_be_put_together_is_refused(film: Path) -> None:
    show = check_show({**film_show("a/"), "sinks": ["preview:"]}, "here")
    with pytest.raises(Fault, match="a film is rendered into"):
        FilmRendering(show, print, None, None, None, None, None)


@pytest.mark.parametrize("name", ["a.gif?loop_fade=0.5", "a.webp"])
def test_a_loop_is_encoded_once_of_what_the_pieces_hold(film: Path, name: str) -> None:
    whole(f"whole/{name}", model="none")
    made = in_pieces(f"pieces/{name}", model="none")
    assert made.run() == FRAMES
    assert len(made.pieces) > 1
    file, _, _ = name.partition("?")
    assert Path("pieces", file).read_bytes() == Path("whole", file).read_bytes()


def test_a_film_that_is_not_there_leaves_nothing_behind(film: Path) -> None:
    made = in_pieces("pieces.mp4", model="none", source="nothere.mkv")
    with pytest.raises(Fault, match="there is no such file"):
        made.run()
    assert not list(Path().glob("pieces*"))


WAITS = """
import os, time
frames = "uint8"

def effect(frame, parameters, moment, memory):
    memory["seen"] = memory.get("seen", 0) + 1
    if os.getpid() != {test} and memory["seen"] == 4:
        try:
            here = os.open({held!r}, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            return frame
        os.write(here, b"%d." % os.getpid())
        time.sleep(300)
    return frame
"""
"""An effect in whose fourth frame the first worker that comes there waits until it is killed."""


@pytest.mark.long
@pytest.mark.timeout(600)
def test_two_workers_paint_what_one_does_and_one_that_is_killed_costs_its_piece(
    film: Path,
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: python3 launch.py add films")
    name, held = "out.mkv?codec=ffv1", Path("held").absolute()
    Path("waits.py").write_text(WAITS.format(test=os.getpid(), held=str(held)))
    more: dict[str, Any] = {"effects": [str(Path("waits.py").absolute())]}
    whole(f"whole/{name}", **more)
    said: list[str] = []
    made = in_pieces(f"pieces/{name}", said, workers=2, **more)

    def kill() -> None:
        """The worker that waits in the middle of a piece."""
        until(lambda: held.exists() and held.read_text().endswith("."), seconds=300)
        os.kill(int(held.read_text()[:-1]), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    assert made.run() == FRAMES
    killer.join()
    assert made.summary()["again"] == 1
    assert made.summary()["workers"] == 2
    begun = [painted.tries for painted in made._painted]
    assert sorted(begun) == [1, 1, 2], "the others are rendered once"
    one, two = (movie_frames(Path(out, "out.mkv")) for out in ("whole", "pieces"))
    assert len(one) == len(two) == FRAMES
    assert all(map(np.array_equal, one, two))
    assert cv2.countNonZero(two[0][..., 0])
