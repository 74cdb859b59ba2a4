"""Scenes that the project draws itself, as clips to train on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fetched import needs
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.sources.drawn import Faced, Outlined, make_scene
from vj.translator.conditions import ConditionSettings
from vj.translator.drawn_footage import DrawnFrames
from vj.translator.face_place import centre_of, placed, pose, to_units
from vj.translator.footage import Footage, frames_of
from vj.translator.pairs import Pairs
from vj.translator.subjects import Subjects
from vj.translator.trackers import NEEDED, Trackers

SIDE = 64


def test_a_scene_is_a_clip_of_its_whole_round() -> None:
    footage = frames_of([Path("drawn:puppet")], SIDE)
    scene = make_scene("puppet", Size(SIDE, SIDE))
    assert (len(footage), footage.names) == (180, ("drawn:puppet",))
    for number in (0, 75, 179):
        assert np.array_equal(footage.frames[number], scene.draw(number / 30))
    fewer = frames_of([Path("drawn:puppet")], SIDE, most_bytes=100 * SIDE * SIDE * 3)
    assert np.array_equal(fewer.frames, footage.frames[::2]), "of a long one every second frame"


def test_what_is_no_scene_that_moves_is_refused() -> None:
    with pytest.raises(Fault, match="no such scene; did you mean fox"):
        frames_of([Path("drawn:fax")], SIDE)
    with pytest.raises(Fault, match=r"drawn:meadow: is a still picture.*kiss, kisses"):
        frames_of([Path("drawn:meadow")], SIDE)


def test_a_file_that_is_called_so_is_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("drawn:fox").write_bytes(b"no film")
    with pytest.raises(Fault, match="drawn:fox"):
        frames_of([Path("drawn:fox")], SIDE)


def drawn_footage(name: str, moments: list[float]) -> Footage:
    """Frames of a few moments of a scene."""
    scene = make_scene(name, Size(SIDE, SIDE))
    frames = np.stack([scene.draw(seconds) for seconds in moments])
    told = DrawnFrames({number: (scene, seconds) for number, seconds in enumerate(moments)})
    return Footage(frames, (0,), (f"drawn:{name}",), drawn=told)


def test_a_scene_tells_its_subject() -> None:
    moments = [0.0, 7.0, 20.5]
    subjects = Subjects(drawn_footage("kisses", moments))
    assert subjects.how == "drawn"
    scene = make_scene("kisses", Size(SIDE, SIDE))
    assert isinstance(scene, Outlined)
    for number, seconds in enumerate(moments):
        mask = subjects.mask(number)
        assert mask is not None
        small = mask[::2, ::2] > 127
        assert float((small == (scene.subject(seconds) > 127)).mean()) > 0.97


@needs(*NEEDED["face"])
def test_a_scene_tells_its_face_and_the_one_that_does_nothing() -> None:
    moments = [number / 4 for number in range(80)]
    made = Pairs(drawn_footage("fox", moments), "face", ConditionSettings(), SIDE, 1)
    scene = make_scene("fox", Size(SIDE, SIDE))
    assert isinstance(scene, Faced)
    known = np.array(made.settings.face)
    assert np.allclose(known, to_units(scene.rest, (SIDE, SIDE)), atol=1e-4)
    lips = known[14, 1] - known[13, 1]
    assert lips < 0.01, "its mouth is shut, though the mean of all looks has it open"
    for example in made.held_out(4):
        ink = 1 - example.condition[0, 0].numpy()
        assert 0.01 < float(ink.mean()) < 0.4
        # The lines lie on the fox, and the fox is not blue.
        red, _, blue = (
            float((plane * ink).sum() / ink.sum()) for plane in example.target[0].numpy()
        )
        assert red > 1.4 * blue


@needs(*NEEDED["face"])
def test_the_foxs_face_has_the_shape_that_the_networks_find_in_people() -> None:
    trackers = Trackers("face")
    dancer, fox = make_scene("dancer", Size(480, 480)), make_scene("fox", Size(480, 480))
    assert isinstance(fox, Faced)
    points = [trackers.find(dancer.draw(4 + n / 30), n / 30).face for n in range(4)][-1]
    assert points is not None
    shape = to_units(fox.rest, (480, 480)).astype(np.float64)
    theirs = to_units(points, (480, 480)).astype(np.float64)
    where = pose(theirs, shape)
    away = placed(theirs, centre_of(theirs), where) - shape
    assert float(np.hypot(*away.T).mean()) < 0.04 * float(np.ptp(shape, axis=0).max())
