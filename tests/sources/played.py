"""Films as tests read them: those that follow a transport, offline and live, and whole ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.sources.numbered import SIZE, number_of
from tests.waiting import JumpingClock
from vj.core.clock import FrameClock
from vj.core.frame import Frame
from vj.sources import EndOfSource, Source, SourceSettings, make_source
from vj.sources.transport import Transport, TransportControl
from vj.sources.video import Video

B_FRAMES = {"bf": "3", "g": "12", "crf": "18", "sc_threshold": "0"}
"""Options of an encoder: pictures that need later ones, and a key picture every twelve."""


@dataclass
class Played:
    """A clip that follows a transport, on its own rate offline."""

    video: Video
    control: TransportControl
    clock: FrameClock

    @property
    def frames(self) -> int:
        assert self.video.length is not None
        return round(self.video.length * self.clock.fps)

    def next(self, count: int) -> list[int]:
        """The numbers of the frames that are shown at the next moments."""
        found = []
        for _ in range(count):
            found.append(number_of(self.video.read()))
            self.clock.advance()
        return found


def played(path: Path, show_loops: bool = True, **transport: Any) -> Played:
    control, clock = TransportControl(Transport(**transport)), FrameClock(30)
    video = Video(str(path), SourceSettings(clock, 30, SIZE, loop=show_loops, transport=control))
    video.open()
    clock.fps = video.fps or 30
    return Played(video, control, clock)


def live(path: Path, **transport: Any) -> tuple[Video, TransportControl, JumpingClock]:
    control, clock = TransportControl(Transport(**transport)), JumpingClock()
    video = Video(str(path), SourceSettings(clock, 30, SIZE, transport=control))
    video.open()
    return video, control, clock


def read_all(source: Source, gaps: bool = False) -> list[Frame]:
    """All frames of one that ends. gaps: there may be none at a moment, as live."""
    source.open()
    found = []
    try:
        while True:
            frame = source.read()
            assert gaps or frame is not None
            found.extend([frame] if frame is not None else [])
    except EndOfSource:
        return found
    finally:
        source.close()


def all_of(uri: str, rate: float, said: list[str] | None = None) -> list[Frame]:
    """All frames of an address, offline at this rate. said: gets the messages."""
    said = [] if said is None else said
    settings = SourceSettings(FrameClock(rate), rate, loop=False, log=said.append)
    return read_all(make_source(uri, settings))


def first_of(path: Path, said: list[str] | None = None) -> Frame:
    """A film's first frame, offline. said: gets the messages."""
    said = [] if said is None else said
    video = Video(str(path), SourceSettings(FrameClock(25.0), 25.0, loop=False, log=said.append))
    video.open()
    frame = video.read()
    video.close()
    assert frame is not None
    return frame
