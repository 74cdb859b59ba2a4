"""A show of three clips whose frames have their numbers drawn into them, for tests of the decks. A
test file that writes `play = deck_shows.play` has the fixture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PlayShow
from tests.shows import PlayedShow, ShowPeer
from tests.sources.numbered import number_of, numbered_clip
from vj.core.frame import Frame
from vj.pipeline.frame_context import FrameContext

SHOW = """\
show: three clips
size: 96x64
model: none
osc: 127.0.0.1:0
page: off
sinks: []
midi: off
source: one.mp4
sources: {{{more}one: one.mp4, two: two.mp4, three: three.mp4, lost: lost.mp4}}
ready: {ready}
tempo: 120
start: {{feedback/amount: 0, blend/smoothing: 0, crossfade: 0}}
mappings:
  - {{key: w, to: source, value: two}}
  - {{midi: note 36, to: source, value: two}}
  - {{midi: program, to: source}}
  - {{key: b, to: source, value: 1, quantise: bar}}
"""
LENGTH = 40
FIRST = {"one": 100, "two": 200, "three": 300}


class Watched:
    """A played show, and the number in each picture that it has shown."""

    def __init__(self, show: PlayedShow) -> None:
        self.show, self.performance = show, show.performance
        self.numbers: list[int] = []
        self.beats: list[float] = []
        """Where the beat stood in each frame."""
        store = self.performance.store
        shown = self.performance.servers.show_frame

        def show_frame(context: FrameContext, frame: Frame) -> None:
            self.numbers.append(number_of(frame))
            self.beats.append(self.performance.session.engine.tempo.beat(store.time))
            shown(context, frame)

        self.performance.servers.show_frame = show_frame  # type: ignore[method-assign]
        assert self.performance.servers.osc is not None
        self.osc = ShowPeer(self.performance.servers.osc.address[1])
        show.until(lambda: self.performance.loop.first is not None)

    @property
    def number(self) -> int:
        return self.numbers[-1] if self.numbers else -1

    def value(self, name: str) -> Any:
        return self.performance.store.get(name)

    def until(self, true: Callable[[], object]) -> None:
        self.show.until(true)

    def until_ready(self, *names: str) -> None:
        """Wait until these stand by, and no others."""
        there = self.performance.video_input
        uris = {there.names[name] for name in names}
        self.until(lambda: set(there.standby.ready) == uris)

    def until_clip(self, name: str) -> None:
        self.until(lambda: FIRST[name] <= self.number < FIRST[name] + LENGTH)

    def said(self, words: str) -> list[str]:
        return [line for line in self.show.messages if words in line]


Play = Callable[..., Watched]


@pytest.fixture
def play(tmp_path: Path, play_show: PlayShow, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Plays the show. Its clock runs as fast as frames are made, so that patience in seconds would
    end before a busy machine has read a picture."""
    for name in ("sources.reader.LOST_TIMEOUT", "app.deck_sources.WANTED_TIMEOUT"):
        monkeypatch.setattr(f"vj.{name}", 1e6)
    for name, first in FIRST.items():
        numbered_clip(tmp_path / f"{name}.mp4", LENGTH, first=first)

    def begin(more: str = "", ready: str = "all", sources: str = "", **options: Any) -> Watched:
        path = tmp_path / "three.yaml"
        path.write_text(SHOW.format(ready=ready, more=sources) + more)
        return Watched(play_show(path, **options))

    return begin
