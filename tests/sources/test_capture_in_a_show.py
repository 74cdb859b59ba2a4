"""A whole show whose source is not there: what is reported of it, what a save changes, and that its
own output is never its source."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import until
from vj.app.live import Performance
from vj.core.errors import Fault
from vj.show.load import check_show
from vj.sources import SourceSettings
from vj.sources.fallback_card import FallbackCard
from vj.sources.ndi import NdiSource
from vj.sources.shared import SharedSource

Play = Callable[..., "SourceShow"]


class SourceShow:
    """A show without a model, in this process."""

    def __init__(self, **lines: Any) -> None:
        self.lines = {
            "model": "none",
            "size": "64x48",
            "sinks": [],
            "osc": "127.0.0.1:0",
            "page": "off",
            "midi": "off",
        }
        self.lines |= lines
        self.messages: list[str] = []
        self.performance = Performance(check_show(dict(self.lines), "here"), self.messages.append)

    def save(self, **lines: Any) -> bool:
        self.lines |= lines
        return self.performance.adopt(check_show(dict(self.lines), "here"))

    def until(self, true: Callable[[], object]) -> None:
        until(true, lambda: (self.performance.video_input.state, self.messages))

    def until_status(self, name: str, value: object) -> None:
        """Wait until a value of the status is so."""
        self.until(lambda: self.status(name) == value)

    def frames(self, count: int) -> None:
        """Wait until so many more frames have left the render loop."""
        end = self.performance.metrics.painted + count
        self.until(lambda: self.performance.metrics.painted >= end)

    def status(self, name: str) -> Any:
        return self.performance.report.status().as_dict()[name]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    monkeypatch.setattr("vj.sources.reader.FIRST_FRAME_TIMEOUT", 0.15)
    monkeypatch.setattr("vj.sources.ndi.SETTLE", 0.1)
    made: list[SourceShow] = []

    def begin(**lines: Any) -> SourceShow:
        made.append(SourceShow(**lines))
        made[-1].performance.start()
        return made[-1]

    yield begin
    for show in made:
        show.performance.stop()


pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")


@pipes
def test_what_is_awaited_is_reported_and_a_hanging_source_holds_up_nothing(
    tmp_path: Path, play: Play
) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    show = play(source=[f"{tmp_path}/pipe.mkv", "testcard"])
    show.until_status("source", "testcard 64x48")
    assert show.status("awaited") == [f"{tmp_path}/pipe.mkv"]
    assert show.performance.report.osc_status()["awaited"] == [f"{tmp_path}/pipe.mkv"]
    assert show.save(source="drawn:kiss", start={"strength": 0.4})
    show.until_status("source", "drawn:kiss 64x48")
    assert show.status("awaited") == []


def test_neither_the_stage_nor_the_status_shows_a_password(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    class Card(FallbackCard):
        def __init__(self, text: str, settings: SourceSettings) -> None:
            written.append(text)
            super().__init__(text, settings)

    monkeypatch.setattr("vj.sources.capture.FallbackCard", Card)
    show = play(source="rtsp://me:hidden@127.0.0.1:1/stream?key=hidden")
    masked = "rtsp://me:***@127.0.0.1:1/stream?key=***"
    show.until_status("source", f"{masked} awaited, test card")
    assert show.status("awaited") == [masked]
    assert f"source {masked}" in show.status("threads")
    assert written == ["no picture from rtsp://127.0.0.1:1/stream"]
    assert "hidden" not in str(show.performance.report.status().as_dict())


@pipes
def test_a_save_that_names_what_hangs_is_taken_and_what_plays_goes_on(
    tmp_path: Path, play: Play
) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    show = play(source="testcard")
    show.until_status("source", "testcard 64x48")
    assert show.save(source=f"{tmp_path}/pipe.mkv")
    show.frames(5)
    assert show.status("source") == "testcard 64x48"
    assert show.status("awaited") == [f"{tmp_path}/pipe.mkv"]


def test_a_save_that_adds_a_fallback_leaves_what_plays_open(play: Play) -> None:
    show = play(source="testcard")
    capture = show.performance.video_input.capture
    assert capture is not None
    show.until_status("source", "testcard 64x48")
    reader = capture._list.slots[0].reader
    assert reader is not None
    assert show.save(source=["testcard", "none"])
    show.frames(5)
    assert capture._list.slots[0].reader is reader
    assert not reader.stopped
    assert any(line.endswith("changed: source") for line in show.messages)


def test_a_wrong_name_does_not_begin_a_show(tmp_path: Path) -> None:
    show = SourceShow(source=f"{tmp_path}/lost.mp4")
    with pytest.raises(Fault, match=r"lost.mp4: there is no such file"):
        show.performance.start()
    show.performance.stop()


def test_a_show_does_not_take_its_own_output_for_its_input(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = pytest.importorskip("NDIlib")
    seen: list[str] = []
    sources = library.find_get_current_sources

    def see(finder: Any) -> Any:
        found = sources(finder)
        seen.extend(source.ndi_name for source in found)
        return found

    monkeypatch.setattr(library, "find_get_current_sources", see)
    name = f"vj{uuid.uuid4().hex[:6]}"
    show = play(source=f"ndi:{name}", sinks=[f"ndi:{name} painted"])
    show.until(lambda: bool(show.performance.outputs.sinks.sender_names()))
    show.until(lambda: seen.count(show.performance.outputs.sinks.sender_names()[0]) > 6)
    capture = show.performance.video_input.capture
    reader = capture._list.slots[0].reader if capture is not None else None
    assert reader is not None
    assert isinstance(reader.source, SharedSource)
    assert isinstance(reader.source.source, NdiSource)
    assert reader.source.source.connected == ""
    assert show.status("source") == f"ndi:{name} awaited, test card"
    assert show.status("awaited") == [f"ndi:{name}"]
    assert show.performance.outputs.sinks.sender_names()[0].endswith(f"({name} painted)")
