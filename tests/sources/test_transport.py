"""Where a clip stands: speeds, ends, seeks, on moments alone. Clips here have ten frames a second,
and the frame that is seen follows from the place."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest

from vj.sources.playhead import Playhead
from vj.sources.transport import At, Moves, Transport, TransportControl

RATE = 10


def seen(
    playhead: Playhead, count: int, first: int = 0, times: list[float] | None = None
) -> list[int]:
    """The frames that are seen at so many moments, a tenth of a second apart. times: of the
    clip's frames, where they are not all of one length."""
    begins = times or [n / RATE for n in range(round(playhead.length * RATE))]
    found = []
    for n in range(first, first + count):
        place = playhead.at(n / RATE)
        found.append(max(i for i, begin in enumerate(begins) if begin <= place or i == 0))
    return found


def made(
    frames: int = 5, live: bool = False, **transport: Any
) -> tuple[TransportControl, Playhead]:
    control = TransportControl(Transport(**transport))
    return control, Playhead(control, frames / RATE, 1 / RATE, live)


@pytest.mark.parametrize(
    ("transport", "frames"),
    [
        ({}, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]),
        ({"speed": 0.0}, [0] * 12),
        ({"speed": 0.5}, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 0]),
        ({"speed": 2.0}, [0, 2, 4, 1, 3, 0, 2, 4, 1, 3, 0, 2]),
        ({"speed": -1.0}, [4, 3, 2, 1, 0, 4, 3, 2, 1, 0, 4, 3]),
        ({"speed": -0.5}, [4, 4, 3, 3, 2, 2, 1, 1, 0, 0, 4, 4]),
        ({"loop": "ping-pong"}, [0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3]),
        ({"loop": "ping-pong", "speed": -1.0}, [4, 3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1]),
        ({"loop": "once"}, [0, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4]),
        ({"loop": "next", "speed": -2.0}, [4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ({"start": 0.2, "end": 0.8}, [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]),
        ({"start": 0.8, "end": 0.2, "speed": -1.0}, [3, 2, 1, 3, 2, 1, 3, 2, 1, 3, 2, 1]),
        ({"start": 0.4, "end": 0.4}, [2] * 12),
        ({"start": 1.0, "end": 1.0, "loop": "ping-pong"}, [4] * 12),
    ],
)
def test_a_clip_is_played_as_its_transport_says(
    transport: dict[str, Any], frames: list[int]
) -> None:
    assert seen(made(**transport)[1], 12) == frames


def test_it_keeps_time_for_hours() -> None:
    """Thirty frames a second, whose moments have no exact figures, and a clip of 99 frames: after
    ten hours it is still on the frame."""
    control = TransportControl()
    playhead = Playhead(control, 99 / 30, 1 / 30, live=False)
    for n in range(0, 10 * 3600 * 30, 1001):
        assert int(playhead.at(n / 30) * 30) == n % 99


def test_timestamps_that_are_rounded_change_nothing() -> None:
    """A Matroska file holds milliseconds: 0.067 for the second frame of 30 a second."""
    times = [round(n / 30, 3) for n in range(60)]
    for speed, order in ((1.0, list(range(60))), (-1.0, list(range(59, -1, -1)))):
        playhead = Playhead(TransportControl(Transport(speed)), 2.0, 1 / 30, live=False)
        places = [playhead.at(n / 30) for n in range(60)]
        assert [max(i for i, t in enumerate(times) if t <= place) for place in places] == order


def test_the_speed_may_turn_and_stop_at_any_frame() -> None:
    control, playhead = made(frames=10)
    assert seen(playhead, 4) == [0, 1, 2, 3]
    control.set(Transport(speed=-1.0))
    assert seen(playhead, 2, 4) == [2, 1]
    control.set(Transport(speed=0.0))
    assert seen(playhead, 2, 6) == [1, 1]
    control.set(Transport(speed=1.0))
    assert seen(playhead, 2, 8) == [2, 3]
    control.set(Transport(speed=1.0, loop="ping-pong"))
    assert seen(playhead, 8, 10) == [4, 5, 6, 7, 8, 9, 8, 7]
    control.set(Transport(speed=1.0, start=0.5, loop="ping-pong"))
    assert seen(playhead, 3, 18) == [6, 5, 6]


def test_the_part_that_plays_is_moved_while_it_plays() -> None:
    control, playhead = made(frames=10)
    assert seen(playhead, 7) == [0, 1, 2, 3, 4, 5, 6]
    control.set(Transport(end=0.5))
    assert seen(playhead, 3, 7) == [1, 2, 3], "beyond the end it begins again"
    control.set(Transport(start=0.8))
    assert seen(playhead, 3, 10) == [9, 8, 9]
    control.set(Transport(speed=-1.0, end=0.3))
    assert seen(playhead, 3, 13) == [1, 0, 2]


