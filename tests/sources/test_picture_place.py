"""Where a frame's picture stands in its clip, and what the clip has passed on the way there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vj.core.clock import FrameClock
from vj.core.frame import Frame, Size
from vj.core.picture_place import PicturePlace
from vj.sources import SourceSettings, make_source
from vj.sources.clip_place import picture_place
from vj.sources.playhead import Playhead
from vj.sources.transport import Transport, TransportControl

FPS = 30
MARK = 1.3


class Played:
    """A clip's playhead, looked at once a frame; what it passes is counted."""

    def __init__(self, length: float = 2.0, step: float = 1 / 25, **transport: object) -> None:
        self.control = TransportControl(Transport(**transport))  # type: ignore[arg-type]
        self.head = Playhead(self.control, length, step, live=False)
        self.frame, self.length = 0, length
        self.last: PicturePlace | None = None

    def play(self, frames: int) -> Iterator[tuple[PicturePlace, float | None]]:
        """Each frame's place, and the share at which MARK was passed on the way to it."""
        for _ in range(frames):
            self.head.at(self.frame / FPS)
            self.frame += 1
            place, before, self.last = picture_place(self.head), self.last, None
            self.last = place
            share = None
            if before is not None and place.joins(before):
                share = place.passes(MARK, before)
            yield place, share


def passes(found: Iterator[tuple[PicturePlace, float | None]]) -> int:
    return sum(share is not None for _, share in found)


@pytest.mark.parametrize("speed", [1.0, 0.1, 2.7, 4.0, -4.0, -0.3])
def test_each_loop_passes_a_mark_once_for_a_thousand_loops_and_nothing_drifts(speed: float) -> None:
    played = Played(speed=speed)
    rounds = 1000 if abs(speed) == 4 else 60
    frames = round(rounds * played.length / abs(speed) * FPS)
    last, found = None, 0
    for place, share in played.play(frames):
        last, found = place, found + (share is not None)
    assert last is not None
    assert abs(found - rounds) <= 1
    way = speed * (frames - 1) / FPS
    wanted = way % played.length
    off = abs(last.seconds - wanted)
    assert min(off, played.length - off) < 1 / FPS * abs(speed)
    assert abs(last.rounds - way / played.length) <= 1


def test_a_mark_is_passed_in_the_first_frame_that_shows_its_picture() -> None:
    played = Played(speed=0.7)
    before = 0.0
    for place, share in played.play(200):
        if share is not None:
            assert before < MARK <= place.seconds + 0.003
            assert before + share * (place.seconds - before) == pytest.approx(MARK, abs=0.003)
        before = place.seconds
    assert played.last is not None


def test_ping_pong_passes_it_on_the_way_there_and_on_the_way_back() -> None:
    played = Played(loop="ping-pong")
    assert passes(played.play(round(10 * FPS * 2 * played.length))) in (19, 20)


def test_played_once_it_is_passed_once() -> None:
    assert passes(Played(loop="once").play(10 * FPS)) == 1


def test_a_seek_is_no_way_and_a_change_of_speed_or_part_is_one() -> None:
    played = Played()
    assert passes(played.play(FPS)) == 0  # at 1.0 s
    played.control.seek(0.8)
    first, *_ = (place for place, _ in played.play(1))
    assert not first.joins(None)
    assert first.seconds == pytest.approx(1.6, abs=0.003)
    assert passes(played.play(5)) == 0
    played.control.seek(MARK / played.length)
    landed, _ = next(played.play(1))
    assert landed.is_at(MARK)
    assert not landed.is_at(MARK + 0.05)
    played.control.seek(0.5)
    assert passes(played.play(3)) == 0
    played.control.set(Transport(speed=2.0))
    assert passes(played.play(2)) == 0
    played.control.set(Transport(speed=2.0, start=0.1, end=0.9))
    assert passes(played.play(5)) == 1, "while the part that plays is changed, too"


@pytest.mark.parametrize("name", ["drawn:crash", "clips:drawn:crash,drawn:kiss"])
def test_frames_bring_their_place(name: str) -> None:
    control = TransportControl()
    settings = SourceSettings(FrameClock(10), 10, Size(32, 32), True, transport=control)
    source, clock = make_source(name, settings), settings.clock
    assert isinstance(clock, FrameClock)
    source.open()
    frames: list[Frame] = []
    for _ in range(75):
        frame = source.read()
        assert frame is not None
        frames.append(frame)
        clock.advance()
    source.close()
    places = [frame.place for frame in frames]
    assert all(place is not None for place in places)
    assert places[13].seconds == pytest.approx(1.3, abs=0.01)  # type: ignore[union-attr]
    clips = {place.clip for place in places}  # type: ignore[union-attr]
    assert clips == ({"drawn:crash", "drawn:kiss"} if "," in name else {""})
    if "," in name:  # the crash lasts 6 s
        assert places[73].seconds == pytest.approx(1.3, abs=0.01)  # type: ignore[union-attr]
