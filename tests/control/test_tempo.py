"""Tempo and beat: taps, MIDI clocks, Ableton Link."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from tests.control.harness import FPS, ControlHarness
from tests.waiting import until
from vj.control.tempo import Tempo
from vj.core.errors import Fault


def test_taps_give_the_tempo() -> None:
    tempo = Tempo(100)
    for beat in range(5):
        tempo.tap(1.0 + beat * 60 / 128)
    assert tempo.bpm == pytest.approx(128, abs=0.01)
    assert tempo.beat(1.0 + 4 * 60 / 128) % 1 == pytest.approx(0, abs=1e-6), (
        "the last tap is a beat"
    )


def test_a_midi_clock_with_jitter_gives_the_tempo_and_the_beat() -> None:
    chance = random.Random(3)
    tempo, worst = Tempo(90), 0.0
    tempo.clock_start(0.0)
    for tick in range(24 * 16):
        tempo.clock_tick(5.0 + tick * 60 / 120 / 24 + chance.gauss(0, 0.003))
        if tick > 96:
            worst = max(worst, abs(tempo.bpm - 120))
    assert worst < 0.5
    assert tempo.beat(5.0 + 16 * 0.5) == pytest.approx(16, abs=0.05)
    tempo.clock_stop(13.0)
    assert tempo.beat(20.0) == tempo.beat(13.0), "stopped"
    assert tempo.next(20.0, 1) == math.inf


def clocked(controls: ControlHarness, ticks: int, bpm: float = 120.0, device: str = "") -> None:
    """So many ticks of a clock, and the frames meanwhile."""
    for _ in range(ticks):
        controls.engine.on_clock("tick", controls.now, device)
        controls.store.sample(controls.now)
        controls.now += 60 / bpm / 24


def heard_clock(controls: ControlHarness, what: str, position: int = 0) -> None:
    controls.engine.on_clock(what, controls.now, "", position)
    controls.store.sample(controls.now)


def test_start_stop_continue_and_song_position_place_the_beat() -> None:
    controls = ControlHarness(tempo=120)
    controls.play(1.3)
    heard_clock(controls, "start")
    clocked(controls, 96)
    heard_clock(controls, "stop")
    clocked(controls, 50)
    assert controls.engine.tempo.beat(controls.now) == pytest.approx(4, abs=0.06), (
        "ticks while stopped do not count"
    )
    heard_clock(controls, "continue")
    clocked(controls, 48)
    assert controls.engine.tempo.beat(controls.now) == pytest.approx(6, abs=0.06)
    heard_clock(controls, "stop")
    heard_clock(controls, "position", 100)
    heard_clock(controls, "continue")
    clocked(controls, 24)
    assert controls.engine.tempo.beat(controls.now) == pytest.approx(26, abs=0.06)


def test_joining_a_running_clock_keeps_the_bar() -> None:
    controls = ControlHarness(tempo=125)
    controls.play(50.1)
    before = controls.engine.tempo.beat(controls.now)
    clocked(controls, 72, 125)
    assert controls.engine.tempo.beat(controls.now) == pytest.approx(before + 3, abs=0.06)


def test_a_second_clock_is_ignored_and_named_and_leads_when_the_first_has_gone() -> None:
    controls = ControlHarness(tempo=120)
    for step in range(200):
        controls.engine.on_clock("tick", controls.now, "drum machine")
        if step % 2:
            controls.engine.on_clock("tick", controls.now, "laptop")
        controls.play(1 / FPS if step % 2 else 0)
    led = controls.engine.tempo.bpm
    assert led == pytest.approx(60 * FPS * 2 / 24, rel=0.02)
    assert [line for line in controls.messages if "second clock" in line and "laptop" in line] != []
    assert len(controls.messages) == 1
    controls.play(1)
    clocked(controls, 60, 90, "laptop")
    assert controls.engine.tempo.bpm == pytest.approx(90, rel=0.02)


def test_a_bar_of_three_and_a_half_beats_strikes_where_it_begins() -> None:
    envelope = {
        "envelope": "bar",
        "attack": 0,
        "decay": "0.1 s",
        "to": "picture/brightness",
        "depth": 0.5,
    }
    controls = ControlHarness(tempo={"bpm": 120, "beats_per_bar": 3.5}, modulators=[envelope])
    values = [frame["picture/brightness"] for frame in controls.play(9)]
    struck = [
        index / FPS for index, (a, b) in enumerate(itertools.pairwise(values), 1) if b - a > 0.2
    ]
    assert np.allclose(np.diff(struck), 1.75, atol=1.5 / FPS)
    assert len(struck) >= 4


def test_a_fade_in_bars_follows_the_tempo_and_is_not_moved_by_a_new_beat() -> None:
    cue = {"name": "slow", "fade": "2 bars", "set": {"picture/brightness": 0.8}}
    controls = ControlHarness(tempo=120, cues=[cue], start={"picture/brightness": 0})
    controls.play(1)
    controls.store.set("cue/fire", "slow")
    controls.play(2)
    assert controls.at("picture/brightness") == pytest.approx(0.4, abs=0.02)
    controls.store.set("tempo/bpm", 60)
    controls.play(2)
    assert controls.at("picture/brightness") == pytest.approx(0.6, abs=0.02)
    heard_clock(controls, "start")
    controls.play(1)
    assert controls.at("picture/brightness") == pytest.approx(0.7, abs=0.03)
    controls.play(1.5)
    assert controls.at("picture/brightness") == pytest.approx(0.8)


def test_a_tempo_change_does_not_jump_in_the_beat() -> None:
    tempo = Tempo(120)
    tempo.set_bpm(60, 10.0)
    assert tempo.beat(10.0) == pytest.approx(20)
    assert tempo.beat(11.0) == pytest.approx(21)


def test_a_tempo_that_is_set_in_a_link_session_is_set_for_everybody() -> None:
    class AbletonLink:
        bpm, peers = 100.0, 1

        def __call__(self) -> tuple[float, float] | None:
            return (self.bpm, controls.now * self.bpm / 60 + 1.5) if self.peers else None

        def set_tempo(self, bpm: float) -> None:
            self.bpm = bpm

    controls, session = ControlHarness(tempo={"follow": "link"}), AbletonLink()
    controls.engine.tempo_source.follow_link(session)
    controls.play(0.5)
    assert controls.at("tempo/bpm") == 100
    controls.store.set("tempo/bpm", 84)
    controls.play(0.5)
    assert (session.bpm, controls.engine.tempo.bpm) == (84, 84)
    session.peers = 0
    controls.play(0.2)
    controls.store.set("tempo/bpm", 70)
    controls.play(0.2)
    assert (session.bpm, controls.engine.tempo.bpm) == (84, 70), "nobody else is there"


def test_link_without_its_package_is_logged() -> None:
    from vj.control.link import open_link

    try:
        import aalink  # noqa: F401
    except ImportError:
        with pytest.raises(Fault, match="pip install aalink"):
            open_link(120)
        return
    first, leave = open_link(97)
    second, leave_too = open_link(140)
    try:
        until(lambda: first() is not None and second() is not None)
        one, other = first(), second()
        assert one is not None
        assert other is not None
        assert one[0] == pytest.approx(other[0], abs=0.01), "one tempo for both"
        assert one[1] % 1 == pytest.approx(other[1] % 1, abs=0.02)
    finally:
        leave()
        leave_too()
