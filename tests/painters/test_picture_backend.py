"""Any picture as the style: image/mix walks between pictures, a new set travels in."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.fetched import needs
from tests.waiting import PATIENCE, until
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.painters.networks import PictureNetwork
from vj.painters.picture_backend import PictureBackend, StyleReader, StyleSet
from vj.painters.style_pictures import StylePictures, read_picture
from vj.parameters.scenes import along
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.live_picture import TakenPicture

pytestmark = needs("arbitrary_predict.onnx", "arbitrary_transform.onnx")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """waves.png, blue, and sunflowers.png, yellow, both with strokes."""
    for name, colour in {"waves": (200, 90, 30), "sunflowers": (20, 190, 250)}.items():
        picture = np.full((60, 80, 3), colour, np.uint8)
        picture[::5] //= 3
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    return tmp_path


class Counting:
    """A network that counts the pictures it looks at."""

    device = "cpu"

    def __init__(self, network: PictureNetwork) -> None:
        self._network, self.looked_at = network, 0
        self.paint = network.paint

    def style_of(self, picture: np.ndarray) -> np.ndarray:
        self.looked_at += 1
        return self._network.style_of(picture)


class Easel:
    """A backend offline, with the store that it follows."""

    def __init__(
        self, network: PictureNetwork, folder: Path, room: np.ndarray, *files: str
    ) -> None:
        self.messages: list[str] = []
        counting: Any = Counting
        self.network = counting(network)
        shown = [str(folder / name) for name in files]
        reader = StyleReader(self.network, StylePictures(shown), self.messages.append)
        size = Size(room.shape[1], room.shape[0])
        self.backend = PictureBackend(self.network, reader, size, True, self.messages.append)
        self.store = Store({"strength": 1.0, "prompt/travel": 0.0})
        self._room, self._time = room, 0.0
        self.taken: TakenPicture | None = None

    def paint(self, seconds: float = 1.0, **values: Value) -> np.ndarray:
        for name, value in values.items():
            self.store.set(name.replace("_", "/", 1), value)
        self._time += seconds
        context = FrameContext(self._room, 0, self._time, self._room, taken=self.taken)
        made = self.backend.paint(self._room, self.store.sample(self._time), context)
        assert made is not None
        assert isinstance(made.picture, np.ndarray)
        return made.picture


def apart(one: np.ndarray, two: np.ndarray) -> float:
    return float(cv2.absdiff(one, two).mean())


def test_the_weights_on_the_way_from_the_first_to_the_last() -> None:
    assert along(0.3, 1) == [1.0]
    assert along(0.0, 3) == [1.0, 0.0, 0.0]
    assert along(0.25, 3) == [0.5, 0.5, 0.0]
    assert along(1.0, 3) == [0.0, 0.0, 1.0]


def test_image_mix_walks_from_one_picture_to_the_next_and_says_where_it_is(
    pictures: PictureNetwork, folder: Path, room: np.ndarray
) -> None:
    easel = Easel(pictures, folder, room, "waves.png", "sunflowers.png")
    way = [easel.paint(image_mix=step / 8) for step in range(9)]
    left = [apart(made, way[-1]) for made in way]
    assert left[0] > 25
    assert left == sorted(left, reverse=True)
    assert max(apart(one, two) for one, two in pairwise(way)) < 0.5 * left[0]
    assert np.array_equal(way[0], Easel(pictures, folder, room, "waves.png").paint())
    easel.paint(image_mix=0.6)
    assert easel.backend.understood == "waves 40 %, sunflowers 60 %"


def test_another_picture_travels_in(
    pictures: PictureNetwork, folder: Path, room: np.ndarray
) -> None:
    easel = Easel(pictures, folder, room, "waves.png", "sunflowers.png")
    before = easel.paint()
    assert easel.backend.settled
    easel.store.set("prompt/travel", 1.0)
    way = [easel.paint(0.1, image_styles="sunflowers") for _ in range(13)]
    assert apart(before, way[0]) < 3, "no cut"
    assert max(apart(one, two) for one, two in pairwise(way)) < 0.4 * apart(before, way[-1])
    assert np.array_equal(way[-2], way[-1])
    assert easel.backend.settled


def test_a_picture_that_is_taken_becomes_the_style_and_goes_again(
    pictures: PictureNetwork, folder: Path, room: np.ndarray
) -> None:
    easel = Easel(pictures, folder, room, "waves.png", "sunflowers.png")
    wanted = easel.paint(image_mix=1.0)
    before = easel.paint(image_mix=0.0)
    seen = read_picture(folder / "sunflowers.png")
    easel.store.set("prompt/travel", 1.0)
    easel.taken = TakenPicture(seen, 1, "guest")
    way = [easel.paint(0.1) for _ in range(13)]
    assert apart(before, way[0]) < 3, "no cut"
    assert max(apart(one, two) for one, two in pairwise(way)) < 0.4 * apart(before, way[-1])
    assert np.array_equal(way[-1], wanted), "painted as the picture file would be"
    assert easel.backend.understood == "as guest looks"
    easel.taken = TakenPicture(seen.copy(), 2, "guest")
    assert np.array_equal(easel.paint(0.1), wanted), "what looks the same changes nothing"
    easel.taken = None
    back = [easel.paint(0.1) for _ in range(13)]
    assert apart(way[-1], back[0]) < 3
    assert np.array_equal(back[-1], before)
    assert easel.backend.understood == "waves 100 %"


def test_live_a_model_that_begins_or_comes_back_has_the_taken_style_at_once(
    pictures: PictureNetwork, folder: Path, room: np.ndarray
) -> None:
    wanted = Easel(pictures, folder, room, "sunflowers.png").paint()
    messages: list[str] = []
    size = Size(room.shape[1], room.shape[0])
    reader = StyleReader(pictures, StylePictures([str(folder / "waves.png")]), messages.append)
    backend = PictureBackend(pictures, reader, size, False, messages.append)
    store = Store({"strength": 1.0, "prompt/travel": 5.0})
    taken = TakenPicture(read_picture(folder / "sunflowers.png"), 1, "guest")
    context = FrameContext(room, 0, 0.0, room, taken=taken)
    backend.warm(store.ahead(0.0))
    try:
        for _ in range(2):
            painted: list[Any] = []

            def first(painted: list[Any] = painted) -> bool:
                generated = backend.paint(room, store.sample(1.0), context)
                painted.append(generated and generated.picture)
                return generated is not None

            until(first, lambda: messages)
            assert np.array_equal(painted[-1], wanted)
            backend.rest()
    finally:
        backend.close()


def test_a_picture_is_looked_at_once_in_whatever_sets_it_comes(
    pictures: PictureNetwork, folder: Path, room: np.ndarray
) -> None:
    easel = Easel(pictures, folder, room, "waves.png", "sunflowers.png")
    for text in ("", "waves", "sunflowers, waves", "waves, sunflowers", "waves"):
        easel.paint(image_styles=text)
    assert easel.network.looked_at == 2


def test_a_broken_picture_is_told_and_the_others_play(
    pictures: PictureNetwork, folder: Path, room: np.ndarray
) -> None:
    (folder / "broken.png").write_bytes(b"no picture")
    easel = Easel(pictures, folder, room, "broken.png", "waves.png")
    easel.paint()
    assert easel.backend.understood == "waves 100 %"
    assert any("broken.png" in message for message in easel.messages)
    alone = Easel(pictures, folder, room, "broken.png")
    assert apart(alone.paint(), room) > 15, "vj's own stand in where none is left"
    assert any("broken.png" in message for message in alone.messages)


def test_it_rests_while_the_input_stands_still(
    pictures: PictureNetwork, folder: Path, room: np.ndarray
) -> None:
    """similarity, as with any model; and goes on when a hand moves."""
    easel, metrics = Easel(pictures, folder, room, "waves.png", "sunflowers.png"), Metrics()
    pipeline = FramePipeline(Size(128, 96), "crop", metrics, print)
    pipeline.swap(easel.backend)
    store = Store({"strength": 0.8, "similarity": 0.5})
    shown = [
        pipeline.process(Frame(room, number, number / 30), store.sample(number / 30)).picture
        for number in range(24)
    ]
    assert metrics.repeated >= 8
    assert np.array_equal(shown[-1], shown[-2])
    store.set("image/mix", 1.0)
    for number in range(24, 34):
        moved = pipeline.process(Frame(room, number, number / 30), store.sample(number / 30))
    assert apart(moved.picture, shown[-1]) > 5
    pipeline.close()


def test_names_that_change_quicker_than_they_are_looked_at_are_seen_all_the_same(
    pictures: PictureNetwork, room: np.ndarray
) -> None:
    ready, read = threading.Semaphore(1), []

    class Slow:
        def read(self, text: str) -> StyleSet:
            assert ready.acquire(timeout=PATIENCE)
            read.append(text)
            return StyleSet((text,), np.full((1, 100), len(read) / 100, np.float32))

    slow: Any = Slow()
    context = FrameContext.black(Size(16, 16))  # goes through
    backend = PictureBackend(pictures, slow, Size(room.shape[1], room.shape[0]), False)
    store = Store({"strength": 0.0, "prompt/travel": 0.0, "image/styles": "start"})

    def shown(text: str) -> str:
        store.set("image/styles", text)
        backend.paint(room, store.sample(0.0), context)
        return backend.understood

    until(lambda: shown("start"))
    for number in range(3):
        shown(f"first of {number}")
        shown(f"second of {number}")
        ready.release()
        until(lambda: len(read) == 2 + number)  # noqa: B023
        until(lambda: shown(f"third of {number}") == f"{read[-1]} 100 %")  # noqa: B023
        assert read[-1] != f"third of {number}", "what is asked for is not there yet"
    ready.release(100)
    until(lambda: shown("last") == "last 100 %")
    backend.close()


def test_scenes_walk_through_the_pictures_that_they_name(
    pictures: PictureNetwork, folder: Path, room: np.ndarray
) -> None:
    easel = Easel(pictures, folder, room, "waves.png", "sunflowers.png")
    sunflowers = easel.paint(image_mix=1.0)
    scenes = '[{"image": "sunflowers"}, "words alone", {"image": "waves"}]'
    first = easel.paint(prompt_scenes=scenes)
    assert np.array_equal(first, sunflowers)
    easel.paint(prompt_position=0.5)
    assert easel.backend.understood == "sunflowers 100 %", "one that names none keeps the last"
    easel.paint(prompt_position=0.75)
    assert easel.backend.understood == "sunflowers 50 %, waves 50 %"
