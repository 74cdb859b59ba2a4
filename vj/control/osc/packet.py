"""Encoding, and strict decoding in bounded time, of OSC packets (OSC 1.0 with the type tags of
1.1).

Input from the network is not trusted, and is not decoded by python-osc: a bundle whose element has
the size -4 keeps it busy for ever, deep ones end in a RecursionError, a number that is cut off
reads as 0.0, the tags I and S vanish. So packets are decoded here: sizes, depth, counts and texts
are checked, and an error in one message of a bundle does not affect the others. Messages are
encoded here, too: python-osc parses each message again after building it, and a bundle of queries
for a long prompt kept OSC busy for a second.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

LARGEST_DEPTH = 8
LARGEST_COUNT = 1024
LARGEST_ARGUMENTS = 64
PROBLEMS = 8
"""Problems of one packet that are reported singly."""

_BUNDLE = b"#bundle\0"
_NTP_TO_UNIX = 2_208_988_800
_IMMEDIATELY = 1
_NUL = 0


class Impulse:
    """The type tag I: an impulse, without a value."""

    def __repr__(self) -> str:
        return "an impulse"


IMPULSE = Impulse()


class Character(str):
    """The tag c."""

    __slots__ = ()


class TimeTag(float):
    """The tag t, in seconds since 1970; 0 for "immediately"."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message. when: seconds since 1970 from its bundle's timetag, None for at once.

    arguments: int, float, bool, str (tags s, S, and r as "#rrggbb"), bytes, None, `Character`,
    `TimeTag`, `IMPULSE`; a tuple for [ ] and, of four ints, for m.
    """

    address: str
    arguments: tuple[Any, ...]
    when: float | None = None


class Unpacked(NamedTuple):
    """A decoded packet. problems: error messages; the messages are valid nevertheless."""

    messages: list[Message]
    problems: list[str]


class _BadMessage(ValueError):
    """One invalid message; those after it can still be decoded."""


class _BadPacket(ValueError):
    """The rest of the packet cannot be decoded."""


def is_osc(packet: bytes) -> bool:
    """Whether it begins like OSC. Other packets get no reply."""
    return packet[:1] == b"/" or packet[:8] == _BUNDLE


def unpack(packet: bytes) -> Unpacked:
    """All messages of a datagram, in order. Never raises, and takes time in proportion to the
    packet's length, whatever is in it."""
    found = Unpacked([], [])
    more = 0
    try:
        more = _walk(packet, 0, len(packet), None, 0, found)
    except _BadPacket as problem:
        found.problems.append(str(problem))
    if more > 0:
        found.problems.append(f"and {more} more of its messages are damaged")
    return found


def _walk(
    packet: bytes, begin: int, end: int, when: float | None, depth: int, found: Unpacked
) -> int:
    """Returns how many problems were left out."""
    if packet[begin : begin + 1] == b"/":
        if len(found.messages) + len(found.problems) >= LARGEST_COUNT:
            raise _BadPacket(f"more than {LARGEST_COUNT} messages in a packet")
        try:
            found.messages.append(_message(packet[begin:end], when))
        except _BadMessage as problem:
            if len(found.problems) >= PROBLEMS:
                return 1
            found.problems.append(str(problem))
        return 0
    if packet[begin : begin + 8] != _BUNDLE or end - begin < 16:
        raise _BadPacket("begins neither with / nor with #bundle")
    if depth >= LARGEST_DEPTH:
        raise _BadPacket(f"bundles in bundles, more than {LARGEST_DEPTH} deep")
    moment = _moment(struct.unpack_from(">Q", packet, begin + 8)[0])
    place, more = begin + 16, 0
    while place < end:
        if end - place < 4:
            raise _BadPacket("a bundle's element has no room for its size")
        (size,) = struct.unpack_from(">i", packet, place)
        if size == 0 and packet.count(_NUL, place, end) == end - place:
            break  # a buffer larger than what is in it
        place += 4
        if size < 4 or size % 4 or size > end - place:
            raise _BadPacket(f"a bundle's element says it has {size} bytes, {end - place} are left")
        more += _walk(packet, place, place + size, moment, depth + 1, found)
        place += size
    return more


def _moment(timetag: int) -> float | None:
    """An NTP timetag in seconds since 1970; None for "immediately"."""
    return None if timetag <= _IMMEDIATELY else timetag / 2**32 - _NTP_TO_UNIX


def _message(data: bytes, when: float | None) -> Message:
    raw, place = _text(data, 0, "an address")
    try:
        address = raw.decode("ascii")
    except UnicodeDecodeError:
        raise _BadMessage(
            f"{raw.decode('utf-8', 'replace')!r}: an address with letters that no address has"
        ) from None
    if not address.isprintable() or " " in address:
        raise _BadMessage(f"{address!r}: an address with letters that no address has")
    if place == len(data) or _only_nul(data, place):
        return Message(
            address, (), when
        )  # old senders omit the type tags when there are no arguments
    tags, place = _text(data, place, f"{address}: type tags")
    if tags == b",f" and len(data) - place == 4:
        (number,) = struct.unpack_from(">f", data, place)
        return Message(address, (_finite(number, address),), when)
    if tags == b",i" and len(data) - place == 4:
        return Message(address, struct.unpack_from(">i", data, place), when)
    if not tags.startswith(b","):
        raise _BadMessage(f"{address}: type tags that do not begin with a comma")
    if len(tags) - 1 > LARGEST_ARGUMENTS:
        raise _BadMessage(f"{address}: {len(tags) - 1} arguments, {LARGEST_ARGUMENTS} are the most")
    return Message(address, _arguments(data, place, tags[1:].decode("latin-1"), address), when)


