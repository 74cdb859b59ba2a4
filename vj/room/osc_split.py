"""OSC of a room: which piece gets a datagram, under which address; and a piece's own, with its name
put before. Messages are passed on as they came, bundles with their timetags: no number is read.

    /vj/left/strength   to left, as /vj/strength
    /vj/strength        to all
    /vj/*/strength      to the pieces whose names fit the pattern, as /vj/strength
    /left/1/fader1      to left, as /1/fader1; /1/fader1 to all
    /vj/lefft/strength  to nobody: no piece is called so, and no show has such an address; nor have
                        they /vj/strenght or /vj/noise/hlod
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence

from vj.control.osc.pattern import is_pattern, matching

BUNDLE = b"#bundle\0"
DEEPEST = 8
"""Bundles in bundles."""
LONGEST = 1024
"""Letters of an address."""


Known = Callable[[str], bool]
"""Whether a show has an address; `/vj/` is not part of it."""


def split(
    packet: bytes,
    names: Sequence[str],
    known: Known = lambda address: True,
    strange: list[str] | None = None,
) -> dict[str, bytes]:
    """What each piece gets of a datagram; pieces that get nothing are not in it. A datagram that is
    no OSC is nobody's. strange: takes addresses that mean nobody."""
    return _split(packet, names, known, [] if strange is None else strange, 0)


def _split(
    packet: bytes, names: Sequence[str], known: Known, strange: list[str], depth: int
) -> dict[str, bytes]:
    if packet[:1] == b"/":
        address, rest = _address(packet)
        to = destinations(address, names, known) if address else {}
        if address and not to:
            strange.append(address)
        return {name: padded(as_there) + rest for name, as_there in to.items()}
    if not packet.startswith(BUNDLE) or len(packet) < 16 or depth >= DEEPEST:
        return {}
    inside: dict[str, list[bytes]] = {}
    for element in _elements(packet):
        for name, part in _split(element, names, known, strange, depth + 1).items():
            inside.setdefault(name, []).append(part)
    return {name: _bundle(packet[:16], parts) for name, parts in inside.items()}


def destinations(
    address: str, names: Sequence[str], known: Known = lambda address: True
) -> Mapping[str, str]:
    """The pieces that an address means, with the address that each has of it."""
    every = dict.fromkeys(names, address)
    head = "/vj/" if address.startswith("/vj/") else "/"
    first, _, rest = address.removeprefix(head).partition("/")
    if first in names and (rest or head == "/vj/"):
        return {first: head + rest} if rest else {}  # a piece, and nothing of it
    if head == "/":
        return every
    if is_pattern(first):
        # elsewhere patterns are the show's own, such as those of a controller's /*/fader1
        found = matching(first, names) if rest else []
        return dict.fromkeys(found, head + rest) if found else every
    return every if is_pattern(rest) or known(address.removeprefix(head)) else {}


def prefixed(packet: bytes, name: str) -> bytes:
    """A piece's datagram with its name in every address: `/vj/error` as `/vj/left/error`."""
    return _prefixed(packet, name, 0)


def _prefixed(packet: bytes, name: str, depth: int) -> bytes:
    if packet[:1] == b"/":
        address, rest = _address(packet)
        if not address:
            return packet
        head = "/vj/" if address.startswith("/vj/") else "/"
        return padded(f"{head}{name}/{address.removeprefix(head)}") + rest
    if packet.startswith(BUNDLE) and len(packet) >= 16 and depth < DEEPEST:
        parts = [_prefixed(element, name, depth + 1) for element in _elements(packet)]
        return _bundle(packet[:16], parts)
    return packet


def address_of(packet: bytes) -> str:
    """The address of a message; empty for a bundle, and for what is no OSC."""
    return _address(packet)[0] if packet[:1] == b"/" else ""


def _address(packet: bytes) -> tuple[str, bytes]:
    """A message's address, and what follows it; a message that is cut short has neither."""
    end = packet.find(b"\0", 0, LONGEST)
    if end < 0:
        return "", b""
    return packet[:end].decode("utf-8", "replace"), packet[(end // 4 + 1) * 4 :]


def _elements(packet: bytes) -> list[bytes]:
    """Of a bundle, as far as it is whole."""
    found, place = [], 16
    while place + 4 <= len(packet):
        (size,) = struct.unpack_from(">i", packet, place)
        place += 4
        if size < 4 or size > len(packet) - place:
            break
        found.append(packet[place : place + size])
        place += size
    return found


def _bundle(head: bytes, parts: Sequence[bytes]) -> bytes:
    return head + b"".join(struct.pack(">i", len(part)) + part for part in parts)


def padded(address: str) -> bytes:
    """An address as OSC holds it: ended by NUL, in multiples of four."""
    raw = address.encode("utf-8", "replace")
    return raw + b"\0" * (4 - len(raw) % 4)
