"""Cuts of a show, in the frames in which they are due: rendered, and while it plays."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from tests.app import deck_shows, test_offline_sources
from tests.app.deck_shows import Play
from tests.app.test_offline_sources import CRASH, DRIVE, KISS, Rig
from vj.control.takes import Take
from vj.core.errors import Fault
from vj.show.load import check_show, load_show
from vj.sources.transport import At, Place

clips, rig = test_offline_sources.clips, test_offline_sources.rig
play = deck_shows.play


def test_rendered_a_cut_is_in_its_frame_at_its_place_and_hard(rig: Rig) -> None:
    cuts = ["drive", {"source": "kiss", "at": 0.5}, {"at": 1.5}, "crash"]
    start = {"cut/rate": 2.5, "crossfade": 1}
    seen = rig.numbers(start, seconds=2.0, cuts=cuts)
    assert seen == [
        *range(KISS, KISS + 4),
        *range(DRIVE, DRIVE + 4),
        *range(KISS + 5, KISS + 9),
        *range(KISS + 15, KISS + 19),
        *range(CRASH, CRASH + 4),
    ]
    assert rig.numbers(start, seconds=2.0, cuts=cuts) == seen


def test_a_take_of_it_is_rendered_alike(rig: Rig, tmp_path: Path) -> None:
    cuts = ["drive", {"source": "kiss", "at": 0.5}, {"at": 1.5}]
    start = {"cut/rate": 2.5, "crossfade": 1}
    seen = rig.numbers(start, seconds=1.6, cuts=cuts, take_log=tmp_path / "cuts.take")
    table = check_show({"source": "a.mkv", **rig.tree(start, cuts=cuts)}, "here").table()
    take = Take(tmp_path / "cuts.take", table)
    assert rig.numbers(start, seconds=1.6, cuts=cuts, replay=take) == seen


def test_while_it_plays_each_cut_is_seen_in_its_frame_at_its_place(play: Play) -> None:
    """The next one stands where it is to begin; the one before goes back to stand by, open."""
    show = play("cuts: [two, {source: three, at: 0:00.5}]\n")
    store, standby = show.performance.store, show.performance.video_input.standby
    names = show.performance.video_input.names
    store.set("crossfade", 1.0)
    opened = []
    for name, first, at in (("two", 200, None), ("three", 315, At(0.5))) * 2:

        def stands(uri: str = names[name], place: Place | None = at) -> bool:
            reader = standby._readers.get(uri)
            return reader is not None and reader.ready and reader._beginning._at == place

        show.until(stands)
        store.set("cut/go", True)
        show.show.frames(2)
        assert first <= show.number <= first + 1, "hard, and not a frame late"
        assert show.performance.video_input.a.capture is not None
        opened.append(show.performance.video_input.a.capture.playing)
    assert opened[2:] == opened[:2], "they were not opened once more"
    assert not show.performance.metrics.faults


def test_at_a_rate_they_go_round_while_it_plays(play: Play) -> None:
    show = play("cuts: [two, {source: three, at: 0:00.5}]\n")
    show.until_ready("two", "three")
    show.performance.store.set("cut/rate", 4.0)

    def clips() -> list[int]:
        return [clip for clip, _ in groupby(number // 100 for number in show.numbers)]

    show.until(lambda: len(clips()) >= 5)
    assert clips()[:5] == [1, 2, 3, 2, 3], "in turn"
    assert not show.performance.metrics.faults


def test_a_saved_show_cuts_to_its_new_places(play: Play, tmp_path: Path) -> None:
    show = play("cuts: [two]\n", ready="next")
    path = tmp_path / "three.yaml"
    path.write_text(path.read_text().replace("cuts: [two]", "cuts: [three]"))
    assert show.performance.adopt(load_show(path))
    show.until_ready("two", "three")  # the next of sources:, and the place to cut to
    show.performance.store.set("cut/go", True)
    show.until_clip("three")


@pytest.mark.parametrize("name", ["drive"])
def test_a_source_that_does_not_open_is_said_before_the_rendering(rig: Rig, name: str) -> None:
    tree = {"sources": {"kiss": str(rig.clips / "kiss.mkv"), name: "lost.mkv"}}
    with pytest.raises(Fault, match="lost"):
        rig.numbers({"cut/rate": 1}, seconds=1.0, cuts=[name], **tree)
