"""Art-Net 4: the packets that carry DMX, and those by which a desk finds us.

The libraries there are send only (pyartnet), keep one sender a universe, or bring an event loop of
their own; none merges two desks or tells where a packet came from. Three packets are all it needs.
Source: Artistic Licence, Specification for the Art-Net 4 Ethernet Communication Protocol, 1.4.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from typing import NamedTuple

PORT = 6454
UNIVERSES = 32768
"""Port-Addresses, 15 bits: net, sub-net and universe. Universe 1 of vj is Port-Address 0, as on
desks that count Art-Net from 0 and everything else from 1."""
MOST_PORTS = 255
"""Of one device: BindIndex has a byte."""

_ID = b"Art-Net\0"
_OP_POLL, _OP_POLL_REPLY, _OP_DMX = 0x2000, 0x2100, 0x5000
_PROTOCOL = 14
_HEAD = struct.Struct("<8sH")
_DMX = struct.Struct(">HBBBBH")
"""Of ArtDmx after its head: the protocol's version, sequence, physical port, the low byte of the
Port-Address, its high one, and how many levels follow. The Port-Address has its low byte first."""


class BadPacket(ValueError):
    """A packet that is none of the specification's, and why."""


class ArtDmx(NamedTuple):
    """universe: of vj, from 1. sequence: 1..255, 0 where the sender does not count."""

    universe: int
    sequence: int
    levels: bytes


class ArtPoll(NamedTuple):
    """A desk asks who is there."""


def read(packet: bytes) -> ArtDmx | ArtPoll | None:
    """A packet as it came; None for one that is of no concern here. Raises BadPacket."""
    if len(packet) < _HEAD.size + 2:
        raise BadPacket(f"{len(packet)} bytes are too few")
    name, operation = _HEAD.unpack_from(packet)
    if name != _ID:
        raise BadPacket("it does not begin with Art-Net")
    if operation == _OP_POLL:
        return ArtPoll()
    if operation != _OP_DMX:
        return None
    if len(packet) < _HEAD.size + _DMX.size:
        raise BadPacket(f"{len(packet)} bytes are too few for ArtDmx")
    version, sequence, _, low, net, count = _DMX.unpack_from(packet, _HEAD.size)
    if version < _PROTOCOL:
        raise BadPacket(f"protocol version {version} is below {_PROTOCOL}")
    if count % 2 or not 2 <= count <= 512:
        raise BadPacket(f"{count} levels: ArtDmx has an even number, 2 .. 512")
    levels = packet[_HEAD.size + _DMX.size :][:count]
    if len(levels) < count:
        raise BadPacket(f"{len(levels)} of {count} levels came")
    if net > 127:
        raise BadPacket(f"net {net} is above 127")
    return ArtDmx((net << 8 | low) + 1, sequence, levels)


def dmx_packet(universe: int, sequence: int, levels: bytes) -> bytes:
    """ArtDmx. universe: of vj, 1 .. UNIVERSES. sequence: 1..255. levels: 512 at most; an odd number
    gets a 0 behind it."""
    port = universe - 1
    even = levels + b"\0" * (len(levels) % 2)
    return (
        _HEAD.pack(_ID, _OP_DMX)
        + _DMX.pack(_PROTOCOL, sequence, 0, port & 0xFF, port >> 8, len(even))
        + even
    )


def poll_replies(address: str, name: str, universes: Sequence[int]) -> list[bytes]:
    """ArtPollReply for each universe, so that a desk lists us and sends to us. address: ours, IPv4.
    name: of the show. universes: of vj; while something is learned there may be none. Those that
    Art-Net has not are left out, and what is beyond the 255 that a device may have."""
    theirs = [universe for universe in universes or (1,) if universe <= UNIVERSES]
    return [
        _poll_reply(address, name, universe - 1, place)
        for place, universe in enumerate(theirs[:MOST_PORTS], 1)
    ]


def _poll_reply(address: str, name: str, port: int, place: int) -> bytes:
    ip = socket.inet_aton(address)
    return b"".join(
        (
            _HEAD.pack(_ID, _OP_POLL_REPLY),
            ip,
            struct.pack("<H", PORT),
            struct.pack(">H", 1),  # our version
            bytes((port >> 8 & 0x7F, port >> 4 & 0xF)),
            struct.pack(">H", 0x00FF),  # OEM: not registered
            bytes((0, 0xE0)),  # no UBEA; indicators normal, Port-Address set by front panel
            struct.pack("<H", 0x7FF0),  # ESTA: for prototypes
            _text("vj", 18),
            _text(f"vj: {name}", 64),
            _text(f"#0001 [{place:04d}] playing", 64),
            struct.pack(">H", 1),  # ports here
            bytes((0x80, 0, 0, 0)),  # DMX512 out of the net
            bytes(4),  # GoodInput
            bytes((0x80, 0, 0, 0)),  # GoodOutput: levels come
            bytes(4),  # SwIn
            bytes((port & 0xF, 0, 0, 0)),  # SwOut
            bytes(6),  # sACN priority, macro, remote, three spare
            bytes((2,)),  # a media server
            bytes(6),  # no MAC
            ip,
            bytes((place,)),  # BindIndex
            bytes((0x08,)),  # Status2: Port-Addresses of 15 bits
            bytes(26),
        )
    )


def _text(text: str, length: int) -> bytes:
    """Ended by a 0, in a field of this length."""
    return text.encode("ascii", "replace")[: length - 1].ljust(length, b"\0")
