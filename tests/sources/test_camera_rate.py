"""The rate of a camera is measured, and one that is slow says why."""

from __future__ import annotations

import numpy as np
import pytest

from vj.core.frame import Size
from vj.sources.camera_rate import MEASURING, SETTLING, RateMeter, brightness, why

VGA, HD = Size(640, 480), Size(1280, 720)
COMMAND = "v4l2-ctl -d /dev/video0 -c exposure_dynamic_framerate=0"


def play(meter: RateMeter, intervals: list[float], begin: float = 100.0) -> float:
    """Pictures that come so many seconds apart; returns when the last one came."""
    for interval in intervals:
        begin += interval
        meter.count(begin)
    return begin


def seconds(rate: float, length: float) -> list[float]:
    return [1 / rate] * round(rate * length)


def test_a_slow_start_is_not_counted() -> None:
    meter = RateMeter(30)
    play(meter, seconds(5, SETTLING) + seconds(30, MEASURING + 0.5))
    assert meter.rate == pytest.approx(30, abs=1)
    assert not meter.slow
    assert str(meter) == "30 a second"


def test_nothing_is_said_before_it_is_measured() -> None:
    meter = RateMeter(30)
    play(meter, seconds(12, SETTLING + 1))
    assert (meter.rate, meter.slow, str(meter)) == (None, False, "")


def test_a_camera_that_exposes_for_longer_is_slow_whenever_the_light_goes_down() -> None:
    meter = RateMeter(30)
    end = play(meter, seconds(30, SETTLING + MEASURING + 1))
    assert not meter.slow
    end = play(meter, seconds(12, 2 * MEASURING), end)
    assert meter.slow
    assert str(meter) == "12 of 30 a second"
    play(meter, seconds(30, 2 * MEASURING), end)
    assert not meter.slow, "the light is back"


def test_a_busy_computer_is_not_taken_for_a_slow_camera() -> None:
    """A model is loaded: pictures come in bursts, and some are lost."""
    meter = RateMeter(30)
    play(meter, ([0.4, 0.001, 0.001] + [1 / 30] * 6) * 12)
    assert meter.rate is not None
    assert meter.rate < 24
    assert not meter.slow


@pytest.mark.parametrize(("rate", "slow"), [(29.97, False), (25, False), (23, True), (15, True)])
def test_what_is_clearly_less(rate: float, slow: bool) -> None:
    meter = RateMeter(30)
    play(meter, seconds(rate, SETTLING + MEASURING + 1))
    assert meter.slow is slow


@pytest.mark.parametrize(
    ("stated", "fastest", "name", "size", "mean", "remedy", "words"),
    [
        (30, 60, "MJPG", HD, 90, COMMAND, f"low light; more light would help, or {COMMAND}"),
        (30, 60, "MJPG", HD, 20, "", "may take longer in low light; more light would help"),
        (30, 60, "MJPG", HD, 90, "", "or others take a part of its USB port"),
        (10, 60, "YUYV", HD, 20, COMMAND, "it has no more as YUYV at 1280x720; ?format=MJPG"),
        (15, 15, "YUYV", VGA, 20, COMMAND, "it has no faster mode"),
        (0, 0, "", VGA, 90, "", "may take longer in low light, or"),
    ],
)
def test_the_cause_is_named_as_far_as_it_is_known(
    stated: float, fastest: float, name: str, size: Size, mean: float, remedy: str, words: str
) -> None:
    meter = RateMeter(30)
    play(meter, seconds(12, SETTLING + MEASURING + 1))
    assert words in why(meter, stated, fastest, name, size, mean, remedy)


def test_the_brightness_of_a_picture() -> None:
    assert brightness(np.full((480, 640, 3), 40, np.uint8)) == 40
    assert brightness(np.zeros((4, 4, 3), np.uint8)) == 0
