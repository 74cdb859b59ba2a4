"""What lighting desks send, byte by byte as the specifications say, and a desk on a real socket."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable

from tests.waiting import until
from vj.control.dmx.receiver import DmxReceiver
from vj.core.supervisor import Supervisor
from vj.show.dmx_controls import DmxControl, dmx_control
from vj.show.dmx_section import DmxRule


def artdmx(levels: bytes, port_address: int = 0, sequence: int = 0, version: int = 14) -> bytes:
    """Art-Net 4, "ArtDmx": ID, OpCode 0x5000 low byte first, ProtVer, Sequence, Physical, SubUni,
    Net, Length high byte first."""
    head = b"Art-Net\x00" + b"\x00\x50" + bytes((0, version, sequence, 0))
    return (
        head + bytes((port_address & 0xFF, port_address >> 8, *divmod(len(levels), 256))) + levels
    )


ARTPOLL = b"Art-Net\x00" + b"\x00\x20" + bytes((0, 14, 2, 0))


def e131(
    levels: bytes,
    universe: int = 1,
    sequence: int = 0,
    priority: int = 100,
    cid: bytes = b"desk-number-one!",
    options: int = 0,
    start_code: int = 0,
    name: str = "desk",
) -> bytes:
    """ANSI E1.31, table 4-1: root layer, framing layer, DMP layer."""
    count = len(levels)
    dmp = struct.pack(">HBBHHH", 0x7000 | 11 + count, 2, 0xA1, 0, 1, 1 + count)
    dmp += bytes((start_code,)) + levels
    frame = struct.pack(">HI64s", 0x7000 | 77 + len(dmp), 2, name.encode())
    frame += struct.pack(">BHBBH", priority, 0, sequence, options, universe) + dmp
    root = struct.pack(">HH12s", 0x10, 0, b"ASC-E1.17\0\0\0")
    return root + struct.pack(">HI16s", 0x7000 | 22 + len(frame), 4, cid) + frame


class Wire:
    """A receiver on the loopback interface, turned by the test on a clock that it moves, and a desk
    that sends to it. `moves`: what was passed on. `offers`: what may be learned."""

    def __init__(self, *controls: str, learning: bool = False, **rule: object) -> None:
        self.time = 100.0
        self.moves: list[tuple[str, float | None]] = []
        self.offers: list[tuple[str, float]] = []
        self.log: list[str] = []
        self.receiver = DmxReceiver(
            lambda control, raw: self.moves.append((str(control), raw)),
            lambda control, raw: self.offers.append((str(control), raw)),
            self.log.append,
            Supervisor(self.log.append),
            lambda: self.time,
            (0, 0),
        )
        self.receiver.stop()  # no thread of its own
        self.asked: list[DmxControl] = [dmx_control(control) for control in controls]
        self.want(learning, **rule)
        self.desk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.desk.bind(("127.0.0.1", 0))

    def want(self, learning: bool = False, **rule: object) -> None:
        given = {"artnet": "127.0.0.1", "sacn": "127.0.0.1", **rule}
        self.receiver.want(DmxRule.model_validate(given), self.asked, learning, "a show")
        self.receiver.turn(0.0)

    def send(self, packet: bytes, to: str = "artnet", desk: socket.socket | None = None) -> None:
        """Send a packet, and let it be read."""
        before = self.receiver.packets
        port = self.receiver.addresses[to][1]
        (desk or self.desk).sendto(packet, ("127.0.0.1", port))
        until(lambda: self.turned().packets > before)

    def turned(self) -> DmxReceiver:
        """The receiver after another turn."""
        self.receiver.turn(0.05)
        return self.receiver

    def taken(self) -> list[tuple[str, float | None]]:
        """What was passed on since the last call."""
        moves, self.moves[:] = list(self.moves), []
        return moves

    def close(self) -> None:
        self.receiver._close()
        self.desk.close()


def socket_at(host: str) -> socket.socket:
    """A desk at another address of the loopback net, where there is one (Linux)."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((host, 0))
    return made


Made = Callable[..., Wire]
