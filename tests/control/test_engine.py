"""What moves parameters by itself, at frame times that the tests set: mappings, macros, modulators,
cues, timeline, tempo, takes."""

from __future__ import annotations

import itertools
import math
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vj.control.build import make_engine
from vj.control.engine import ControlEngine
from vj.control.takes import FIRST_LINE, Take, TakeWriter
from vj.control.tempo import Tempo
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.parameters.curves import NAMED, curve
from vj.parameters.store import Snapshot, Store
from vj.show.durations import Duration, duration, moment
from vj.show.load import ShowFaults, check_show, load_show
from vj.show.midi_controls import Control, control
from vj.show.save import write_cues

FPS = 30


class Stage:
    """A show's parameters, frame by frame."""

    def __init__(self, **show: Any) -> None:
        self.said: list[str] = []
        self.show = check_show(show, "test")
        self.store = Store({"tempo/bpm": self.show.tempo.bpm, **self.show.start}, self.show.table())
        self.latency = 0.0
        self.now = 0.0
        self.engine, self.audio_inputs = make_engine(
            self.show,
            self.store,
            live=False,
            log=self.said.append,
            now=lambda: self.now,
            latency=lambda: self.latency,
        )
        self.store.listeners.append(self.engine.changed)
        self.store.automation = self.engine
        self.frames: list[Snapshot] = []

    def play(self, seconds: float) -> list[Snapshot]:
        """The frames of so many seconds."""
        made = []
        for _ in range(round(seconds * FPS)):
            made.append(self.store.sample(self.now))
            self.now += 1 / FPS
        self.frames += made
        return made

    def osc(self, address: str, *values: Any) -> None:
        assert self.engine.on_osc(address, values), address

    def midi(self, name: str, raw: float, device: str = "nano") -> None:
        self.engine.on_midi(control(name), raw, device)

    def at(self, name: str) -> Any:
        """A parameter in the next frame."""
        return self.play(1 / FPS)[0][name]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("4 s", Duration(4.0)),
        ("300 ms", Duration(0.3)),
        (0.5, Duration(0.5)),
        ("1:30", Duration(90.0)),
        ("1:02:03", Duration(3723.0)),
        ("2 bars", Duration(bars=2.0)),
        ("1/4 bar", Duration(bars=0.25)),
        ("beat", Duration(beats=1.0)),
        ("2 min", Duration(120.0)),
    ],
)
def test_times_are_read_as_they_are_written(asked: object, found: Duration) -> None:
    assert duration(asked) == found


@pytest.mark.parametrize("asked", ["4 q", "", "soon", -1, "1/0 bar", math.nan, "bar"])
def test_what_is_no_moment_is_refused(asked: object) -> None:
    with pytest.raises(Fault, match=r"no time|divides by zero|no moment"):
        moment("bar zero" if asked == "bar" else asked)


def test_bars_count_from_one() -> None:
    assert moment("bar 9") == Duration(bars=8.0)
    with pytest.raises(Fault, match="count from 1"):
        moment("bar 0")


@pytest.mark.parametrize("asked", [*NAMED, "steps 4", 2.0, "0.5"])
def test_curves_lead_from_0_to_1_and_rise(asked: object) -> None:
    values = [curve(asked)(u) for u in np.linspace(0, 1, 101)]
    assert values[0] == pytest.approx(0, abs=1e-9)
    assert values[-1] == pytest.approx(1, abs=1e-9)
    assert min(np.diff(values)) >= -1e-12


def test_an_unknown_curve_names_the_nearest() -> None:
    with pytest.raises(Fault, match="did you mean logistic"):
        curve("logistics")


# MappingTable


def test_a_fader_plays_its_range_along_its_curve() -> None:
    stage = Stage(
        mappings=[{"osc": "/1/fader1", "to": "noise/hold", "range": [0.2, 0.6], "curve": 2.0}]
    )
    stage.osc("/1/fader1", 0.5)
    assert stage.at("noise/hold") == pytest.approx(0.2 + 0.25 * 0.4)
    stage.osc("/1/fader1", 7.0)
    assert stage.at("noise/hold") == pytest.approx(0.6), "the range is kept"


def test_invert_input_range_and_values_of_a_pad() -> None:
    stage = Stage(
        mappings=[
            {"osc": "/xy", "to": "noise/hold", "invert": True},
            {"osc": "/xy", "to": "similarity", "take": 1, "in": [0, 10]},
        ]
    )
    stage.osc("/xy", 0.25, 5)
    frame = stage.play(1 / FPS)[0]
    assert (frame["noise/hold"], frame["similarity"]) == (0.75, 0.5)
    stage.osc("/xy", 1.0)
    frame = stage.play(1 / FPS)[0]
    assert (frame["noise/hold"], frame["similarity"]) == (0.0, 0.5), (
        "a value that did not come changes nothing"
    )


def test_smoothing_takes_the_seconds_it_names() -> None:
    stage = Stage(
        start={"noise/hold": 0}, mappings=[{"osc": "/f", "to": "noise/hold", "smooth": "1 s"}]
    )
    stage.play(0.1)
    stage.osc("/f", 1.0)
    values = [frame["noise/hold"] for frame in stage.play(2)]
    assert np.all(np.diff(values) >= 0)
    assert values[0] < 0.2
    assert values[FPS - 1] == pytest.approx(0.95, abs=0.02)
    assert values[-1] == pytest.approx(1.0, abs=0.003)


def test_a_control_on_the_parameter_ends_another_ones_smoothing() -> None:
    stage = Stage(
        start={"noise/hold": 0}, mappings=[{"osc": "/f", "to": "noise/hold", "smooth": "2 s"}]
    )
    stage.osc("/f", 1.0)
    stage.play(0.3)
    stage.store.set("noise/hold", 0.4, "another hand")
    assert [frame["noise/hold"] for frame in stage.play(1)][1:] == [0.4] * (FPS - 1), (
        "the latest wins, and stays"
    )


