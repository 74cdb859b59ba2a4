"""Devices on the decks of a show that plays: opened once, whoever shows them; awaited while they
are not there."""

from __future__ import annotations

import time

import pytest

from tests.app import deck_shows
from tests.app.deck_shows import Play
from tests.sources.numbered import numbered
from vj.app.source_settings import may_be_one
from vj.core.frame import Frame
from vj.sources import KINDS, Awaited, SourceSettings

play = deck_shows.play


class Camera:
    """A camera of one picture, that has one user."""

    live = True
    opens = closes = users = 0
    there = True

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        self._clock = settings.clock
        self._open = False

    def open(self) -> None:
        if not Camera.there:
            raise Awaited("camera:0: not plugged in")
        if Camera.users:
            raise Awaited("camera: is in use")
        Camera.opens += 1
        Camera.users += 1
        self._open = True

    def read(self) -> Frame | None:
        time.sleep(0.005)
        return Frame(numbered(999), 0, self._clock.now())

    def close(self) -> None:
        if self._open:
            Camera.users -= 1
            Camera.closes += 1
        self._open = False


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> type[Camera]:
    monkeypatch.setitem(KINDS, "camera", f"{__name__}:Camera")
    Camera.opens = Camera.closes = Camera.users = 0
    Camera.there = True
    return Camera


def test_a_device_is_opened_once_for_both_decks_and_while_it_waits(
    play: Play, camera: type[Camera]
) -> None:
    show = play(sources="cam: camera, ")
    show.until_ready("cam", "two", "three")
    store = show.performance.store
    store.set("source", "cam")
    show.show.frames(1)
    assert show.number == 999, "the next frame has its newest picture"
    store.set("deck/b", "cam")
    show.until(lambda: show.performance.video_input.other() is not None)
    store.set("source", "two")
    show.until_clip("two")
    store.set("deck/b", "")
    show.show.frames(5)
    store.set("source", "cam")
    show.until(lambda: show.number == 999)
    store.set("source", "two")
    show.until_ready("cam", "one", "three")
    assert (camera.opens, camera.closes) == (1, 0)


def test_a_device_that_is_not_there_yet_comes_in_when_it_is(
    play: Play, camera: type[Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sources.reader.RETRY_DELAYS", (0.1,))
    camera.there = False
    show = play(sources="cam: camera, ", ready="next")
    show.performance.store.set("source", "cam")
    show.until(lambda: show.performance.video_input.awaited == ["camera"])
    show.until_clip("one")
    assert show.value("source") == "cam", "it is what plays once it is there"
    camera.there = True
    show.until(lambda: show.number == 999)


def test_two_names_of_what_may_be_one_camera_are_not_opened_at_once(
    play: Play, camera: type[Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sources.reader.RETRY_DELAYS", (0.05,))
    show = play(sources="cam: camera, by_name: 'camera:Logitech', ")
    show.until_ready("cam", "two", "three")
    show.performance.store.set("source", "by_name")
    show.until(lambda: show.number == 999)
    assert show.performance.video_input.a.first == "camera:Logitech"
    show.until_ready("one", "two", "three")
    assert camera.users == 1


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("camera:0", "camera:0?size=1280x720&fps=60", True),
        ("camera", "camera:0?format=MJPG", True),
        ("camera:0?fps=60", "camera:1?fps=60", False),
        ("camera:0?fps=60", "camera:0?fps=60", False),  # one device, which is shared
        ("camera:/dev/v4l/by-id/usb-x?fps=25", "camera:0", True),
        ("camera:0", "ndi:0", False),
    ],
)
def test_one_camera_with_other_wishes_is_the_same_device(
    one: str, other: str, expected: bool
) -> None:
    assert may_be_one(one, other) is expected
