"""The drawn dancer is near enough to a person for networks that look for people."""

from __future__ import annotations

import cv2
import numpy as np

from tests.fetched import needs
from vj.core.fetched import fetched
from vj.core.frame import Size
from vj.pipeline.landmarks.face import FaceFinder
from vj.pipeline.tflite import TfliteNetwork
from vj.sources.drawn import still
from vj.sources.drawn.dancer import Dancer

WIDE = Size(256, 144)
POINTS = {
    "left eye": (33, 133),
    "right eye": (362, 263),
    "nose": (1,),
    "left corner": (61,),
    "right corner": (291,),
    "upper lip": (13,),
    "lower lip": (14,),
}
"""Where MediaPipe's points of a face have them."""
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


@needs("face_detection_short_range.tflite", "face_landmark.tflite")
def test_the_face_is_found_and_followed_and_its_points_lie_on_what_is_drawn() -> None:
    files = (fetched("face_detection_short_range.tflite"), fetched("face_landmark.tflite"))
    detector, network = (TfliteNetwork(path) for path in files if path is not None)
    finder, dancer = FaceFinder(detector, network), Dancer(Size(512, 288))
    head, apart = 0.29 * 288, []
    moments = np.arange(2.4, 10.6, 1 / 6)
    for second in moments:
        faces = finder.find(dancer.draw(second), float(second))
        features = dancer.features(second)
        assert features is not None
        if faces:
            found = [faces[0][list(points)].mean(axis=0) for points in POINTS.values()]
            drawn = [features[name] for name in POINTS]
            apart.append(np.linalg.norm(np.array(found) - drawn, axis=1).mean() / head)
    assert len(apart) >= 0.95 * len(moments)
    assert max(apart) < 0.12, "in heads"
    assert np.median(apart) < 0.06
