"""A camera as a source, by a stand-in for OpenCV's `VideoCapture`: its driver takes some of what it
is asked for, and gives what it likes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from tests import scripted_sources as scripted
from tests.scripted_sources import Play, Scripted
from tests.sources.camera_pictures import COLOURS, in_quarters, sent
from tests.waiting import PATIENCE, JumpingClock, until
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.sources import Awaited, SourceSettings, camera_rate, check_uri
from vj.sources.camera import Camera, list_cameras
from vj.sources.camera_modes import Mode, number_of

play = scripted.play

RED = (220, 20, 30)
NAMES = {
    cv2.CAP_PROP_FRAME_WIDTH: "width",
    cv2.CAP_PROP_FRAME_HEIGHT: "height",
    cv2.CAP_PROP_FPS: "fps",
    cv2.CAP_PROP_FOURCC: "fourcc",
    cv2.CAP_PROP_BUFFERSIZE: "buffers",
    cv2.CAP_PROP_CONVERT_RGB: "converted",
}


class Driver:
    """One camera. It gives `pictures`, then it fails, once it is `unplugged`."""

    pictures = 5
    opens = True
    sizes: tuple[Size, ...] = ()
    """Those that it has, the nearest of which it takes; none: any."""
    slow: tuple[str, ...] = ()
    """Formats that it gives 10 a second of, above 640x480."""
    formats: tuple[str, ...] = ("YUYV", "MJPG")
    torn: tuple[int, ...] = ()
    """Readings at which OpenCV raises its own error, as of an empty JPEG."""
    pause = 0.0
    """Seconds between its pictures."""
    silent = False
    """It says nothing about what it gives."""
    unplugged: threading.Event
    last: Driver

    def __init__(self, device: int | str, interface: int) -> None:
        self.device, self.left, self.released = device, self.pictures, False
        self.asked: list[tuple[str, float]] = []
        self.width, self.height, self.fps, self.fourcc = 640, 480, 30.0, "YUYV"
        Driver.last = self

    def isOpened(self) -> bool:
        return self.opens

    def set(self, what: int, value: float) -> bool:
        name = NAMES[what]
        self.asked.append((name, value))
        if name == "fourcc":
            wanted = int(value).to_bytes(4, "little").decode()
            self.fourcc = wanted if wanted in self.formats else self.fourcc
        elif name in ("width", "height", "fps"):
            setattr(self, name, value)
        return True

    @property
    def size(self) -> Size:
        asked = Size(int(self.width), int(self.height))
        nearest = sorted(self.sizes, key=lambda size: abs(size.width - asked.width))
        return nearest[0] if nearest else asked

    def get(self, what: int) -> float:
        if self.silent:
            return {cv2.CAP_PROP_FPS: -1.0, cv2.CAP_PROP_FOURCC: float("nan")}.get(what, 0.0)
        large = self.size.width * self.size.height > 640 * 480
        rate = 10.0 if self.fourcc in self.slow and large else self.fps
        return {
            "width": self.size.width,
            "height": self.size.height,
            "fps": rate,
            "fourcc": number_of(self.fourcc),
        }.get(NAMES.get(what, ""), 0.0)

    def read(self) -> tuple[bool, np.ndarray | None]:
        self.left -= 1
        if self.left in self.torn:
            raise cv2.error("(-215:Assertion failed) !buf.empty() in function 'imdecode_'")
        if self.left < 0:
            self.unplugged.wait(PATIENCE)
            return False, None
        time.sleep(self.pause)
        return True, np.full((self.size.height, self.size.width, 3), RED[::-1], np.uint8)

    def release(self) -> None:
        self.released = True


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Driver]]:
    class Fresh(Driver):
        unplugged = threading.Event()

    monkeypatch.setattr(cv2, "VideoCapture", Fresh)
    monkeypatch.setattr("vj.sources.camera.modes_of", lambda index: [])
    monkeypatch.setattr(
        "vj.sources.camera.list_cameras", lambda: ([(0, "Built-in"), (3, "HD Pro Webcam")], "")
    )
    yield Fresh
    Fresh.unplugged.set()


def live(**more: Any) -> SourceSettings:
    """Live settings on a clock on which nobody waits."""
    return SourceSettings(JumpingClock(), **{"fps": 25, "size": Size(64, 48), **more})


def test_a_camera_by_index_and_by_part_of_its_name(driver: type[Driver]) -> None:
    for name, index in (("", 0), ("3", 3), ("webcam", 3), ("webcam?fps=20", 3)):
        source = Camera(name, live())
        source.open()
        frame = source.read()
        assert frame is not None
        assert tuple(frame.pixels[0, 0]) == RED, "OpenCV's blue-green-red is turned round"
        assert Driver.last.device == index
        source.close()
    with pytest.raises(
        Fault, match=r"no camera's name holds that \(there are: 0 Built-in, 3 HD Pro Webcam\)"
    ):
        Camera("phone", live()).open()
    with pytest.raises(Awaited, match="no camera's name holds that"):
        Camera("99999999999", live()).open()  # OpenCV cannot take such a number


def test_a_camera_in_use_and_one_that_gives_nothing(driver: type[Driver]) -> None:
    driver.opens = False
    with pytest.raises(Fault, match="another program may hold it"):
        Camera("0", live()).open()
    driver.opens, driver.pictures = True, 0
    driver.unplugged.set()
    with pytest.raises(Fault, match="gives no picture"):
        Camera("0", live()).open()
    assert Driver.last.released


def test_a_driver_that_hangs_is_not_asked_again_at_once(
    driver: type[Driver], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that refuses is, for MJPG: see `test_camera_driver`."""
    modes = [Mode(name, Size(640, 480), (30.0,)) for name in ("YUYV", "MJPG")]
    monkeypatch.setattr("vj.sources.camera.modes_of", lambda index: modes)
    monkeypatch.setattr("vj.sources.camera.FIRST_PICTURE", 0.1)
    driver.pictures = 0
    with pytest.raises(Fault, match="gives no picture"):
        Camera("0", live()).open()
    assert Driver.last.fourcc == "YUYV"
    driver.unplugged.set()
    monkeypatch.setattr("vj.sources.camera.FIRST_PICTURE", PATIENCE)
    with pytest.raises(Fault, match="gives no picture"):
        Camera("0", live()).open()
    assert Driver.last.fourcc == "MJPG"


