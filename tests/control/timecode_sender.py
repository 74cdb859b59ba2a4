"""A sender of MIDI timecode, after the specification: quarter frames of a time that runs or turns
back, and full frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import mido

TYPES = {"24": 0, "25": 1, "29.97": 2, "30": 3}
FPS = {"24": 24.0, "25": 25.0, "29.97": 30000 / 1001, "30": 30.0}
Written = tuple[int, int, int, int]


def numbers(rate: str, first: Written) -> Iterator[Written]:
    """The frames' numbers one after another, as a counter of wheels goes on."""
    count_of = {"24": 24, "25": 25}.get(rate, 30)
    hour, minute, second, frame = first
    while True:
        yield hour, minute, second, frame
        frame += 1
        if frame == count_of:
            frame, second = 0, second + 1
        if second == 60:
            second, minute = 0, minute + 1
            if rate == "29.97" and minute % 10:
                frame = 2
        if minute == 60:
            minute, hour = 0, (hour + 1) % 24


@dataclass
class Sender:
    """first: the number of the frame that begins at 0 on its own clock, in seconds. Frames from
    -`before` to `after` seconds are known."""

    rate: str
    first: Written = (1, 0, 0, 0)
    after: float = 60.0

    def __post_init__(self) -> None:
        self.fps = FPS[self.rate]
        going = numbers(self.rate, self.first)
        self.written = [next(going) for _ in range(round((self.after + 1) * self.fps))]

    def quarters(self, begin: float, end: float) -> Iterator[tuple[float, mido.Message]]:
        """(seconds on its clock, message) as it plays from `begin` to `end`, which may lie before.
        The pieces 0 and 4 are sent as a frame begins; eight pieces say in which frame the first of
        them was sent."""
        forwards = end > begin
        pace = 4 * self.fps
        at = round(begin * pace)
        stop = round(end * pace)
        label: Written | None = None
        for position in count(at) if forwards else count(at, -1):
            if (position >= stop) if forwards else (position <= stop):
                return
            piece = position % 8
            if piece == (0 if forwards else 7) or label is None:
                label = self.written[position // 4]
            yield position / pace, self.piece(piece, label)

    def piece(self, piece: int, label: Written) -> mido.Message:
        hour, minute, second, frame = label
        field = (frame, second, minute, hour | TYPES[self.rate] << 5)[piece // 2]
        value = field >> 4 if piece % 2 else field & 15
        return mido.Message("quarter_frame", frame_type=piece, frame_value=value)

    def full(self, seconds: float) -> mido.Message:
        """The full frame of the frame at so many seconds."""
        hour, minute, second, frame = self.written[round(seconds * self.fps)]
        hours = hour | TYPES[self.rate] << 5
        return mido.Message("sysex", data=[0x7F, 0x7F, 1, 1, hours, minute, second, frame])


def through_bytes(message: mido.Message) -> Any:
    """As it comes out of a cable."""
    return mido.parse(message.bytes())
