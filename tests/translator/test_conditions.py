"""Conditions: what is left of a frame before a translator paints it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import cv2
import numpy as np
import pytest

from vj.core.errors import Fault
from vj.core.fetched import fetched
from vj.translator.conditions import (
    CHANNELS,
    KINDS,
    TRACKED,
    Conditioner,
    ConditionSettings,
    LineStyle,
    edges_of,
    luma_of,
    settings_from,
    softened,
)
from vj.translator.trackers import NEEDED

SIDE = 128


def scene(contrast: float = 1.0, side: int = SIDE) -> np.ndarray:
    """A head, two eyes, a striped shirt before a wall."""
    picture = np.full((side, side, 3), 120, np.float32)
    unit = side / 128
    for x in range(36, 92, 9):
        for y in range(92, 124, 9):
            box = [(int(x * unit), int(y * unit)), (int((x + 4) * unit), int((y + 4) * unit))]
            cv2.rectangle(picture, *box, (50, 20, 30), -1)
    cv2.circle(picture, (side // 2, int(56 * unit)), int(30 * unit), (230, 190, 170), -1)
    for x in (54, 74):
        cv2.circle(picture, (int(x * unit), int(50 * unit)), int(4 * unit), (40, 40, 60), -1)
    soft = cv2.GaussianBlur(picture, (0, 0), 0.5 * unit)
    return np.clip(120 + contrast * (soft - 120), 0, 255).astype(np.uint8)


def ink(condition: np.ndarray) -> float:
    return float((1 - condition).mean())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in TRACKED])
@pytest.mark.parametrize("simplicity", [0.0, 1.0])
def test_every_condition_has_its_channels_and_its_range(kind: str, simplicity: float) -> None:
    picture = scene()
    before = picture.copy()
    made = Conditioner(kind, ConditionSettings()).of(picture, simplicity)
    assert made.shape == (SIDE, SIDE, CHANNELS[kind])
    assert made.dtype == np.float32
    assert 0 <= made.min() <= made.max() <= 1
    assert np.ptp(made) > 0.2  # there is something in it
    assert np.array_equal(picture, before)
    assert luma_of(made).shape == (SIDE, SIDE)
    again = Conditioner(kind, ConditionSettings()).of(picture, simplicity)
    assert np.array_equal(made, again)


@pytest.mark.parametrize("kind", ["lines", "edges"])
def test_the_more_simple_a_drawing_the_less_is_in_it_and_the_head_stays(kind: str) -> None:
    conditioner = Conditioner(kind, ConditionSettings())
    drawings = [conditioner.of(scene(), much)[..., 0] for much in (0.0, 0.5, 1.0)]
    marks = [
        cv2.connectedComponents((drawing < 0.5).astype(np.uint8))[0] - 1 for drawing in drawings
    ]
    assert marks[0] > marks[2] >= 1
    assert marks[0] >= marks[1] >= marks[2]
    assert marks[0] > 10  # the shirt, the eyes
    for drawing in drawings:  # the outline of the head, above the eyes
        assert drawing[20:36, 56:72].min() < 0.5


@pytest.mark.parametrize("kind", ["lines", "edges"])
def test_a_dim_camera_is_drawn_as_the_trained_clip_was(kind: str) -> None:
    conditioner = Conditioner(kind, ConditionSettings())
    trained, dim = (conditioner.of(scene(contrast)) for contrast in (1.0, 0.5))
    assert ink(dim) == pytest.approx(ink(trained), rel=0.15)
    pale = ConditionSettings(edges=0.4 * edges_of(scene())[0])
    assert ink(Conditioner(kind, pale).of(scene())) < 0.8 * ink(trained)


def test_how_strong_edges_are_is_told_however_few_there_are() -> None:
    strength, share = edges_of(scene())
    assert edges_of(scene(0.5))[0] == pytest.approx(strength / 2, rel=0.15)
    few = np.full((SIDE, SIDE, 3), 120, np.uint8)
    few[20:70, 30:98] = scene()[20:70, 30:98]
    assert edges_of(few)[0] == pytest.approx(strength, rel=0.35)
    assert edges_of(few)[1] < share
    assert edges_of(np.full((SIDE, SIDE, 3), 120, np.uint8)) == (0, 0)


def test_an_empty_wall_is_paper() -> None:
    rng = np.random.default_rng(1)
    wall = np.clip(rng.normal(128, 2.0, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
    for kind in ("lines", "edges"):
        assert ink(Conditioner(kind, ConditionSettings()).of(wall)) < 0.02, kind


def test_a_larger_picture_is_drawn_alike() -> None:
    for kind in ("lines", "edges", "grey", "small"):
        small, large = (Conditioner(kind, ConditionSettings()).of(scene(1, n)) for n in (256, 512))
        reduced = cv2.resize(large, (256, 256), interpolation=cv2.INTER_AREA)
        softer = [cv2.GaussianBlur(one, (0, 0), 4).ravel() for one in (small, reduced)]
        assert np.corrcoef(*softer)[0, 1] > 0.9, kind


def test_line_styles_change_the_drawing() -> None:
    conditioner = Conditioner("lines", ConditionSettings())
    faint = scene(0.2)  # of which some edges become lines and some do not
    plain = ink(conditioner.of(faint))
    for style in (LineStyle(width=1.6), LineStyle(detail=0.2), LineStyle(contrast=1.7)):
        assert ink(conditioner.of(faint, style=style)) > 1.1 * plain, style
    assert ink(conditioner.of(faint, style=LineStyle(detail=-0.2))) < 0.9 * plain


def test_next_shows_the_two_frames_before_the_newest_last() -> None:
    conditioner = Conditioner("next", ConditionSettings())
    one, two, three = (np.full((SIDE, SIDE, 3), grey, np.uint8) for grey in (0, 102, 255))
    made = conditioner.of(three, before=[two, one, two])
    assert made[0, 0].tolist() == pytest.approx([0, 0, 0, 0.4, 0.4, 0.4])
    assert float(luma_of(made)[0, 0]) == pytest.approx(0.4)
    assert conditioner.of(three, before=[two])[0, 0].tolist() == pytest.approx([0.4] * 6)
    assert conditioner.of(three)[0, 0].tolist() == pytest.approx([1.0] * 6)


def test_the_picture_itself_is_whole_at_strength_0_and_gone_at_1() -> None:
    picture = scene().astype(np.float32) / 255
    assert np.array_equal(softened(picture, 0), picture)
    assert np.allclose(softened(picture, 1), 0.5)
    spread = [float(softened(picture, strength).std()) for strength in (0, 0.25, 0.5, 0.75, 1)]
    assert spread == sorted(spread, reverse=True)


def test_settings_come_back_from_a_card() -> None:
    settings = ConditionSettings(
        width=1.2, edges=0.04, face=[[0.25, 0.5]] * 468, body=[0.5, 0.4, 0.3]
    )
    plain = json.loads(json.dumps(asdict(settings)))
    assert settings_from({**plain, "of a later version": 3}) == settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": "wide"},
        {"edges": math.nan},
        {"detail": -1},
        {"face": [[0, 1]]},
        {"face": [["a", 0.5]] * 468},
        {"face": 7},
        {"body": [0.5, 0.5]},
        {"body": [0.5, 0.5, 0]},
    ],
)
def test_settings_that_are_none_are_told(wrong: dict[str, object]) -> None:
    with pytest.raises(Fault, match=next(iter(wrong))):
        settings_from(wrong)


def test_a_kind_there_is_none_of() -> None:
    with pytest.raises(Fault, match=r"scribbles.*lines"):
        Conditioner("scribbles", ConditionSettings())


@pytest.mark.parametrize("kind", TRACKED)
def test_what_is_not_installed_is_told_with_the_command(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.translator.trackers.fetched", lambda name: None)
    with pytest.raises(Fault, match=rf"{kind}: .*launch\.py add person"):
        Conditioner(kind, ConditionSettings())


@pytest.mark.parametrize("kind", TRACKED)
def test_without_anybody_there_is_paper(kind: str) -> None:
    if any(fetched(name) is None for name in NEEDED[kind]):
        pytest.skip("needs what `python3 launch.py add person` fetches")
    made = Conditioner(kind, ConditionSettings()).of(np.full((SIDE, SIDE, 3), 128, np.uint8))
    assert made.shape == (SIDE, SIDE, 1)
    assert made.min() > 0.9