def test_a_camera_that_is_unplugged_is_a_fault_and_released(driver: type[Driver]) -> None:
    source = Camera("0", live())
    source.open()
    driver.unplugged.set()
    until(lambda: Driver.last.released)
    assert source.read() is not None, "the last picture"
    with pytest.raises(Fault, match="still connected"):
        source.read()
    source.open()
    assert source.read() is not None, "it is plugged in again"
    source.close()


def test_a_torn_picture_is_left_out(driver: type[Driver]) -> None:
    driver.pictures, driver.torn, driver.pause = 40, (37, 36, 30), 0.01
    said: list[str] = []
    source = Camera("0", live(log=said.append))
    source.open()
    count = 0
    while count < 15:
        count += source.read() is not None
    assert said == []
    source.close()


def test_a_driver_that_only_fails_is_lost(driver: type[Driver]) -> None:
    driver.pictures, driver.torn = 30, tuple(range(20))
    source = Camera("0", live())
    source.open()
    until(lambda: Driver.last.released)
    assert source.read() is not None, "the last picture"
    with pytest.raises(Fault, match="gives no more pictures"):
        source.read()


def test_without_a_camera_the_message_says_so() -> None:
    found, reason = list_cameras()
    if found:
        pytest.skip("this machine has a camera")
    assert "no camera" in reason
    with pytest.raises(Fault, match="camera:0 does not open: no camera is connected"):
        Camera("0", live()).open()


@pytest.mark.skipif(sys.platform != "linux", reason="cameras are files on Linux")
def test_a_camera_by_its_path(driver: type[Driver], tmp_path: Any) -> None:
    by_id = tmp_path / "usb-HD_Pro-video-index0"
    with pytest.raises(Fault, match="there is no such device"):
        Camera(str(by_id), live()).open()
    by_id.symlink_to("/dev/null")  # stands for /dev/video3, of which this machine has none
    source = Camera(f"{by_id}?format=MJPG", live())
    source.open()
    assert Driver.last.device == "/dev/null"
    source.close()


def test_a_large_picture_is_asked_for_in_the_format_that_is_fast(driver: type[Driver]) -> None:
    driver.slow = ("YUYV",)
    driver.sizes = (Size(640, 480), Size(1280, 720))
    for size, expected in (
        (Size(512, 512), ("YUYV", Size(640, 480))),
        (Size(1024, 576), ("MJPG", Size(1280, 720))),
    ):
        source = Camera("0", live(size=size, fps=30))
        source.open()
        assert (Driver.last.fourcc, Driver.last.size) == expected
        assert source.read() is not None
        source.close()


def test_a_format_that_is_slow_for_this_camera_is_given_up(driver: type[Driver]) -> None:
    """It has no 640x480, and gives 1280x720 in its place."""
    driver.slow, driver.sizes = ("YUYV",), (Size(1280, 720),)
    Camera("0", live(size=Size(512, 512), fps=30)).open()
    assert Driver.last.fourcc == "MJPG"


