"""Sources that stand by: their first picture is there, they cost nothing while they wait, and go on
from it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripted_sources import Scripted
from tests.sources.numbered import SIZE, number_of, numbered_clip
from tests.waiting import until
from vj.core.clock import WallClock
from vj.core.frame import Frame, Size
from vj.core.supervisor import Supervisor
from vj.sources import Source, SourceSettings, make_source, picture_finder
from vj.sources import reader as reading
from vj.sources.reader import Reader
from vj.sources.standby import Standby
from vj.sources.transport import Transport
from vj.sources.video import Video

SETTINGS = SourceSettings(WallClock(), 30.0, Size(96, 64))


class Rig:
    """A standby of clips, and of scripted devices."""

    def __init__(self, devices: dict[str, Scripted]) -> None:
        self.devices, self.transport = devices, Transport()
        self.reads = 0
        self.standby = Standby(self._make, Supervisor(print), lambda: self.transport)
        self.shown: list[Frame] = []

    def _make(self, uri: str, settings: SourceSettings) -> Source:
        made: Source = self.devices[uri] if uri in self.devices else make_source(uri, settings)
        read = made.read

        def counted() -> Frame | None:
            self.reads += 1
            return read()

        made.read = counted  # type: ignore[method-assign]
        return made

    def until_ready(self, *uris: str) -> None:
        until(lambda: sorted(self.standby.ready) == sorted(uris), lambda: self.standby.ready)

    def take(self, uri: str, position: float | None = None) -> Reader | None:
        return self.standby.take(uri, position, lambda: self.transport)

    def play(self, reader: Reader) -> None:
        """Have one go on."""
        self.shown = [reader.latest] if reader.latest is not None else []
        reader.go(lambda _, frame: self.shown.append(frame), lambda *_: None, lambda _: None)

    @property
    def numbers(self) -> list[int]:
        return [number_of(frame) for frame in list(self.shown)]


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setattr("vj.sources.reader.LOOK_AGAIN", 0.05)
    monkeypatch.setattr("vj.sources.standby.MOST", 4)
    made = Rig({"camera:7": Scripted(90)})
    yield made
    made.standby.close()


def test_a_clip_waits_with_its_first_picture_is_not_read_and_goes_on_from_it(
    rig: Rig, tmp_path: Path
) -> None:
    clip = str(numbered_clip(tmp_path / "a.mp4", 40))
    rig.standby.want([clip], SETTINGS)
    rig.until_ready(clip)
    reads = rig.reads
    assert reads == 1
    threading.Event().wait(0.2)  # it has looked a few times whether it is to begin elsewhere
    assert rig.reads == reads
    reader = rig.take(clip)
    assert reader is not None
    assert rig.take(clip) is None, "it belongs to whoever took it"
    rig.play(reader)
    assert rig.numbers == [0], "at once"
    until(lambda: len(rig.shown) > 5)
    reader.request_stop()
    assert [n for n in rig.numbers if n > 10] == []
    assert rig.numbers == sorted(rig.numbers)


def test_one_is_sent_elsewhere_in_its_clip_and_is_taken_once_it_stands_there(
    rig: Rig, tmp_path: Path
) -> None:
    clip = str(numbered_clip(tmp_path / "a.mp4", 40))
    rig.standby.want([clip], SETTINGS)
    rig.until_ready(clip)
    assert rig.take(clip, 0.5) is None, "not with another picture than the one that was sought"
    found: list[Reader] = []

    def taken() -> bool:
        found.extend(filter(None, [rig.take(clip, 0.5)]))
        return bool(found)

    until(taken)
    rig.play(found[0])
    until(lambda: len(rig.shown) > 3)
    found[0].request_stop()
    assert rig.numbers[0] == 20
    assert max(rig.numbers) < 30


def test_another_part_to_play_is_where_it_stands_a_moment_later(rig: Rig, tmp_path: Path) -> None:
    clip = str(numbered_clip(tmp_path / "a.mp4", 40))
    rig.standby.want([clip], SETTINGS)
    rig.until_ready(clip)
    rig.transport = Transport(start=0.25)
    assert rig.standby.ready == []
    rig.until_ready(clip)
    reader = rig.take(clip)
    assert reader is not None
    assert number_of(reader.latest) == 10
    reader.request_stop()


def test_a_device_is_read_on_and_comes_back_without_being_opened_again(rig: Rig) -> None:
    camera = rig.devices["camera:7"]
    rig.standby.want(["camera:7"], SETTINGS)
    rig.until_ready("camera:7")
    reads = rig.reads
    until(lambda: rig.reads > reads + 3)
    reader = rig.take("camera:7")
    assert reader is not None
    rig.play(reader)
    until(lambda: len(rig.shown) > 3)
    assert rig.standby.keep(reader)
    rig.until_ready("camera:7")
    assert (camera.opens, camera.closes) == (1, 0)
    rig.standby.want([], SETTINGS)
    until(lambda: camera.closes == 1)
    assert not rig.standby.keep(reader), "nobody wants it"


def test_a_device_that_comes_back_while_it_is_seen_what_plays_stays_open(rig: Rig) -> None:
    camera = rig.devices["camera:7"]
    rig.standby.want(["camera:7"], SETTINGS)
    rig.until_ready("camera:7")
    reader = rig.take("camera:7")
    assert reader is not None
    rig.play(reader)
    asked, back = threading.Event(), threading.Thread(target=rig.standby.keep, args=(reader,))

    def playing() -> list[str]:
        back.start()  # it leaves the deck now
        asked.set()
        time.sleep(0.05)
        return ["camera:7"]

    rig.standby.want(["camera:7"], SETTINGS, playing)
    assert asked.is_set()
    back.join()
    rig.until_ready("camera:7")
    time.sleep(0.05)
    assert (camera.opens, camera.closes) == (1, 0)


def test_paper_and_more_than_a_machine_can_hold_do_not_stand_by(rig: Rig, tmp_path: Path) -> None:
    many = [f"testcard:{n}" for n in range(6)]
    rig.standby.want(["draw", "none", *many], SETTINGS)
    assert rig.standby.claim("draw", None, lambda: rig.transport, SETTINGS) is None
    until(lambda: len(rig.standby.ready) == 4)
    rig.standby.want(many[:2], SETTINGS)
    assert len(rig.standby.ready) == 2


def test_what_was_made_for_another_size_is_made_anew(rig: Rig) -> None:
    rig.standby.want(["testcard"], SETTINGS)
    rig.until_ready("testcard")
    larger = SourceSettings(WallClock(), 30.0, Size(128, 64))
    rig.standby.anew(larger)
    rig.until_ready("testcard")
    reader = rig.take("testcard")
    assert reader is not None
    assert reader.latest is not None
    assert reader.latest.size == Size(128, 64)
    reader.request_stop()


def test_a_clip_that_is_not_there_is_told_once_before_it_is_asked_for(
    rig: Rig, tmp_path: Path
) -> None:
    said: list[str] = []
    settings = SourceSettings(WallClock(), 30.0, Size(96, 64), log=said.append)
    clip, gone = str(numbered_clip(tmp_path / "a.mp4", 5)), str(tmp_path / "gone.mp4")
    rig.standby.want([clip, gone], settings)
    until(lambda: said)
    rig.until_ready(clip)
    assert "gone.mp4: there is no such file" in said[0]
    rig.standby.want([clip], settings)
    rig.standby.want([clip, gone, "ndi:later"], settings)
    threading.Event().wait(0.2)
    assert len(said) == 1, said


def test_clips_that_stand_by_keep_few_pictures_where_they_run_backwards(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_finder, "MEMORY", 80 * SIZE.width * SIZE.height * 3 // 2)
    monkeypatch.setattr("vj.sources.standby.RUNS", 0.5)
    clip = str(numbered_clip(tmp_path / "a.mp4", 60))
    rig.transport = Transport(-1.0)
    rig.standby.want([clip, *(str(tmp_path / f"{n}.mp4") for n in range(3))], SETTINGS)
    rig.until_ready(clip)
    reader = rig.take(clip)
    assert reader is not None
    assert isinstance(reader.source, Video)
    assert reader.source._plays is not None
    finder = reader.source._plays.finder
    assert 3 <= len(finder._now.pictures) <= 10
    rig.play(reader)
    until(lambda: 20 in rig.numbers)
    assert rig.numbers == sorted(rig.numbers, reverse=True)
    assert rig.numbers[0] == 59
    assert len(finder._now.pictures) > 10
    reader.stop(60)
    assert finder._now.pictures == [], "closed, it keeps none, whoever still refers to it"


def test_clips_that_are_to_begin_elsewhere_go_there_one_by_one_and_the_wanted_one_at_once(
    rig: Rig, tmp_path: Path
) -> None:
    clips = [str(numbered_clip(tmp_path / f"{name}.mp4", 40)) for name in "ab"]
    rig.standby.want(clips, SETTINGS)
    rig.until_ready(*clips)
    with reading._finding:  # others find theirs
        rig.transport = Transport(-1.0)
        until(lambda: not rig.standby.ready)
        threading.Event().wait(0.3)
        assert rig.standby.ready == []
        until(lambda: rig.take(clips[0]) is not None)
        assert rig.standby.ready == []
    rig.until_ready(clips[1])
