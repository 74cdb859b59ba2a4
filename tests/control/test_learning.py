"""Which control is learned: the one that a hand has clearly moved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.waiting import until
from vj.control.learning import (
    BUSY,
    PAUSE,
    SHOWN,
    Learner,
    LearnListener,
)
from vj.control.recent_controls import MOST_RECENT, RECENT, RecentControls
from vj.core.errors import Fault
from vj.parameters.table import TABLE, macro_row
from vj.show.midi_controls import control

ROW = {**TABLE.rows, "macro/pedal": macro_row("pedal")}

MESSAGES: list[tuple[Sequence[tuple[str, tuple[Any, ...]]], dict[str, Any] | None]] = [
    ([("/1/fader3", (v,)) for v in (0.1, 0.2, 0.3)], {"osc": "/1/fader3"}),
    ([("/1/fader3", (0.1,)), ("/1/fader3", (0.1,)), ("/1/fader3", (0.1,))], None),
    ([("/push", (1.0,))], {"osc": "/push"}),
    ([("/push", ())], {"osc": "/push"}),
    ([("/1/fader3/z", (1.0,)), ("/1/fader3", (0.0,))], None),
    ([("/1/fader1", (v,)) for v in (5, 80, 127)], {"osc": "/1/fader1", "in": [0, 127]}),
    ([("/tilt", (v,)) for v in (-0.5, 0.1, 0.2)], {"osc": "/tilt", "in": [-1, 1]}),
    ([("/hz", (v,)) for v in (200, 300, 440)], {"osc": "/hz", "in": [0, 440]}),
    ([("/xy", (0.5, v)) for v in (0.1, 0.2, 0.3)], {"osc": "/xy", "take": 1}),
    ([("/words", ("gold",))] * 4, None),
    ([("/vj/status/fps", (v,)) for v in (1, 2, 3)], None),
    ([("/a b", (v,)) for v in (1, 2, 3)], None),
    ([("/" + "a" * 500, (v,)) for v in (1, 2, 3)], None),
    ([("/blob", (b"x", None))] * 4, None),
    ([("/huge", (v,)) for v in (10**400, 1e308, float("nan"), float("-inf"))], None),
]


@pytest.mark.parametrize(("messages", "found"), MESSAGES)
def test_osc_that_is_clearly_moved_is_found(
    messages: Sequence[tuple[str, tuple[Any, ...]]], found: dict[str, Any] | None
) -> None:
    listener = LearnListener()
    for address, arguments in messages:
        listener.on_osc(address, arguments)
    assert (None if listener.found.empty() else listener.found.get()) == found


@pytest.mark.parametrize(
    ("name", "texts", "numbers"),
    [
        ("prompt/a", True, False),
        ("cue/fire", True, True),
        ("mix/mode", True, True),
        ("strength", False, True),
    ],
)
def test_a_text_is_moved_by_a_text(name: str, texts: bool, numbers: bool) -> None:
    for address, arguments, wanted in (("/w", ("gold",), texts), ("/n", (1.0,), numbers)):
        listener = LearnListener(TABLE.rows[name])
        listener.on_osc(address, arguments)
        assert listener.found.empty() is not wanted
    listener = LearnListener(TABLE.rows[name])
    listener.on_midi(control("note 36"), 90)
    assert listener.found.empty() is not numbers


@pytest.mark.parametrize(
    ("moves", "found"),
    [
        ([("cc 20 ch 1", v) for v in (127, 0)], "cc 20"),
        ([("cc 7 ch 1", v) for v in (60, 61, 60, 61)], None),
        ([("cc14 1 ch 1", 8000 + v % 7) for v in range(50)], None),
        ([("pitch ch 1", v) for v in (1, 2, 3, 4)], None),
        ([("pitch ch 1", v) for v in (0, 100, 800)], "pitch"),
    ],
)
def test_a_button_is_found_and_a_fader_that_jitters_is_not(
    moves: list[tuple[str, int]], found: str | None
) -> None:
    listener = LearnListener()
    for name, raw in moves:
        listener.on_midi(control(name), raw)
    assert (None if listener.found.empty() else listener.found.get()["midi"]) == found


class Learned:
    """A learner whose tasks run at once, on a clock that the test moves."""

    def __init__(self, write: Callable[[dict[str, Any]], str] | None = None) -> None:
        self.time = 100.0
        self.written: list[dict[str, Any]] = []
        self.devices: list[bool] = []
        self.messages: list[str] = []
        self.ended = threading.Event()
        self.learner = Learner(
            write or self.write,
            lambda task: task(),
            self.open_devices,
            self.messages.append,
            lambda: self.time,
        )

    def write(self, mapping: dict[str, Any]) -> str:
        self.written.append(mapping)
        return "written"

    def open_devices(self) -> None:
        self.devices.append(self.learner.listening)
        if not self.learner.listening:
            self.ended.set()

    def move(self, address: str, *values: float) -> list[bool]:
        return [self.learner.on_osc(address, (value,)) for value in values]


def test_the_first_that_moves_is_written_once() -> None:
    learned = Learned()
    assert learned.move("/a", 0.1, 0.2, 0.3) == [False] * 3, "nobody listens"
    learned.learner.begin(ROW["macro/pedal"])
    assert learned.learner.state() == {
        "name": "macro/pedal",
        "found": None,
        "text": "move a control",
    }
    learned.move("/b", 0.5)
    assert learned.move("/a", 0.1, 0.2, 0.3, 0.4) == [True] * 4
    assert learned.move("/b", 0.1) == [False]
    assert learned.written == [{"osc": "/a", "to": "pedal"}]
    assert learned.learner.state() == {"name": "macro/pedal", "found": "/a", "text": "written"}
    learned.time += SHOWN
    assert learned.learner.state() is None
    assert learned.move("/a", 0.5) == [False], "the saved show plays it by now"
    assert learned.devices == [True, False]
    assert learned.messages == ["written"]


def test_a_midi_device_stays_open_for_the_show_that_is_saved() -> None:
    learned = Learned()
    learned.learner.begin(ROW["strength"])
    learned.learner.on_midi(control("note 36 ch 1"), 90, "pads")
    assert learned.written == [{"midi": "note 36", "device": "pads", "to": "strength"}]
    assert learned.devices == [True]


def test_what_moved_before_by_itself_waits_until_it_has_paused() -> None:
    learned = Learned()
    learned.learner.begin(ROW["strength"], recent={"/lfo": 0.3})
    for step in range(20):
        learned.time += 0.4
        learned.move("/lfo", step / 20)
    assert learned.written == []
    learned.time += PAUSE
    learned.move("/lfo", 0.1, 0.2, 0.3)
    assert learned.written == [{"osc": "/lfo", "to": "strength"}]


def test_a_fault_of_the_file_is_told_and_nothing_is_found() -> None:
    def refuse(mapping: dict[str, Any]) -> str:
        raise Fault("mine.yaml: is read-only")

    learned = Learned(refuse)
    learned.learner.begin(ROW["strength"])
    learned.learner.on_midi(control("note 36"), 90)
    assert learned.learner.state() == {
        "name": "strength",
        "found": None,
        "text": "mine.yaml: is read-only",
    }
    assert learned.devices == [True, False], "the device is closed again"


def test_time_runs_out_and_cancel_ends_it() -> None:
    learned = Learned()
    learned.learner.begin(ROW["strength"], seconds=0.02)
    assert learned.ended.wait(30)
    state = learned.learner.state()
    assert state is not None
    assert state["text"] == "nothing was moved; nothing is written"
    learned.learner.begin(ROW["steps"])
    learned.learner.cancel()
    assert learned.learner.state() is None
    learned.move("/a", 0.1, 0.2, 0.3)
    assert learned.written == []


def test_another_parameter_takes_the_place_of_the_one_that_is_learned() -> None:
    learned = Learned()
    learned.learner.begin(ROW["strength"])
    learned.move("/a", 0.1, 0.2)
    learned.learner.begin(ROW["steps"])
    learned.move("/a", 0.3)
    assert learned.written == [], "it counts from the beginning"
    learned.move("/a", 0.4, 0.5)
    assert learned.written == [{"osc": "/a", "to": "steps"}]


def test_a_show_without_a_file_says_so() -> None:
    learner = Learner(None, lambda task: task(), lambda: None, lambda text: None)
    with pytest.raises(Fault, match="no file"):
        learner.begin(ROW["strength"])


def test_what_came_in_lately_is_remembered_and_bounded() -> None:
    time = [0.0]
    recent = RecentControls(lambda: time[0])
    recent.note("cc 1 ch 1", 5)
    time[0] = RECENT - 0.1
    recent.note("/a", 0.829999983)
    assert recent.values() == {"cc 1 ch 1": 5, "/a": 0.83}
    assert recent.values(BUSY) == {"/a": 0.83}
    for number in range(2 * MOST_RECENT):
        recent.note(f"/{number}", 1)
    assert len(recent.values()) == MOST_RECENT
    time[0] += 0.01
    recent.note("/0", 2)
    assert recent.values(most=1) == {"/0": 2}
    time[0] += RECENT + 0.1
    recent.note("/b", 1)
    recent.note("/" + "long" * 1000, 1)
    assert recent.values() == {"/b": 1}


def test_many_threads_find_one_control() -> None:
    learned = Learned()
    learned.learner.begin(ROW["strength"])
    start = threading.Barrier(8)

    def flood(number: int) -> None:
        start.wait()
        for step in range(200):
            learned.learner.on_osc(f"/{number}", (step / 200,))

    threads = [threading.Thread(target=flood, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: not any(thread.is_alive() for thread in threads))
    assert len(learned.written) == 1
