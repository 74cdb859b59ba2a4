"""What lamps get of a picture: means in linear light, the brightest place, zones and grids."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vj.core.packed import Packed
from vj.kernels.numpy_pack import bgrx, uyvy
from vj.lights.colours import colours, levels, small_linear
from vj.show.lights_section import LightRule

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def rule(**said: Any) -> LightRule:
    return LightRule.model_validate({"dmx": 1, "to": "artnet:127.0.0.1", **said})


def shown(picture: Any, amount: float = 1.0, **said: Any) -> list[int]:
    one = rule(**said)
    return list(levels(colours(small_linear(picture), one), one, amount))


def quarters(height: int = 64, width: int = 96) -> np.ndarray:
    """Red and green above, blue and white below."""
    picture = np.zeros((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    picture[:top, :left], picture[:top, left:] = RED, GREEN
    picture[top:, :left], picture[top:, left:] = BLUE, WHITE
    return picture


@pytest.mark.parametrize("size", [(64, 96), (480, 640)])
def test_zones_and_grids_see_their_own_part(size: tuple[int, int]) -> None:
    picture = quarters(*size)
    assert shown(picture, zone=[0, 0, 0.5, 0.5]) == list(RED)
    assert shown(picture, zone=[0.5, 0.5, 0.5, 0.5]) == list(WHITE)
    assert shown(picture, grid=[2, 2]) == [*RED, *GREEN, *BLUE, *WHITE]
    assert shown(picture, grid=[2, 1], zone=[0, 0, 1, 0.5]) == [*RED, *GREEN]
    assert len(shown(picture, grid=[100, 1])) == 300, "more lamps than pixels"


def test_light_is_averaged_as_light() -> None:
    halves = np.zeros((32, 32, 3), np.uint8)
    halves[:, :16] = 255
    assert shown(halves) == [128] * 3, "half of the light"
    assert shown(halves, response="srgb") == [188] * 3, "which a screen shows by 188"
    grey = np.full((8, 8, 3), 188, np.uint8)
    assert shown(grey, response="srgb") == [188] * 3, "what a picture says comes back"
    assert shown(grey)[0] == pytest.approx(128, abs=1)


def test_the_brightest_is_a_place_not_a_point() -> None:
    picture = np.full((96, 96, 3), 20, np.uint8)
    picture[50, 50] = 255
    point = shown(picture, of="brightest")
    picture[40:60, 40:60] = (255, 120, 0)
    place = shown(picture, of="brightest")
    assert max(point) < 20
    assert place == [255, 48, 0]


def test_white_and_dimmers() -> None:
    pink = np.full((8, 8, 3), (255, 188, 188), np.uint8)
    assert shown(pink, channels="rgb", amount=0.5)[0] == 128
    assert shown(pink, channels="rgbw") == [127, 0, 0, 128]
    assert shown(pink, channels="drgb", amount=0.5) == [128, 255, 128, 128], "the dimmer dims"
    assert shown(pink, channels="dim") == [round(255 * (0.2126 + 0.7874 * 0.5029))]
    assert shown(pink, channels="drgbw", amount=0) == [0, 127, 0, 0, 128]
    assert shown(pink, amount=0) == [0, 0, 0]


def test_what_a_card_has_packed_gives_the_same() -> None:
    picture = quarters(200, 400)
    for packed in (Packed(bgrx(picture)), Packed(uyvy(picture), "UYVY")):
        seen = shown(packed, grid=[4, 2])
        assert np.abs(np.subtract(seen, shown(picture, grid=[4, 2]), dtype=int)).max() <= 3
        assert not packed.unpacked, "nobody has paid for all of it"
    assert shown(np.dstack([picture, np.zeros((200, 400), np.uint8)])) == shown(picture)