def test_the_order_is_the_one_that_each_driver_heeds(
    driver: type[Driver], monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = {}
    for system in ("linux", "win32"):
        monkeypatch.setattr(sys, "platform", system)
        Camera("0?size=1280x720", live()).open()
        orders[system] = [name for name, _ in Driver.last.asked]
    assert orders["linux"] == ["buffers", "fourcc", "width", "height", "fps", "converted"]
    assert orders["win32"] == ["fps", "fourcc", "width", "height"]


def test_one_buffer_is_not_enough(driver: type[Driver], monkeypatch: pytest.MonkeyPatch) -> None:
    """While the only one is being read the next picture is lost, and the rate is halved."""
    monkeypatch.setattr(sys, "platform", "linux")
    Camera("0", live()).open()
    assert dict(Driver.last.asked)["buffers"] >= 2


def test_a_wish_that_is_not_granted_is_said_once(driver: type[Driver]) -> None:
    driver.sizes = (Size(640, 480),)
    said: list[str] = []
    source = Camera("0?size=1920x1080&format=NV12", live(log=said.append))
    for _ in range(2):
        source.open()
    source.close()
    assert said == ["camera:0 does not do 1920x1080, NV12: it gives 640x480 at 25 a second as YUYV"]


def test_a_driver_that_says_nothing_plays_all_the_same(driver: type[Driver]) -> None:
    driver.silent = True
    said: list[str] = []
    source = Camera("0?size=800x600&fps=50&format=MJPG", live(log=said.append))
    source.open()
    assert source.read() is not None
    source.close()
    assert said == []


def test_a_driver_that_names_no_format_plays_without_colours_until_somebody_does(
    driver: type[Driver], monkeypatch: pytest.MonkeyPatch
) -> None:
    yuyv = np.frombuffer(sent("YUYV", Size(64, 48)), np.uint8).reshape(48, 64, 2)

    def read(self: Driver) -> tuple[bool, np.ndarray]:
        time.sleep(0.01)
        return True, yuyv

    monkeypatch.setattr(driver, "read", read)
    driver.silent = True
    said: list[str] = []
    for address, colours in (("0", 0), ("0?format=UYVY", 1), ("0?format=YUYV", 4)):
        source = Camera(address, live(log=said.append))
        source.open()
        frames = [source.read() for _ in range(3)]
        assert frames[-1] is not None
        found = in_quarters(frames[-1].pixels)
        right = zip(found, COLOURS.values(), strict=True)
        if colours == 0:
            assert all(len(set(colour)) == 1 for colour in found), "grey"
        else:
            near = [np.abs(np.subtract(one, other)).max() <= 4 for one, other in right]
            assert all(near) == (colours == 4)
        source.close()
    assert [text.partition(",")[0] for text in said] == [
        "camera:0 does not tell how its colours are ordered"
    ]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("camera:0?size=huge", "size: 'huge' is not a size"),
        ("camera:0?fps=0", "1 to 1000 pictures a second"),
        ("camera:0?fps=nan", "1 to 1000 pictures a second"),
        ("camera:0?format=MJPEGG", "no such format, did you mean MJPG"),
        ("camera:0?formt=MJPG", "no such key, did you mean format"),
    ],
)
def test_a_wish_that_cannot_be_is_answered_before_the_show(address: str, words: str) -> None:
    with pytest.raises(Fault) as fault:
        check_uri(address)
    assert words in str(fault.value).replace(";", ",").replace("(did", ", did")


@pytest.mark.parametrize("pause", [0.02, 0.004])
def test_a_slow_camera_says_once_how_slow_it_is_and_why(
    driver: type[Driver], monkeypatch: pytest.MonkeyPatch, pause: float
) -> None:
    monkeypatch.setattr(camera_rate, "SETTLING", 0.05)
    monkeypatch.setattr(camera_rate, "MEASURING", 0.3)
    come, count = 0, camera_rate.RateMeter.count

    def at_its_time(meter: camera_rate.RateMeter, now: float) -> bool:
        nonlocal come
        come += 1
        return count(meter, come * pause)

    monkeypatch.setattr(camera_rate.RateMeter, "count", at_its_time)
    driver.pause, driver.pictures = 0.001, 100_000
    said: list[str] = []
    source = Camera("0", live(fps=100, log=said.append))
    source.open()
    slow = pause == 0.02
    until(lambda: source.read() and come * pause > 0.8 and (said or not slow))
    assert [
        " a second of the 100 asked: its exposure may take longer" in text for text in said
    ] == ([True] if slow else [])
    assert (" of 100 a second" in source.mode_in_words) == slow
    source.close()


def test_the_status_says_the_format_and_that_it_is_slow(play: Play) -> None:
    camera = Scripted(200)
    camera.mode_in_words = "MJPG, 12 of 30 a second"  # type: ignore[attr-defined]
    rig = play("camera:9", camera_9=camera)
    rig.until(lambda: rig.grey == 200)
    assert rig.capture.state() == "camera:9 64x48 MJPG, 12 of 30 a second"
