"""image/styles while the picture model plays: what a name means is looked at whenever it is set."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetched import needs
from tests.waiting import until
from vj.core.frame import Size
from vj.painters.networks import PictureNetwork
from vj.painters.picture_backend import AGAIN, STAND_IN, PictureBackend, StyleReader
from vj.painters.style_pictures import StylePictures
from vj.parameters.store import Store
from vj.pipeline.frame_context import FrameContext

pytestmark = needs("arbitrary_predict.onnx", "arbitrary_transform.onnx")
RED, BLUE = (30, 20, 220), (220, 40, 20)  # as OpenCV has it


class Painted:
    """A backend whose styles lie in a folder, and what it paints of a room."""

    def __init__(self, network: PictureNetwork, room: np.ndarray, folder: Path, wait: bool) -> None:
        self.messages: list[str] = []
        reader = StyleReader(network, StylePictures((), str(folder)), self.messages.append)
        size = Size(room.shape[1], room.shape[0])
        self.backend = PictureBackend(network, reader, size, wait, self.messages.append)
        self.store = Store({"strength": 1.0, "prompt/travel": 0.0})
        self._room, self._time = room, 0.0

    def red(self, text: str) -> float:
        """How much more red than blue there is with these styles."""
        self.store.set("image/styles", text)
        self._time += 1
        context = FrameContext.black(Size(16, 16))  # goes through
        made = self.backend.paint(self._room, self.store.sample(self._time), context)
        assert made is not None
        picture = np.asarray(made.picture, np.float32)
        return float(picture[..., 0].mean() - picture[..., 2].mean())


@pytest.mark.parametrize("live", [False, True])
def test_another_picture_of_the_same_name_counts_once_the_name_is_set_again(
    pictures: PictureNetwork, room: np.ndarray, tmp_path: Path, live: bool
) -> None:
    painted = Painted(pictures, room, tmp_path, not live)
    told = "no style picture is called 'me'"
    until(lambda: painted.red("me") > -200 and any(told in one for one in painted.messages))
    stripes = np.zeros((64, 64, 3), np.uint8)
    for colour, sign in ((RED, 1), (BLUE, -1)):
        stripes[::4], stripes[1::4], stripes[2::4] = colour, colour, (20, 20, 20)
        cv2.imwrite(str(tmp_path / "me.png"), stripes)
        painted.red("woodcut")  # another one for a moment
        # the room is warm: the woodcut is red enough too, until the picture has been read
        until(
            lambda: sign * painted.red("me") > 15 and painted.backend.understood == "me 100 %",  # noqa: B023
            lambda: (painted.red("me"), painted.backend.understood),
        )
    assert sum(told in one for one in painted.messages) == 1, "it is told once, while it is missing"
    painted.backend.close()


def test_a_walk_may_lead_there_and_back(
    pictures: PictureNetwork, room: np.ndarray, tmp_path: Path
) -> None:
    painted = Painted(pictures, room, tmp_path, wait=True)
    there = painted.red("woodcut")
    back = "woodcut, night sky, Woodcut"
    for mix, told in ((0.0, "woodcut 100 %"), (0.25, "woodcut 50 %, night sky 50 %")):
        painted.store.set("image/mix", mix)
        painted.red(back)
        assert painted.backend.understood == told
    painted.store.set("image/mix", 0.5)
    assert abs(painted.red(back) - there) > 10
    assert painted.backend.understood == "night sky 100 %"
    painted.store.set("image/mix", 1.0)
    assert painted.red(back) == there
    assert painted.messages == []


@pytest.mark.parametrize("before", ["no folder", "no picture", "a broken one"])
def test_where_the_shows_pictures_are_not_there_yet_ours_play_until_they_are(
    pictures: PictureNetwork, room: np.ndarray, tmp_path: Path, before: str
) -> None:
    stick, messages = tmp_path / "pics", list[str]()
    if before != "no folder":
        stick.mkdir()
    if before == "a broken one":
        (stick / "red.png").write_text("half of it")
    reader = StyleReader(pictures, StylePictures([str(stick)]), messages.append)
    size = Size(room.shape[1], room.shape[0])
    backend = PictureBackend(pictures, reader, size, False, messages.append)
    store, time = Store({"strength": 1.0}), 0.0
    backend.warm(store.sample(time))
    assert backend.understood == "cut paper 100 %"
    count = len(messages)
    assert count == 2
    assert messages[1] == STAND_IN

    def frame() -> str:
        nonlocal time
        time += AGAIN / 4
        context = FrameContext.black(Size(16, 16))  # goes through
        backend.paint(room, store.sample(time), context)
        return backend.understood

    reads = 0

    def counted() -> bool:
        nonlocal reads
        reads += reader.read("").whole is False
        return frame() == "cut paper 100 %" and reads >= 3

    until(counted)
    assert len(messages) == count, "told once"
    stick.mkdir(exist_ok=True)
    cv2.imwrite(str(stick / "red.png"), np.full((32, 32, 3), RED, np.uint8))
    until(lambda: frame() == "red 100 %")
    assert messages[count:] == ["the style pictures are there: red"]
    backend.close()
