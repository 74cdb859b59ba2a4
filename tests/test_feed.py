"""The sources of a show: the first that is there plays, what comes later takes over, and nothing waits for one that hangs."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.test_sources import write_clip
from vj.clock import WallClock
from vj.errors import Fault, Unavailable
from vj.frame import Frame, Size
from vj.mailbox import Mailbox
from vj.offline import Rendering
from vj.show.load import check_show
from vj.sources import Awaited, EndOfSource, Setting, Source, make_source
from vj.sources.card import CARD
from vj.sources.fade import covering, mixed
from vj.sources.feed import Feed
from vj.supervise import Supervisor

SIZE = Size(64, 48)


class Scripted:
    """A source that does as it is told: a frame of its grey, None, an exception, one after another; then frames for ever. `absent`: raised
    by `open` while it is set. `hangs`: `open` waits for it."""

    live = True

    def __init__(self, grey: int = 0, script: list[Any] | None = None) -> None:
        self.grey, self.script = grey, list(script or [])
        self.opens = self.closes = 0
        self.absent: Exception | None = None
        self.hangs: threading.Event | None = None
        self.silent = False

    def open(self) -> None:
        self.opens += 1
        if self.hangs is not None:
            self.hangs.wait(20)
        if self.absent is not None:
            raise self.absent

    def read(self) -> Frame | None:
        time.sleep(0.01)
        step = self.script.pop(0) if self.script else "frame"
        if isinstance(step, BaseException):
            raise step
        if step is None or self.silent:
            return None
        return Frame(np.full((48, 64, 3), self.grey, np.uint8), 0, 0.0)

    def close(self) -> None:
        self.closes += 1


class Rig:
    """A feed of scripted sources, and all that comes out of it."""

    def __init__(self, uris: list[str], sources: dict[str, Any], **setting: Any) -> None:
        self.sources, self.said = sources, list[str]()
        self.frames: list[Frame] = []
        self.box: Mailbox[Frame] = Mailbox()
        self.supervisor = Supervisor(self.said.append)
        self.setting = Setting(WallClock(), fps=50, size=SIZE, say=self.said.append, **setting)
        self.feed = Feed(uris, self.box, self.setting, self.said.append, self.supervisor, self.make)
        self.feed.start()

    def make(self, uri: str, setting: Setting) -> Source:
        made: Source = self.sources[uri] if uri in self.sources else make_source(uri, setting)
        return made

    def until(self, true: Callable[[], bool], seconds: float = 5.0) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, (self.feed.state(), self.said)
            frame = self.box.take(0.01)
            if frame is not None:
                self.frames.append(frame)

    @property
    def grey(self) -> int:
        return int(self.frames[-1].pixels[30, 40, 1]) if self.frames else -1


Play = Callable[..., Rig]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Feeds with little patience."""
    for name, value in {
        "reader.GRACE": 0.15,
        "reader.PATIENCE": 0.3,
        "reader.RETRY": (0.03,),
        "feed.FADE": 0.2,
        "feed.LOOK": 0.02,
    }.items():
        monkeypatch.setattr(f"vj.sources.{name}", value)
    made: list[Rig] = []

    def begin(*uris: str, settle: float = 2.0, **sources: Any) -> Rig:
        named = {name.replace("_", ":"): source for name, source in sources.items()}
        made.append(Rig(list(uris), named))
        if settle:
            made[-1].feed.settle(settle)
        return made[-1]

    yield begin
    for rig in made:
        for source in rig.sources.values():
            if source.hangs is not None:
                source.hangs.set()
        assert rig.feed.stop()


def test_whatever_a_source_throws_it_is_opened_again(play: Play) -> None:
    script = (
        ["frame"] * 3 + [RuntimeError("driver fell over")] + ["frame"] * 3 + [Fault("reel:1: lost")]
    )
    rig = play("reel:1", reel_1=Scripted(script=script))
    rig.until(lambda: len(rig.frames) > 20)
    assert [frame.number for frame in rig.frames] == sorted({frame.number for frame in rig.frames})
    assert rig.sources["reel:1"].opens == 3
    assert rig.feed.faults == 2
    assert rig.said == [
        "reel:1: RuntimeError: driver fell over; trying again",
        "reel:1 is back",
        "reel:1: lost; trying again",
        "reel:1 is back",
    ]
    assert rig.feed.state() == "reel:1 64x48"


