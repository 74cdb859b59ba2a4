"""The timeline paused and sought: where it goes on, and what stands there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control.harness import FPS, ControlHarness
from tests.shows import ShowPeer
from tests.waiting import until
from vj.control.osc.server import OscServer
from vj.core.clock import WallClock

SHOW: dict[str, Any] = {
    "start": {"prompt/travel": 0.5, "picture/hue": 10},
    "cues": [
        {"name": "calm", "fade": "2 s", "set": {"strength": 0.2, "prompt/a": "sea"}},
        {
            "name": "storm",
            "fade": "4 s",
            "set": {"strength": 0.8, "prompt": "storm"},
            "follow": "3 s",
            "then": "after",
        },
        {"name": "after", "set": {"mix/wet": 0.5}},
        {"name": "end", "fade": "1 s", "set": {"picture/hue": 90}},
    ],
    "timeline": [
        {"at": "0:02", "cue": "calm"},
        {"at": "0:10", "cue": "storm"},
        {"at": "0:30", "cue": "end"},
    ],
    "curves": [{"to": "noise/hold", "points": [["0:04", 0.0], ["0:24", 1.0]]}],
}


def sought(controls: ControlHarness, seconds: float) -> Any:
    """Set the position. Returns the frame in which it is."""
    controls.store.set("timeline/position", seconds)
    return controls.play(1 / FPS)[0]


def position(controls: ControlHarness) -> float:
    timeline = controls.engine.live_state().timeline
    assert timeline is not None
    return timeline[0]


def moves(controls: ControlHarness) -> bool:
    timeline = controls.engine.live_state().timeline
    assert timeline is not None
    return timeline[1]


def test_a_position_has_its_cue_at_once_and_nothing_of_the_way() -> None:
    controls = ControlHarness(**SHOW)
    controls.play(0.5)
    frame = sought(controls, 12)
    assert controls.engine.cues.current == "storm"
    assert (frame["strength"], frame["prompt/a"]) == (0.8, "storm")
    assert frame["prompt/travel"] == 0.0, "its words are cut, too"
    assert frame["noise/hold"] == pytest.approx(8 / 20), "the curve's value there"
    assert controls.engine.live_state().fade is None
    assert position(controls) == pytest.approx(12)
    controls.play(1)
    assert position(controls) == pytest.approx(13, abs=1e-6)
    assert controls.at("noise/hold") == pytest.approx(9 / 20, abs=0.003)


def test_what_earlier_cues_have_set_stands_there_too() -> None:
    controls = ControlHarness(**SHOW)
    frame = sought(controls, 31)
    assert controls.engine.cues.current == "end"
    assert (frame["picture/hue"], frame["strength"], frame["prompt/a"]) == (90, 0.8, "storm")


def test_what_stands_there_already_is_not_set_again() -> None:
    controls = ControlHarness(**SHOW)
    sought(controls, 12)
    was_set: list[str] = []
    controls.store.listeners.append(lambda name, value, origin: was_set.append(name))
    sought(controls, 13)
    assert was_set == ["timeline/position"]
    controls.store.set("strength", 0.5, "hand")
    assert sought(controls, 13)["strength"] == 0.8


def test_a_fade_that_heads_for_the_value_of_the_place_ends_there_at_once() -> None:
    controls = ControlHarness(**SHOW)
    controls.store.set("cue/fire", "storm")
    assert controls.play(1)[-1]["strength"] < 0.8
    assert sought(controls, 12)["strength"] == 0.8


def test_a_follow_counts_from_where_it_was_sought() -> None:
    controls = ControlHarness(**SHOW)
    sought(controls, 20)
    controls.play(2.9)
    assert controls.engine.cues.current == "storm"
    controls.play(0.2)
    assert controls.engine.cues.current == "after"


def test_entries_after_the_position_come_with_their_fades() -> None:
    controls = ControlHarness(**SHOW)
    sought(controls, 29.5)
    controls.play(0.9)
    assert controls.engine.cues.current == "end"
    assert 20 < controls.at("picture/hue") < 80


def test_seeking_back_brings_back_what_stood_there() -> None:
    controls = ControlHarness(**SHOW)
    sought(controls, 31)
    controls.play(0.5)
    frame = sought(controls, 5)
    assert controls.engine.cues.current == "calm"
    assert (frame["strength"], frame["prompt/a"]) == (0.2, "sea")
    assert frame["picture/hue"] == 10, "which only a later cue sets"
    assert frame["noise/hold"] == pytest.approx(1 / 20)
    controls.store.set("mix/mode", "screen", "hand")
    frame = sought(controls, 1)
    assert controls.engine.cues.current is None
    assert frame["strength"] == controls.store.start_of("strength")
    assert frame["noise/hold"] == controls.store.start_of("noise/hold"), "before the curve"
    assert frame["mix/mode"] == "screen", "no entry has set it"
    controls.play(1.1)
    assert controls.engine.cues.current == "calm", "and it plays on from there"


def test_a_parameter_that_no_passed_cue_sets_keeps_the_hands_value() -> None:
    controls = ControlHarness(**SHOW)
    controls.store.set("picture/hue", 33.0, "hand")
    controls.play(0.2)
    assert sought(controls, 12)["picture/hue"] == 33.0


def test_seeking_gives_a_curve_back_what_a_hand_had_taken() -> None:
    controls = ControlHarness(**SHOW)
    sought(controls, 6)
    controls.store.set("noise/hold", 0.9, "hand")
    assert controls.play(0.5)[-1]["noise/hold"] == 0.9
    assert sought(controls, 6)["noise/hold"] == pytest.approx(2 / 20)


def test_a_pause_holds_everything_that_moves_by_itself_until_play() -> None:
    controls = ControlHarness(**SHOW)
    sought(controls, 12)
    controls.store.set("timeline/pause", True)
    controls.play(5)
    assert controls.engine.cues.current == "storm", "its follow waits"
    assert controls.engine.live_state().timeline == (pytest.approx(12 + 1 / FPS), False)
    assert controls.at("noise/hold") == pytest.approx(8 / 20, abs=0.002)
    controls.store.set("timeline/play", True)
    controls.play(2.8)
    assert controls.engine.cues.current == "storm"
    controls.play(0.3)
    assert controls.engine.cues.current == "after"
    assert position(controls) == pytest.approx(15.1, abs=0.05)


def test_a_cue_fired_in_a_pause_does_not_end_it_as_it_does_after_a_panic() -> None:
    controls = ControlHarness(**SHOW)
    for what, goes_on in (("panic", True), ("timeline/pause", False)):
        controls.store.set(what, True)
        controls.play(0.1)
        controls.store.set("cue/fire", "calm")
        controls.play(0.1)
        assert moves(controls) is goes_on
    assert controls.at("strength") != controls.store.start_of("strength"), "but it fades in"


def test_seeking_in_a_pause_shows_the_place_and_stays_there() -> None:
    controls = ControlHarness(**SHOW)
    controls.play(1)
    controls.store.set("timeline/pause", True)
    controls.play(60)
    frame = sought(controls, 14)
    assert (frame["strength"], frame["noise/hold"]) == (0.8, pytest.approx(10 / 20))
    controls.play(3)
    assert controls.engine.live_state().timeline == (14.0, False)
    assert controls.at("noise/hold") == pytest.approx(10 / 20)
    controls.store.set("timeline/play", True)
    controls.play(1)
    assert position(controls) == pytest.approx(15, abs=0.04)
    assert controls.at("noise/hold") == pytest.approx(11 / 20, abs=0.003)


def test_seeking_while_paused_before_a_curve_leaves_its_parameter_alone() -> None:
    controls = ControlHarness(**SHOW)
    controls.store.set("noise/hold", 0.7, "hand")
    controls.play(3)
    controls.store.set("timeline/pause", True)
    controls.play(60)
    assert sought(controls, 2.5)["noise/hold"] == 0.7


def test_on_a_timeline_of_curves_alone_a_cue_of_the_hand_stands_on() -> None:
    controls = ControlHarness(**{**SHOW, "timeline": []})
    controls.store.set("cue/fire", "calm")
    controls.play(1)
    assert sought(controls, 14)["noise/hold"] == pytest.approx(0.5)
    state = controls.engine.live_state()
    assert (state.cue, state.fade) == ("calm", ("calm", pytest.approx(0.5, abs=0.02), 2.0))


def test_a_position_as_osc_rounds_it_is_the_entry_it_means() -> None:
    controls = ControlHarness(**SHOW)
    sought(controls, 29.9999981)
    assert controls.engine.cues.current == "end"
    frames = controls.play(1)
    assert {frame["picture/hue"] for frame in frames} == {90.0}, "and it is not fired again"


LOOP: dict[str, Any] = {
    "tempo": 120,
    "cues": [{"name": name, "set": {"strength": value}} for name, value in (("a", 0.1), ("b", 0.9))]
    + [{"name": "intro", "set": {"mix/wet": 0.3}}],
    "timeline": [
        {"at": 0, "cue": "intro"},
        {"at": "bar 2", "cue": "a"},
        {"at": "bar 4", "cue": "b"},
        {"at": "bar 5", "loop": "1 s"},
    ],
}
"""a at 2 s, b at 6 s, back from 8 s to 1 s, where b still stands."""


@pytest.mark.parametrize("seconds", [1.0, 2.5, 6.5, 7.9, 8.0, 8.5, 9.5, 13.5, 15.2, 27.4])
def test_a_position_behind_a_loop_is_where_the_loop_leads(seconds: float) -> None:
    """The same as playing so far, on a timeline whose cues have no fades."""
    played, jumped = ControlHarness(**LOOP), ControlHarness(**LOOP)
    played.play(seconds + 1 / FPS)
    sought(jumped, seconds)
    assert position(jumped) == pytest.approx(position(played), abs=1.5 / FPS)
    for ours, theirs in zip(jumped.play(8), played.play(8), strict=True):
        assert ours["strength"] == theirs["strength"], ours.time
        assert ours["mix/wet"] == theirs["mix/wet"]
    assert jumped.engine.cues.current == played.engine.cues.current


def test_seeking_from_a_later_round_knows_what_the_first_one_set() -> None:
    controls = ControlHarness(**LOOP)
    controls.play(9)
    frame = sought(controls, 0.5)
    assert controls.engine.cues.current == "intro"
    assert frame["strength"] == controls.store.start_of("strength")
    assert frame["mix/wet"] == 0.3


def test_a_show_without_a_timeline_says_so() -> None:
    controls = ControlHarness(cues=[{"name": "a", "follow": "1 s"}, {"name": "b"}])
    for name, value in (("timeline/position", 3), ("timeline/pause", True)):
        controls.store.set(name, value)
        controls.play(0.1)
        assert controls.messages[-1].startswith(f"{name}: this show has no timeline")
    assert controls.engine.live_state().timeline is None


# From outside


def test_osc_seeks_pauses_and_plays() -> None:
    controls = ControlHarness(**SHOW)
    server = OscServer(
        controls.store,
        ("127.0.0.1", 0),
        clock=WallClock(),
        on_message=controls.messages.append,
    )
    server.start()
    try:
        peer = ShowPeer(server.address[1])
        peer.send("/vj/timeline/position", 12.0)
        until(lambda: controls.play(1 / FPS) and controls.engine.cues.current == "storm")
        peer.send("/vj/timeline/pause")
        until(lambda: controls.play(1 / FPS) and not moves(controls))
        assert 12 < position(controls) < 60
        assert peer.value("timeline/position") == 12.0
        peer.send("/vj/timeline/play")
        until(lambda: controls.play(1 / FPS) and moves(controls))
        peer.send("/vj/timeline/position", 1e9)
        until(lambda: controls.play(1 / FPS) and controls.engine.cues.current == "end")
        until(lambda: "1e+09 is above 86400" in " ".join(controls.messages))  # a thread says it
    finally:
        server.stop()


def test_a_mapped_fader_and_a_key_seek_and_pause() -> None:
    controls = ControlHarness(
        **SHOW,
        mappings=[
            {"osc": "/scrub", "to": "timeline/position", "range": [0, 40]},
            {"key": "p", "to": "timeline/pause"},
        ],
    )
    controls.play(0.1)
    controls.osc("/scrub", 0.3)
    controls.play(2 / FPS)
    assert controls.engine.cues.current == "storm"
    controls.engine.on_key("p")
    controls.play(1 / FPS)
    assert not moves(controls)
