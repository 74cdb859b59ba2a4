"""Sources under the hand while a show plays: a cut lands on the next frame, two decks, the next
clip at the end of one."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

from tests.app import deck_shows
from tests.app.deck_shows import FIRST, LENGTH, Play
from vj.control.takes import Take
from vj.show.load import load_show
from vj.show.midi_controls import Control

play = deck_shows.play


def test_a_cut_lands_on_the_next_frame_with_the_clips_first_picture(play: Play) -> None:
    show = play()
    show.until_ready("two", "three")
    show.osc.send("/vj/source", "two")
    while show.value("source") != "two":  # a datagram is on its way: no frame meanwhile
        pass
    show.show.frames(1)
    assert show.number == 200
    show.until(lambda: show.number >= 205)
    show.osc.send("/vj/deck/a", 2)
    while show.value("source") != "three":
        pass
    show.show.frames(1)
    assert show.number == 300
    show.until_ready("one", "two")
    assert not show.performance.metrics.faults


def test_a_pad_on_a_bar_is_seen_in_the_first_frame_of_the_bar(play: Play) -> None:
    show = play()
    show.until_ready("two", "three")
    show.until(lambda: show.beats and show.beats[-1] % 4 > 1)
    begun = len(show.numbers)
    show.performance.session.key("b")
    show.until_clip("two")
    first = next(n for n, number in enumerate(show.numbers) if n >= begun and number >= 200)
    early = show.performance.metrics.recent_latency()[0]
    beat, before = (show.beats[n] + 2 * early for n in (first, first - 1))
    assert int(beat // 4) == int(before // 4) + 1, "the frame before was of the bar before"
    assert show.numbers[first] == 200


def test_the_pad_of_the_clip_that_plays_starts_it_again_and_a_take_holds_that(
    play: Play, tmp_path: Path
) -> None:
    show = play(take_log=tmp_path / "set.take")
    show.until_ready("two", "three")
    show.performance.session.key("w")
    show.until(lambda: show.number >= 210)
    show.performance.session.key("w")
    show.show.frames(3)
    assert 200 <= show.number <= 203, "in the frame after, or the one after that"
    assert show.value("source/start") == 1
    show.show.frames(10)
    show.performance.stop()
    take = Take(tmp_path / "set.take", show.performance.store.table)
    starts = [take.at("source/start", take.seconds * n / 100) for n in range(101)]
    assert (starts[0], starts[-1]) == (0, 1)
    replayed = play(replay=take)
    replayed.until(lambda: replayed.number >= 205)
    count = len(replayed.numbers)
    replayed.until(lambda: any(b < a for a, b in pairwise(replayed.numbers[count:])))
    assert 200 <= replayed.number <= 203, "the take starts it again"


def test_at_its_end_a_clip_makes_way_for_the_next_without_a_gap(play: Play) -> None:
    show = play()
    show.until_ready("two", "three")
    show.performance.store.set("source/loop", "next")
    show.performance.store.set("source", "one")
    show.show.frames(4)
    begun = len(show.numbers)
    show.until_clip("three")
    seen = show.numbers[begun:]
    for ends, begins in (("one", "two"), ("two", "three")):
        last = max(n for n, number in enumerate(seen) if number < FIRST[begins])
        assert seen[last] >= FIRST[ends] + LENGTH - 2, "it was shown to its end"
        assert FIRST[begins] <= seen[last + 1] <= FIRST[begins] + 1
    back = [(a, b) for a, b in pairwise(seen) if b < a]
    assert not back, "one after the other, and no other picture between"
    assert show.value("source") == "three", "the parameter says what plays"


def test_one_that_does_not_open_is_passed_over_at_the_end_of_a_clip(play: Play) -> None:
    show = play()
    show.until_ready("two", "three")
    show.performance.store.set("source", "three")
    show.performance.store.set("source/loop", "next")
    show.until(lambda: show.said("source lost: "))
    show.until_clip("one")
    (line,) = show.said("source lost: ")
    assert "there is no such file" in line
    assert show.value("source") == "one"


def test_the_second_deck_comes_goes_and_is_what_the_mix_shows(play: Play) -> None:
    show = play()
    mix = show.performance.video_input.other
    assert mix() is None
    show.osc.send("/vj/deck/mix", 1.0)
    show.until(lambda: show.said("nothing is on deck B"))
    show.until(lambda: show.value("deck/mix") == 1)
    show.until_clip("one")
    show.osc.send("/vj/deck/b", "one")
    show.until(lambda: mix() is not None)
    decks = show.performance.video_input.decks
    assert [deck.capture.uri for deck in decks.values() if deck.capture] == [
        show.performance.video_input.names["one"]
    ] * 2, "one clip on both, each with a place of its own"
    show.osc.send("/vj/deck/b", 2)
    show.until_clip("three")
    state = show.performance.choosers.state()
    assert (state["source"]["value"], state["deck_b"]["value"]) == ("one", "three")
    status = show.performance.report.osc_status()
    assert str(status["deck_b"][0]).endswith("three.mp4 96x64")
    assert 0 < float(status["source_position"][0]) < 1
    places = show.performance.page_feed.moving()["decks"]
    assert places["a"]["length"] == pytest.approx(LENGTH / 30, abs=0.05)
    assert 0 <= places["b"]["position"] <= 1
    assert places["b"]["name"] == "three"
    show.osc.send("/vj/deck/b", "lost")
    show.until(lambda: show.said("deck/b lost: "))
    show.until(lambda: show.value("deck/b") == "three")
    show.until_clip("three")
    show.osc.send("/vj/deck/b", "")
    show.until_clip("one")
    assert mix() is None
    assert len(show.said("nothing is on deck B")) == 1, "once"
    assert show.performance.metrics.faults == 0


def test_position_speed_and_part_are_each_decks_own(play: Play) -> None:
    show = play()
    show.until_ready("two", "three")
    store = show.performance.store
    store.set("source/speed", 0)
    store.set("source/position", 0.5)
    show.until(lambda: show.numbers[-3:] == [120] * 3)
    store.set("deck/a/position", 0.25)
    show.until(lambda: show.number == 110)
    begun = len(show.numbers)
    store.set("deck/b/in", 0.5)
    store.set("deck/b", "two")
    store.set("deck/mix", 1)
    show.until(lambda: show.number >= 220)
    assert next(n for n in show.numbers[begun:] if n >= 200) == 220, "where its part begins"
    store.set("source/in", 0.75)
    store.set("source", "three")
    store.set("deck/mix", 0)
    show.until(lambda: show.numbers[-3:] == [330] * 3)


@pytest.mark.parametrize("ready", ["all", "next"])
@pytest.mark.parametrize(
    "set_", ["source: three, source/position: 0.5", "source/position: 0.5, source: three"]
)
def test_a_cue_of_a_source_and_a_position_begins_there(play: Play, ready: str, set_: str) -> None:
    cues = "cues:\n  - {name: a, set: {}}\n  - {name: b, set: {" + set_ + "}}\n"
    show = play(cues, ready=ready)
    show.until_ready("two", *(["three"] if ready == "all" else []))
    show.osc.send("/vj/cue/fire", "b")
    show.until_clip("three")
    first = next(number for number in show.numbers if number >= 300)
    assert 320 <= first <= 322, "a busy machine may leave one out"
    assert show.performance.video_input.a.first.endswith("three.mp4")


def test_a_saved_show_has_the_names_and_panic_the_beginning(play: Play, tmp_path: Path) -> None:
    show = play()
    store, inputs = show.performance.store, show.performance.video_input
    show.until_ready("two", "three")
    store.set("source", "two")
    store.set("deck/b", "three")
    show.until(lambda: inputs.b.capture is not None)
    show.until_clip("two")
    path = tmp_path / "three.yaml"
    text = path.read_text()
    path.write_text(text.replace("three: three.mp4", "three: one.mp4"))
    assert show.performance.adopt(load_show(path))
    show.until(lambda: inputs.b.first.endswith("one.mp4"))
    assert (store.get("source"), store.get("deck/b")) == ("two", "three")
    fewer = text.replace("two: two.mp4, three: three.mp4, ", "").split("mappings:")[0]
    path.write_text(fewer)
    assert show.performance.adopt(load_show(path))
    show.until_clip("one")
    assert (store.get("source"), store.get("deck/b")) == ("", "")
    assert inputs.b.capture is None
    assert show.said("source two is no longer in the show")
    assert show.said("deck/b three is no longer in the show")
    path.write_text(text)
    assert show.performance.adopt(load_show(path))
    store.set("source", 1)
    store.set("deck/b", 2)
    show.until_clip("two")
    store.set("panic", True)
    show.until_clip("one")
    assert inputs.b.capture is None
    show.until(lambda: show.performance.run_state.show.source[0].endswith("one.mp4"))


def test_the_next_one_stands_by_and_what_the_next_cue_wants(play: Play) -> None:
    show = play(
        "cues:\n  - {name: a, set: {strength: 0.4}}\n"
        "  - {name: b, set: {source: 2, deck/b: one}}\n  - {name: c, set: {}}\n",
        ready="next",
    )
    show.until_ready("two")
    show.performance.store.set("source", "two")
    show.until_ready("three")
    show.performance.store.set("cue/fire", "a")
    show.until_ready("three", "one")
    show.performance.store.set("cue/fire", "b")
    show.until_clip("three")
    assert show.value("deck/b") == "one"


def test_a_clip_that_plays_once_ends_the_show_as_before(play: Play) -> None:
    show = play("loop: false\n")
    assert show.value("source/loop") == "once"
    show.until(lambda: show.performance.ended)
    assert show.number == FIRST["one"] + LENGTH - 1


def test_a_note_of_a_pad_starts_a_clip_and_a_program_change_counts_them(play: Play) -> None:
    show = play()
    show.until_ready("two", "three")
    session = show.performance.session
    session.on_midi(Control("note", 36, 1), 100)
    show.until(lambda: show.value("source") == "two")
    show.until_clip("two")
    session.on_midi(Control("note", 36, 1), 0)
    session.on_midi(Control("program", 0, 1), 2)
    show.until_clip("three")
    assert show.value("source") == "three", "by its name, though a number came"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_the_newest_wish_wins_over_one_that_does_not_open(play: Play, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    show = play(sources="pipe: pipe.mkv, ", ready="next")
    store, inputs = show.performance.store, show.performance.video_input
    store.set("source", "pipe")
    show.show.frames(5)
    assert inputs.a.asked == "pipe"
    assert FIRST["one"] <= show.number < FIRST["one"] + LENGTH, "what played goes on"
    store.set("source", "three")
    show.until_clip("three")
    show.until(lambda: show.performance.run_state.show.source[0].endswith("three.mp4"))
    assert show.value("source") == "three"
    assert not show.said("pipe.mkv")


def test_what_was_chosen_before_the_start_plays_as_after_a_crash(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vj.app.live import Performance

    start = Performance.start

    def resumed(performance: Performance) -> None:
        performance.store.set("source", "two")
        performance.store.set("deck/b", "three")
        start(performance)

    monkeypatch.setattr(Performance, "start", resumed)
    show = play()
    show.until_clip("two")
    show.performance.store.set("deck/mix", 1)
    show.until_clip("three")
    assert show.performance.video_input.on_decks() == ("two", "three")
