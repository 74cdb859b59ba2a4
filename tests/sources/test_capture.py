"""The sources of a show: the first that is there plays, what comes later takes over, and nothing
waits for one that hangs."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests import scripted_sources as scripted
from tests.scripted_sources import Play, Rig, Scripted, patience
from tests.sources.test_sources import write_clip
from tests.waiting import PATIENCE
from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame
from vj.sources import Awaited, EndOfSource
from vj.sources.fallback_card import TEST_CARD
from vj.sources.missing import can_restart

play = scripted.play


def test_whatever_a_source_throws_it_is_opened_again(play: Play) -> None:
    script = (
        ["frame"] * 3 + [RuntimeError("driver fell over")] + ["frame"] * 3 + [Fault("reel:1: lost")]
    )
    rig = play("reel:1", reel_1=Scripted(script=script))
    rig.until(lambda: len(rig.frames) > 20)
    assert [frame.number for frame in rig.frames] == sorted({frame.number for frame in rig.frames})
    assert rig.sources["reel:1"].opens == 3
    assert rig.capture.faults == 2
    assert rig.messages == [
        "reel:1: RuntimeError: driver fell over; trying again",
        "reel:1 is back",
        "reel:1: lost; trying again",
        "reel:1 is back",
    ]
    assert rig.capture.state() == "reel:1 64x48"


def test_one_that_comes_and_goes_is_told_of_three_times(play: Play) -> None:
    rig = play("reel:1", reel_1=Scripted(script=["frame", Fault("reel:1: lost")] * 12))
    rig.until(lambda: rig.capture.faults == 12 and rig.capture.state() == "reel:1 64x48")
    rig.until(lambda: len(rig.frames) > 20)
    assert rig.messages == [
        *["reel:1: lost; trying again", "reel:1 is back"] * 2,
        "reel:1: lost; it comes and goes, and is tried again each time",
    ]


@pytest.mark.parametrize("absent", [Awaited("camera:9: not plugged in"), OSError("a driver's own")])
def test_a_device_that_is_not_there_at_the_start_is_awaited_and_logged(
    play: Play, absent: Exception
) -> None:
    camera = Scripted(200)
    camera.absent = absent
    rig = play("camera:9", camera_9=camera)
    rig.until(lambda: rig.capture.state() == "camera:9 awaited, test card")
    assert rig.capture.awaited == ["camera:9"]
    assert rig.messages[-1] == "no source is there yet: the test card plays until camera:9 appears"
    assert len(rig.messages) == 2, "why, and what plays"
    camera.absent = None
    rig.until(lambda: rig.grey == 200)
    rig.until(lambda: "camera:9 is there" in rig.messages)
    assert rig.capture.awaited == []


def test_one_named_earlier_fades_in_when_it_appears(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sources.capture.CROSSFADE", 0.8)  # long enough for a busy machine
    camera = Scripted(200)
    camera.absent = Awaited("camera:9: not plugged in")
    reel = Scripted(20)
    rig = play("camera:9", "reel:1", camera_9=camera, reel_1=reel)
    rig.until(lambda: len(rig.frames) > 5)
    assert {int(frame.pixels.max()) for frame in rig.frames} == {20}, "the test card was not named"
    assert rig.capture.awaited == ["camera:9"]
    rig.until(lambda: bool(rig.messages))
    assert rig.messages == ["camera:9: not plugged in; reel:1 plays until it comes"]
    camera.absent, count = None, len(rig.frames)
    rig.until(lambda: rig.grey == 200)
    way = [int(frame.pixels[0, 0, 0]) for frame in rig.frames[count:]]
    assert way == sorted(way), "it does not go back and forth"
    assert len({grey for grey in way if 20 < grey < 200}) >= 5, "half way, half of each"
    rig.until(lambda: reel.closes > 0)
    assert rig.capture.uri == "camera:9"
    assert rig.messages[1:] == ["camera:9 is there"]


def test_a_cut_has_no_picture_between_even_to_one_that_gives_a_single_picture(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sources.capture.CROSSFADE", 0.0)
    still = Scripted(200)
    still.absent = Awaited("later")
    rig = play("still:1", "reel:1", still_1=still, reel_1=Scripted(20))
    rig.until(lambda: len(rig.frames) > 3)
    still.script = ["frame"] + [None] * 1000
    still.absent = None
    rig.until(lambda: rig.grey == 200)
    assert {int(frame.pixels[30, 40, 1]) for frame in rig.frames} == {20, 200}


def test_one_that_stays_away_is_replaced_by_the_next_and_comes_back(play: Play) -> None:
    first, second = Scripted(200, ["frame"] * 5), Scripted(90)
    rig = play("reel:1", "reel:2", reel_1=first, reel_2=second)
    rig.until(lambda: len(rig.frames) > 3)
    assert second.opens == 0, "what is not needed is not opened"
    second.hangs = threading.Event()
    first.silent = True
    patience(lost=1.0)
    rig.until(lambda: rig.capture.state() == "reel:1 lost, last picture")
    assert rig.grey == 200
    second.hangs.set()
    rig.until(lambda: rig.grey == 90)
    assert rig.capture.awaited == ["reel:1"]
    first.silent = False
    rig.until(lambda: rig.grey == 200 and second.closes > 0)
    rig.until(lambda: len(rig.messages) == 2)
    assert "reel:2 plays until it comes" in rig.messages[0]
    assert rig.messages[1] == "reel:1 is back"


def test_the_test_card_stands_in_for_the_last_one_and_leaves(play: Play) -> None:
    reel = Scripted(10)
    rig = play("reel:1", reel_1=reel)
    rig.until(lambda: len(rig.frames) > 1)
    reel.absent = Fault("reel:1: lost")
    reel.script.append(reel.absent)
    rig.until(lambda: rig.capture.state() == "reel:1 lost, last picture")
    assert rig.frames[-1].pixels.max() == 10
    patience(lost=1.0)
    rig.until(lambda: rig.frames[-1].pixels.max() > 200)
    assert rig.capture.state() == "reel:1 lost, test card"
    reel.absent = None
    rig.until(lambda: rig.grey == 10 and rig.frames[-1].pixels.max() == 10)
    assert rig.capture.state() == "reel:1 64x48"
    rig.until(lambda: "reel:1 is back" in rig.messages)
    assert sum("reel:1: lost" in line for line in rig.messages) == 1, "once, not at every attempt"
    assert TEST_CARD not in rig.supervisor.threads


def test_one_that_hangs_while_it_opens_holds_up_neither_the_start_nor_the_end(play: Play) -> None:
    share = Scripted(200)
    share.hangs = threading.Event()
    rig = play("share:1", "reel:1", settle=0.05, first=1.0, share_1=share, reel_1=Scripted(20))
    assert not share.hangs.is_set(), "the start has not waited for it"
    rig.until(lambda: rig.grey == 20)
    rig.until(lambda: bool(rig.messages))
    assert rig.messages == ["share:1 gives no picture yet; reel:1 plays until it comes"]
    assert not rig.capture.stop(timeout=0.05), "nor does the end"
    rig.box.get(0)
    share.hangs.set()
    rig.until(lambda: share.closes > 0)
    assert rig.box.get(0.1) is None, "nothing comes after the end"


def test_what_comes_back_after_hanging_plays(play: Play) -> None:
    share = Scripted(200)
    share.hangs = threading.Event()
    rig = play("share:1", settle=0.05, first=0.15, share_1=share)
    rig.until(lambda: rig.capture.state() == "share:1 awaited, test card")
    share.hangs.set()
    rig.until(lambda: rig.grey == 200 and rig.frames[-1].pixels.max() == 200)
    assert rig.capture.state() == "share:1 64x48"
    assert rig.capture.awaited == []


def test_one_that_gives_a_single_picture_fades_in_all_the_same(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sources.capture.CROSSFADE", 0.6)
    still = Scripted(200)
    still.absent = Awaited("later")
    rig = play("still:1", "reel:1", still_1=still, reel_1=Scripted(20))
    rig.until(lambda: len(rig.frames) > 3)
    still.script = ["frame"] + [None] * 1000
    still.absent = None
    rig.until(lambda: rig.grey == 200)
    greys = {int(frame.pixels[30, 40, 1]) for frame in rig.frames}
    assert greys & set(range(30, 190)), "between the two it faded"


def test_what_needs_a_library_is_not_tried_again(play: Play) -> None:
    spout = Scripted()
    spout.absent = Unavailable("spout:x: Spout is for Windows only; NDI plays here")
    rig = play("spout:x", "reel:1", spout_x=spout, reel_1=Scripted(20))
    rig.until(lambda: len(rig.frames) > 10)
    assert spout.opens == 1
    assert rig.capture.awaited == []
    rig.until(lambda: bool(rig.messages))
    assert rig.messages == ["spout:x: Spout is for Windows only; NDI plays here; reel:1 plays"]
    with pytest.raises(Fault, match="Windows only"):
        play("spout:x", spout_x=spout)


def test_the_end_of_a_clip_ends_the_capture(tmp_path: Path, play: Play) -> None:
    rig = Rig([str(write_clip(tmp_path / "clip.mp4", frames=5))], {}, loop=False)
    rig.capture.settle(PATIENCE)
    rig.until(lambda: rig.capture.ended)
    assert rig.capture.state().endswith("clip.mp4 at its end")
    assert rig.capture.stop()


def test_pictures_that_lie_far_apart_are_no_loss(play: Play) -> None:
    """A clip that holds a picture for long says None meanwhile."""
    slides = Scripted(200, ["frame", *[None] * 150])  # a second and a half
    slides.live = False
    rig = play("slides:1", "reel:1", lost=1.0, slides_1=slides, reel_1=Scripted(20))
    rig.until(lambda: not slides.script)
    assert {int(frame.pixels.max()) for frame in rig.frames} == {200}


def test_a_clip_that_goes_back_to_its_first_picture_keeps_the_last_until_it_is_there(
    play: Play,
) -> None:
    """A show begins so: on a busy machine the test card flashed up before it, and faded away."""
    scene = Scripted(200)
    rig = play("drawn:kiss", drawn_kiss=scene)
    rig.until(lambda: rig.frames)
    scene.hangs = threading.Event()
    patience(first=0.0)
    assert rig.capture.restart()
    for _ in range(5):
        rig.capture.update()
    assert rig.capture.restarting
    scene.hangs.set()
    rig.until(lambda: not rig.capture.restarting)
    assert {int(frame.pixels.max()) for frame in rig.frames} == {200}
    assert rig.messages == []


def test_a_walk_stands_and_has_no_first_picture_to_go_back_to() -> None:
    assert not can_restart("walk:drawn:meadow,drawn:harbour")
    assert can_restart("drawn:kiss")


class Ended(Scripted):
    def read(self) -> Frame | None:
        raise EndOfSource


def test_a_clip_without_a_single_picture_is_not_there(play: Play) -> None:
    rig = play("reel:1", "reel:2", first=0.15, reel_1=Ended(), reel_2=Scripted(20))
    rig.until(lambda: rig.grey == 20)
    assert rig.capture.uri == "reel:2"
    assert not rig.capture.ended
