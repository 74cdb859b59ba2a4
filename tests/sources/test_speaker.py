"""The drawn performer, whose face's points come with the frames."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fetched import needs
from vj.core.clock import FrameClock
from vj.core.fetched import fetched
from vj.core.frame import Size
from vj.pipeline.landmarks.face import FaceFinder
from vj.pipeline.tflite import TfliteNetwork
from vj.sources import SourceSettings, make_source
from vj.sources.drawn import Faced, make_scene
from vj.sources.drawn.speaker import SAID, Speaker
from vj.sources.fade import crossfade

SQUARE = Size(128, 128)
FACE = ("face_detection_short_range.tflite", "face_landmark.tflite")


def lips(face: np.ndarray) -> float:
    """How far they are apart, by the distance of the eyes."""
    eyes = np.linalg.norm(face[[33, 133]].mean(0) - face[[263, 362]].mean(0))
    return float(np.linalg.norm(face[14] - face[13]) / eyes)


def test_it_does_nothing_for_a_second_and_opens_its_mouth_when_it_speaks() -> None:
    scene = make_scene("speaker", SQUARE)
    assert isinstance(scene, Faced)
    assert np.array_equal(scene.draw(0.0), scene.draw(0.95))
    assert np.abs(scene.face(0.5) - scene.rest).max() < 1e-3
    silent, speaks = lips(scene.face(0.5)), [lips(scene.face(begin + 0.22)) for begin, _ in SAID]
    assert silent < 0.05 < 0.1 < min(speaks)
    # What is between the lips is as dark as a mouth is, in the picture too.
    for seconds, dark in ((0.5, False), (3.22, True)):
        face, picture = scene.face(seconds), scene.draw(seconds)
        x, y = face[[13, 14]].mean(0).astype(int)
        assert (picture[y, x].astype(int).sum() < 260) == dark, seconds


def test_a_drawn_source_brings_the_points_with_its_frames() -> None:
    source = make_source("drawn:speaker", SourceSettings(FrameClock(10), fps=10, size=SQUARE))
    source.open()
    frames = [source.read() for _ in range(24)]
    source.close()
    scene = Speaker(SQUARE)
    for number, frame in enumerate(frames):
        assert frame is not None
        assert frame.faces is not None
        assert np.array_equal(frame.faces[0], scene.face(number / 10))
    fading = crossfade(frames[0], frames[20], 0.5)  # type: ignore[arg-type]
    assert fading.faces is frames[20].faces  # type: ignore[union-attr]
    other = make_source("drawn:puppet", SourceSettings(FrameClock(10), fps=10, size=SQUARE))
    other.open()
    frame = other.read()
    assert frame is not None
    assert frame.faces is None, "a scene without a face says nothing"
    other.close()


@needs(*FACE)
@pytest.mark.parametrize("seconds", [3.2, 5.0])
def test_the_networks_find_them_where_they_are(seconds: float) -> None:
    paths = [fetched(name) for name in FACE]
    finder = FaceFinder(*(TfliteNetwork(path) for path in paths if path is not None))
    scene = Speaker(Size(320, 320))
    (found,) = finder.find(scene.draw(seconds), 0.0)
    known = scene.face(seconds)
    tall = float(np.ptp(known[:, 1]))
    assert np.linalg.norm(found - known, axis=1).mean() < 0.05 * tall
