"""A whole show whose source is not there: what is told of it, what a save changes, and that it
never hears itself."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vj.app.live import Performance
from vj.core.errors import Fault
from vj.show.load import check_show
from vj.sources.ndi import NdiSource

Play = Callable[..., "Stage"]


class Stage:
    """A performance without a model."""

    def __init__(self, **lines: Any) -> None:
        self.lines = {
            "model": "none",
            "size": "64x48",
            "sinks": [],
            "osc": "127.0.0.1:0",
            "midi": "off",
        }
        self.lines |= lines
        self.said: list[str] = []
        self.played = Performance(check_show(dict(self.lines), "here"), self.said.append)

    def save(self, **lines: Any) -> bool:
        self.lines |= lines
        return self.played.adopt(check_show(dict(self.lines), "here"))

    def until(self, true: Callable[[], bool], seconds: float = 8.0) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, (self.played.video_input.state, self.said)
            time.sleep(0.01)

    def report(self, what: str) -> Any:
        return self.played.report.status().as_dict()[what]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    monkeypatch.setattr("vj.sources.reader.FIRST_FRAME_TIMEOUT", 0.15)
    monkeypatch.setattr("vj.sources.ndi.SETTLE", 0.1)
    made: list[Stage] = []

    def begin(**lines: Any) -> Stage:
        made.append(Stage(**lines))
        made[-1].played.start()
        return made[-1]

    yield begin
    for one in made:
        begun = time.monotonic()
        one.played.stop()
        assert time.monotonic() - begun < 2.0


pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")


@pipes
def test_what_is_awaited_is_reported_and_a_hanging_source_holds_up_nothing(
    tmp_path: Path, play: Play
) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    begun = time.monotonic()
    one = play(source=[f"{tmp_path}/pipe.mkv", "testcard"])
    assert time.monotonic() - begun < 3.0
    one.until(lambda: one.report("source") == "testcard 64x48")
    assert one.report("awaited") == [f"{tmp_path}/pipe.mkv"]
    assert one.played.report.osc_status()["awaited"] == [f"{tmp_path}/pipe.mkv"]
    begun = time.monotonic()
    assert one.save(source="drawn:kiss", start={"strength": 0.4})
    assert time.monotonic() - begun < 2.0
    one.until(lambda: one.report("source") == "drawn:kiss 64x48")
    assert one.report("awaited") == []


@pipes
def test_a_save_that_names_what_hangs_is_taken_and_what_plays_goes_on(
    tmp_path: Path, play: Play
) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    one = play(source="testcard")
    one.until(lambda: one.report("source") == "testcard 64x48")
    begun = time.monotonic()
    assert one.save(source=f"{tmp_path}/pipe.mkv")
    assert time.monotonic() - begun < 2.0
    assert one.report("source") == "testcard 64x48"
    assert one.report("awaited") == [f"{tmp_path}/pipe.mkv"]


def test_a_save_that_adds_a_fallback_leaves_what_plays_open(play: Play) -> None:
    one = play(source="testcard")
    capture = one.played.video_input.capture
    assert capture is not None
    one.until(lambda: one.report("source") == "testcard 64x48")
    reader = capture._slots[0].reader
    assert reader is not None
    assert one.save(source=["testcard", "none"])
    time.sleep(0.1)
    assert capture._slots[0].reader is reader
    assert not reader.stopped
    assert any(line.endswith("changed: source") for line in one.said)


def test_a_wrong_name_does_not_begin_a_show(tmp_path: Path) -> None:
    one = Stage(source=f"{tmp_path}/lost.mp4")
    with pytest.raises(Fault, match=r"lost.mp4: there is no such file"):
        one.played.start()
    one.played.stop()


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
    name = f"stage{uuid.uuid4().hex[:6]}"
    one = play(source=f"ndi:{name}", sinks=[f"ndi:{name} painted"])
    one.until(lambda: bool(one.played.outputs.sinks.sender_names()))
    one.until(lambda: seen.count(one.played.outputs.sinks.sender_names()[0]) > 3)
    time.sleep(0.3)
    capture = one.played.video_input.capture
    reader = capture._slots[0].reader if capture is not None else None
    assert reader is not None
    assert isinstance(reader.source, NdiSource)
    assert reader.source.connected == ""
    assert one.report("source") == f"ndi:{name} awaited, test card"
    assert one.report("awaited") == [f"ndi:{name}"]
    assert one.played.outputs.sinks.sender_names()[0].endswith(f"({name} painted)")