def test_soft_takeover_picks_up_when_the_control_crosses_the_value_and_not_before() -> None:
    stage = Stage(start={"noise/hold": 0.5}, mappings=[{"midi": "cc 7", "to": "noise/hold"}])
    for raw in (0, 20, 50):
        stage.midi("cc 7 ch 1", raw)
        assert stage.at("noise/hold") == 0.5, raw
    stage.midi("cc 7 ch 1", 70)
    assert stage.at("noise/hold") == pytest.approx(70 / 127), "it crossed 0.5"
    stage.midi("cc 7 ch 1", 20)
    assert stage.at("noise/hold") == pytest.approx(20 / 127), "and holds it"
    stage.store.set("noise/hold", 0.9)
    stage.midi("cc 7 ch 1", 30)
    assert stage.at("noise/hold") == 0.9, "somebody else moved it: the control has lost it"


def test_takeover_can_be_switched_off() -> None:
    stage = Stage(
        start={"noise/hold": 0.5},
        mappings=[{"midi": "cc 7", "to": "noise/hold", "takeover": False}],
    )
    stage.midi("cc 7 ch 1", 0)
    assert stage.at("noise/hold") == 0


@pytest.mark.parametrize(
    ("coding", "up", "down"), [("twos", 1, 127), ("offset", 65, 63), ("sign", 1, 65)]
)
def test_endless_encoders_of_the_three_codings(coding: str, up: int, down: int) -> None:
    stage = Stage(
        start={"noise/hold": 0.5},
        mappings=[{"midi": "cc 9", "to": "noise/hold", "relative": coding, "step": 0.1}],
    )
    stage.midi("cc 9 ch 1", up)
    stage.midi("cc 9 ch 1", up)
    assert stage.at("noise/hold") == pytest.approx(0.7)
    stage.midi("cc 9 ch 1", down)
    assert stage.at("noise/hold") == pytest.approx(0.6)


def test_notes_as_momentary_toggle_trigger_and_velocity() -> None:
    stage = Stage(
        start={"noise/hold": 0, "similarity": 0},
        mappings=[
            {"midi": "note 1", "to": "output/freeze", "as": "momentary"},
            {"midi": "note 2", "to": "output/freeze", "as": "toggle"},
            {"midi": "note 3", "to": "similarity", "as": "velocity"},
            {"midi": "note 4", "to": "panic"},
            {"midi": "note 5", "to": "prompt/a", "value": "deep ocean"},
        ],
    )

    def note(number: int, velocity: int) -> Snapshot:
        stage.midi(f"note {number} ch 1", velocity)
        return stage.play(1 / FPS)[0]

    assert note(1, 100)["output/freeze"] is True
    assert note(1, 0)["output/freeze"] is False
    assert note(2, 100)["output/freeze"] is True
    assert note(2, 0)["output/freeze"] is True, "a toggle stays when the key is let go"
    assert note(2, 90)["output/freeze"] is False
    assert note(3, 127)["similarity"] == 1.0
    assert note(3, 0)["similarity"] == 1.0
    assert note(5, 0)["prompt/a"] == ""
    assert note(5, 1)["prompt/a"] == "deep ocean", "the softest touch is a press"


def test_hysteresis_keeps_a_switch_from_chattering() -> None:
    stage = Stage(mappings=[{"osc": "/s", "to": "output/freeze", "hysteresis": 0.4}])
    seen = []
    for value in (0.45, 0.65, 0.71, 0.5, 0.35, 0.29, 0.5):
        stage.osc("/s", value)
        seen.append(stage.at("output/freeze"))
    assert seen == [False, False, True, True, True, False, False]


def test_channels_and_devices_are_distinguished() -> None:
    stage = Stage(
        start={"noise/hold": 0.5, "similarity": 0.5},
        mappings=[
            {"midi": "cc 1 ch 2", "to": "noise/hold", "takeover": False},
            {"midi": "cc 1", "device": "MIDImix", "to": "similarity", "takeover": False},
        ],
    )
    stage.midi("cc 1 ch 1", 127, "nanoKONTROL2")
    frame = stage.play(1 / FPS)[0]
    assert (frame["noise/hold"], frame["similarity"]) == (0.5, 0.5)
    stage.midi("cc 1 ch 2", 127, "Akai midimix port 1")
    frame = stage.play(1 / FPS)[0]
    assert (frame["noise/hold"], frame["similarity"]) == (1.0, 1.0)


def test_quantised_changes_land_on_the_beat_on_screen() -> None:
    stage = Stage(
        tempo=120,
        mappings=[{"osc": "/f", "to": "noise/hold", "quantise": "bar", "ahead": "100 ms"}],
    )
    stage.latency = 0.1
    stage.play(0.3)
    stage.osc("/f", 0.25)
    frames = stage.play(3)
    first = next(frame.time for frame in frames if frame["noise/hold"] == 0.25)
    assert first == pytest.approx(2.0 - 0.2, abs=1.01 / FPS), (
        "the bar of 2 s, less latency and what is asked for"
    )


# Macros


def test_a_pedal_builds_up_and_returns_to_calm() -> None:
    stage = Stage(
        start={"strength": 0.35, "noise/hold": 1.0},
        macros={
            "pedal": {
                "attack": "0.4 s",
                "release": "2 s",
                "drives": {"strength": [0.35, 0.9], "noise/hold": [1, 0.6, "s-curve"]},
            }
        },
        mappings=[{"midi": "cc 64", "to": "pedal"}],
    )
    stage.play(0.2)
    stage.midi("cc 64 ch 1", 127)
    up = stage.play(0.6)
    assert [f["strength"] for f in up] == sorted(f["strength"] for f in up)
    assert up[FPS // 5 - 1]["strength"] == pytest.approx(0.62, abs=0.05), (
        "half way after half the attack"
    )
    assert up[-1]["strength"] == pytest.approx(0.9)
    assert up[-1]["noise/hold"] == pytest.approx(0.6)
    stage.midi("cc 64 ch 1", 0)
    down = stage.play(2.2)
    assert down[FPS]["strength"] == pytest.approx(0.9 - 0.55 / 2, abs=0.03), (
        "half way after half the release"
    )
    assert down[-1]["strength"] == pytest.approx(0.35), "calm"
    assert down[-1]["noise/hold"] == 1.0


