"""OSC packets, taken apart strictly and in bounded time, before python-osc sees a single message.

Raw packets from a network must not reach python-osc: a bundle whose element has the size -4 keeps it busy for ever, deep bundles end in
a RecursionError, a number that is cut off reads as 0.0. So sizes, depth, counts and texts are checked here first.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

from pythonosc.osc_message import OscMessage

LARGEST_DEPTH = 8
LARGEST_COUNT = 1024
LARGEST_ARGUMENTS = 64

_BUNDLE = b"#bundle\0"
_SIZES = {**dict.fromkeys("ifrmc", 4), **dict.fromkeys("hdt", 8), **dict.fromkeys("TFNI", 0)}
_NTP_TO_UNIX = 2_208_988_800
_IMMEDIATELY = 1


class Malformed(ValueError):
    """A packet that is no OSC, or more of it than we take. The message says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. when: seconds since 1970 from its bundle's timetag, None for at once."""

    address: str
    arguments: tuple[Any, ...]
    when: float | None = None


def unpack(packet: bytes) -> list[Message]:
    """All messages of a datagram, in order. Raises Malformed. Takes time in proportion to the packet's length, whatever is in it."""
    found: list[Message] = []
    _walk(packet, 0, len(packet), None, 0, found)
    return found


def _walk(packet: bytes, begin: int, end: int, when: float | None, depth: int, found: list[Message]) -> None:
    if end - begin < 8 or (end - begin) % 4:
        raise Malformed(f"{end - begin} bytes; OSC comes in fours, eight at least")
    if packet[begin] == 0x2F:  # "/"
        if len(found) >= LARGEST_COUNT:
            raise Malformed(f"more than {LARGEST_COUNT} messages in a packet")
        found.append(_message(packet[begin:end], when))
        return
    if packet[begin : begin + 8] != _BUNDLE or end - begin < 16:
        raise Malformed("begins neither with / nor with #bundle")
    if depth >= LARGEST_DEPTH:
        raise Malformed(f"bundles in bundles, more than {LARGEST_DEPTH} deep")
    moment = _moment(struct.unpack_from(">Q", packet, begin + 8)[0])
    place = begin + 16
    while place < end:
        if end - place < 4:
            raise Malformed("a bundle's element has no room for its size")
        (size,) = struct.unpack_from(">i", packet, place)
        place += 4
        if size < 8 or size > end - place:
            raise Malformed(f"a bundle's element says it has {size} bytes, {end - place} are left")
        _walk(packet, place, place + size, moment, depth + 1, found)
        place += size


def _moment(timetag: int) -> float | None:
    """An NTP timetag in seconds since 1970; None for "immediately"."""
    return None if timetag <= _IMMEDIATELY else timetag / 2**32 - _NTP_TO_UNIX


def _message(data: bytes, when: float | None) -> Message:
    address, place = _text(data, 0, "address")
    if not address.isascii() or not address.isprintable() or " " in address:
        raise Malformed("an address with letters that no address has")
    if place == len(data):
        return Message(address, (), when)  # senders of old leave the type tags out when there is nothing to say
    tags, place = _text(data, place, "type tags")
    if not tags.startswith(","):
        raise Malformed("type tags that do not begin with a comma")
    if tags == ",f" and len(data) - place == 4:
        return Message(address, _finite(struct.unpack_from(">f", data, place)), when)
    if tags == ",i" and len(data) - place == 4:
        return Message(address, struct.unpack_from(">i", data, place), when)
    _check(data, place, tags[1:])
    try:
        return Message(address, _finite(tuple(OscMessage(data).params)), when)
    except Malformed:
        raise
    except Exception as error:  # what our checks let through and python-osc does not like
        raise Malformed(f"{type(error).__name__}: {error}") from None


def _check(data: bytes, place: int, tags: str) -> None:
    """Every argument has to lie inside the message, and nothing may be left over."""
    if len(tags) > LARGEST_ARGUMENTS:
        raise Malformed(f"{len(tags)} arguments, {LARGEST_ARGUMENTS} are the most")
    for tag in tags:
        if tag in _SIZES:
            place += _SIZES[tag]
        elif tag == "s":
            _, place = _text(data, place, "a text")
        elif tag == "b":
            if len(data) - place < 4:
                raise Malformed("a blob without its size")
            (size,) = struct.unpack_from(">i", data, place)
            if size < 0 or size > len(data) - place - 4:
                raise Malformed(f"a blob says it has {size} bytes")
            place += 4 + size + -size % 4
        else:
            raise Malformed(f"the type tag {tag!r}")
        if place > len(data):
            raise Malformed("an argument is cut off")
    if place != len(data):
        raise Malformed("bytes that belong to no argument")


def _text(data: bytes, place: int, what: str) -> tuple[str, int]:
    """A text ended by NUL and filled up to a multiple of four, and where the next thing begins."""
    end = data.find(b"\0", place)
    after = end + 4 - end % 4
    if end < 0 or after > len(data):
        raise Malformed(f"{what} without an end")
    try:
        return data[place:end].decode("utf-8"), after
    except UnicodeDecodeError:
        raise Malformed(f"{what} that is no UTF-8") from None


def _finite(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if any(isinstance(value, float) and not math.isfinite(value) for value in values):
        raise Malformed("a number that is none (NaN or infinity)")
    return values
