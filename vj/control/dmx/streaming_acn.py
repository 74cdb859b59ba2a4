"""sACN in: the data packets of ANSI E1.31, streaming ACN.

The library `sacn` has a receiver, too, but that keeps one sequence number and one priority a
universe, whoever sends: of two desks on one universe it drops about half. Sending is by it
(`vj.control.dmx.sender`). Source: ANSI E1.31-2018, sections 4 to 7.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from vj.control.dmx.artnet import BadPacket

PORT = 5568
_PREAMBLE = struct.pack(">HH12s", 0x10, 0, b"ASC-E1.17\0\0\0")
_ROOT_DATA, _FRAME_DATA, _SET_PROPERTY = 4, 2, 2
_PREVIEW, _TERMINATED = 0x80, 0x40
_LEVELS = 0
"""The start code of levels; others carry something else, such as a priority of each channel."""
FIRST = 126
"""The byte at which levels begin."""


class DataPacket(NamedTuple):
    """cid: the sender's own number, 16 bytes. name: of the sender. ended: it sends no more."""

    universe: int
    cid: bytes
    name: str
    priority: int
    sequence: int
    levels: bytes
    ended: bool = False


def read(packet: bytes) -> DataPacket | None:
    """A packet as it came; None for one that is of no concern here: discovery, synchronisation,
    start codes other than 0, and previews, which no fixture must follow. Raises BadPacket."""
    if len(packet) < 40:
        raise BadPacket(f"{len(packet)} bytes are too few")
    if packet[:16] != _PREAMBLE:
        raise BadPacket("it does not begin with ASC-E1.17")
    if int.from_bytes(packet[18:22], "big") != _ROOT_DATA:
        return None
    if len(packet) < FIRST:
        raise BadPacket(f"{len(packet)} bytes are too few for levels")
    if int.from_bytes(packet[40:44], "big") != _FRAME_DATA or packet[117] != _SET_PROPERTY:
        raise BadPacket("it holds no levels")
    priority, _, sequence, options, universe = struct.unpack_from(">BHBBH", packet, 108)
    count = int.from_bytes(packet[123:125], "big") - 1
    if not 0 <= count <= 512:
        raise BadPacket(f"{count} levels: a universe has 512")
    if len(packet) < FIRST + count:
        raise BadPacket(f"{len(packet) - FIRST} of {count} levels came")
    if not 1 <= universe <= 63999:
        raise BadPacket(f"universe {universe}: they are 1 .. 63999")
    if packet[125] != _LEVELS or options & _PREVIEW:
        return None
    return DataPacket(
        universe,
        packet[22:38],
        packet[44:108].partition(b"\0")[0].decode("utf-8", "replace"),
        min(priority, 200),
        sequence,
        packet[FIRST : FIRST + count],
        bool(options & _TERMINATED),
    )


def group(universe: int) -> str:
    """The multicast address of a universe."""
    return f"239.255.{universe >> 8}.{universe & 0xFF}"