def test_a_control_moves_what_a_macro_shifts() -> None:
    stage = Stage(
        start={"noise/hold": 0.2}, macros={"push": {"drives": {"noise/hold": [0.2, 0.5]}}}
    )
    stage.store.set("macro/push", 1)
    stage.play(0.2)
    stage.store.set("noise/hold", 0.4)
    assert stage.at("noise/hold") == pytest.approx(0.7)
    stage.store.set("noise/hold", 0.9)
    assert stage.at("noise/hold") == 1.0, "clamped to its range"


# Modulators


def test_an_lfo_adds_on_top_of_the_control() -> None:
    stage = Stage(
        start={"noise/hold": 0.5},
        modulators=[{"lfo": "sine", "rate": "1 s", "to": "noise/hold", "depth": 0.2}],
    )
    values = [frame["noise/hold"] for frame in stage.play(1)]
    assert (min(values), max(values)) == (
        pytest.approx(0.3, abs=0.005),
        pytest.approx(0.7, abs=0.005),
    )
    stage.store.set("noise/hold", 0.7)
    values = [frame["noise/hold"] for frame in stage.play(1)]
    assert (min(values), max(values)) == (
        pytest.approx(0.5, abs=0.005),
        pytest.approx(0.9, abs=0.005),
    )
    assert stage.store.get("noise/hold") == 0.7, "the base stays the hand's"
    stage.store.set("mod/sine1", 0)
    stage.play(0.2)
    assert stage.at("noise/hold") == 0.7, "and its amount can be played too"


def test_a_range_says_between_what_an_lfo_moves() -> None:
    stage = Stage(
        start={"feedback/zoom": 1.0},
        modulators=[
            {"lfo": "triangle", "rate": "2 s", "to": "feedback/zoom", "range": [0.99, 1.02]}
        ],
    )
    values = [frame["feedback/zoom"] for frame in stage.play(2)]
    assert (min(values), max(values)) == (pytest.approx(0.99), pytest.approx(1.02, abs=1e-3))


def test_lfos_in_bars_follow_the_tempo() -> None:
    stage = Stage(
        tempo=120,
        start={"noise/hold": 0.5},
        modulators=[{"lfo": "saw", "rate": "1 bar", "to": "noise/hold", "range": [0, 1]}],
    )
    values = [frame["noise/hold"] for frame in stage.play(4)]
    assert np.sum(np.diff(values) < -0.5) == 1, (
        "bars of two seconds: one fall in four seconds, at the second"
    )
    stage.store.set("tempo/bpm", 240)
    values = [frame["noise/hold"] for frame in stage.play(4)]
    assert np.sum(np.diff(values) < -0.5) in (3, 4)


def test_random_waves_repeat_exactly_and_differ_by_seed() -> None:
    def wave(seed: int, kind: str) -> list[float]:
        stage = Stage(
            start={"noise/hold": 0.5},
            modulators=[
                {"lfo": kind, "rate": 0.2, "seed": seed, "to": "noise/hold", "range": [0, 1]}
            ],
        )
        return [frame["noise/hold"] for frame in stage.play(3)]

    for kind in ("random", "noise"):
        assert wave(1, kind) == wave(1, kind)
        assert wave(1, kind) != wave(2, kind)
        assert np.std(wave(1, kind)) > 0.1
    assert max(np.abs(np.diff(wave(1, "noise")))) < 0.5, "smooth noise has no jumps"


def test_an_envelope_is_set_off_by_a_beat_a_cue_and_a_note() -> None:
    for cause, trigger in (
        ("beat", lambda stage: None),
        ("cue hit", lambda stage: stage.store.set("cue/fire", "hit")),
        ("midi note 36", lambda stage: stage.midi("note 36 ch 10", 90)),
        ("osc /kick", lambda stage: stage.osc("/kick", 1.0)),
    ):
        stage = Stage(
            tempo=120,
            start={"noise/hold": 0.0},
            cues=[{"name": "hit"}],
            modulators=[
                {"envelope": cause, "attack": 0.05, "decay": 0.2, "to": "noise/hold", "depth": 0.8}
            ],
        )
        stage.play(0.3 if cause != "beat" else 0)
        trigger(stage)
        values = [frame["noise/hold"] for frame in stage.play(0.4)]
        assert max(values) > 0.6, cause
        assert values[-1] < 0.05, cause