@pytest.mark.parametrize("absent", [Awaited("camera:9: not plugged in"), OSError("a driver's own")])
def test_a_device_that_is_not_there_at_the_start_is_awaited_and_said(
    play: Play, absent: Exception
) -> None:
    camera = Scripted(200)
    camera.absent = absent
    rig = play("camera:9", camera_9=camera)
    rig.until(lambda: rig.feed.state() == "camera:9 awaited, test card")
    assert rig.feed.awaited == ["camera:9"]
    assert rig.said[-1] == "no source is there yet: the test card plays until camera:9 appears"
    assert len(rig.said) == 2, "why, and what plays"
    camera.absent = None
    rig.until(lambda: rig.grey == 200)
    rig.until(lambda: "camera:9 is there" in rig.said)
    assert rig.feed.awaited == []


def test_one_named_earlier_fades_in_when_it_appears(play: Play) -> None:
    camera = Scripted(200)
    camera.absent = Awaited("camera:9: not plugged in")
    reel = Scripted(20)
    rig = play("camera:9", "reel:1", camera_9=camera, reel_1=reel)
    rig.until(lambda: len(rig.frames) > 5)
    assert {int(frame.pixels.max()) for frame in rig.frames} == {20}, "the test card was not named"
    assert rig.feed.awaited == ["camera:9"]
    rig.until(lambda: bool(rig.said))
    assert rig.said == ["camera:9: not plugged in; reel:1 plays until it comes"]
    camera.absent, count = None, len(rig.frames)
    rig.until(lambda: rig.grey == 200)
    way = [int(frame.pixels[0, 0, 0]) for frame in rig.frames[count:]]
    assert way == sorted(way), "it does not go back and forth"
    assert len({grey for grey in way if 20 < grey < 200}) >= 5, "half way, half of each"
    rig.until(lambda: reel.closes > 0)
    assert rig.feed.uri == "camera:9"
    assert rig.said[1:] == ["camera:9 is there"]


def test_one_that_stays_away_is_replaced_by_the_next_and_comes_back(play: Play) -> None:
    first, second = Scripted(200, ["frame"] * 5), Scripted(90)
    rig = play("reel:1", "reel:2", reel_1=first, reel_2=second)
    rig.until(lambda: len(rig.frames) > 3)
    assert second.opens == 0, "what is not needed is not opened"
    first.silent = True
    rig.until(lambda: rig.feed.state() == "reel:1 lost, last picture")
    assert rig.grey == 200
    rig.until(lambda: rig.grey == 90)
    assert rig.feed.awaited == ["reel:1"]
    first.silent = False
    rig.until(lambda: rig.grey == 200 and second.closes > 0)
    rig.until(lambda: len(rig.said) == 2)
    assert "reel:2 plays until it comes" in rig.said[0]
    assert rig.said[1] == "reel:1 is back"


def test_the_test_card_stands_in_for_the_last_one_and_leaves(play: Play) -> None:
    reel = Scripted(10, ["frame"] * 3 + [Fault("reel:1: lost")])
    rig = play("reel:1", reel_1=reel)
    rig.until(lambda: len(rig.frames) > 1)
    reel.absent = Fault("reel:1: lost")
    states = set[str]()

    def see(true: bool) -> bool:
        states.add(rig.feed.state())
        return true

    rig.until(lambda: see(bool(rig.frames) and rig.frames[-1].pixels.max() > 200))
    reel.absent = None
    rig.until(lambda: see(rig.grey == 10) and rig.frames[-1].pixels.max() == 10)
    assert {"reel:1 lost, last picture", "reel:1 lost, test card", "reel:1 64x48"} <= states
    rig.until(lambda: "reel:1 is back" in rig.said)
    assert sum("reel:1: lost" in line for line in rig.said) == 1, "once, not at every attempt"
    assert CARD not in rig.supervisor.threads


