"""What is on a display's screen is what was sent, fitted, turned, masked and laid on four corners;
keys and the mouse set it up. On a desktop that nobody sees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.display.on_screen import opened, quadrants, send, shows
from tests.display.xvfb import Desktop, needs_desktop, screen, shared_desktop
from tests.waiting import until
from vj.core.clock import WallClock
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.display.setup import ScreenSetup, read_setup
from vj.display.warp import NAMES, SQUARE
from vj.sinks import SinkSettings
from vj.sinks.display import DisplaySink
from vj.sinks.fit import fitted

__all__ = ["screen", "shared_desktop"]

pytestmark = needs_desktop
KEYSTONE = ((0.1, 0.05), (0.9, 0.2), (0.8, 0.95), (0.05, 0.7))


@pytest.fixture(scope="module")
def kept(
    shared_desktop: Desktop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[DisplaySink, list[str]]]:
    """Full screen, open, and what it has told."""
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", shared_desktop.name)
        patch.chdir(tmp_path_factory.mktemp("kept"))
        sink = opened(DisplaySink("full", SinkSettings(WallClock(), log=told.append)), 256, 256)
    yield sink, told
    sink.close()


@pytest.fixture
def wall(screen: Desktop, kept: tuple[DisplaySink, list[str]]) -> Iterator[DisplaySink]:
    """It, set up plainly."""
    yield kept[0]
    kept[0].change(ScreenSetup().as_json())
    kept[1].clear()


def test_a_picture_of_the_screens_size_arrives_pixel_for_pixel(
    wall: DisplaySink, screen: Desktop
) -> None:
    shows(screen, send(wall, quadrants(640, 400)))
    assert wall.state() == "screen 640x400"
    noise = np.random.default_rng(1).integers(0, 255, (400, 640, 4), np.uint8)
    shows(screen, send(wall, noise)[..., :3])


def test_other_shapes_are_fitted_whole_with_black_beside_them(
    wall: DisplaySink, screen: Desktop
) -> None:
    for width, height in ((256, 256), (512, 128)):
        picture = send(wall, quadrants(width, height))
        shows(screen, fitted(picture, Size(640, 400)), 1.5)
    assert screen.look()[5].max() == 0, "beside it is black"
    wall.change({"fit": "stretch"})
    shows(screen, cv2.resize(picture, (640, 400)), 1.5)
    wall.change({"fit": "cover"})
    wide = cv2.resize(picture, (1600, 400))[:, 480:1120]
    shows(screen, wide, 1.5)


def test_four_corners_are_a_perspective_transform(wall: DisplaySink, screen: Desktop) -> None:
    picture = send(wall, quadrants(640, 400))
    shows(screen, picture)
    wall.change({"corners": [list(corner) for corner in KEYSTONE]})
    scale = np.float32([640, 400])
    matrix = cv2.getPerspectiveTransform(np.float32(SQUARE) * scale, np.float32(KEYSTONE) * scale)
    shows(screen, cv2.warpPerspective(picture, matrix, (640, 400)), 2.0)
    seen = screen.look()
    for number, (x, y) in enumerate(KEYSTONE):
        # just inside each corner, towards the middle, the picture; just outside black
        inside = int(x * 640 + (320 - x * 640) * 0.05), int(y * 400 + (200 - y * 400) * 0.05)
        outside = int(x * 640 - (320 - x * 640) * 0.05), int(y * 400 - (200 - y * 400) * 0.05)
        assert seen[inside[1], inside[0]].max() > 200, NAMES[number]
        assert seen[outside[1], outside[0]].max() == 0, NAMES[number]
    # a straight line through the middle of the picture stays one: two triangles would break it
    x, y, w = matrix @ (320.0, 100.0, 1.0)
    edge = seen[round(y / w), :, 0] > 127
    assert abs(np.flatnonzero(edge)[-1] - x / w) <= 2


def test_turned_mirrored_and_masked(wall: DisplaySink, screen: Desktop, tmp_path: Path) -> None:
    picture = send(wall, quadrants(640, 400))
    wall.change({"rotate": 180, "flip": "across"})
    shows(screen, picture[::-1])
    wall.change({"rotate": 90, "flip": "none", "fit": "stretch"})
    shows(screen, cv2.resize(np.rot90(picture, -1), (640, 400)), 2.0)
    mask = np.zeros((400, 640), np.uint8)
    cv2.circle(mask, (320, 200), 150, 255, -1)
    cv2.imwrite(str(tmp_path / "stage.png"), mask)
    wall.change({"rotate": 0, "fit": "contain", "mask": str(tmp_path / "stage.png")})
    shows(screen, picture * (mask[..., None] // 255))
    wall.change({"mask": ""})
    shows(screen, picture)
    assert wall.describe()["setup"] == ScreenSetup().as_json()


def test_a_mask_that_is_not_there_is_told_and_hides_nothing(
    wall: DisplaySink, screen: Desktop, kept: tuple[DisplaySink, list[str]]
) -> None:
    told = kept[1]
    picture = send(wall, quadrants(640, 400))
    wall.change({"mask": "stage.png"})
    until(lambda: told)
    assert "mask stage.png: cannot be read" in told[0]
    shows(screen, picture)
    with pytest.raises(Fault, match="one of 0, 90, 180, 270"):
        wall.change({"rotate": 3})


def test_keys_in_the_window(wall: DisplaySink, screen: Desktop) -> None:
    picture = send(wall, quadrants(640, 400))
    shows(screen, picture)
    screen.focus()
    screen.press("key", "t")
    until(lambda: wall.state() == "screen 640x400, test pattern")
    until(lambda: np.ptp(screen.look()[8:20, 300:340], axis=(0, 1)).min() > 150, screen.look)
    screen.press("key", "t", "Escape", "Left", "Escape")
    shows(screen, picture)
    screen.press("key", "w", "3", "shift+Left", "Up", "Escape")
    path = Path("displays/screen.json")
    until(path.exists)
    assert read_setup(path).corners[2] == pytest.approx((1 - 10 / 640, 1 - 1 / 400), abs=1e-4)
    assert wall.describe()["setup"] == read_setup(path).as_json()


def test_the_mouse_moves_a_corner(wall: DisplaySink, screen: Desktop) -> None:
    shows(screen, send(wall, quadrants(640, 400)))
    screen.focus()
    screen.press("key", "w", "mousemove", "5", "5", "mousedown", "1")
    screen.press("mousemove", "69", "45", "mouseup", "1", "key", "Escape")
    until(Path("displays/screen.json").exists)
    corner = read_setup(Path("displays/screen.json")).corners[0]
    assert corner == pytest.approx((64 / 640, 40 / 400), abs=2e-3)
