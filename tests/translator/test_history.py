"""What is kept of how a translator became better: frames side by side, bounded, and none of what
was painted after the state that a killed training goes on from."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from vj.translator.history import MOST, History, spread


def pictures(level: int, side: int = 64) -> list[np.ndarray]:
    return [np.full((side, side, 3), (level, 0, 255 - level), np.uint8)] * 3


def pixels(content: bytes | None) -> np.ndarray:
    assert content is not None
    found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(found, cv2.COLOR_BGR2RGB)


def test_frames_are_kept_side_by_side_in_their_colours(tmp_path: Path) -> None:
    history = History(tmp_path / "training" / "history")
    history.begin(pictures(0), pictures(255))
    history.add(120, pictures(128, 512))
    assert pixels(history.read("input")).shape == (64, 192, 3)
    assert pixels(history.read("truth"))[32, 96] == pytest.approx((255, 0, 0), abs=4)
    assert pixels(history.read("120")).shape == (256, 768, 3)
    assert history.steps() == [120]


@pytest.mark.parametrize("name", ["121", "../truth", "-1", "²", "", "truth.jpg", "x" * 5000])
def test_there_is_nothing_of_another_name(name: str, tmp_path: Path) -> None:
    history = History(tmp_path / "history")
    history.begin(pictures(0), pictures(255))
    assert history.read(name) is None


def test_what_was_painted_after_the_state_that_is_gone_on_from_goes(tmp_path: Path) -> None:
    history = History(tmp_path)
    for step in (10, 20, 40, 30):
        history.add(step, pictures(step))
    assert history.steps() == [10, 20, 30]


def test_a_long_training_keeps_its_beginning_its_end_and_some_between(tmp_path: Path) -> None:
    kept: list[int] = []
    for step in range(20, 20 * 500, 20):
        kept = spread([*kept, step], MOST)
        assert (kept[0], kept[-1]) == (20, step)
    assert len(kept) == MOST
    gaps = [after - before for before, after in pairwise(kept)]
    assert max(gaps) <= 4 * 9960 / MOST, "no long time without a picture"
    assert spread([1, 2], 1) == [1, 2]
    history = History(tmp_path)
    for step in range(MOST + 3):
        history.add(step, pictures(0, 16))
    assert len(history.steps()) == MOST
