"""The sockets on which Art-Net and sACN come in."""

from __future__ import annotations

import contextlib
import socket
import sys

from vj.control.dmx.streaming_acn import group

ANY = "0.0.0.0"
BUFFER = 1 << 20
"""Bytes; a desk may send 64 universes in one burst."""


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


def heard_at(name: str, asked: bool | str) -> str:
    """The host to listen at. asked: an address of this machine, or True for all. What is sent to a
    group does not come to an address of one's own, except on Windows: of `sacn` the address says
    only where groups are joined."""
    whole = asked is True or (name == "sacn" and sys.platform != "win32")
    return ANY if whole else str(asked)


def join(made: socket.socket, universe: int, interface: str) -> None:
    """Join the multicast group of a universe of sACN; one that is joined already stays. interface:
    an address of this machine, ANY for the system's choice. Raises OSError."""
    asked = socket.inet_aton(group(universe)) + socket.inet_aton(interface)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, asked)


def own_address(peer: str) -> str:
    """Our address in the eyes of a peer, IPv4."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer, 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
