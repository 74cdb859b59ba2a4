"""Art-Net and sACN out: levels to one universe of one destination. sACN's packets are made by the
library `sacn`."""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import uuid
from typing import Any, Protocol

from vj.control.dmx import artnet, streaming_acn
from vj.core.errors import Fault
from vj.show.lights_section import Destination

REMEDY = "lights: to: sacn needs the package sacn: python3 launch.py add sacn; Art-Net needs none"
TTL = 8
"""Routers that a multicast packet may pass."""
ENDING = 3
"""Packets that say that a stream ends (E1.31 6.2.6)."""
DISCOVERY = 64214
"""The universe to which the list of ours is sent."""


class LevelStream(Protocol):
    """Makes the packets of a universe."""

    target: tuple[str, int]

    def packet(self, levels: bytes, ended: bool = False) -> bytes: ...

    def prefer(self, priority: int) -> None: ...


class ArtNetStream:
    """Art-Net."""

    def __init__(self, destination: Destination, universe: int) -> None:
        self.target = destination.host, destination.port
        self._universe, self._sequence = universe, 0

    def packet(self, levels: bytes, ended: bool = False) -> bytes:
        """The next packet. levels: from channel 1 on."""
        self._sequence = self._sequence % 255 + 1  # 0 would say that we do not count
        return artnet.dmx_packet(self._universe, self._sequence, levels)

    def prefer(self, priority: int) -> None:
        """Art-Net has no priorities."""


class SacnStream:
    """sACN. Raises Fault without its library."""

    def __init__(self, destination: Destination, universe: int, name: str) -> None:
        """name: of the show, by which receivers list us; the same one is the same sender."""
        if sacn_is_missing():
            raise Fault(REMEDY)
        from sacn.messages.data_packet import DataPacket

        host = destination.host or streaming_acn.group(universe)
        self.target = host, streaming_acn.PORT
        self._packet = DataPacket(cid(name), source_name(name), universe)

    def packet(self, levels: bytes, ended: bool = False) -> bytes:
        """The next packet. ended: no more come."""
        self._packet.dmxData = tuple(levels)
        self._packet.option_StreamTerminated = ended
        made = bytes(self._packet.getBytes())
        self._packet.sequence_increase()
        return made

    def prefer(self, priority: int) -> None:
        """Be of this priority, 0..200: receivers play the highest one."""
        self._packet.priority = priority


def sacn_is_missing() -> bool:
    """The library that sACN is sent by is not installed."""
    return importlib.util.find_spec("sacn") is None


def cid(name: str) -> tuple[int, ...]:
    """Who we are, 16 bytes: the same for the same show on the same machine."""
    return tuple(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.vj.{socket.gethostname()}").bytes)


def source_name(name: str) -> str:
    """63 bytes at most."""
    return f"vj: {name}".encode()[:63].decode("utf-8", "ignore")


def stream_to(destination: Destination, universe: int, name: str) -> LevelStream:
    """Raises Fault."""
    if destination.protocol == "artnet":
        return ArtNetStream(destination, universe)
    return SacnStream(destination, universe, name)


def discovery_packets(name: str, universes: list[int]) -> list[tuple[bytes, tuple[str, int]]]:
    """The list of universes that are sent by multicast, for those who look for senders; each with
    where to."""
    from sacn.messages.universe_discovery import UniverseDiscoveryPacket

    made: list[Any] = UniverseDiscoveryPacket.make_multiple_uni_disc_packets(
        cid(name), source_name(name), universes
    )
    target = streaming_acn.group(DISCOVERY), streaming_acn.PORT
    return [(bytes(packet.getBytes()), target) for packet in made]


def sending(interface: str = "") -> socket.socket:
    """A UDP socket that never waits. interface: the address of this machine by which multicast
    leaves; empty for the system's choice. Raises OSError."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(("", 0))  # at once, so that its port is known by which our own packets are told
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, TTL)
    if interface:
        with contextlib.suppress(OSError):  # an address that comes later; the system chooses
            made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
    return made