def test_a_follower_hears_the_bass_of_a_file(tmp_path: Path) -> None:
    import wave

    rate = 48_000
    t = np.arange(rate * 2) / rate
    sound = np.where(t < 1, np.sin(2 * np.pi * 80 * t), np.sin(2 * np.pi * 5000 * t)) * 0.8
    with wave.open(str(tmp_path / "kick.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    stage = Stage(
        start={"noise/hold": 0.0, "similarity": 0.0},
        modulators=[
            {"audio": "low", "input": str(tmp_path / "kick.wav"), "to": "noise/hold", "depth": 1.0},
            {
                "audio": "high",
                "input": str(tmp_path / "kick.wav"),
                "to": "similarity",
                "depth": 1.0,
            },
        ],
    )
    frames = stage.play(2)
    low, high = (
        np.array([frame[name] for frame in frames]) for name in ("noise/hold", "similarity")
    )
    assert low[10:28].min() > 0.5
    assert high[10:28].max() < 0.1
    assert high[40:].min() > 0.5
    assert low[45:].max() < 0.1
    assert [f.values for f in Stage(**_same(stage)).play(1)] == [f.values for f in frames[:FPS]], (
        "offline it repeats"
    )


def _same(stage: Stage) -> dict[str, Any]:
    rules = [
        {"audio": m.audio, "input": m.input, "to": m.to, "depth": 1.0}
        for m in stage.show.modulators
    ]
    return {"start": {"noise/hold": 0.0, "similarity": 0.0}, "modulators": rules}


def test_an_audio_input_that_cannot_be_opened_is_logged_and_silent(tmp_path: Path) -> None:
    stage = Stage(
        modulators=[{"audio": "level", "input": "nowhere.wav", "to": "noise/hold", "depth": -0.5}]
    )
    assert stage.at("noise/hold") == 1.0
    assert "no such file" in stage.said[0]


# Tempo


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


def clocked(stage: Stage, ticks: int, bpm: float = 120.0, device: str = "") -> None:
    """So many ticks of a clock, and the frames meanwhile."""
    for _ in range(ticks):
        stage.engine.on_clock("tick", stage.now, device)
        stage.store.sample(stage.now)
        stage.now += 60 / bpm / 24


def heard_clock(stage: Stage, what: str, position: int = 0) -> None:
    stage.engine.on_clock(what, stage.now, "", position)
    stage.store.sample(stage.now)


def test_start_stop_continue_and_song_position_place_the_beat() -> None:
    stage = Stage(tempo=120)
    stage.play(1.3)
    heard_clock(stage, "start")
    clocked(stage, 96)
    heard_clock(stage, "stop")
    clocked(stage, 50)
    assert stage.engine.tempo.beat(stage.now) == pytest.approx(4, abs=0.06), (
        "ticks while stopped do not count"
    )
    heard_clock(stage, "continue")
    clocked(stage, 48)
    assert stage.engine.tempo.beat(stage.now) == pytest.approx(6, abs=0.06)
    heard_clock(stage, "stop")
    heard_clock(stage, "position", 100)
    heard_clock(stage, "continue")
    clocked(stage, 24)
    assert stage.engine.tempo.beat(stage.now) == pytest.approx(26, abs=0.06)


def test_joining_a_running_clock_keeps_the_bar() -> None:
    stage = Stage(tempo=125)
    stage.play(50.1)
    before = stage.engine.tempo.beat(stage.now)
    clocked(stage, 72, 125)
    assert stage.engine.tempo.beat(stage.now) == pytest.approx(before + 3, abs=0.06)


def test_a_second_clock_is_ignored_and_named_and_leads_when_the_first_has_gone() -> None:
    stage = Stage(tempo=120)
    for step in range(200):
        stage.engine.on_clock("tick", stage.now, "drum machine")
        if step % 2:
            stage.engine.on_clock("tick", stage.now, "laptop")
        stage.play(1 / FPS if step % 2 else 0)
    led = stage.engine.tempo.bpm
    assert led == pytest.approx(60 * FPS * 2 / 24, rel=0.02)
    assert [line for line in stage.said if "second clock" in line and "laptop" in line] != []
    assert len(stage.said) == 1
    stage.play(1)
    clocked(stage, 60, 90, "laptop")
    assert stage.engine.tempo.bpm == pytest.approx(90, rel=0.02)


def test_a_bar_of_three_and_a_half_beats_strikes_where_it_begins() -> None:
    envelope = {
        "envelope": "bar",
        "attack": 0,
        "decay": "0.1 s",
        "to": "picture/brightness",
        "depth": 0.5,
    }
    stage = Stage(tempo={"bpm": 120, "beats_per_bar": 3.5}, modulators=[envelope])
    values = [frame["picture/brightness"] for frame in stage.play(9)]
    struck = [
        index / FPS for index, (a, b) in enumerate(itertools.pairwise(values), 1) if b - a > 0.2
    ]
    assert np.allclose(np.diff(struck), 1.75, atol=1.5 / FPS)
    assert len(struck) >= 4


def test_a_fade_in_bars_follows_the_tempo_and_is_not_moved_by_a_new_beat() -> None:
    cue = {"name": "slow", "fade": "2 bars", "set": {"picture/brightness": 0.8}}
    stage = Stage(tempo=120, cues=[cue], start={"picture/brightness": 0})
    stage.play(1)
    stage.store.set("cue/fire", "slow")
    stage.play(2)
    assert stage.at("picture/brightness") == pytest.approx(0.4, abs=0.02)
    stage.store.set("tempo/bpm", 60)
    stage.play(2)
    assert stage.at("picture/brightness") == pytest.approx(0.6, abs=0.02)
    heard_clock(stage, "start")
    stage.play(1)
    assert stage.at("picture/brightness") == pytest.approx(0.7, abs=0.03)
    stage.play(1.5)
    assert stage.at("picture/brightness") == pytest.approx(0.8)


def test_an_envelope_may_name_a_channel() -> None:
    envelope = {
        "envelope": "midi note 36 ch 10",
        "decay": "1 s",
        "to": "picture/brightness",
        "depth": 0.5,
    }
    stage = Stage(modulators=[envelope])
    stage.midi("note 36 ch 2", 100)
    assert stage.at("picture/brightness") == 0
    stage.midi("note 36 ch 10", 100)
    stage.play(0.05)
    assert stage.at("picture/brightness") > 0.3


def test_a_tempo_change_does_not_jump_in_the_beat() -> None:
    tempo = Tempo(120)
    tempo.set_bpm(60, 10.0)
    assert tempo.beat(10.0) == pytest.approx(20)
    assert tempo.beat(11.0) == pytest.approx(21)


# Cues


CUES = [
    {"name": "calm", "set": {"noise/hold": 1.0, "prompt/a": "sea"}},
    {
        "name": "storm",
        "fade": "2 s",
        "ease": "s-curve",
        "set": {"noise/hold": 0.0, "prompt/a": "storm", "similarity": 0.5},
    },
    {"name": "after", "fade": "1 s", "set": {"noise/hold": 0.5}},
]


def test_go_back_and_fire_by_name_and_number() -> None:
    stage = Stage(cues=CUES)
    for name, value, standing in (
        ("cue/go", True, "calm"),
        ("cue/go", True, "storm"),
        ("cue/back", True, "calm"),
        ("cue/fire", "after", "after"),
        ("cue/fire", "1", "storm"),
    ):
        stage.store.set(name, value)
        stage.play(0.1)
        assert stage.engine.cues.current == standing
    stage.store.set("cue/fire", "strom")
    stage.play(0.1)
    assert "did you mean storm" in stage.said[-1]
    stage.store.set("cue/fire", "after")
    stage.store.set("cue/go", True)
    stage.play(0.1)
    assert "no cue after after" in stage.said[-1]


def test_a_fade_runs_along_its_ease_and_an_interrupted_one_starts_from_where_it_is() -> None:
    stage = Stage(start={"noise/hold": 1.0}, cues=CUES)
    stage.play(0.1)
    stage.store.set("cue/fire", "storm")
    values = [frame["noise/hold"] for frame in stage.play(1)]
    assert values[-1] == pytest.approx(0.5, abs=0.03), "half way after half the fade"
    assert abs(values[1] - values[0]) < abs(values[20] - values[19]), "an S-curve begins slowly"
    stage.store.set("cue/fire", "calm")
    stage.store.set("cue/fire", "after")
    after = [frame["noise/hold"] for frame in stage.play(1.2)]
    assert after[-1] == pytest.approx(0.5)
    stage.store.set("cue/fire", "storm")
    stage.play(1)
    before = stage.at("noise/hold")
    stage.store.set("cue/fire", "after")
    assert stage.at("noise/hold") == pytest.approx(before, abs=0.03), "no jump"


def test_a_control_ends_the_fade_of_its_parameter_only() -> None:
    stage = Stage(start={"noise/hold": 1.0}, cues=CUES)
    stage.store.set("cue/fire", "storm")
    stage.play(0.5)
    stage.store.set("noise/hold", 0.9, "hand")
    frames = stage.play(2)
    assert {frame["noise/hold"] for frame in frames} == {0.9}
    assert frames[-1]["similarity"] == 0.5


def test_a_cues_text_travels_as_long_as_its_fade() -> None:
    stage = Stage(start={"prompt/travel": 0.5}, cues=CUES)
    stage.store.set("cue/fire", "storm")
    frame = stage.play(0.1)[-1]
    assert (frame["prompt/a"], frame["prompt/travel"]) == ("storm", 2.0)
    assert stage.play(4)[-1]["prompt/travel"] == 0.5, "afterwards the hand's own"
    stage.store.set("cue/fire", "storm")
    stage.store.set("prompt/a", "sun", "hand")
    assert stage.play(0.1)[-1]["prompt/travel"] == 0.5


def test_a_cues_colours_travel_as_long_as_its_fade() -> None:
    cues = [{"name": "night", "fade": "2 s", "set": {"palette/a": "black navy white"}}]
    stage = Stage(start={"prompt/travel": 0.5}, cues=cues)
    stage.store.set("cue/fire", "night")
    frame = stage.play(0.1)[-1]
    assert (frame["palette/a"], frame["prompt/travel"]) == ("black navy white", 2.0)


def test_cues_follow_after_a_time_and_at_a_bar() -> None:
    cues = [
        {"name": "a", "follow": "0.5 s", "then": "c"},
        {"name": "b"},
        {"name": "c", "follow": "1 bar", "then": "b"},
    ]
    stage = Stage(tempo=120, cues=cues)
    stage.play(0.3)
    stage.store.set("cue/fire", "a")
    seen: list[tuple[float, str | None]] = []
    for _ in range(150):
        frame = stage.play(1 / FPS)[0]
        standing = stage.engine.cues.current
        if not seen or seen[-1][1] != standing:
            seen.append((frame.time, standing))
    assert [name for _, name in seen] == ["a", "c", "b"]
    assert seen[1][0] - seen[0][0] == pytest.approx(0.5, abs=0.04)
    assert seen[2][0] == pytest.approx(2.0, abs=0.04), (
        "fired at 0.8 s, a bar later is 2.8 s, whose bar line is at 2 s"
    )


def test_a_stored_cue_brings_the_whole_state_back() -> None:
    stage = Stage(cues=CUES)
    stage.store.set("noise/hold", 0.3)
    stage.store.set("prompt/a", "gold")
    stage.play(0.2)
    stage.store.set("cue/store", "mine")
    stage.play(0.1)
    stage.store.set("panic", True)
    stage.store.set("similarity", 0.8)
    stage.play(0.2)
    stage.store.set("cue/fire", "mine")
    frame = stage.play(1.5)[-1]
    assert (frame["noise/hold"], frame["prompt/a"], frame["similarity"]) == (0.3, "gold", 0.0)


def test_a_stored_cue_is_written_and_read_again_and_pulls_no_trigger(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "show: mine\ncues:\n  - {name: first, set: {strength: 0.2}}\n", encoding="utf-8"
    )
    stage = Stage(cues=CUES)
    stage.store.set("mask/learn", True)
    stage.play(0.1)
    stage.store.set("cue/store", "mine")
    before = stage.play(0.1)[-1]["mask/learn"]
    write_cues(path, {"mine": stage.engine.cues.cues["mine"].set})
    assert load_show(path).cues[-1].name == "mine"
    stage.store.set("cue/fire", "mine")
    assert stage.play(0.5)[-1]["mask/learn"] == before == 1, "learned once, when it was asked for"


# Timeline and curves


def test_a_timeline_fires_cues_and_loops() -> None:
    stage = Stage(
        tempo=120,
        cues=[{"name": "a", "set": {"noise/hold": 0.1}}, {"name": "b", "set": {"noise/hold": 0.9}}],
        timeline=[{"at": 0, "cue": "a"}, {"at": "bar 2", "cue": "b"}, {"at": "3 s", "loop": 0}],
    )
    frames = stage.play(7)
    changes = [
        round(b.time, 1)
        for a, b in itertools.pairwise(frames)
        if a["noise/hold"] != b["noise/hold"]
    ]
    assert changes == [2.0, 3.0, 5.0, 6.0]


def test_a_curve_is_followed_and_overridden_by_a_control_until_the_next_point() -> None:
    stage = Stage(
        curves=[
            {
                "to": "strength",
                "points": [[0, 0.0], ["2 s", 1.0, "s-curve"], ["4 s", 0.2]],
                "loop": True,
            }
        ]
    )
    frames = stage.play(2)
    assert frames[FPS]["strength"] == pytest.approx(0.5, abs=0.02)
    assert frames[FPS // 2]["strength"] == pytest.approx(0.25**2 * (3 - 0.5), abs=0.02)
    stage.play(0.5)
    stage.store.set("strength", 0.05, "hand")
    assert stage.play(0.5)[-1]["strength"] == pytest.approx(0.05)
    stage.play(1.05)
    assert stage.at("strength") == pytest.approx(0.0, abs=0.02), (
        "the loop has begun anew and has it again"
    )


# Takes


def test_a_take_replays_the_same_values_on_the_same_frames(tmp_path: Path) -> None:
    show = {
        "start": {"strength": 0.4},
        "cues": CUES,
        "macros": {"pedal": {"attack": "0.4 s", "drives": {"strength": [0.4, 0.9]}}},
        "modulators": [{"lfo": "noise", "rate": 0.7, "to": "feedback/zoom", "depth": 0.02}],
        "mappings": [{"osc": "/f", "to": "mix/wet", "smooth": "0.3 s"}],
    }
    stage = Stage(**show)
    path = tmp_path / "set.take"
    writer = TakeWriter(path, "a show", stage.said.append, lambda: Size(64, 48))
    stage.store.observers.append(writer.record)
    chance = random.Random(1)
    for turn in range(20):
        stage.osc("/f", chance.random())
        stage.store.set("macro/pedal", turn % 2)
        if turn % 6 == 1:
            stage.store.set("cue/go", True)
        stage.store.set("prompt/b", f'a "quoted" = text {turn}')
        stage.play(0.3)
    writer.close()
    again = Store(stage.show.start, stage.show.table())
    take = Take(path, stage.show.table())
    again.automation = take
    for frame in stage.frames:
        replayed = again.sample(frame.time)
        for name, value in frame.values.items():
            if name.startswith(("cue/", "macro/", "mod/")):
                continue
            assert replayed[name] == (
                pytest.approx(value, abs=2e-6) if isinstance(value, float) else value
            ), (frame.time, name)
    assert take.size == Size(64, 48)
    assert take.seconds == pytest.approx(stage.frames[-1].time, abs=0.04)
    assert path.stat().st_size < 120 * len(stage.frames), "compact"


def test_between_near_frames_a_number_that_goes_on_changing_runs_straight(tmp_path: Path) -> None:
    path = tmp_path / "t.take"
    path.write_text(
        f"{FIRST_LINE}\n0.0 strength=0\n0.1 strength=0.5\n0.2 strength=1\n5.0 strength=0.5\n5.1 "
        "delta=1\n",
        encoding="utf-8",
    )
    take = Take(path, Store().table)
    assert take.at("strength", 0.05) == pytest.approx(0.25)
    assert take.at("strength", 0.15) == pytest.approx(0.75)
    assert take.at("strength", 4.9) == 1.0, "it stood still, and then jumped"


@pytest.mark.parametrize("rate", [FPS, 2 * FPS, 50])
def test_a_replayed_step_stays_a_step_and_a_ramp_a_ramp(tmp_path: Path, rate: int) -> None:
    """At the show's own rate every frame has the live run's values; at another no value that was
    never there."""
    lfos = [
        {"lfo": "square", "rate": "0.2 s", "to": "picture/brightness", "range": [-0.5, 0.5]},
        {"lfo": "triangle", "rate": "2 s", "to": "picture/contrast", "range": [0.5, 1.5]},
    ]
    stage = Stage(
        modulators=lfos,
        cues=[{"name": "a", "fade": "1 s", "set": {"delta": 0.2}}],
        timeline=[{"at": "0:01", "cue": "a"}],
    )
    writer = TakeWriter(tmp_path / "t.take", "test", print, lambda: Size(64, 64))
    stage.store.observers.append(writer.record)
    frames = stage.play(4)
    writer.close()
    take = Take(tmp_path / "t.take", stage.store.table)
    for number in range(4 * rate - rate // FPS):
        moment = number / rate
        if rate == FPS:
            for name in ("picture/brightness", "picture/contrast", "delta"):
                assert take.at(name, moment) == pytest.approx(frames[number][name], abs=2e-6)
        assert take.at("picture/brightness", moment) in (-0.5, 0.5)
        triangle = 0.5 + (1 - abs(2 * ((moment / 2) % 1) - 1))
        assert take.at("picture/contrast", moment) == pytest.approx(triangle, abs=0.02)


def test_a_take_overwrites_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(3):
        TakeWriter(tmp_path / "set.take", "test", said.append, lambda: Size(64, 64)).close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "set-2.take",
        "set-3.take",
        "set.take",
    ]
    assert "is there already; this one goes into" in said[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_ends_a_take_with_a_word_and_takes_no_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("vj.control.takes._new_file", lambda path: (open("/dev/full", "w"), path))  # noqa: SIM115
    writer = TakeWriter(tmp_path / "set.take", "test", said.append, lambda: Size(64, 64))
    stage = Stage(modulators=[{"lfo": "sine", "rate": "1 s", "to": "delta", "depth": 0.1}])
    stage.store.observers.append(writer.record)
    end = time.monotonic() + 5
    while not writer.ended and time.monotonic() < end:
        stage.play(0.1)
        time.sleep(0.005)
    stage.play(2)
    assert said == [f"take {writer.path}: No space left on device; it ends here"]
    assert writer._queue.qsize() < 10
    writer.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello", "is no take"),
        (f"{FIRST_LINE}\nsoon strength=1\n", "2: 'soon' is no time"),
        (f"{FIRST_LINE}\n1 strength=1\n0 strength=1\n", "3: 0 s lies before"),
        (f"{FIRST_LINE}\n1 strength=}}\n", "2: 'strength' is not followed"),
        (f'{FIRST_LINE}\n1 strength="x"\n', "2: strength: 'x' is not a number"),
        (f"{FIRST_LINE}\n", "holds no frame"),
    ],
)
def test_a_take_that_is_none_says_where(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "t.take"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Fault, match=words):
        Take(path, Store().table)


# Faults of a show


@pytest.mark.parametrize(
    ("show", "words"),
    [
        ({"mappings": [{"osc": "/f", "to": "strenght"}]}, "did you mean strength"),
        (
            {"mappings": [{"osc": "/f", "to": "strength", "range": [1, 0]}]},
            r"write \[0, 1\] with invert: true",
        ),
        ({"mappings": [{"osc": "/f", "to": "strength", "range": [0, 4]}]}, "4 is above 1"),
        ({"mappings": [{"to": "strength"}]}, "one control"),
        ({"mappings": [{"osc": "/f*", "to": "strength"}]}, "no OSC address"),
        ({"mappings": [{"midi": "cc 128", "to": "strength"}]}, "128 is above 127"),
        ({"mappings": [{"midi": "knob 1", "to": "strength"}]}, "no such control"),
        ({"mappings": [{"osc": "/f", "to": "strength", "colour": 1}]}, "unknown key colour"),
        (
            {
                "macros": {
                    "a": {"drives": {"strength": [0, 1]}},
                    "b": {"drives": {"mix/wet": [0, 1]}},
                },
                "mappings": [{"midi": "cc 64", "to": "a"}, {"midi": "cc 64", "to": "b"}],
            },
            "plays two macros",
        ),
        ({"macros": {"a": {"drives": {"prompt/a": [0, 1]}}}}, "is no number"),
        ({"macros": {"a": {"drives": {}}}}, "at least 1"),
        ({"modulators": [{"lfo": "sinus", "to": "strength", "depth": 1}]}, "did you mean sine"),
        ({"modulators": [{"lfo": "sine", "to": "strength"}]}, "either range"),
        ({"cues": [{"name": "a", "follow": "1 s", "then": "a"}]}, "cannot follow itself"),
        ({"cues": [{"name": "a", "set": {"cue/fire": "a"}}]}, "a cue names itself"),
        ({"cues": [{"name": "a"}, {"name": "a"}]}, "two cues"),
        ({"cues": [{"name": "a", "set": {"strength": 3}}]}, "3 is above 1"),
        ({"timeline": [{"at": 0, "cue": "x"}]}, "no such cue"),
        ({"timeline": [{"at": "5 s", "loop": "5 s"}]}, "a loop leads back"),
        ({"curves": [{"to": "strength", "points": [[1, 0.5], [0, 0.5]]}]}, "comes before"),
        ({"tempo": 1000}, "300"),
    ],
)
def test_faults_of_a_sequence_are_reported(show: dict[str, Any], words: str) -> None:
    with pytest.raises(ShowFaults, match=words):
        check_show(show, "test")


@pytest.mark.parametrize("take", ["shrae 1", "json", "share", "count 2", -1, "json a", ""])
def test_a_take_that_is_none_of_a_mapping_is_refused(take: object) -> None:
    with pytest.raises(ShowFaults, match=r"which value of a message"):
        check_show({"mappings": [{"osc": "/x", "to": "strength", "take": take}]}, "test")


def test_many_events_in_one_frame_are_one_change() -> None:
    stage = Stage(mappings=[{"osc": "/f", "to": "noise/hold"}])
    heard: list[float] = []
    stage.store.listeners.append(lambda name, value, origin: heard.append(float(value)))
    for i in range(1000):
        stage.osc("/f", i / 1000)
    assert stage.at("noise/hold") == pytest.approx(0.999)
    assert heard == [pytest.approx(0.999)]


def test_a_control_engine_reads_strange_raw_values_without_harm() -> None:
    stage = Stage(
        mappings=[
            {"osc": "/f", "to": "noise/hold"},
            {"osc": "/j", "to": "seed/a", "take": "json 0 0", "as": "raw"},
        ]
    )
    for values in ((math.nan,), (math.inf,), ("text",), (b"blob",), (None,), (), ([1, 2],)):
        stage.osc("/f", *values)
        stage.osc("/j", *values)
        assert 0 <= stage.at("noise/hold") <= 1
    stage.osc("/j", "[[7, 1.0]]")
    assert stage.at("seed/a") == 7
    assert isinstance(stage.engine, ControlEngine)
    assert Control("cc", 1) == control("cc 1")


def test_program_changes_and_keys_fire_cues() -> None:
    stage = Stage(
        cues=CUES, mappings=[{"midi": "program", "to": "cue/fire"}, {"key": "x", "to": "cue/go"}]
    )
    stage.midi("program ch 1", 1)
    stage.play(0.1)
    assert stage.engine.cues.current == "storm"
    assert stage.engine.on_key("x")
    assert not stage.engine.on_key("y")
    stage.play(0.1)
    assert stage.engine.cues.current == "after"


def test_a_tempo_that_is_set_in_a_link_session_is_set_for_everybody() -> None:
    class AbletonLink:
        bpm, peers = 100.0, 1

        def __call__(self) -> tuple[float, float] | None:
            return (self.bpm, stage.now * self.bpm / 60 + 1.5) if self.peers else None

        def set_tempo(self, bpm: float) -> None:
            self.bpm = bpm

    stage, session = Stage(tempo={"follow": "link"}), AbletonLink()
    stage.engine.tempo_source.follow_link(session)
    stage.play(0.5)
    assert stage.at("tempo/bpm") == 100
    stage.store.set("tempo/bpm", 84)
    stage.play(0.5)
    assert (session.bpm, stage.engine.tempo.bpm) == (84, 84)
    session.peers = 0
    stage.play(0.2)
    stage.store.set("tempo/bpm", 70)
    stage.play(0.2)
    assert (session.bpm, stage.engine.tempo.bpm) == (84, 70), "nobody else is there"


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
        end = time.monotonic() + 6
        while (first() is None or second() is None) and time.monotonic() < end:
            time.sleep(0.05)
        one, other = first(), second()
        assert one is not None
        assert other is not None
        assert one[0] == pytest.approx(other[0], abs=0.01), "one tempo for both"
        assert one[1] % 1 == pytest.approx(other[1] % 1, abs=0.02)
    finally:
        leave()
        leave_too()


def test_onsets_are_detected_where_something_begins(tmp_path: Path) -> None:
    """Clicks on a steady tone, every half second: the onset is at the clicks and not between
    them."""
    import wave

    from vj.control.audio import RATE, AudioFile

    t = np.arange(2 * RATE) / RATE
    clicks = np.random.default_rng(0).normal(0, 0.5, t.size) * np.exp(-((t % 0.5) / 0.02))
    with wave.open(str(tmp_path / "clicks.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(
            (np.clip(0.1 * np.sin(2 * np.pi * 220 * t) + clicks, -1, 1) * 32767)
            .astype("<i2")
            .tobytes()
        )
    track = AudioFile(tmp_path / "clicks.wav")
    onset = np.array([track.level("onset", 0.005 * i) for i in range(60, 380)])
    times = 0.005 * np.arange(60, 380)
    near = (times % 0.5) < 0.045
    assert onset[near].max() > 0.5
    assert all(onset[near & (np.abs(times - beat) < 0.1)].max() > 0.4 for beat in (0.5, 1.0, 1.5))
    assert onset[(times % 0.5) > 0.15].max() < 0.15


KICKS = (0.31, 0.77, 1.204, 1.66, 2.09, 2.583, 3.017, 3.49)


def kicks(path: Path, loud: float = 0.8) -> np.ndarray:
    """A file of eight short kicks at odd moments, (samples,) float32."""
    import wave

    t = np.arange(4 * 48_000) / 48_000
    sound = np.zeros(t.size)
    for begin in KICKS:
        since = np.clip(t - begin, 0, None)
        sound += (t >= begin) * np.sin(2 * np.pi * 70 * since) * np.exp(-since / 0.03)
    whole = (np.clip(loud * sound, -1, 1) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(whole.tobytes())
    return whole.astype(np.float32) / 32767


@pytest.mark.parametrize("fps", [12, 30, 60])
@pytest.mark.parametrize(("band", "enough"), [("onset", 0.25), ("low", 0.3)])
def test_every_kick_is_detected_however_few_frames_there_are(
    tmp_path: Path, fps: int, band: str, enough: float
) -> None:
    from vj.control.audio import AudioFile

    kicks(tmp_path / "kicks.wav")
    track = AudioFile(tmp_path / "kicks.wav")
    heard = np.array([track.level(band, number / fps) for number in range(4 * fps)])
    peaks = [
        heard[int(moment * fps) : int(moment * fps) + max(2, fps // 8) + 1].max()
        for moment in KICKS
    ]
    assert min(peaks) > enough
    assert max(peaks) - min(peaks) < 0.35 * max(peaks), "one like the other"


def test_an_input_hears_what_a_file_gives_within_one_hop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import types

    from vj.control.audio import HOP, RATE, AudioFile, AudioInput

    sound = kicks(tmp_path / "kicks.wav")

    class Stream:
        def __init__(self, callback: Any, **_: object) -> None:
            self.callback = callback

        def start(self) -> None: ...

        stop = close = start

    monkeypatch.setitem(
        __import__("sys").modules, "sounddevice", types.SimpleNamespace(InputStream=Stream)
    )
    live, track = AudioInput(""), AudioFile(tmp_path / "kicks.wav")
    pairs = []
    for hop in range(len(sound) // HOP):
        live._stream.callback(sound[hop * HOP : (hop + 1) * HOP, None], HOP, None, None)
        if hop % 3 == 2 and hop > 8:
            time_ = (hop + 1) * HOP / RATE
            pairs.append((live.level("onset", time_), track.level("onset", time_)))
    ours, theirs = np.array(pairs).T
    assert np.allclose(ours, theirs, atol=0.02)
    live.close()


@pytest.mark.parametrize("loud", [0.9, 0.12])
def test_a_gain_that_finds_itself_hears_quiet_and_loud_music_alike(
    tmp_path: Path, loud: float
) -> None:
    kicks(tmp_path / "kicks.wav", loud)
    follower = {
        "audio": "low",
        "input": str(tmp_path / "kicks.wav"),
        "gain": "auto",
        "smooth": 0,
        "to": "picture/brightness",
        "depth": 0.5,
    }
    values = [frame["picture/brightness"] for frame in Stage(modulators=[follower]).play(3.9)]
    assert max(values) == pytest.approx(0.5, abs=0.01)
    assert sum(b > 0.4 > a for a, b in itertools.pairwise(values)) == len(KICKS)


@pytest.mark.parametrize("value", ['"on"', "null", "[1]"])
def test_a_take_whose_trigger_is_no_count_is_reported_with_its_line(
    tmp_path: Path, value: str
) -> None:
    path = tmp_path / "set.take"
    path.write_text(
        f"{FIRST_LINE}\n0.0 strength=0.5\n0.1 mask/learn={value}\n0.2\n", encoding="utf-8"
    )
    with pytest.raises(Fault, match=r"set\.take:3: mask/learn"):
        Take(path, Store().table)
