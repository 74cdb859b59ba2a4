"""A piece on its way to its first frame decodes the pictures of which something is left, and no
others; what it paints is to the byte what it would be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.app.films import FPS, SIZE, film_show, pictures
from tests.app.killed_films import film_of
from tests.scenes import Scene
from vj.app.films import in_parts, pieces
from vj.app.films.looking import FilmLook
from vj.app.films.running_ahead import CHECKED, running_ahead
from vj.app.offline import Rendering
from vj.core.threads import fix_threads
from vj.pipeline.frame_range import RUN_IN, FrameRange, part
from vj.show.load import check_show
from vj.sources.played_video import PlayedVideo
from vj.sources.video_file import VideoFile

FRAMES, CUTS = 64, (20, 46)
X264 = {"g": "15", "bf": "3", "preset": "ultrafast", "qp": "18"}


def first_of(names: Iterable[str]) -> list[Any]:
    """The first two quickly, the others with --long."""
    long = pytest.mark.long
    return [pytest.param(one, marks=long) if at > 1 else one for at, one in enumerate(names)]


def draw(path: str, codec: str = "libx264", options: Mapping[str, str] | None = None) -> None:
    scenes = [Scene(seed, SIZE) for seed in (1, 2, 3)]
    with av.open(path, "w") as file:
        track: Any = file.add_stream(codec, rate=FPS, options=dict(options or X264))
        track.width, track.height, track.pix_fmt = *SIZE, "yuv420p"
        for number in range(FRAMES):
            picture = scenes[sum(number >= cut for cut in CUTS)].at(number)
            file.mux(track.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(track.encode(None))


@pytest.fixture(autouse=True)
def decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A film in the working folder; when each picture begins that was decoded."""
    monkeypatch.chdir(tmp_path)
    fix_threads(1)
    seen: list[float] = []
    pull = VideoFile._pull

    def counted(self: VideoFile) -> Any:
        picture = pull(self)
        if picture is not None:
            seen.append(picture.begins)
        return picture

    monkeypatch.setattr(VideoFile, "_pull", counted)
    return seen


CLIPS: dict[str, tuple[str, dict[str, str], int]] = {
    "B frames, MP4": ("film.mp4", X264, 48),
    "open groups, MKV": ("film.mkv", {**X264, "x264-params": "open-gop=1"}, 48),
    "one long group": ("film.mkv", {**X264, "bf": "0", "g": "500", "sc_threshold": "0"}, FRAMES),
    "no key pictures": (
        "film.mkv",
        {**X264, "bf": "0", "x264-params": "intra-refresh=1"},
        2 * FRAMES,
    ),
}
"""A file, how it is encoded, and how many pictures are decoded at most for some near its end."""
NONE: dict[str, Any] = {"model": "none", "source": "film.mkv"}


@pytest.mark.parametrize("name", first_of(CLIPS))
def test_what_is_sought_is_what_is_read_to(name: str, decoded: list[float]) -> None:
    source, options, most = CLIPS[name]
    draw(source, options=options)
    more: dict[str, Any] = {"source": source, "model": "none"}
    Rendering(check_show(film_show("whole/", **more), "here"), print).run()
    decoded.clear()
    made = film_of("some/", [], frames=(CUTS[1] + 5, CUTS[1] + 8), **more)
    assert made.run() == 4
    whole, some = pictures(Path("whole")), pictures(Path("some"))
    assert sorted(some) == list(range(CUTS[1] + 5, CUTS[1] + 9))
    assert all(np.array_equal(some[number], whole[number]) for number in some)
    assert len(decoded) - FRAMES < most, "the first pass has decoded all of them"