def _arguments(data: bytes, place: int, tags: str, address: str) -> tuple[Any, ...]:
    """Every argument has to lie inside the message, and nothing but NULs may be left over."""
    levels: list[list[Any]] = [[]]
    for tag in tags:
        if tag == "[":
            if len(levels) > LARGEST_DEPTH:
                raise _BadMessage(f"{address}: arrays in arrays, more than {LARGEST_DEPTH} deep")
            levels.append([])
        elif tag == "]":
            if len(levels) == 1:
                raise _BadMessage(f"{address}: an array that ends and has not begun")
            levels[-2].append(tuple(levels.pop()))
        else:
            value, place = _argument(data, place, tag, address)
            levels[-1].append(value)
    if len(levels) > 1:
        raise _BadMessage(f"{address}: an array without an end")
    if place != len(data) and not _only_nul(data, place):
        raise _BadMessage(f"{address}: bytes that belong to no argument")
    return tuple(levels[0])


_PLAIN = {"T": True, "F": False, "N": None, "I": IMPULSE}
_STRUCTS = {"i": ">i", "f": ">f", "h": ">q", "d": ">d"}
_FOURS, _EIGHTS = "ifrmc", "hdt"


def _argument(data: bytes, place: int, tag: str, address: str) -> tuple[Any, int]:
    """One argument, and where the next begins."""
    if tag in _PLAIN:
        return _PLAIN[tag], place
    if tag in "sS":
        raw, after = _text(data, place, f"{address}: a text")
        try:
            return raw.decode("utf-8"), after
        except UnicodeDecodeError:
            raise _BadMessage(f"{address}: a text that is no UTF-8") from None
    if tag == "b":
        (size,) = struct.unpack_from(">i", data, place) if len(data) - place >= 4 else (-1,)
        after = place + 4 + size + -size % 4
        if size < 0 or after > len(data):
            raise _BadMessage(f"{address}: a blob that says it has {size} bytes")
        return data[place + 4 : place + 4 + size], after
    after = place + (4 if tag in _FOURS else 8)
    if tag not in _FOURS and tag not in _EIGHTS:
        raise _BadMessage(f"{address}: the type tag {tag!r} is none")
    if after > len(data):
        raise _BadMessage(f"{address}: an argument is cut off")
    if tag in _STRUCTS:
        (number,) = struct.unpack_from(_STRUCTS[tag], data, place)
        return (_finite(number, address) if isinstance(number, float) else number), after
    raw = data[place:after]
    if tag == "r":
        return f"#{raw[:3].hex()}", after
    if tag == "m":
        return tuple(raw), after
    if tag == "t":
        return TimeTag(_moment(struct.unpack(">Q", raw)[0]) or 0.0), after
    (code,) = struct.unpack(">I", raw)
    if not 0 < code < 0x110000 or 0xD800 <= code < 0xE000:
        raise _BadMessage(f"{address}: {code} is no character")
    return Character(chr(code)), after


def _text(data: bytes, place: int, what: str) -> tuple[bytes, int]:
    """A text ended by NUL and padded to a multiple of four, and where the next item begins."""
    end = data.find(b"\0", place)
    after = end + 4 - end % 4
    if end < 0 or after > len(data):
        raise _BadMessage(f"{what} without an end")
    return data[place:end], after


def _only_nul(data: bytes, place: int) -> bool:
    return data.count(_NUL, place) == len(data) - place


def _finite(number: float, address: str) -> float:
    if not math.isfinite(number):
        raise _BadMessage(f"{address}: NaN or infinity")
    return number


def head_of(address: str, tag: str) -> bytes:
    """The head of a message with one number: its address and its type tag, each padded to a
    multiple of four."""
    return _padded(address.encode("ascii", "replace")) + _padded(f",{tag}".encode())


def pack(address: str, values: Sequence[Any], kind: str | None = None) -> bytes:
    """Encode a message. kind "f" encodes every number as a float, otherwise its Python type
    decides. Half of a surrogate pair becomes `?`. Raises ValueError for values that OSC cannot
    represent."""
    if not address:
        raise ValueError("a message without an address")
    tags, body = ",", b""
    for value in values:
        if isinstance(value, str):
            tags, body = (
                f"{tags}s",
                body + _padded(value.encode("utf-8", "replace").replace(b"\0", b"")),
            )
        elif isinstance(value, bool) and kind is None:
            tags += "T" if value else "F"
        elif isinstance(value, float) or (kind == "f" and isinstance(value, int)):
            try:
                tags, body = f"{tags}f", body + struct.pack(">f", value)
            except (OverflowError, struct.error):
                raise ValueError(f"{value!r:.60} is too large for OSC") from None
        elif isinstance(value, int):
            if not -(2**63) <= value < 2**63:
                raise ValueError(f"{value!r:.60} is too large for OSC")
            small = -(2**31) <= value < 2**31
            tags, body = (
                tags + ("i" if small else "h"),
                body + struct.pack(">i" if small else ">q", value),
            )
        elif isinstance(value, bytes):
            tags, body = (
                f"{tags}b",
                body + struct.pack(">i", len(value)) + value + b"\0" * (-len(value) % 4),
            )
        else:
            raise ValueError(f"{value!r} is not a type of OSC")
    return _padded(address.encode("utf-8", "replace")) + _padded(tags.encode()) + body


def _padded(raw: bytes) -> bytes:
    """Ended by NUL and padded to a multiple of four."""
    return raw + b"\0" * (4 - len(raw) % 4)
