"""Another list of sources for a show that plays."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests import scripted_sources as scripted
from tests.scripted_sources import Play, Scripted, patience
from tests.waiting import PATIENCE
from vj.core.errors import Fault

play = scripted.play


def test_a_list_with_another_fallback_leaves_what_plays_alone(play: Play) -> None:
    reel = Scripted(200)
    rig = play("reel:1", reel_1=reel)
    rig.until(lambda: len(rig.frames) > 3)
    change = rig.capture.prepare(["reel:1", "testcard"], rig.settings)
    change.switch()
    count = len(rig.frames)
    rig.until(lambda: len(rig.frames) > count + 5)
    assert (reel.opens, reel.closes) == (1, 0)
    assert rig.capture.awaited == []
    reel.silent = True
    patience(lost=0.3)
    rig.until(lambda: rig.capture.uri == "testcard")


def test_another_list_whose_first_is_not_there_yet_is_played_when_it_comes(play: Play) -> None:
    old, new = Scripted(20), Scripted(200)
    new.hangs = threading.Event()
    rig = play("reel:1", reel_1=old, reel_2=new)
    rig.until(lambda: len(rig.frames) > 3)
    patience(first=0.15)
    rig.capture.prepare(["reel:2"], rig.settings).switch()
    assert new.opens == new.closes + 1, "it has not waited: that one still opens"
    assert rig.capture.awaited == ["reel:2"]
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
        rig.capture.prepare([f"{tmp_path}/lost.mp4"], rig.settings, seconds=PATIENCE)
    count = len(rig.frames)
    rig.until(lambda: len(rig.frames) > count + 5)
    assert (reel.opens, reel.closes, rig.capture.state()) == (1, 0, "reel:1 64x48")
    rig.until(lambda: not any("lost.mp4" in name for name in rig.supervisor.threads))


def test_a_device_under_another_name_is_closed_first_and_opened_again_when_that_fails(
    play: Play,
) -> None:
    one, other = Scripted(20), Scripted(200)
    other.absent = Fault("camera:0:wide: gives nothing")
    rig = play("camera:0", camera_0=one, camera_0_wide=other)
    rig.until(lambda: len(rig.frames) > 3)
    with pytest.raises(Fault, match="gives nothing"):
        rig.capture.prepare(
            ["camera:0:wide"], rig.settings, conflicting=["camera:0"], seconds=PATIENCE
        )
    assert one.closes == 1
    rig.until(lambda: one.opens == 2)
    other.absent = None
    rig.capture.prepare(["camera:0:wide"], rig.settings, conflicting=["camera:0"]).switch()
    rig.until(lambda: rig.grey == 200)
    assert one.closes >= 2


def test_one_that_is_wanted_may_take_longer_and_no_other_shows_up_before_it(play: Play) -> None:
    old, new, spare = Scripted(20), Scripted(200), Scripted(90)
    new.hangs = threading.Event()
    rig = play("reel:1", reel_1=old, reel_2=new, reel_3=spare)
    rig.until(lambda: len(rig.frames) > 3)
    patience(first=0.15)
    threading.Timer(3 * 0.15, new.hangs.set).start()
    rig.capture.prepare(["reel:2", "reel:3"], rig.settings, wanted="reel:2").switch()
    rig.until(lambda: rig.grey == 200 and old.closes > 0)
    assert spare.opens == 0
    greys = [int(frame.pixels[30, 40, 1]) for frame in rig.frames]
    assert greys == sorted(greys), "from the one straight to the other"


def test_one_that_is_wanted_and_wrong_is_refused_whatever_else_could_play(play: Play) -> None:
    reel, wrong = Scripted(20), Scripted(200)
    wrong.absent = Fault("reel:2: there is no such file")
    rig = play("reel:1", reel_1=reel, reel_2=wrong)
    rig.until(lambda: len(rig.frames) > 3)
    with pytest.raises(Fault, match="reel:2: there is no such file"):
        rig.capture.prepare(["reel:2", "reel:1"], rig.settings, wanted="reel:2", seconds=PATIENCE)
    rig.capture.prepare(["reel:2", "reel:1"], rig.settings).switch()
    assert rig.capture.uri == "reel:1", "nobody insists on it: the next plays"


def test_a_fallback_that_is_wanted_next_is_opened_once_and_plays_soon(play: Play) -> None:
    first, second = Scripted(20), Scripted(200)
    second.hangs = threading.Event()
    rig = play("reel:1", "reel:2", reel_1=first, reel_2=second)
    rig.until(lambda: len(rig.frames) > 3)
    threading.Timer(0.1, second.hangs.set).start()
    rig.capture.prepare(["reel:2", "reel:1"], rig.settings, wanted="reel:2").switch()
    rig.until(lambda: rig.grey == 200)
    assert second.opens == 1, "what was being opened was not closed as a fallback"