def test_one_that_hangs_while_it_opens_holds_up_neither_the_start_nor_the_end(play: Play) -> None:
    share = Scripted(200)
    share.hangs = threading.Event()
    begun = time.monotonic()
    rig = play("share:1", "reel:1", settle=0.05, share_1=share, reel_1=Scripted(20))
    assert time.monotonic() - begun < 0.15
    rig.until(lambda: rig.grey == 20)
    rig.until(lambda: bool(rig.said))
    assert rig.said == ["share:1 gives no picture yet; reel:1 plays until it comes"]
    begun = time.monotonic()
    assert not rig.feed.stop(timeout=0.05)
    assert time.monotonic() - begun < 0.3
    rig.box.take(0)
    share.hangs.set()
    rig.until(lambda: share.closes > 0)
    assert rig.box.take(0.1) is None, "nothing comes after the end"


def test_what_comes_back_after_hanging_plays(play: Play) -> None:
    share = Scripted(200)
    share.hangs = threading.Event()
    rig = play("share:1", settle=0.05, share_1=share)
    rig.until(lambda: rig.feed.state() == "share:1 awaited, test card")
    share.hangs.set()
    rig.until(lambda: rig.grey == 200 and rig.frames[-1].pixels.max() == 200)


def test_one_that_gives_a_single_picture_fades_in_all_the_same(play: Play) -> None:
    still = Scripted(200)
    still.absent = Awaited("later")
    rig = play("still:1", "reel:1", still_1=still, reel_1=Scripted(20))
    rig.until(lambda: len(rig.frames) > 3)
    still.script = ["frame"] + [None] * 1000
    still.absent = None
    rig.until(lambda: rig.grey == 200, seconds=1.0)


def test_a_wrong_name_that_is_found_out_late_is_awaited(play: Play) -> None:
    """A share that answers after a while: the show has begun, and there has to be a picture."""
    share = Scripted(200)
    share.hangs, share.absent = threading.Event(), Fault("share:1: there is no such file")
    rig = play("share:1", settle=0.05, share_1=share)
    share.hangs.set()
    rig.until(lambda: rig.feed.state() == "share:1 awaited, test card")
    rig.until(lambda: len(rig.said) == 2)
    assert rig.said[0] == "share:1: there is no such file"
    share.absent = None
    rig.until(lambda: rig.grey == 200)


def test_wrong_names_alone_do_not_begin_a_show(tmp_path: Path, play: Play) -> None:
    (tmp_path / "clip one.mp4").touch()
    rig = play(f"{tmp_path}/clip_one.mp4", settle=0)
    with pytest.raises(
        Fault, match=r"clip_one.mp4: there is no such file .*; did you mean clip one.mp4"
    ):
        rig.feed.settle(2.0)
    rig = play(f"{tmp_path}/lost.mp4", f"{tmp_path}/two.mp4", settle=0)
    with pytest.raises(Fault, match=r"no source opens: .*lost.mp4.*; .*two.mp4"):
        rig.feed.settle(2.0)
    assert not rig.frames


def test_a_wrong_name_with_another_after_it_is_said_and_the_other_plays(
    tmp_path: Path, play: Play
) -> None:
    rig = play(f"{tmp_path}/lost.mp4", "testcard")
    rig.until(lambda: bool(rig.said) and rig.feed.uri == "testcard")
    assert "lost.mp4: there is no such file" in rig.said[0]
    assert rig.said[0].endswith("; testcard plays until it comes")
    write_clip(tmp_path / "lost.mp4")
    rig.until(lambda: rig.feed.uri.endswith("lost.mp4"))


@pytest.mark.parametrize(
    "path", ["/media/anna/STICK/loop.mp4", "/Volumes/STICK/loop.mp4", "{tmp}/not mounted/loop.mp4"]
)
def test_a_file_on_a_stick_that_is_not_there_is_awaited(
    path: str, tmp_path: Path, play: Play
) -> None:
    rig = play(path.format(tmp=tmp_path))
    rig.until(lambda: "test card" in rig.feed.state())
    assert len(rig.feed.awaited) == 1


