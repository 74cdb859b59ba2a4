"""The sockets on which Art-Net and sACN come in."""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import sys
from collections.abc import Iterable

from vj.control.dmx.streaming_acn import group

ANY = "0.0.0.0"
BUFFER = 1 << 20
"""Bytes; a desk may send 64 universes in one burst."""

JOINED = (errno.EADDRINUSE, 10048)
"""Of Linux and macOS, and of Windows: the group is joined already, or the port is taken."""
NO_ADDRESS = (errno.EADDRNOTAVAIL, 10049)


def listening(host: str, port: int) -> socket.socket:
    """A UDP socket that does not block, on a port that other programs of this machine may listen
    on too. Raises OSError."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "darwin":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        with contextlib.suppress(OSError):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        made.bind((host, port))
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made


def why_not(error: OSError) -> str:
    """Why a port could not be had, and what would be right."""
    if error.errno in JOINED:
        return "another program has it for itself; end that, or have it share: tried again"
    if error.errno in NO_ADDRESS:
        return "no address of this machine; true listens at all of them: tried again"
    return f"{error.strerror or error}; tried again"


def heard_at(name: str, asked: bool | str) -> str:
    """The host to listen at. asked: an address of this machine, or True for all. What is sent to a
    group does not come to an address of one's own, except on Windows: of `sacn` the address says
    only where groups are joined."""
    whole = asked is True or (name == "sacn" and sys.platform != "win32")
    return ANY if whole else str(asked)


def join(made: socket.socket, universes: Iterable[int], interface: str) -> dict[int, OSError]:
    """Join the multicast groups of universes of sACN; again and again, since cables come and go:
    where one is joined already it stays. interface: an address of this machine; ANY for all of
    them, as a desk is seldom where the internet is. Returns why, for universes that no interface
    can join."""
    failed: dict[int, OSError] = {}
    groups = {universe: socket.inet_aton(group(universe)) for universe in universes}
    whole = socket.inet_aton(interface)
    for universe, name in groups.items():
        if (error := _join_one(made, name + whole)) is not None:
            failed[universe] = error
    for index, _ in socket.if_nameindex() if interface == ANY else ():
        for universe, name in groups.items():
            if _join_one(made, name + _by_index(index)) is None:
                failed.pop(universe, None)
    return failed


def _by_index(index: int) -> bytes:
    """An interface by its number, as the system's structure has it: with an address before it, or
    on Windows as an address."""
    if sys.platform == "win32":
        return struct.pack("!I", index)
    return socket.inet_aton(ANY) + struct.pack("@i", index)


def _join_one(made: socket.socket, asked: bytes) -> OSError | None:
    try:
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, asked)
    except OSError as error:
        return None if error.errno in JOINED else error
    return None


def own_address(peer: str) -> str:
    """Our address in the eyes of a peer, IPv4."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer, 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
