"""mask_dance.yaml: who is kept, what is painted, and whose face leads it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import yaml

from tests.fetched import needs
from vj.app.offline import Rendering
from vj.commands.gallery import rendered
from vj.core.frame import Size
from vj.show.load import FIRST_SHOW, load_show
from vj.sources.drawn import still
from vj.sources.drawn.dancer import Dancer

SMALL, RATE = Size(192, 112), 4.0
OVER = {"size": f"{SMALL.width}x{SMALL.height}"}
KEPT, GOLD, MASK = (2.3, 4.0), (4.7, 6.6), (9.0, 10.6)
"""Seconds in which each cue's fade is over and the dancer is wholly there."""


def numbers(seconds: tuple[float, float]) -> range:
    return range(int(np.ceil(seconds[0] * RATE)), int(seconds[1] * RATE))


def regions(given: np.ndarray, room: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Well within the dancer; and well away from them."""
    somebody = (cv2.absdiff(given, room).max(axis=2) > 8).astype(np.uint8)
    whole = cv2.morphologyEx(somebody, cv2.MORPH_CLOSE, np.ones((3, 3)))
    return cv2.erode(whole, np.ones((9, 9))) > 0, cv2.dilate(whole, np.ones((15, 15))) == 0


def changed(one: np.ndarray, two: np.ndarray, where: np.ndarray) -> float:
    return float(cv2.absdiff(one, two)[where].mean())


@needs("selfie_segmentation_landscape.tflite", "face_landmark.tflite")
def test_first_the_dancer_stays_and_then_the_room() -> None:
    painted = rendered("mask_dance", OVER, GOLD[1], RATE)
    dancer, room = Dancer(SMALL), still("studio", SMALL)
    for cue in (KEPT, GOLD):
        for number in numbers(cue):
            given = dancer.draw(number / RATE)
            inside, outside = regions(given, room)
            kept, other = (inside, outside) if cue is KEPT else (outside, inside)
            assert changed(painted[number], given, kept) < 3, f"{number / RATE} s: as it came"
            assert changed(painted[number], given, other) > 20, f"{number / RATE} s: painted"


@needs("face_detection_short_range.tflite", "face_landmark.tflite")
def test_what_the_model_sees_at_last_are_the_lines_of_the_face() -> None:
    text = (FIRST_SHOW.parent / "mask_dance.yaml").read_text(encoding="utf-8")
    cues = yaml.safe_load(text)["cues"]
    for cue in cues:  # so that a frame holds its own lines alone
        cue["set"]["feedback/amount"] = 0
    plain = {**OVER, "model": "none", "cues": cues}
    seen = rendered("mask_dance", plain, MASK[1], RATE, start={"blend/smoothing": 0})
    dancer, grid = Dancer(SMALL), np.mgrid[: SMALL.height, : SMALL.width]
    for number in numbers(MASK):
        lines = cv2.cvtColor(seen[number], cv2.COLOR_RGB2GRAY) > 140
        assert 0.005 < lines.mean() < 0.08, "thin lines, and nothing else"
        features = dancer.features(number / RATE)
        assert features is not None
        near = 0.12 * 0.29 * SMALL.height
        for name in ("left eye", "right eye", "left corner", "right corner", "upper lip"):
            x, y = features[name]
            far = np.hypot(grid[1] - x, grid[0] - y)
            assert far[lines].min() < near, f"{number / RATE} s: {name}"


def test_without_the_networks_it_plays_and_says_how_to_fetch_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr("vj.core.fetched.models_folder", lambda prefix="": FIRST_SHOW.parent)
    messages: list[str] = []
    asked = {**OVER, "sinks": f"record:{tmp_path}/"}
    show = load_show(FIRST_SHOW.parent / "mask_dance.yaml", asked)
    Rendering(show, messages.append, 0.5, RATE).run()
    assert sum("python3 launch.py add person" in message for message in messages) >= 1
    painted = rendered("mask_dance", OVER, KEPT[1], RATE)
    dancer, room = Dancer(SMALL), still("studio", SMALL)
    for number in numbers(KEPT):
        given = dancer.draw(number / RATE)
        inside, outside = regions(given, room)
        assert changed(painted[number], given, inside) < 6, "the clean plate keeps the dancer"
        assert changed(painted[number], given, outside) > 20


def test_rendered_twice_it_is_the_same_to_the_bit() -> None:
    one, two = (rendered("mask_dance", OVER, 4.7, 2.0) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
