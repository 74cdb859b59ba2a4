"""The drawn dancer is near enough to a person for networks that look for people."""

from __future__ import annotations

import cv2
import numpy as np

from tests.fetched import needs
from vj.core.fetched import fetched
from vj.core.frame import Size
from vj.pipeline.tflite import TfliteNetwork
from vj.sources.drawn import still
from vj.sources.drawn.dancer import Dancer

WIDE = Size(256, 144)
DANCES = np.arange(2.4, 10.6, 0.5)
"""Seconds in which the dancer is wholly in the picture."""


def test_the_studio_is_the_dancers_room_to_the_bit() -> None:
    room, dancer = still("studio", WIDE), Dancer(WIDE)
    for second in (0.0, 0.5, 0.99):
        assert np.array_equal(dancer.draw(second), room), "nobody is there in the first second"
        assert dancer.features(second) is None
    there = cv2.absdiff(dancer.draw(4.0), room).max(axis=2) > 0
    assert 0.15 < there.mean() < 0.35
    assert not there[:, : WIDE.width // 8].any(), "and nothing but the dancer has changed"


def test_the_features_lie_where_they_are_drawn() -> None:
    dancer = Dancer(WIDE)
    wide = dancer.draw(4.22)
    features = dancer.features(4.22)
    assert features is not None
    upper, lower = np.array(features["upper lip"]), np.array(features["lower lip"])
    assert lower[1] - upper[1] > 2, "the mouth is open"
    x, y = np.round(0.35 * upper + 0.65 * lower).astype(int)
    assert wide[y, x].mean() < 110, "and dark within"
    for side in ("left", "right"):
        x, y = (round(place) for place in features[f"{side} eye"])
        assert wide[y - 1 : y + 2, x - 1 : x + 2].min() < 80, "a pupil"


@needs("selfie_segmentation_landscape.tflite")
def test_the_person_network_finds_the_dancer_and_nobody_in_the_empty_room() -> None:
    path = fetched("selfie_segmentation_landscape.tflite")
    assert path is not None
    network, dancer, room = TfliteNetwork(path), Dancer(WIDE), still("studio", WIDE)

    def found(picture: np.ndarray) -> np.ndarray:
        (mask,) = network.run(picture[None].astype(np.float32) / 255).values()
        inside: np.ndarray = mask.reshape(WIDE.height, WIDE.width) > 0.5
        return inside

    assert found(room).mean() < 0.01
    for second in DANCES:
        picture = dancer.draw(second)
        drawn = cv2.absdiff(picture, room).max(axis=2) > 8
        mask = found(picture)
        assert (mask & drawn).sum() > 0.85 * (mask | drawn).sum(), f"at {second} s"
