"""What the built-in model learns from: photographs anybody may use, and drawings of people."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from vj.pocket.training import photographs
from vj.pocket.training.pictures import draw_pictures
from vj.pocket.training.portraits import draw_hand, draw_head


def test_all_are_public_domain_or_cc0_and_pinned() -> None:
    for one in photographs.PHOTOGRAPHS:
        assert one.licence in ("CC0", "public domain")
        assert one.author
        assert one.source
        assert "==" in one.package.requirement
        assert len(one.package.sha256) == 64
    paths = [one.path for one in photographs.PHOTOGRAPHS]
    assert len(set(paths)) == len(paths) >= 10
    assert photographs.table().count("\n") == len(paths) + 2


def test_what_is_measured_on_is_not_learned_from() -> None:
    """The astronaut is the suite's real face; Kivy's city is footage to measure on."""
    report = " ".join(one.path.lower() for one in photographs.PHOTOGRAPHS)
    assert "astronaut" not in report
    assert "city" not in report


def test_large_photographs_are_shrunk_and_small_ones_left() -> None:
    assert photographs.shrunk(np.zeros((900, 1200, 3), np.uint8)).shape == (448, 597, 3)
    assert photographs.shrunk(np.zeros((300, 451, 3), np.uint8)).shape == (300, 451, 3)


def test_a_wheel_that_is_there_is_read_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = np.random.default_rng(1).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    coded = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
    wheel = tmp_path / "some-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("some/picture.png", coded)
    digest = photographs.hashlib.sha256(wheel.read_bytes()).hexdigest()
    package = photographs.Package("some==1.0", digest)
    one = photographs.Photograph(package, "some/picture.png", "noise", "us", "CC0", "here")
    monkeypatch.setattr(photographs, "PHOTOGRAPHS", (one,))
    assert np.array_equal(photographs.photographs(tmp_path)[0], picture)


def test_a_pickle_that_would_run_something_is_refused() -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, ("exit 1",)

    with pytest.raises(pickle.UnpicklingError, match="is no number"):
        photographs._read("ascent.dat", pickle.dumps(Trap()))
    grey = photographs._read("ascent.dat", pickle.dumps([[0, 255], [7, 8]]))
    assert grey.shape == (2, 2, 3)
    assert grey[1, 0].tolist() == [7, 7, 7]


def test_the_same_seed_draws_the_same_pictures() -> None:
    first, again = (draw_pictures(6, 11, 96) for _ in range(2))
    assert first.shape == (6, 96, 96, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, draw_pictures(6, 12, 96))


@pytest.mark.parametrize("draw", [draw_head, draw_hand])
def test_a_drawn_head_or_hand_is_finite_and_leaves_some_ground(draw: object) -> None:
    assert callable(draw)
    for seed in range(8):
        image = np.full((96, 96, 3), -1, np.float32)
        draw(image, np.random.default_rng(seed))
        assert np.isfinite(image).all()
        covered = float((image.mean(2) > -0.5).mean())
        assert 0.02 < covered < 0.98
