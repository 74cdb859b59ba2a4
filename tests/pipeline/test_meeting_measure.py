"""How far two are apart in a frame: drawn faces whose points are known, real ones where the
networks are installed, and silhouettes of a mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.control.harness import ControlHarness
from tests.fetched import needs, nothing_fetched
from vj.core.frame import Frame, Size
from vj.core.input_features import InputFeatures
from vj.core.mean_face import mean_face
from vj.core.metrics import Metrics
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.landmarks.markers import FILES
from vj.pipeline.meeting_measure import (
    HIDDEN,
    NEAR,
    Hiding,
    faces_apart,
    outlines_apart,
    silhouettes_apart,
)

SIZE = Size(128, 64)
FPS = 30


def face(x: float, y: float, tall: float) -> np.ndarray:
    """The points of a face around a place, (468, 2) float32."""
    points = mean_face()[0][:, :2]
    points = (points - points.mean(axis=0)) / np.ptp(points[:, 1]) * tall
    return (points + np.array((x, y))).astype(np.float32)


class Seen:
    """A pipeline of which features are asked, as the control engine does."""

    def __init__(self, **start: Any) -> None:
        self.features, self.messages = InputFeatures(), list[str]()
        self.pipeline = FramePipeline(
            SIZE, "crop", Metrics(), self.messages.append, features=self.features
        )
        self.store = Store({"feedback/amount": 0, **start})
        self.number = 0

    def frame(
        self, *faces: np.ndarray, subject: np.ndarray | None = None, ask: str = "faces"
    ) -> float | None:
        """What is heard of a frame after it."""
        self.features.distance(ask)
        pixels = np.zeros((SIZE.height, SIZE.width, 3), np.uint8)
        if subject is not None:
            pixels[subject > 0] = 255
        time = self.number / FPS
        frame = Frame(pixels, self.number, time, faces=faces)
        self.number += 1
        self.pipeline.process(frame, self.store.sample(time))
        return self.features.distance(ask)


def test_faces_are_as_far_apart_as_what_is_between_them() -> None:
    seen, tall = Seen(), 20.0
    wide = float(np.ptp(face(0, 0, tall)[:, 0]))
    for gap in (40.0, 10.0, 2.0):
        one, two = face(30, 32, tall), face(30 + wide + gap, 32, tall)
        assert seen.frame(one, two) == pytest.approx(gap / SIZE.height, abs=0.02)
        lips = seen.frame(one, two, ask="lips")
        assert lips is not None
        assert lips > gap / SIZE.height, "mouths are farther apart than cheeks"
    assert seen.frame(face(30, 32, tall), face(40, 32, tall)) == 0.0, "one over the other"
    assert outlines_apart(face(30, 32, 40), face(30, 32, 6)) == 0.0, "one inside the other"


def test_who_is_hidden_by_the_other_touches_and_who_walks_off_does_not() -> None:
    seen = Seen()
    near, other = face(30, 32, 20), face(54, 32, 20)
    assert 0 < (seen.frame(near, other) or 0) < NEAR
    assert seen.frame(near) == 0.0, "one hides the other"
    assert seen.frame() == 0.0, "and both are lost in a kiss"
    for _ in range(round(HIDDEN * FPS) + 1):
        last = seen.frame()
    assert last is None, "but not for ever"
    far = face(110, 32, 20)
    assert (seen.frame(near, far) or 0) > NEAR
    assert seen.frame(near) is None, "who was far away has gone"


def test_silhouettes_of_the_mask_that_plays_and_their_touching() -> None:
    seen = Seen(**{"mask/mode": "luma", "mask/invert": True, "mask/feather": 0, "mask/steady": 0})
    for gap in (40, 12, 4):
        subject = np.zeros((SIZE.height, SIZE.width), np.uint8)
        subject[10:60, 20:40] = subject[20:60, 40 + gap : 70 + gap] = 1
        heard = seen.frame(subject=subject, ask="silhouettes")
        assert heard == pytest.approx(gap / SIZE.height, abs=0.03)
    subject[30:40, 40:50] = 1  # a hand
    assert seen.frame(subject=subject, ask="silhouettes") == 0.0
    subject[:, 40:] = 0
    assert seen.frame(subject=subject, ask="silhouettes") == 0.0, "one before the other"
    seen.store.set("mask/invert", False)
    subject[10:60, 80:100] = 1
    heard = seen.frame(subject=subject, ask="silhouettes")
    assert heard == pytest.approx(40 / SIZE.height, abs=0.03), "whichever side is painted"
    assert not seen.messages


def test_a_speck_is_nobody() -> None:
    subject = np.zeros((96, 96), np.uint8)
    subject[20:80, 20:40] = subject[20:22, 60:63] = 255
    assert silhouettes_apart(subject) == (None, True)
    assert silhouettes_apart(subject * 0) == (None, False)


def test_without_a_mask_it_is_told_once_and_what_nobody_asks_for_is_not_looked_for() -> None:
    seen = Seen()
    for _ in range(3):
        assert seen.frame(ask="silhouettes") is None
    assert len(seen.messages) == 1
    assert "mask/mode person" in seen.messages[0]
    assert faces_apart([face(10, 10, 9)], 64) == {}
    hiding = Hiding()
    assert [hiding.of(0.5, True, 0.0), hiding.of(None, True, 0.1)] == [0.5, None]


WAITS = {
    "cues": [{"name": "kiss", "set": {"strength": 0.9}}, {"name": "calm"}],
    "timeline": [{"when": "faces meet", "cue": "kiss"}, {"when": "faces part", "cue": "calm"}],
    "modulators": [
        {"envelope": "faces meet", "attack": 0, "decay": "1 s", "to": "picture/hue", "depth": 90},
        {"faces": "distance", "to": "noise/hold", "range": [1, 0], "attack": 0, "release": 0},
    ],
    "start": {"picture/hue": 0, "noise/hold": 0},
}


def test_when_the_faces_meet_it_happens_once_however_they_tremble() -> None:
    controls, heard = ControlHarness(**WAITS), []
    controls.engine.happenings.listeners.append(lambda one: heard.append(one.name))
    ways = [0.5, 0.2, 0.03, 0.01, 0.02, 0.0, 0.014, 0.05, 0.0, 0.2, 0.4, None, 0.0, None, 0.3]
    for distance in ways:
        controls.features.set_distance("faces", distance)
        controls.play(1 / 30)
    assert heard == ["faces meet", "cue kiss", "faces part", "cue calm", "faces meet", "cue kiss"]


def test_how_far_they_are_apart_leads_a_parameter_and_rests_as_if_far_away() -> None:
    controls = ControlHarness(**WAITS)
    for distance, value in ((0.5, 0.5), (0.0, 1.0), (None, 0.0), (3.0, 0.0), (0.25, 0.75)):
        controls.features.set_distance("faces", distance)
        assert controls.at("noise/hold") == pytest.approx(value)


def test_the_same_frames_are_measured_the_same() -> None:
    runs = []
    for _ in range(2):
        seen = Seen()
        runs.append([seen.frame(face(30, 32, 20), face(40 + n, 32, 20)) for n in range(20)])
    assert runs[0] == runs[1]


@needs(*FILES["face"])
def test_real_faces_are_found_and_come_nearer() -> None:
    picture = cv2.imread(str(Path(__file__).parents[1] / "pictures" / "astronaut.jpg"))
    assert picture is not None
    small = cv2.resize(picture, (256, 256), interpolation=cv2.INTER_AREA)[20:148, 60:188, ::-1]
    features = InputFeatures()
    size = Size(384, 128)
    pipeline = FramePipeline(size, "crop", Metrics(), print, features=features)
    store, heard = Store({"feedback/amount": 0}), []
    for number, apart in enumerate([200, 200, *range(200, 90, -6)]):
        features.distance("faces")
        frame = np.full((size.height, size.width, 3), 110, np.uint8)
        frame[:, :128], frame[:, apart : apart + 128] = small, small[:, ::-1]
        frame[:, :apart] = np.where(np.arange(apart)[None, :, None] < 128, frame[:, :apart], 110)
        pipeline.process(Frame(frame, number, number / FPS), store.sample(number / FPS))
        heard.append(features.distance("faces"))
    pipeline.close()
    assert None not in heard[2:]
    assert (heard[2] or 0) == pytest.approx((heard[-1] or 0) + 108 / size.height, abs=0.06)


def test_without_the_networks_it_rests_and_says_what_brings_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nothing_fetched(monkeypatch)
    features, messages = InputFeatures(), list[str]()
    pipeline = FramePipeline(SIZE, "crop", Metrics(), messages.append, features=features)
    store = Store({"feedback/amount": 0})
    for number in range(3):
        features.distance("lips")
        frame = Frame(np.zeros((64, 128, 3), np.uint8), number, number / FPS)
        pipeline.process(frame, store.sample(number / FPS))
    assert features.distance("lips") is None
    assert len(messages) == 1
    assert "launch.py add person" in messages[0]
