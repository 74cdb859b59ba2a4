"""Network addresses and sockets."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from vj.core.errors import Fault

ANY_HOST = ("", "0.0.0.0", "::")
"""Hosts that mean every address of this machine."""

SocketAddress = tuple[Any, ...]
"""An address as the socket gives it: (host, port), and for IPv6 flow and interface."""

PORTS_TO_TRY = 20
"""Ports that are tried in turn when one is in use, so that a second show can run."""


class Startable(Protocol):
    """A server. `start` raises Fault, with `in use` in its text where the port is taken."""

    def start(self) -> None: ...


S = TypeVar("S", bound=Startable)


def started_near(
    make: Callable[[tuple[str, int]], S], wanted: tuple[str, int], log: Callable[[str], None]
) -> S:
    """Make and start a server at an address, or at the next free port, so that a second one can run
    beside the first. Port 0 is any free one. Raises Fault."""
    host, port = wanted
    first_fault: Fault | None = None
    for offset in range(PORTS_TO_TRY if port else 1):
        server = make((host, port + offset))
        try:
            server.start()
        except Fault as fault:
            first_fault = first_fault or fault
            if "in use" not in str(fault):
                raise
            continue
        if first_fault is not None:
            log(f"{first_fault}; {host}:{port + offset} is used instead")
        return server
    assert first_fault is not None
    raise first_fault


def strip_brackets(host: str) -> str:
    """A host without the brackets that IPv6 has in front of a port."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """A host that is an address; None for a name."""
    try:
        return ipaddress.ip_address(strip_brackets(host).partition("%")[0])
    except ValueError:
        return None


def is_multicast(host: str) -> bool:
    """Whether it is a multicast group's address (239.1.2.3, ff02::1)."""
    address = _address(host)
    return address is not None and address.is_multicast


def is_loopback(host: str) -> bool:
    """Whether it is a loopback address."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def lan_address() -> str:
    """This machine's address in its local network, "" when it has none. Nothing is sent: connecting
    a UDP socket only asks the routing table."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address reserved for documentation
            return str(probe.getsockname()[0])
        except OSError:
            return ""


VIRTUAL = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "cni", "podman", "lxc")
"""What the interfaces of containers and virtual machines begin with: no phone is there."""


def lan_addresses() -> list[str]:
    """This machine's IPv4 addresses in its networks, the one of the default route first; none when
    it has none. Networks without a route, such as a venue's own router, are found by ifaddr, which
    comes with zeroconf."""
    found = [lan_address()]
    try:
        import ifaddr
    except ImportError:
        pass
    else:
        found += [
            str(one.ip)
            for adapter in ifaddr.get_adapters()
            if not str(adapter.nice_name).startswith(VIRTUAL)
            for one in adapter.ips
            if one.is_IPv4
        ]
    return [
        one
        for one in dict.fromkeys(found)
        if one and not is_loopback(one) and not one.startswith("169.254.")
    ]


def family_of(host: str) -> socket.AddressFamily:
    """IPv6 for hosts written with colons, else IPv4."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def datagram_socket(host: str, port: int) -> socket.socket:
    """A non-blocking UDP socket bound to an address. host: IPv4 or IPv6, with or without brackets,
    `::` for both; a multicast group is joined. Raises OSError."""
    host = strip_brackets(host)
    made = socket.socket(family_of(host), socket.SOCK_DGRAM)
    try:
        if is_multicast(host):
            made.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # a group has many listeners on one machine
        elif sys.platform == "win32":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        if host == "::":
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind(("" if is_multicast(host) and sys.platform == "win32" else host, port))
        if is_multicast(host):
            _join(made, host)
    except BaseException:
        made.close()
        raise
    made.setblocking(False)
    return made


def _join(made: socket.socket, group: str) -> None:
    if made.family == socket.AF_INET6:
        made.setsockopt(
            socket.IPPROTO_IPV6,
            socket.IPV6_JOIN_GROUP,
            socket.inet_pton(socket.AF_INET6, group.partition("%")[0]) + b"\0" * 4,
        )
        return
    made.setsockopt(
        socket.IPPROTO_IP,
        socket.IP_ADD_MEMBERSHIP,
        socket.inet_aton(group) + socket.inet_aton("0.0.0.0"),
    )


def resolve(made: socket.socket, to: tuple[str, int]) -> SocketAddress | None:
    """Resolve an address to send to from this socket; None when that fails."""
    flags = socket.AI_V4MAPPED if made.family == socket.AF_INET6 else 0
    try:
        found = socket.getaddrinfo(
            strip_brackets(to[0]), to[1], made.family, socket.SOCK_DGRAM, 0, flags
        )
    except OSError:
        return None
    return tuple(found[0][4]) if found else None


def advertised_address(host: str) -> str:
    """The address to advertise for a server bound to a host; "" for a multicast group."""
    host = strip_brackets(host)
    if host in ANY_HOST:
        return lan_address() or "127.0.0.1"
    if is_multicast(host):
        return ""
    if _address(host) is not None:
        return host
    try:
        return socket.gethostbyname(host)
    except OSError:
        return ""


def listening_lines(host: str, port: int) -> list[str]:
    """Lines for the start banner: where OSC is received, and how a tablet reaches it."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if is_loopback(host):
        return [
            f"OSC listens at {where}, by this machine only; --osc 0.0.0.0:{port} lets a tablet in"
        ]
    if is_multicast(host):
        return [f"OSC listens at {where}, as one of its multicast group"]
    if host not in ANY_HOST:
        return [f"OSC listens at {where}"]
    found = lan_address()
    reach = (
        f"a tablet sends to {found}:{port}" if found else "this machine has no address in a network"
    )
    return [f"OSC listens at port {port} of every address; {reach}"]
