"""How far a film is, how long it takes, and whether the disk has room for it."""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from vj.app.film_progress import DiskNeed, FilmPace, size_of, span


def test_the_pace_is_that_of_the_last_minutes() -> None:
    now = [0.0]
    pace = FilmPace(lambda: now[0])
    assert pace.words(100, 4800) == "frame 100 of 4800 (2 %)", "one that goes on has no pace yet"
    for _ in range(200):
        now[0] += 1
        text = pace.words(round(100 + 4 * now[0]), 4800)
    assert text == "frame 900 of 4800 (18 %), 4.0 frames/s, 16 min left"
    for step in range(200):
        now[0] += 1
        text = pace.words(round(900 + 0.5 * step), 4800)
    assert "0.5 frames/s, 2 h 7 min left" in text
    assert pace.words(4800, 4800).endswith("frames/s")
    assert pace.words(10, None) == "frame 10", "another pass over the film"
    now[0] += 2
    assert pace.words(30, None) == "frame 30, 10.0 frames/s"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (41, "41 s"),
        (300, "5 min"),
        (9000, "2 h 30 min"),
        (100_000, "27 h"),
        (400_000, "4 days 15 h"),
    ],
)
def test_a_time_is_said_as_people_do(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_a_disk_that_is_too_small_is_told_early() -> None:
    def said(free: int, copies: int = 1) -> list[str]:
        disk = DiskNeed(Path("film"), copies, lambda folder: free)
        told = [disk.look(done, 1000, partial(int, 1_000_000 * done)) for done in range(1, 100)]
        assert disk.short == (free < 10**9)
        return [f"{place}: {one}" for place, one in enumerate(told) if one]

    assert said(10**12)[0] == "48: on the disk: about 951 MB more, 1000.0 GB are free"
    (text,) = said(10**8)  # once
    assert "may be too small: about 951 MB more are needed, 100 MB are free" in text
    assert "full at frame 149" in text
    assert "2.0 GB more" in said(10**12, copies=2)[0], "a film is there twice as it is joined"


def test_files_and_folders_are_counted(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(b"12345")
    (tmp_path / "b").write_bytes(b"123")
    assert size_of([tmp_path / "deep", tmp_path / "b", tmp_path / "gone"]) == 8
    assert size_of([tmp_path / ("long" * 100)]) == 0
    (tmp_path / "deep" / "left.npz").write_bytes(b"123")
    assert size_of([tmp_path / "deep", tmp_path / "b"], ".npz") == 8


def test_what_is_taken_away_while_it_is_counted_counts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers rename their folders as pieces are done."""
    for name in ("going", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_bytes(b"12345")
    looked = os.scandir

    def taken(path: Any) -> Any:
        if not isinstance(path, int) and Path(path).name == "going":
            shutil.rmtree(path)
        return looked(path)

    monkeypatch.setattr(os, "scandir", taken)
    assert size_of([tmp_path]) == 5