def test_what_needs_a_library_is_not_tried_again(play: Play) -> None:
    spout = Scripted()
    spout.absent = Unavailable("spout:x: Spout is for Windows only; NDI plays here")
    rig = play("spout:x", "reel:1", spout_x=spout, reel_1=Scripted(20))
    rig.until(lambda: len(rig.frames) > 10)
    assert spout.opens == 1
    assert rig.feed.awaited == []
    rig.until(lambda: bool(rig.said))
    assert rig.said == ["spout:x: Spout is for Windows only; NDI plays here; reel:1 plays"]
    with pytest.raises(Fault, match="Windows only"):
        play("spout:x", spout_x=spout)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_a_pipe_plays_once_somebody_writes_into_it(tmp_path: Path, play: Play) -> None:
    clip = write_clip(tmp_path / "clip.mkv", frames=40)
    os.mkfifo(tmp_path / "pipe.mkv")
    rig = play(f"video:{tmp_path}/pipe.mkv", settle=0.05)
    rig.until(lambda: rig.feed.state().endswith("awaited, test card"))
    with open(tmp_path / "pipe.mkv", "wb") as pipe:
        pipe.write(clip.read_bytes())
    rig.until(lambda: rig.feed.state().endswith("pipe.mkv 96x64"))


def test_the_end_of_a_clip_ends_the_feed(tmp_path: Path, play: Play) -> None:
    rig = Rig([str(write_clip(tmp_path / "clip.mp4", frames=5))], {}, loop=False)
    rig.feed.settle(2.0)
    rig.until(lambda: rig.feed.ended)
    assert rig.feed.state().endswith("clip.mp4 at its end")
    assert rig.feed.stop()


def test_pictures_that_lie_far_apart_are_no_loss(play: Play) -> None:
    """A clip that holds a picture for long says None meanwhile."""
    slides = Scripted(200, ["frame", *[None] * 100])
    slides.live = False
    rig = play("slides:1", "reel:1", slides_1=slides, reel_1=Scripted(20))
    rig.until(lambda: not slides.script)
    assert {int(frame.pixels.max()) for frame in rig.frames} == {200}


def test_a_list_with_another_fallback_leaves_what_plays_alone(play: Play) -> None:
    reel = Scripted(200)
    rig = play("reel:1", reel_1=reel)
    rig.until(lambda: len(rig.frames) > 3)
    change = rig.feed.ready(["reel:1", "testcard"], rig.setting)
    change.switch()
    count = len(rig.frames)
    rig.until(lambda: len(rig.frames) > count + 5)
    assert (reel.opens, reel.closes) == (1, 0)
    assert rig.feed.awaited == []
    reel.silent = True
    rig.until(lambda: rig.feed.uri == "testcard")


def test_another_list_whose_first_is_not_there_yet_is_played_when_it_comes(play: Play) -> None:
    old, new = Scripted(20), Scripted(200)
    new.hangs = threading.Event()
    rig = play("reel:1", reel_1=old, reel_2=new)
    rig.until(lambda: len(rig.frames) > 3)
    begun = time.monotonic()
    rig.feed.ready(["reel:2"], rig.setting).switch()
    assert time.monotonic() - begun < 0.5
    assert rig.feed.awaited == ["reel:2"]
    count = len(rig.frames)
    rig.until(lambda: len(rig.frames) > count + 20)
    assert rig.grey == 20, "what played goes on, and no test card comes"
    new.hangs.set()
    rig.until(lambda: rig.grey == 200 and old.closes > 0)


def test_another_list_that_is_wrong_is_refused_and_closed(tmp_path: Path, play: Play) -> None:
    reel = Scripted(20)
    rig = play("reel:1", reel_1=reel)
    rig.until(lambda: len(rig.frames) > 3)
    with pytest.raises(Fault, match="there is no such file"):
        rig.feed.ready([f"{tmp_path}/lost.mp4"], rig.setting)
    count = len(rig.frames)
    rig.until(lambda: len(rig.frames) > count + 5)
    assert (reel.opens, reel.closes, rig.feed.state()) == (1, 0, "reel:1 64x48")
    rig.until(lambda: not any("lost.mp4" in name for name in rig.supervisor.threads))