def test_one_that_was_killed_seeks_its_place(
    decoded: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw("film.mkv")
    monkeypatch.setattr(in_parts, "SECONDS", 0.6)
    more: dict[str, Any] = {**NONE, "frames": (CUTS[1], FRAMES - 1)}
    film_of("whole/", [], **more).run()
    join = pieces.PieceInParts.put_together

    class Killed(BaseException): ...

    def dies(*words: Any) -> None:
        raise Killed

    monkeypatch.setattr(pieces.PieceInParts, "put_together", dies)
    with pytest.raises(Killed):
        film_of("killed/", [], **more).run()
    monkeypatch.setattr(pieces.PieceInParts, "put_together", join)
    decoded.clear()
    said: list[str] = []
    assert film_of("killed/", said, **more).run() == FRAMES - CUTS[1]
    assert sum("go on at" in one for one in said) == 1
    assert len(decoded) < 40
    whole, found = pictures(Path("whole")), pictures(Path("killed"))
    assert len(whole) == len(found) == FRAMES - CUTS[1]
    assert all(map(np.array_equal, whole.values(), found.values()))


def test_where_another_picture_is_found_everything_before_is_read(
    decoded: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder that goes on from a picture that is no true key picture gives others."""
    draw("film.mkv")
    Rendering(check_show(film_show("whole/", **NONE), "here"), print).run()
    pixels = PlayedVideo._pixels_at

    def off(self: PlayedVideo, *words: Any) -> np.ndarray:
        return pixels(self, *words) ^ np.uint8(self._passed is not None)

    monkeypatch.setattr(PlayedVideo, "_pixels_at", off)
    said: list[str] = []
    film_of("some/", said, frames=(CUTS[1] + 5, CUTS[1] + 8), **NONE).run()
    assert sum("another picture where the clip is sought" in one for one in said) == 1
    whole, some = pictures(Path("whole")), pictures(Path("some"))
    assert all(np.array_equal(some[number], whole[number]) for number in some)


def looked(**more: Any) -> FilmLook:
    cuts, against = list(CUTS), [one - 1 for one in CUTS]
    found = FilmLook(FRAMES, FPS, cuts, [], [], "", None, False, None, against)
    return replace(found, **{"pictures": [0] * FRAMES, **more})


def unseen(begins: int, goes_on: bool = False, **more: Any) -> int:
    frames = FrameRange(begins, None, begins) if goes_on else part(begins, None)
    return running_ahead(frames, looked(**more), goes_on).unseen


def test_what_something_is_left_of_is_seen() -> None:
    at, early = CUTS[1], RUN_IN + CHECKED
    assert unseen(at) == at - early
    assert unseen(at, watched=[[0, 9], [30, at - 1]]) == at - early, "it is forgotten at a hard cut"
    assert unseen(at + 9, watched=[[at, at + 5]]) == at - 1 - CHECKED, "since the hard cut"
    assert unseen(at + 9, watched=[[at - 9, at - 5]]) == at + 9 - early
    assert unseen(CUTS[0] - 1, watched=[[3, 5]]) == 0
    assert unseen(at, kept_on=0) == 0, "a modulator listens"
    assert unseen(at, kept_on=36) == 36 - CHECKED
    assert unseen(at, goes_on=True) == at - CHECKED
    assert unseen(at + 9, goes_on=True, watched=[[at, at + 9]]) == at - 1 - CHECKED
    late = looked(against=[19, 30])
    assert running_ahead(part(at, None), late, False).unseen == 30 - CHECKED, "black before it"
    assert unseen(at, pictures=[]) == 0, "nothing to compare with"


PLAYED: dict[str, dict[str, Any]] = {
    "motion": {"modulators": [{"motion": "amount", "to": "strength", "range": [0, 0.9]}]},
    "brightness": {
        "modulators": [{"picture": "brightness", "to": "picture/hue", "range": [0, 0.9]}]
    },
    "a mask": {"start": {"mask/mode": "motion", "mask/steady": 0.9}},
    "an empty room": {
        "start": {"mask/mode": "plate"},
        "cues": [{"name": "learn", "set": {"mask/learn": True}}],
        "timeline": [{"at": 1, "cue": "learn"}],
    },
    "a clip that is sought": {
        "cues": [
            {"name": "quick", "set": {"source/speed": 2}},
            {"name": "back", "set": {"source/speed": -1}},
        ],
        "timeline": [{"at": 2, "cue": "quick"}, {"at": 4, "cue": "back"}],
        "start": {"feedback/amount": 0, "blend/smoothing": 0, "noise/hold": 1},
    },
}


@pytest.mark.parametrize("name", first_of(PLAYED))
def test_whatever_is_played_pieces_are_the_whole(name: str) -> None:
    draw("film.mkv")
    show = check_show(film_show("whole/", **NONE, **PLAYED[name]), "here")
    Rendering(show, print).run()
    last = len(pictures(Path("whole"))) - 1
    film_of("some/", [], frames=(last - 6, last), **NONE, **PLAYED[name]).run()
    whole, some = pictures(Path("whole")), pictures(Path("some"))
    assert len(some) == 7
    assert all(np.array_equal(some[number], whole[number]) for number in some)
