"""This machine in its network."""

from __future__ import annotations

import socket


def lan_address() -> str:
    """This machine's address in its network, "" when it has none. Nothing is sent: connecting a UDP socket only asks the routing table."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address reserved for documentation
            return str(probe.getsockname()[0])
        except OSError:
            return ""


def heard_at(host: str, port: int) -> list[str]:
    """Lines for the start: where OSC is heard, and how a tablet reaches it."""
    if host.startswith("127."):
        return [f"OSC is heard at {host}:{port}, by this machine only; --osc 0.0.0.0:{port} lets a tablet in"]
    if host != "0.0.0.0":
        return [f"OSC is heard at {host}:{port}"]
    found = lan_address()
    where = f"a tablet sends to {found}:{port}" if found else "this machine has no address in a network"
    return [f"OSC is heard at port {port} of every address; {where}"]
