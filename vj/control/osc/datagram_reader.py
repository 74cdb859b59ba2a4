"""OSC in, over UDP, in batches: of many values of a fader only the last counts."""

from __future__ import annotations

import math
import socket
import struct
import time

from vj.control.osc.addresses import Target
from vj.control.osc.dispatch import HOLD, Dispatcher
from vj.control.osc.network import SocketAddress
from vj.control.osc.packet import is_osc, unpack
from vj.control.osc.recent_senders import RecentSenders
from vj.control.osc.udp_sender import UdpSender

BATCH = 512
"""Datagrams read in one batch; within it only the last value of a number counts."""

REPORTED = b"/vj/error\0", *(b"/vj/status/" + bytes([letter]) for letter in range(97, 123))
"""The beginnings of packets that a show itself sends."""


class DatagramReader:
    """Reads datagrams, and has their messages dispatched. Belongs to the server's thread."""

    def __init__(self, dispatcher: Dispatcher, senders: RecentSenders) -> None:
        self.messages = self.ignored = 0
        """The numbers of messages, and of datagrams with something that could not be read."""
        self._dispatcher, self._senders = dispatcher, senders
        self._socket: socket.socket | None = None

    def read_from(self, made: socket.socket) -> None:
        """Set the socket, which does not block."""
        self._socket = made

    def read_batch(self) -> int:
        """Read and dispatch the waiting datagrams; of each number only the last value is set.
        Returns the number of datagrams."""
        assert self._socket is not None
        numbers: dict[Target, tuple[float, UdpSender]] = {}
        receive, quick, float_of, int_of = (
            self._socket.recvfrom,
            self._dispatcher.fast_paths,
            *_READERS,
        )
        sender: UdpSender | None = None
        senders: dict[SocketAddress, None] = {}
        taken = 0
        end = time.thread_time() + HOLD
        for _ in range(BATCH):
            try:
                packet, peer = receive(65536)
            except BlockingIOError:
                break
            except OSError:  # Windows reports an earlier reply to a closed port
                continue
            taken += 1
            if sender is None or sender.target != peer:
                sender = self._senders.sender(peer)
            target = quick.get(packet[:-4])
            if target is not None:
                value = (float_of if packet[-7] == _F else int_of)(packet, len(packet) - 4)[0]
                if math.isfinite(value):
                    self.messages += 1
                    senders[peer] = None
                    numbers.pop(target, None)  # set in the order of the last moves
                    numbers[target] = value, sender
                    continue
            self._set_numbers(numbers)
            # packets of another show do not count as a recent sender
            if not packet.startswith(REPORTED):
                senders[peer] = None
            self._play(packet, sender)
            if time.thread_time() > end:  # slow messages leave time to other threads
                break
        self._set_numbers(numbers)
        self._senders.register(senders)
        return taken

    def _set_numbers(self, numbers: dict[Target, tuple[float, UdpSender]]) -> None:
        for target, (value, sender) in numbers.items():
            self._dispatcher.set_number(target, value, sender)
        numbers.clear()

    def _play(self, packet: bytes, sender: UdpSender) -> None:
        found = unpack(packet)
        self.messages += len(found.messages)
        self.ignored += bool(found.problems)
        if not is_osc(packet):
            self._dispatcher.error_replies.log_limited(
                "malformed",
                f"OSC from {sender.name}: ignored ({self.ignored} so far): {found.problems[0]}",
            )
            return
        self._dispatcher.dispatch_packet(found, sender)


_F = ord("f")
_READERS = (struct.Struct(">f").unpack_from, struct.Struct(">i").unpack_from)
