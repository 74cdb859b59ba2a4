"""Sources that are not there: a slip of the pen, a stick that is not plugged in, a pipe without a
writer; live and offline."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from tests import scripted_sources as scripted
from tests.scripted_sources import Play, Scripted
from tests.sources.test_sources import write_clip
from tests.waiting import PATIENCE, until
from vj.app.offline import Rendering
from vj.core.clock import FrameClock, WallClock
from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.show.load import check_show
from vj.sources import Awaited, SourceSettings, make_source
from vj.sources.opening import patience

play = scripted.play


def test_a_wrong_name_that_is_found_out_late_is_awaited(play: Play) -> None:
    """A share that answers after a while: the show has begun, and there has to be a picture."""
    share = Scripted(200)
    share.hangs, share.absent = threading.Event(), Fault("share:1: there is no such file")
    rig = play("share:1", settle=0.05, share_1=share)
    share.hangs.set()
    rig.until(lambda: rig.capture.state() == "share:1 awaited, test card")
    rig.until(lambda: len(rig.messages) == 2)
    assert rig.messages[0] == "share:1: there is no such file"
    share.absent = None
    rig.until(lambda: rig.grey == 200)


def test_wrong_names_alone_do_not_begin_a_show(tmp_path: Path, play: Play) -> None:
    (tmp_path / "clip one.mp4").touch()
    rig = play(f"{tmp_path}/clip_one.mp4", settle=0)
    with pytest.raises(
        Fault, match=r"clip_one.mp4: there is no such file .*; did you mean clip one.mp4"
    ):
        rig.capture.settle(PATIENCE)
    rig = play(f"{tmp_path}/lost.mp4", f"{tmp_path}/two.mp4", settle=0)
    with pytest.raises(Fault, match=r"no source opens: .*lost.mp4.*; .*two.mp4"):
        rig.capture.settle(PATIENCE)
    assert not rig.frames


def test_a_wrong_name_with_another_after_it_is_logged_and_the_other_plays(
    tmp_path: Path, play: Play
) -> None:
    rig = play(f"{tmp_path}/lost.mp4", "testcard")
    rig.until(lambda: bool(rig.messages) and rig.capture.uri == "testcard")
    assert "lost.mp4: there is no such file" in rig.messages[0]
    assert rig.messages[0].endswith("; testcard plays until it comes")
    write_clip(tmp_path / "lost.mp4")
    rig.until(lambda: rig.capture.uri.endswith("lost.mp4"))


@pytest.mark.parametrize(
    "path", ["/media/anna/STICK/loop.mp4", "/Volumes/STICK/loop.mp4", "{tmp}/not mounted/loop.mp4"]
)
def test_a_file_on_a_stick_that_is_not_there_is_awaited(
    path: str, tmp_path: Path, play: Play
) -> None:
    rig = play(path.format(tmp=tmp_path))
    rig.until(lambda: "test card" in rig.capture.state())
    assert len(rig.capture.awaited) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_a_pipe_plays_once_somebody_writes_into_it(tmp_path: Path, play: Play) -> None:
    clip = write_clip(tmp_path / "clip.mkv", frames=40)
    os.mkfifo(tmp_path / "pipe.mkv")
    rig = play(f"video:{tmp_path}/pipe.mkv", settle=0.05, first=0.15)
    rig.until(lambda: rig.capture.state().endswith("awaited, test card"))
    with open(tmp_path / "pipe.mkv", "wb") as pipe:
        pipe.write(clip.read_bytes())
    rig.until(lambda: rig.capture.state().endswith("pipe.mkv 96x64"))
    assert rig.capture.awaited == []
    rig.until(lambda: rig.frames and rig.frames[-1].size == Size(96, 64))


@pytest.mark.skipif(
    sys.platform == "win32", reason="a share that is not there takes Windows seconds"
)
def test_where_a_file_was_looked_for_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Fault, match=r"no such file, and no folder .*/clps") as report:
        make_source("video:clps/a.mp4", SourceSettings(WallClock())).open()
    assert not isinstance(report.value, Awaited), "a slip of the pen, below where one stands"


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


@pytest.mark.parametrize("uri", ["image:{}/a.png", "{}/a.mp4", "clips:{}/a.mp4,{}/a.mp4", "{}/"])
def test_offline_a_file_may_open_slowly(uri: str, tmp_path: Path) -> None:
    """A photograph of a hundred million pixels, or an animation that is decoded all at once, takes
    longer than one waits for a pipe."""
    (tmp_path / "a.mp4").touch()
    source = make_source(uri.format(tmp_path, tmp_path), SourceSettings(FrameClock(30)))
    allowed = patience(source)
    assert allowed is not None
    assert allowed >= 30


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_offline_a_pipe_that_nobody_writes_into_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    monkeypatch.setattr("vj.sources.video.PIPE_OPENS", 0.1)
    with pytest.raises(Fault, match=r"pipe.mkv has not opened for 0 s"):
        render(tmp_path, f"{tmp_path}/pipe.mkv").run()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_a_clip_that_hangs_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    clip = write_clip(tmp_path / "clip.mp4", frames=4)
    monkeypatch.setattr("vj.sources.clips.OPENING", 1.0)
    messages: list[str] = []
    source = make_source(
        f"clips:{clip},{tmp_path}/pipe.mkv", SourceSettings(WallClock(), log=messages.append)
    )
    source.open()
    seen: list[Frame] = []

    def read() -> bool:
        frame = source.read()
        seen.extend([frame] if frame is not None else [])
        return len(seen) >= 10

    until(read)
    source.close()  # does not wait for the pipe, which nobody will ever open
    assert messages[0].endswith("pipe.mkv has not opened for 1 s; the next clip plays")