def test_seeking_is_exact_and_the_newest_wins() -> None:
    control, playhead = made(frames=10, speed=0.0)
    assert seen(playhead, 1) == [0]
    for n in range(10):
        control.seek(n / 10)
        assert seen(playhead, 1, 1 + n) == [n], "a pad a frame"
    control.seek(0.2)
    control.seek(1.0)
    assert seen(playhead, 2, 20) == [9, 9]
    control.set(Transport(1.0))
    control.seek(0.5)
    assert seen(playhead, 2, 22) == [5, 6]
    control.seek(0.5)
    assert seen(playhead, 2, 24) == [5, 6], "the same once more is a seek too"
    control.restart()
    assert seen(playhead, 1, 26) == [0]
    control.set(Transport(1.0, 0.3, 0.6))
    control.seek(0.9)
    assert seen(playhead, 2, 27) == [5, 3], "inside the part that plays"
    assert control.seeks == 16


def test_it_stands_until_it_is_first_looked_at() -> None:
    control, playhead = made()
    assert seen(playhead, 2, first=70) == [0, 1]
    control, playhead = made(start=0.4)
    control.seek(0.8)
    assert seen(playhead, 1, first=70) == [4], "a seek while it waited"
    playhead.begin(8.0)
    assert seen(playhead, 2, first=80) == [2, 3]


def test_the_end_is_said_with_its_moment_and_taken_back() -> None:
    control, playhead = made(loop="next", speed=0.8)
    playhead.begin(2.0)
    playhead.at(2.6)
    assert control.over is None
    playhead.at(2.7)
    assert control.over == pytest.approx(2.0 + 0.5 / 0.8)
    assert playhead.velocity == 0
    control.seek(0.0)
    playhead.at(2.8)
    assert control.over is None
    control.set(Transport(-1.0, loop="once"))
    playhead.at(3.4)
    assert control.over == pytest.approx(2.8, abs=0.02)


def test_live_a_long_pause_is_not_caught_up() -> None:
    playhead = made(frames=50, live=True)[1]
    assert seen(playhead, 2) == [0, 1]
    assert seen(playhead, 2, first=33) == [1, 2]
    offline = made(frames=50)[1]
    assert seen(offline, 1) + seen(offline, 1, first=33) == [0, 33]


@pytest.mark.parametrize("loop", ["loop", "ping-pong"])
@pytest.mark.parametrize("speed", [1.0, -1.0, 0.3, -2.0])
def test_what_is_due_comes_exactly_then(loop: str, speed: float) -> None:
    """Looked at only when the next picture is due, each lasts a frame at its speed."""
    _, playhead = made(frames=4, loop=loop, speed=speed)
    now, frames, moments = 3.0, [], []
    for _ in range(14):
        frame = int(playhead.at(now) * RATE + 1e-9)
        frames.append(frame)
        moments.append(now)
        due = playhead.due(frame / RATE, (frame + 1) / RATE)
        assert due is not None
        now = due
    back = [3, 2, 1, 0] if loop == "loop" else [3, 2, 1, 0, 1, 2]
    forth = [0, 1, 2, 3] if loop == "loop" else [0, 1, 2, 3, 2, 1]
    order = forth if speed > 0 else back
    assert frames == [order[n % len(order)] for n in range(14)]
    lasted = [b - a for a, b in itertools.pairwise(moments[1:])]
    assert lasted == pytest.approx([0.1 / abs(speed)] * 12, abs=0.015 / abs(speed))


def test_a_deck_s_parameters_are_followed() -> None:
    values: dict[str, Any] = {
        "deck/b/speed": -2.0,
        "deck/b/in": 0.25,
        "deck/b/out": 0.75,
        "deck/b/loop": "once",
        "deck/b/start": 3,
        "deck/b/position": 0.5,
        "deck/b/seek": 1,
        "deck/b/at": 0.0,
        "deck/b/again": 0,
        "deck/b/between": "flow",
    }
    assert Transport.of(values, "deck/b") == Transport(-2.0, 0.25, 0.75, "once", True)
    first = Moves.of(values, "deck/b")
    assert first.since(first) is None, "what was there before is no seek"
    for changes, sought in (
        ({"deck/b/position": 0.6}, 0.6),
        ({"deck/b/seek": 2}, 0.5),
        ({"deck/b/at": 2.5}, At(2.5)),
        ({"deck/b/again": 1}, At(0.0)),
        ({"deck/b/start": 4}, None),
    ):
        assert Moves.of(values | changes, "deck/b").since(first) == sought


def test_it_goes_to_seconds_of_the_clip_inside_the_part_that_plays() -> None:
    control = TransportControl(Transport(start=0.2, end=0.8))
    head = Playhead(control, 10.0, 0.1, True)
    head.at(0.0)
    for asked, place in ((2.5, 2.5), (0.5, 2.0), (9.0, 7.9)):
        control.seek(At(asked))
        assert head.at(0.0) == pytest.approx(place, abs=0.01)


def test_no_seek_of_many_threads_is_lost() -> None:
    control = TransportControl()

    def work() -> None:
        for _ in range(500):
            control.seek(0.5)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert control.seeks == 2000
