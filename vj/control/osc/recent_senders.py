"""Those who send OSC datagrams, and which of them get the status."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable

from vj.control.osc.datagram_writer import DatagramWriter
from vj.control.osc.network import SocketAddress
from vj.control.osc.udp_sender import UdpSender

PEERS, PEER_LIFE = 8, 60.0
"""Senders that get the status: so many, for so many seconds after their last message."""
SENDERS = 256


class RecentSenders:
    """The senders, and when those that get the status have sent last. Not thread-safe: it belongs
    to the server's thread."""

    def __init__(self, writer: DatagramWriter) -> None:
        self._writer = writer
        self._senders: dict[SocketAddress, UdpSender] = {}
        self._peers: OrderedDict[SocketAddress, float] = OrderedDict()

    def sender(self, peer: SocketAddress) -> UdpSender:
        """The sender at an address."""
        sender = self._senders.get(peer)
        if sender is None:
            if len(self._senders) >= SENDERS:
                self._senders.clear()
            sender = self._senders[peer] = UdpSender(self._writer, peer)
        return sender

    def register(self, peers: Iterable[SocketAddress]) -> None:
        """Remember who has sent now."""
        now = time.monotonic()
        for peer in peers:
            self._peers[peer] = now
            self._peers.move_to_end(peer)
        while len(self._peers) > PEERS:
            self._peers.popitem(last=False)

    def take_over(self, old: RecentSenders) -> None:
        """Remember those of another server, too."""
        self._peers.update(old._peers)

    def listeners(self) -> list[SocketAddress]:
        """The show's reply address, and those of all recent senders."""
        oldest = time.monotonic() - PEER_LIFE
        peers = [
            self.sender(peer).reply_address
            for peer, moment in self._peers.items()
            if moment > oldest
        ]
        reply_to = self._writer.reply_to
        return list(dict.fromkeys([*([reply_to] if reply_to else []), *peers]))
