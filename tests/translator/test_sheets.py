"""Sheets to learn from: a drawing, and the painting that it means."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from vj.core.errors import Fault
from vj.translator.conditions import ConditionSettings
from vj.translator.pairs import Pairs
from vj.translator.sheet_things import THINGS
from vj.translator.sheets import PAPER, SHEETS, sheet, sheets_of

SIZE = 96
MANY = [sheet(number, SIZE) for number in range(60)]


def painted(picture: np.ndarray) -> np.ndarray:
    """Where there is more than paper."""
    return np.asarray(np.abs(picture.astype(int) - PAPER).max(axis=2) > 12)


def ink(picture: np.ndarray) -> np.ndarray:
    """Where somebody has drawn: darker than the paper around."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(int)
    return np.asarray(grey < cv2.blur(grey.astype(np.float32), (31, 31)) - 20)


def test_the_same_number_and_seed_are_the_same_sheet() -> None:
    again, other = sheet(7, SIZE), sheet(7, SIZE, seed=2)
    assert np.array_equal(again.drawing, MANY[7].drawing)
    assert np.array_equal(again.painting, MANY[7].painting)
    assert not np.array_equal(other.painting, again.painting)


def test_an_empty_sheet_is_painted_as_one_paper_whatever_the_light() -> None:
    empty = [one for one in MANY if not ink(one.drawing).any()]
    assert len(empty) >= 2
    for one in empty:
        assert np.array_equal(one.painting, np.broadcast_to(PAPER, one.painting.shape))
    assert np.ptp([one.drawing.mean() for one in MANY]) > 20, "papers and lamps differ"


def test_what_is_painted_lies_at_the_lines() -> None:
    """Lines are where colours change, but for those that nobody has drawn."""
    shares = []
    for one in MANY:
        there = cv2.dilate(painted(one.painting).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        drawn = ink(one.drawing)
        if drawn.sum() > 40 and painted(one.painting).mean() > 0.02:
            shares.append(there[drawn].mean())
    assert len(shares) > 30
    assert np.median(shares) > 0.95


def test_every_thing_can_be_drawn_and_fills_what_it_encloses() -> None:
    for make in THINGS.values():
        parts = make(np.random.default_rng(3), (0.5, 0.5), 0.6)
        assert parts
        for part in parts:
            assert part.points.shape[1:] == (2,)
            assert all(0 <= level <= 255 for level in part.colour)
            assert np.abs(part.points - 0.5).max() < 0.75


def test_they_are_examples_whose_drawings_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.translator.sheets.MOST", 45)
    footage = sheets_of((SHEETS,), "lines", SIZE, 1)
    assert footage.inputs is not None
    assert footage.names == ("drawn:sheets",)
    pairs = Pairs(footage, "lines", ConditionSettings(), SIZE, 1)
    batch = pairs.batch(0, 4)
    assert batch.condition.shape == (4, 1, SIZE, SIZE)
    assert float(batch.condition.mean()) > 0.7, "mostly paper"


@pytest.mark.parametrize(
    ("clips", "kind"), [((SHEETS,), "face"), ((SHEETS, Path("drawn:fox")), "lines")]
)
def test_what_cannot_be_trained_on_them_is_said(clips: tuple[Path, ...], kind: str) -> None:
    with pytest.raises(Fault, match="drawn:sheets"):
        sheets_of(clips, kind, SIZE, 1)
