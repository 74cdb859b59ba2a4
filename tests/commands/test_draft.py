"""`--draft`: small and soon there, and beside it a sheet to be looked at."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from vj.app.films import film as film_in_pieces
from vj.cli import main
from vj.commands import draft as drafts
from vj.commands.draft import clear_drafts, small_show, write_sheet
from vj.core.claim import claimed
from vj.core.frame import Size
from vj.show.load import check_show


def show(**more: object) -> object:
    return check_show({"source": "drawn:kiss", "model": "pocket", **more}, "here")


def test_a_draft_is_small_and_has_the_films_shape_and_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    film = show(size="512x512", output="3840x2160", finish=["x.pth"], sinks=["record:film.mkv"])
    said: list[str] = []
    small, movie = small_show(film, said.append)  # type: ignore[arg-type]
    assert (small.size, small.output, small.finish) == (Size(128, 128), Size(640, 360), [])
    assert small.sinks == ["record:film.draft.mp4"]
    assert "painted at 128x128 instead of 512x512" in said[0]
    tiny = show(size="128x128", sinks=["record:tiny.mkv"])
    small_show(tiny, said.append)  # type: ignore[arg-type]
    assert "painted at 128x128 as the film is" in said[1]
    movie.with_suffix(".jpg").touch()
    frames = show(size="768x448", model="who/sd-tiny", sinks=["record:film/"])
    small, movie = small_show(frames, said.append)  # type: ignore[arg-type]
    assert (small.size, movie) == (Size(576, 320), Path("film.draft-2.mp4"))


def test_it_is_rendered_and_laid_out_and_the_film_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.yaml").write_text(
        "source: drawn:kiss\nmodel: none\nsize: 256x256\nsinks: [record:film.mkv]\n"
    )
    assert main(["my.yaml", "--offline", "--draft", "--for", "0.5", "--fps", "24", "--quiet"]) == 0
    assert sorted(one.name for one in Path().iterdir()) == [
        "film.draft.jpg",
        "film.draft.mp4",
        "my.yaml",
    ]
    with av.open("film.draft.mp4") as file:
        assert len(list(file.decode(video=0))) == 12
    assert main(["my.yaml", "--draft"]) == 1, "live there is no draft"


def test_what_a_killed_draft_left_goes_and_is_not_the_films(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of this film alone, and not where somebody works; the film's own stays."""
    monkeypatch.chdir(tmp_path)
    film = show(size="64x64", sinks=["record:film.mkv"])
    left = [Path(f"film.draft{number}.mp4.parts") for number in ("", "-2", "-3")]
    others = [Path("film.mkv.parts"), Path("my film.draft.mp4.parts"), Path("film.draft.mp4")]
    for folder in (*left, *others):
        (folder / "000000-000012").mkdir(parents=True)
    with claimed(left[2], "rendering"):
        clear_drafts(film, Path("film.draft.mp4"))  # type: ignore[arg-type]
    assert [one.exists() for one in left] == [True, False, True]
    clear_drafts(film)  # type: ignore[arg-type]
    assert not any(one.exists() for one in left)
    assert all(one.exists() for one in others)


def test_a_killed_draft_has_no_name_and_leaves_nothing_to_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.yaml").write_text("source: drawn:kiss\nmodel: none\nsinks: [record:film.mkv]\n")
    words = ["my.yaml", "--offline", "--draft", "--for", "0.5", "--fps", "24", "--quiet"]
    seen: list[list[str]] = []

    def looks(movie: Path, sheet: Path) -> None:
        seen.append(sorted(one.name for one in Path().glob("film*")))
        assert movie.parent == sheet.parent == Path("film.draft-2.mp4.parts")
        write_sheet(movie, sheet)

    left = Path("film.draft.mp4.parts")
    left.mkdir()
    (left / "film.draft.mp4").write_bytes(b"torn")
    with claimed(left, "rendering"), monkeypatch.context() as patched:  # by one that goes on
        patched.setattr(drafts, "write_sheet", looks)
        assert main(words) == 0
    assert seen == [["film.draft-2.mp4.parts", "film.draft.mp4.parts"]]
    assert main(words) == 0
    assert sorted(one.name for one in Path().glob("film*")) == [
        "film.draft-2.jpg",
        "film.draft-2.mp4",
        "film.draft.jpg",
        "film.draft.mp4",
    ]


def test_a_draft_of_some_frames_goes_on_where_it_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.yaml").write_text("source: drawn:kiss\nmodel: none\nsinks: [record:film.mkv]\n")
    words = ["my.yaml", "--offline", "--draft", "--for", "0.5", "--fps", "24", "--quiet"]

    def dies(*words: object, **more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(film_in_pieces, "join_all", dies)
        assert main([*words, "--frames", "2-5"]) != 0
    assert Path("film.draft.mp4.parts/000002-000006").is_dir()
    assert main([*words, "--frames", "2-5"]) == 0
    assert sorted(one.name for one in Path().glob("film*")) == ["film.draft.jpg", "film.draft.mp4"]
    with av.open("film.draft.mp4") as file:
        assert len(list(file.decode(video=0))) == 4


def test_a_sheet_shows_pictures_from_all_of_a_film(tmp_path: Path) -> None:
    movie = tmp_path / "a.mkv"
    with av.open(str(movie), "w") as file:
        track = file.add_stream("ffv1", rate=10)
        track.width, track.height, track.pix_fmt = 32, 18, "bgr0"
        for number in range(60):
            grey = np.full((18, 32, 3), 4 * number, np.uint8)
            file.mux(track.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        file.mux(track.encode(None))
    write_sheet(movie, tmp_path / "a.jpg")
    sheet = cv2.imread(str(tmp_path / "a.jpg"))
    assert sheet is not None
    middles = [
        int(sheet[6 + 90 + row * (180 + 22 + 6), 6 + 160 + column * 326, 0])
        for row in range(5)
        for column in range(6)
    ]
    assert middles == sorted(middles)
    assert middles[0] < 5
    assert middles[-1] == pytest.approx(4 * 59, abs=3)
