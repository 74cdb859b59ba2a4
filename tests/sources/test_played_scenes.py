"""Moving drawn scenes and lists of clips that follow a transport."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sources.numbered import SIZE, number_of, numbered_clip
from tests.waiting import JumpingClock
from vj.core.clock import FrameClock
from vj.core.frame import Frame, Size
from vj.sources import EndOfSource, SourceSettings, make_source
from vj.sources.drawn import make_scene
from vj.sources.transport import Transport, TransportControl

SQUARE = Size(64, 64)


def played(
    uri: str, fps: float = 10, show_loops: bool = True, size: Size = SQUARE, **transport: Any
) -> tuple[Any, TransportControl, Callable[[int], list[np.ndarray]]]:
    control, clock = TransportControl(Transport(**transport)), FrameClock(fps)
    source = make_source(uri, SourceSettings(clock, fps, size, loop=show_loops, transport=control))
    source.open()

    def following(count: int) -> list[np.ndarray]:
        found = []
        for _ in range(count):
            frame = source.read()
            assert frame is not None
            found.append(frame.pixels)
            clock.advance()
        return found

    return source, control, following


def test_a_scene_is_drawn_where_the_transport_stands() -> None:
    scene = make_scene("puppet", SQUARE)
    truth = [scene.draw(n / 10) for n in range(60)]
    source, control, following = played("drawn:puppet")
    assert source.length == pytest.approx(6.0)
    for one, two in zip(following(65), truth + truth[:5], strict=True):
        assert np.array_equal(one, two)
    control.set(Transport(0.5))
    control.seek(0.5)
    slowed = following(4)
    assert np.array_equal(slowed[2], truth[31])
    assert np.array_equal(slowed[1], scene.draw(3.05)), "between two of its frames"
    assert source.position() == pytest.approx(3.15 / 6)
    control.set(Transport(-1.0))
    control.seek(0.5)
    assert np.array_equal(following(3)[2], truth[28])


def test_a_scene_that_plays_once_ends() -> None:
    source, control, following = played("drawn:puppet", loop="once", show_loops=False)
    following(60)
    with pytest.raises(EndOfSource):
        source.read()
    assert source.due == pytest.approx(6.0)
    source, control, following = played("drawn:puppet", loop="next", start=0.9)
    following(6)
    assert control.over is None
    following(1)
    assert control.over == pytest.approx(0.6)


def test_live_a_scene_that_holds_is_not_drawn_again() -> None:
    control, clock = TransportControl(Transport(0.0)), JumpingClock()
    source: Any = make_source("drawn:puppet", SourceSettings(clock, 10, SQUARE, transport=control))
    source.open()
    clock.wait_until(20.0)
    assert source.read() is not None
    assert clock.now() == 20.0, "it stood ready"
    assert [source.read() for _ in range(3)] == [None] * 3
    control.seek(0.3)
    assert np.array_equal(source.read().pixels, make_scene("puppet", SQUARE).draw(1.8))


def number_of_pixels(pixels: np.ndarray) -> int:
    return number_of(Frame(pixels, 0, 0.0))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two clips of 12 and 20 frames."""
    folder = tmp_path_factory.mktemp("pair")
    return ",".join(
        str(numbered_clip(folder / f"{count}.mp4", count, options={"g": "5"})) for count in (12, 20)
    )


@pytest.mark.parametrize(
    ("speed", "order"),
    [
        (1.0, [*range(12), *range(20), *range(4)]),
        (2.0, [*range(0, 12, 2), *range(0, 20, 2), 0, 2]),
        (-1.0, [*range(19, -1, -1), *range(11, -1, -1), 19, 18]),
        (0.0, [0] * 5),
    ],
)
def test_clips_play_one_after_the_other_at_any_speed(
    pair: str, speed: float, order: list[int]
) -> None:
    source, _, following = played(f"clips:{pair}", 30, size=SIZE, speed=speed)
    assert [number_of_pixels(pixels) for pixels in following(len(order))] == order
    source.close()


def test_clips_are_sought_and_cut_each(pair: str) -> None:
    source, control, following = played(f"clips:{pair}", 30, size=SIZE, start=0.5, end=0.75)
    assert [number_of_pixels(p) for p in following(9)] == [6, 7, 8, 10, 11, 12, 13, 14, 6]
    control.set(Transport())
    control.seek(0.75)
    assert [number_of_pixels(p) for p in following(5)] == [9, 10, 11, 0, 1], "of the one that plays"
    assert source.position() == pytest.approx(1 / 20)
    assert source.length == pytest.approx(20 / 30)


def test_clips_end_and_make_way(pair: str) -> None:
    source, control, following = played(f"clips:{pair}", 30, size=SIZE, loop="next")
    assert number_of_pixels(following(32)[-1]) == 19
    assert control.over is None
    assert number_of_pixels(following(1)[-1]) == 19
    assert control.over == pytest.approx(32 / 30)
    source, control, following = played(
        f"clips:{pair}", 30, size=SIZE, loop="once", show_loops=False
    )
    following(32)
    with pytest.raises(EndOfSource):
        source.read()


def test_clips_begin_again_with_the_first(pair: str) -> None:
    _, control, following = played(f"clips:{pair}", 30, size=SIZE)
    assert number_of_pixels(following(15)[-1]) == 2
    control.restart()
    assert [number_of_pixels(p) for p in following(13)] == [*range(12), 0]
    control.restart()
    control.set(Transport(-1.0))
    control.seek(0.5)
    assert [number_of_pixels(p) for p in following(3)] == [10, 9, 8], "the newest holds"


def test_live_clips_follow_without_a_gap(pair: str) -> None:
    control, clock = TransportControl(), JumpingClock()
    source: Any = make_source(f"clips:{pair}", SourceSettings(clock, 30, SIZE, transport=control))
    source.open()
    found: list[tuple[int, float]] = []
    while len(found) < 70:
        frame = source.read()
        if frame is not None:
            found.append((number_of(frame), frame.captured))
    order = [*range(12), *range(20)]
    assert [number for number, _ in found] == [order[n % 32] for n in range(70)]
    assert [moment for _, moment in found] == pytest.approx([n / 30 for n in range(70)], abs=0.006)
    source.close()


def test_a_still_scene_has_no_length(tmp_path: Path) -> None:
    source, _, following = played("drawn:meadow", speed=-1.0)
    assert len(following(3)) == 3
    assert source.position() is None
