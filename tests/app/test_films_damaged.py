"""A film whose parts do not lie on the disk as they were written: they are rendered again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.films import FRAMES, film_show, pictures
from tests.app.killed_films import begin, film_of, frames, painted
from tests.shows import movie_frames
from vj.app.films import in_parts
from vj.app.offline import Rendering
from vj.show.load import check_show


@pytest.fixture(autouse=True)
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(tmp_path, monkeypatch)


def spoil(path: Path) -> None:
    """Another byte in the middle of a file, as a disk makes it."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0x40
    path.write_bytes(raw)


SPOILT = {
    "the first part": ("part-00000", "frames 0 to 5", "none"),
    "one in the middle": ("part-00001", "frames 6 to 11", "drawn"),
    "a picture is lost": ("part-00002", "frames 12 to 17", "none"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_part_that_is_damaged_is_rendered_again_and_no_other(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same size, so that only its content says so."""
    place, told, model = SPOILT[name]
    painted("whole", "record:a/", monkeypatch, model=model)
    painted("killed", "record:a/", monkeypatch, 22, -1, model=model)
    (part,) = Path("killed").rglob(place)
    others = [one for one in part.parent.rglob("*.png") if part not in one.parents]
    written = {one: one.stat().st_mtime_ns for one in others if "part-00003" not in one.parts}
    picture, *_ = sorted(part.rglob("*.png"))[2:]
    if "lost" in name:
        picture.unlink()
    else:
        spoil(picture)
    with monkeypatch.context() as patched:
        kept = dict[Path, int]()
        put = in_parts.PieceInParts.put_together

        def looked(self: in_parts.PieceInParts, sinks: Any, rendering: Rendering) -> None:
            kept.update({one: one.stat().st_mtime_ns for one in written})
            put(self, sinks, rendering)

        patched.setattr(in_parts.PieceInParts, "put_together", looked)
        said = painted("killed", "record:a/", monkeypatch, model=model)
    assert told in said[0]
    assert "rendered again" in said[0]
    assert "go on at 18" in said[1]
    assert kept == written, "the other parts were not touched"
    whole, found = frames("whole", "record:a/"), frames("killed", "record:a/")
    assert len(whole) == len(found) == FRAMES
    assert all(map(np.array_equal, whole, found))


def test_with_few_states_kept_a_damaged_part_takes_those_after_it_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    uri = "record:a.mkv?codec=ffv1"
    painted("whole", uri, monkeypatch, model="none")
    monkeypatch.setattr(in_parts, "LEFT", 0)
    painted("killed", uri, monkeypatch, 28, -1, model="none")
    kept = [int(one.stem[5:]) for one in Path("killed").rglob("left-*.npz")]
    assert len(kept) < 4
    spoil(next(Path("killed").rglob("part-00002/*.mkv")))
    said = painted("killed", uri, monkeypatch, model="none")
    assert "as it was written" in said[0] or "as they were written" in said[0]
    assert all(map(np.array_equal, frames("whole", uri), frames("killed", uri)))


def test_a_piece_that_is_damaged_is_rendered_again_before_it_is_put_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the disk of a film that was stopped, and while it is rendered."""
    said: list[str] = []
    made = film_of("a.mkv", said, sinks=["record:a.mkv?codec=ffv1"], model="none")
    leave_out, spoilt = made._leave_out_damaged, list[Path]()

    def spoiling() -> int:
        pieces = sorted(Path("a.mkv.parts").glob("*/0.mkv"))
        if pieces and not spoilt:
            spoil(pieces[0])
            spoilt.append(pieces[0])
        return leave_out()

    monkeypatch.setattr(made, "_leave_out_damaged", spoiling)
    assert made.run() == FRAMES
    assert len([one for one in said if "not there as they were written" in one]) == len(spoilt) == 1
    Rendering(check_show(film_show("whole/", model="none"), "here"), print).run()
    found = [one[..., ::-1] for one in movie_frames(Path("a.mkv"))]
    assert all(map(np.array_equal, pictures(Path("whole")).values(), found))