def test_a_device_under_another_name_is_closed_first_and_opened_again_when_that_fails(
    play: Play,
) -> None:
    one, other = Scripted(20), Scripted(200)
    other.absent = Fault("camera:0:wide: gives nothing")
    rig = play("camera:0", camera_0=one, camera_0_wide=other)
    rig.until(lambda: len(rig.frames) > 3)
    with pytest.raises(Fault, match="gives nothing"):
        rig.feed.ready(["camera:0:wide"], rig.setting, clash=["camera:0"])
    assert one.closes == 1
    rig.until(lambda: one.opens == 2)
    other.absent = None
    rig.feed.ready(["camera:0:wide"], rig.setting, clash=["camera:0"]).switch()
    rig.until(lambda: rig.grey == 200)
    assert one.closes >= 2


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
    shown = mixed(grey(40, size), grey(200), share)
    assert (shown.size, shown.number, shown.captured) == (SIZE, 7, 1.5)
    assert np.abs(shown.pixels.astype(int) - seen).max() <= 1


def test_what_is_transparent_lies_over_black_while_it_fades() -> None:
    shown = mixed(grey(40), grey(200, channels=4), 0.5)
    assert shown.pixels.shape == (48, 64, 3)
    assert abs(int(shown.pixels[5, 5, 0]) - 70) <= 1


def test_a_walk_begins_at_once() -> None:
    walk = grey(200, chain=(np.zeros((4, 4, 3), np.uint8),) * 2)
    assert mixed(grey(40), walk, 0.2) is walk


def test_a_picture_that_covers_is_cut_and_not_stretched() -> None:
    wide = np.zeros((40, 160, 3), np.uint8)
    wide[:, 60:100] = 200
    seen = covering(wide, Size(40, 40))
    assert seen.shape == (40, 40, 3)
    assert seen.min() == 200, "its middle"
    assert covering(wide, Size(160, 40)) is wide


class Ended(Scripted):
    def read(self) -> Frame | None:
        raise EndOfSource


def test_a_clip_without_a_single_picture_is_not_there(play: Play) -> None:
    rig = play("reel:1", "reel:2", reel_1=Ended(), reel_2=Scripted(20))
    rig.until(lambda: rig.grey == 20)


@pytest.mark.skipif(
    sys.platform == "win32", reason="a share that is not there takes Windows seconds"
)
def test_where_a_file_was_looked_for_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Fault, match=r"no such file, and no folder .*/clps") as told:
        make_source("video:clps/a.mp4", Setting(WallClock())).open()
    assert not isinstance(told.value, Awaited), "a slip of the pen, below where one stands"


def render(folder: Path, *sources: str) -> Rendering:
    show = {"source": list(sources), "model": "none", "size": "64x48", "midi": "off"}
    return Rendering(
        check_show({**show, "sinks": [f"record:{folder}/out.mp4"]}, "here"), print, seconds=0.2
    )


def test_offline_a_source_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """Hours later is too late to find out that the test card was rendered."""
    with pytest.raises(Fault, match=r"lost.mp4: there is no such file"):
        render(tmp_path, f"{tmp_path}/lost.mp4", "testcard").run()
    assert not list(tmp_path.iterdir())
    render(tmp_path, "camera", "testcard").run()
    assert (tmp_path / "out.mp4").is_file(), "what is live is left out, as it always was"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_offline_a_pipe_that_nobody_writes_into_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    monkeypatch.setattr("vj.offline.OPENING", 0.1)
    with pytest.raises(Fault, match=r"pipe.mkv has not opened for 0 s"):
        render(tmp_path, f"{tmp_path}/pipe.mkv").run()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_a_clip_that_hangs_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    clip = write_clip(tmp_path / "clip.mp4", frames=4)
    monkeypatch.setattr("vj.sources.clips.OPENING", 0.3)
    said: list[str] = []
    source = make_source(f"clips:{clip},{tmp_path}/pipe.mkv", Setting(WallClock(), say=said.append))
    source.open()
    seen, end = 0, time.monotonic() + 5
    while seen < 10 and time.monotonic() < end:
        seen += source.read() is not None
    begun = time.monotonic()
    source.close()
    assert time.monotonic() - begun < 0.2, "closing does not wait for it"
    assert seen == 10
    assert said[0].endswith("pipe.mkv has not opened for 0 s; the next clip plays")
