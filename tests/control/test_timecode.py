"""Timecode leads the timeline: from a sender's bytes to where the show stands."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

import mido
import pytest

from tests.control.harness import ControlHarness
from tests.control.timecode_sender import FPS, Sender, Written, through_bytes
from vj.control.midi.parser import MidiReader
from vj.core.errors import Fault
from vj.core.timecode import RATES, Label
from vj.show.load import check_show

CUES: list[dict[str, object]] = [
    {"name": "a", "set": {"mix/wet": 0.1}},
    {"name": "b", "set": {"mix/wet": 0.2}},
    {"name": "mine", "set": {"picture/hue": 20}},
]
TIMELINE = [{"at": "0:01", "cue": "a"}, {"at": "0:03", "cue": "b"}]


class Chased:
    """A show that follows a sender, played frame by frame at 30 frames a second."""

    def __init__(self, sender: Sender, jitter: float = 0.0, **timecode: object) -> None:
        hours, minutes, seconds, frames = sender.first
        start = f"{hours:02}:{minutes:02}:{seconds:02}:{frames:02}"
        self.controls = ControlHarness(
            cues=CUES, timeline=TIMELINE, timecode={"start": start} | timecode
        )
        self.sender, self.jitter = sender, jitter
        self.reader = MidiReader("desk", self.controls.engine)
        self.random = random.Random(1)
        self.offset = 0.0
        """The sender's clock, less the show's."""

    def hear(self, message: mido.Message, time: float) -> None:
        self.reader.on_message(through_bytes(message), time)

    def play(self, begin: float, end: float, speed: float = 1.0) -> list[tuple[float, float]]:
        """The sender plays from now on, at a speed. Returns where it stood in each frame, in
        seconds, and where the timeline did."""
        controls = self.controls
        first = controls.now
        comes = self._late(begin, end, speed)
        waiting = next(comes, None)
        stood = []
        way = 1 if end > begin else -1
        while controls.now < first + abs(end - begin) / speed - 1e-6:
            while waiting is not None and waiting[0] <= controls.now:
                self.hear(waiting[1], waiting[0])
                waiting = next(comes, None)
            at = begin + way * (controls.now - first) * speed
            controls.play(1 / 30)
            stood.append((at, self.position))
        return stood

    def _late(self, begin: float, end: float, speed: float) -> Iterator[tuple[float, mido.Message]]:
        first, last = self.controls.now, -1.0
        for at, message in self.sender.quarters(begin, end):
            late = self.random.uniform(-self.jitter, self.jitter)
            last = max(last, first + abs(at - begin) / speed + late)  # in order, as a cable brings
            yield last, message

    @property
    def position(self) -> float:
        """Where the timeline stood in the last frame, in seconds."""
        engine = self.controls.engine
        return engine.timeline.seconds(engine._time, engine.tempo)

    @property
    def text(self) -> str:
        return self.controls.engine.sequencer.chase.text


BEFORE_A_MINUTE: Written = (0, 58, 55, 0)


TEN_MINUTES = pytest.param(600.0, marks=pytest.mark.long)


@pytest.mark.parametrize("seconds", [12.0, TEN_MINUTES])
@pytest.mark.parametrize("rate", FPS)
def test_the_timeline_stands_where_a_jittering_timecode_does(rate: str, seconds: float) -> None:
    chased = Chased(Sender(rate, BEFORE_A_MINUTE, seconds), jitter=0.005)
    stood = chased.play(0.0, seconds)[10:]  # eight quarter frames have to come
    frame = 1 / FPS[rate]
    assert max(abs(led - at) for at, led in stood) < frame / 2
    led = [each for _, each in stood]
    assert all(b > a for a, b in pairwise(led))
    assert max(b - a for a, b in pairwise(led)) < 1.2 / 30, "no jump is seen"


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: rate.name)
def test_every_frame_has_its_number_and_every_number_its_frame(rate: object) -> None:
    assert isinstance(rate, type(RATES[0]))
    going = Sender(rate.name, (0, 0, 0, 0), 1300.0).written
    for frame, written in enumerate(going):
        assert rate.label(frame) == Label(*written)
        assert rate.frames(Label(*written)) == frame
    assert rate.label(rate.day) == Label()


def test_it_is_said_where_the_timecode_stands_and_how_it_is_followed() -> None:
    chased = Chased(Sender("25"))
    chased.controls.play(0.1)
    assert chased.text == "waiting"
    chased.play(0.0, 2.0)
    assert chased.text in ("01:00:01:23 25 fps chasing", "01:00:01:24 25 fps chasing")
    chased.controls.play(0.5)
    assert chased.text.endswith("25 fps freewheel")
    chased.controls.play(1.0)
    assert chased.text.endswith("25 fps lost")
    assert ControlHarness(cues=CUES, timeline=TIMELINE).engine.sequencer.chase.text == ""


def test_before_the_timecode_comes_nothing_is_fired() -> None:
    chased = Chased(Sender("25"))
    chased.controls.play(5.0)
    assert chased.controls.engine.cues.current is None
    assert chased.position == pytest.approx(0.0)
    chased.play(0.5, 2.0)
    assert chased.controls.engine.cues.current == "a"


def test_without_timecode_it_freewheels_for_a_second_and_stands() -> None:
    chased = Chased(Sender("25"))
    chased.play(0.0, 2.0)
    before = chased.controls.now
    led = []
    for _ in range(90):
        chased.controls.play(1 / 30)
        led.append((chased.controls.now - before, chased.position))
    running = [at for passed, at in led if passed < 0.95]
    assert running[-1] == pytest.approx(2.0 + 0.95, abs=0.06)
    assert led[-1][1] == pytest.approx(3.0, abs=0.07) == led[40][1]
    assert chased.controls.engine.cues.current == "a", "the cue at 3 s is not reached"


def test_where_the_show_says_so_it_goes_on_alone() -> None:
    chased = Chased(Sender("25"), lost="go on", freewheel=0)
    chased.play(0.0, 2.0)
    chased.controls.play(2.0)
    assert chased.position == pytest.approx(4.0, abs=0.05)
    assert chased.controls.engine.cues.current == "b"


def test_quarter_frames_that_are_lost_on_the_way_do_not_stop_it() -> None:
    chased = Chased(Sender("30"), jitter=0.003)
    hear, lost = chased.hear, random.Random(3)

    def lossy(message: mido.Message, time: float) -> None:
        if lost.random() > 0.3:
            hear(message, time)

    chased.play(0.0, 0.5)
    chased.hear = lossy  # type: ignore[method-assign]
    stood = chased.play(0.5, 6.0)
    assert max(abs(position - at) for at, position in stood) < 1 / 30
    led = [position for _, position in stood]
    assert all(b > a for a, b in pairwise(led))
    assert chased.text.endswith("chasing")


@pytest.mark.parametrize("held_up", [0.2, 0.4, 0.9])
def test_what_was_held_up_and_comes_at_once_does_not_throw_it_ahead(held_up: float) -> None:
    """As by a network, or a machine that was busy."""
    chased = Chased(Sender("30"))
    hear, first, held = chased.hear, chased.controls.now, list[mido.Message]()

    def late(message: mido.Message, time: float) -> None:
        held.append(message)
        if not 1.5 <= time - first < 1.5 + held_up:
            for number, one in enumerate(held, 1 - len(held)):
                hear(one, time + 0.0001 * number)
            held.clear()

    chased.hear = late  # type: ignore[method-assign]
    stood = chased.play(0.0, 1.5 + held_up + 0.04)
    stood += chased.play(1.5 + held_up + 0.04, 2.9)
    assert max(position - at for at, position in stood) < 0.08
    assert chased.controls.engine.cues.current == "a", "b is at 3 s"
    assert all(abs(position - at) < 0.08 for at, position in stood if at > 1.7 + held_up)
    assert chased.text.endswith("chasing")


def test_a_small_gap_is_not_seen() -> None:
    chased = Chased(Sender("30"))
    chased.play(0.0, 2.0)
    chased.controls.play(0.5)
    led = chased.play(2.5, 4.0)
    assert all(abs(position - at) < 0.04 for at, position in led)


def test_a_jump_ahead_sets_what_lies_before_it_and_one_back_undoes_it() -> None:
    chased = Chased(Sender("25"))
    engine = chased.controls.engine
    chased.play(0.0, 0.8)
    assert engine.cues.current is None
    chased.play(20.0, 21.0)
    assert (engine.cues.current, chased.controls.at("mix/wet")) == ("b", pytest.approx(0.2))
    chased.play(2.0, 2.6)
    assert (engine.cues.current, chased.controls.at("mix/wet")) == ("a", pytest.approx(0.1))
    stood = chased.play(0.0, 0.6)
    assert engine.cues.current is None
    assert stood[-1][1] == pytest.approx(stood[-1][0], abs=0.02)


@pytest.mark.parametrize("rate", FPS)
def test_it_runs_backwards_too(rate: str) -> None:
    chased = Chased(Sender(rate), jitter=0.003)
    chased.play(0.0, 4.0)
    assert chased.controls.engine.cues.current == "b"
    stood = chased.play(4.0, 1.5)[12:]
    led = [position for _, position in stood]
    assert all(b < a for a, b in pairwise(led))
    assert max(abs(position - at) for at, position in stood) < 1.05 / FPS[rate]
    assert chased.controls.engine.cues.current == "a"
    assert chased.controls.at("mix/wet") == pytest.approx(0.1)


def test_at_half_speed_it_goes_half_as_fast() -> None:
    chased = Chased(Sender("25"))
    stood = chased.play(0.0, 3.0, speed=0.5)[20:]
    assert max(abs(position - at) for at, position in stood) < 0.04
    assert chased.text.endswith("chasing")


def test_it_runs_ahead_by_as_long_as_pictures_are_on_their_way() -> None:
    chased = Chased(Sender("25"), ahead="80 ms")
    stood = chased.play(0.0, 2.0)[10:]
    assert all(position - at == pytest.approx(0.08, abs=0.01) for at, position in stood)
    chased.hear(chased.sender.full(4.0), chased.controls.now)
    chased.controls.play(0.1)
    assert chased.position == pytest.approx(4.0), "what stands is on its way no more"


def test_a_full_frame_sets_the_place_and_it_stands_there() -> None:
    chased = Chased(Sender("25"))
    chased.controls.play(0.2)
    chased.hear(chased.sender.full(2.0), chased.controls.now)
    chased.controls.play(2.0)
    assert chased.position == pytest.approx(2.0)
    assert chased.controls.engine.cues.current == "a"
    assert chased.text == "01:00:02:00 25 fps standing"
    chased.play(2.0, 4.0)
    assert chased.controls.engine.cues.current == "b"


def test_full_frames_among_a_running_timecode_do_not_stop_it() -> None:
    chased = Chased(Sender("25"))
    chased.play(0.0, 1.0)
    chased.hear(chased.sender.full(1.0), chased.controls.now - 0.02)
    stood = chased.play(1.0, 1.2)
    assert max(abs(position - at) for at, position in stood) < 0.04


def test_the_performer_may_hold_it_and_take_it_up_again() -> None:
    chased = Chased(Sender("25"))
    store = chased.controls.store
    chased.play(0.0, 1.0)
    store.set("timeline/position", 30.0)
    chased.play(1.0, 1.5)
    assert "the timecode leads" in chased.controls.messages[-1]
    store.set("timeline/pause", True)
    chased.play(1.5, 2.5)
    assert chased.position == pytest.approx(1.5, abs=0.05)
    store.set("timeline/play", True)
    chased.play(2.5, 4.0)
    assert chased.position == pytest.approx(4.0, abs=0.05)


def test_without_a_sender_the_performer_may_play_it() -> None:
    chased = Chased(Sender("25"))
    chased.controls.play(1.0)
    chased.controls.store.set("timeline/play", True)
    chased.controls.play(2.0)
    assert chased.position == pytest.approx(2.0, abs=0.05)
    assert chased.controls.engine.cues.current == "a"


def test_panic_holds_it_until_somebody_plays_on() -> None:
    chased = Chased(Sender("25"))
    chased.play(0.0, 2.0)
    chased.controls.store.set("panic", True)
    chased.play(2.0, 4.0)
    assert chased.position == pytest.approx(2.0, abs=0.05)
    chased.controls.store.set("mix/wet", 0.7)
    chased.controls.store.set("cue/fire", "mine")
    chased.play(4.0, 5.0)
    assert chased.position == pytest.approx(5.0, abs=0.05)
    assert chased.controls.at("mix/wet") == pytest.approx(0.7), "what a hand has set stays"


def test_a_second_sender_is_told_of_and_left_aside() -> None:
    chased = Chased(Sender("25"))
    other = MidiReader("another", chased.controls.engine)
    chased.play(0.0, 1.0)
    for at, message in chased.sender.quarters(30.0, 30.4):
        other.on_message(message, chased.controls.now + at - 30.4)
    chased.play(1.0, 2.0)
    assert chased.position == pytest.approx(2.0, abs=0.05)
    assert [line for line in chased.controls.messages if "second timecode" in line] == [
        "MIDI another: a second timecode, beside that of desk; it is ignored"
    ]


def test_before_its_start_the_timeline_waits_at_0() -> None:
    chased = Chased(Sender("25", (0, 59, 57, 0)), start="01:00:00:00")
    stood = chased.play(0.0, 5.5)
    assert max(led for at, led in stood if at < 2.9) == 0.0
    assert stood[-1][1] == pytest.approx(2.5, abs=0.05)
    assert chased.controls.engine.cues.current == "a"


def test_past_midnight_the_show_goes_on() -> None:
    chased = Chased(Sender("24", (23, 59, 58, 0)))
    chased.play(0.0, 4.0)
    assert chased.position == pytest.approx(4.0, abs=0.05)
    assert chased.controls.engine.cues.current == "b"


def test_the_show_is_saved_and_the_timecode_goes_on() -> None:
    chased = Chased(Sender("25"))
    chased.play(0.0, 1.5)
    again = Chased(Sender("25"))
    again.controls.now = chased.controls.now
    again.controls.engine.take_over(chased.controls.engine)
    again.reader = chased.reader
    chased.reader._listener = again.controls.engine
    stood = again.play(1.5, 3.5)
    assert max(abs(position - at) for at, position in stood) < 0.05
    assert again.controls.engine.cues.current == "b"


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"start": "1:2"}, "no timecode; write hours"),
        ({"start": "25:00:00:00"}, "lies between"),
        ({"freewheel": "2 bars"}, "0 to 60 seconds"),
        ("ltc", "mtc"),
    ],
)
def test_what_is_wrong_with_the_section_is_told(section: object, words: str) -> None:
    with pytest.raises(Fault, match=words):
        check_show({"cues": CUES, "timeline": TIMELINE, "timecode": section}, "test")
    with pytest.raises(Fault, match="timecode: leads the timeline, and this show has none"):
        check_show({"cues": CUES, "timecode": "mtc"}, "test")
    wrong = {"cues": CUES, "timeline": [{"at": "soon", "cue": "a"}], "timecode": "mtc"}
    with pytest.raises(Fault, match="soon") as raised:
        check_show(wrong, "test")
    assert "timecode" not in str(raised.value), "what is left of the timeline may be none"
