"""From one source's picture to another's."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from tests.scripted_sources import SIZE
from vj.core.frame import Frame, Size, WalkFrame
from vj.pipeline.preprocess import prepare
from vj.sources.fade import SourceFade, covering, crossfade
from vj.sources.reader import Reader


def grey(value: int, size: Size = SIZE, channels: int = 3, **more: Any) -> Frame:
    pixels = np.full((size.height, size.width, channels), value, np.uint8)
    if channels == 4:
        pixels[..., 3] = 128
    return Frame(pixels, 7, 1.5, **more)


@pytest.mark.parametrize(("share", "seen"), [(0.0, 40), (0.25, 80), (0.5, 120), (1.0, 200)])
@pytest.mark.parametrize("size", [SIZE, Size(333, 41), Size(20, 400)])
def test_half_way_each_is_half_there_whatever_their_shapes(
    share: float, seen: int, size: Size
) -> None:
    shown = crossfade(grey(40, size), grey(200), share)
    assert (shown.size, shown.number, shown.captured) == (SIZE, 7, 1.5)
    assert np.abs(shown.pixels.astype(int) - seen).max() <= 1


def test_what_is_transparent_becomes_so_while_it_fades() -> None:
    for share, alpha, seen in ((0.0, 255, 40), (0.5, 191, 70), (1.0, 128, 100)):
        shown = crossfade(grey(40), grey(200, channels=4), share)
        assert shown.pixels.shape == (48, 64, 4)
        assert abs(int(shown.pixels[5, 5, 3]) - alpha) <= 1
        assert abs(int(prepare(shown.pixels, SIZE)[5, 5, 0]) - seen) <= 2, "over black"
    gone = crossfade(grey(40), grey(0, channels=4), 0.0)
    assert gone.pixels[5, 5].tolist() == [40, 40, 40, 255]


def test_a_walk_begins_at_once() -> None:
    walk = WalkFrame(grey(200).pixels, 0, 0.0, (np.zeros((4, 4, 3), np.uint8),) * 2)
    assert crossfade(grey(40), walk, 0.2) is walk


def test_a_picture_that_covers_is_cut_and_not_stretched() -> None:
    wide = np.zeros((40, 160, 3), np.uint8)
    wide[:, 60:100] = 200
    seen = covering(wide, Size(40, 40))
    assert seen.shape == (40, 40, 3)
    assert seen.min() == 200, "its middle"
    assert covering(wide, Size(160, 40)) is wide


class Played:
    """As much of a reader as a fade asks for."""

    def __init__(self, value: int) -> None:
        self.latest = grey(value)


def level(fade: SourceFade, frame: Frame, now: float) -> int:
    return int(fade.of(frame, now).pixels[5, 5, 0])


def test_another_fade_begins_with_what_is_seen_of_the_one_before() -> None:
    fade, dark, bright = SourceFade(), cast(Reader, Played(0)), cast(Reader, Played(200))
    assert level(fade, grey(80), 0.0) == 80, "nothing fades"
    fade.begin(dark, None, 10.0, 2.0)
    assert level(fade, grey(200), 11.0) == 100
    assert not fade.is_over(11.9)
    fade.begin(bright, fade.of(grey(200), 11.0), 11.0, 2.0)
    assert level(fade, grey(40), 11.0) == 100, "no jump to the source that was fading in"
    assert level(fade, grey(40), 12.0) == 70
    assert fade.is_over(13.0)
    fade.end()
    assert fade.old is None
    assert level(fade, grey(40), 11.0) == 40


def test_no_seconds_are_a_cut() -> None:
    fade = SourceFade()
    fade.begin(cast(Reader, Played(0)), None, 10.0, 0.0)
    assert fade.old is None
    assert level(fade, grey(200), 10.0) == 200
