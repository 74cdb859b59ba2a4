"""Two halves of a 14-bit value that do not belong together."""

from __future__ import annotations

import mido

from vj.control.midi.parser import MidiReader
from vj.show.midi_controls import Control


class RecordingListener:
    def __init__(self) -> None:
        self.values: list[float] = []

    def on_midi(self, heard: Control, raw: float, device: str = "") -> None:
        if heard.kind == "cc14":
            self.values.append(raw)

    def on_clock(self, what: str, time: float, device: str = "", position: int = 0) -> None: ...


def heard(*events: tuple[float, int, int]) -> list[float]:
    """Values of the pair 9/41 after (seconds, controller, value)."""
    listener = RecordingListener()
    reader = MidiReader("desk", listener)
    for time, number, value in events:
        reader.on_message(mido.Message("control_change", control=number, value=value), time)
    return listener.values


def test_a_stray_lower_half_does_not_decide_the_order_for_ever() -> None:
    values = heard((0, 41, 7), (3.0, 9, 100), (3.001, 41, 5), (3.02, 9, 101), (3.021, 41, 6))
    assert values == [12800, 12805, 12928, 12934]


def test_a_sender_that_sends_the_lower_half_first_is_still_received_whole() -> None:
    values = heard((0, 41, 7), (0.001, 9, 100), (2.0, 41, 5), (2.001, 9, 101))
    assert values == [12807, 12933]
