"""Scenes as they are painted: between two neighbours, in their colours, by another model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from vj.app.offline import Rendering
from vj.show.load import check_show

WORDS = ["gold leaf", "deep ocean, feathers", "fire, woodcut"]
CALM = {"crossfade": 0, "blend/smoothing": 0, "feedback/amount": 0, "strength": 0.8}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def painted(
    start: dict[str, Any], seconds: float = 0.1, said: list[str] | None = None, **more: Any
) -> list[np.ndarray]:
    """The frames of a still picture, painted ten times a second."""
    asked = {
        "size": "64x64",
        "source": "drawn:meadow",
        "model": "drawn",
        "fps": 10,
        "sinks": ["record:out/"],
        "start": CALM | start,
        **more,
    }
    log = (lambda text: None) if said is None else said.append
    folder = Path("out")
    before = set(folder.iterdir()) if folder.exists() else set()
    Rendering(check_show(asked, "here"), log, seconds=seconds).run()
    return [cv2.imread(str(path)) for path in sorted(set(folder.iterdir()) - before)]


def apart(one: np.ndarray, two: np.ndarray) -> float:
    return float(cv2.absdiff(one, two).mean())


def test_at_a_place_it_is_what_its_two_neighbours_make_to_the_byte() -> None:
    def scenes(position: float) -> np.ndarray:
        return painted({"prompt/position": position}, prompts=WORDS)[0]

    def mixed(one: str, two: str, mix: float) -> np.ndarray:
        return painted({"prompt/a": one, "prompt/b": two, "prompt/mix": mix})[0]

    for position, pair, mix in (
        (0.0, WORDS[:2], 0.0),
        (0.125, WORDS[:2], 0.25),
        (0.5, WORDS[1:], 0.0),
        (0.875, WORDS[1:], 0.75),
    ):
        assert np.array_equal(scenes(position), mixed(*pair, mix))
    assert np.array_equal(scenes(0.125), scenes(0.125))


def test_each_scene_has_its_colours_and_the_shows_where_it_says_none() -> None:
    shown = {"palette": ["#000000", "#0000ff"]}
    scenes = [{"prompt": WORDS[0], "palette": "#000000 #ff0000"}, WORDS[0]]
    red, blue = (
        painted({"prompt/position": place}, prompts=scenes, **shown)[0].mean(axis=(0, 1))
        for place in (0, 1)
    )  # BGR
    assert red[2] > 5 * red[0]
    assert blue[0] > 5 * blue[2]


def test_a_scene_may_be_painted_by_another_model_from_half_way_on() -> None:
    scenes = [WORDS[0], {"prompt": WORDS[1], "set": {"model": "none"}}]
    curve = {"to": "prompt/position", "points": [[0, 0], [1, 1]]}
    frames = painted({}, 1.0, prompts=scenes, curves=[curve])
    bare = painted({"strength": 0})[0]
    far = [apart(frame, bare) for frame in frames]
    assert min(far[:6]) > 5, "half way, and a little more, so that it does not switch to and fro"
    assert max(far[7:]) == 0


def test_an_installation_that_nobody_plays_renders_the_same_twice() -> None:
    more = {
        "prompts": WORDS,
        "idle": {"after": 0.3, "fade": 0.3},
        "curves": [],
        "timeline": [],
        "macros": {},
    }
    one, two = (painted({"prompt/position": 0.5}, 0.8, **more) for _ in range(2))
    assert len(one) == 8
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
