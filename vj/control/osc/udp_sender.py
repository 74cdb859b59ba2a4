"""A sender of OSC datagrams, as the dispatcher sees it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from vj.control.osc.datagram_writer import ERRORS_A_SECOND, DatagramWriter
from vj.control.osc.network import SocketAddress
from vj.control.replies import Peer, RateLimiter


class UdpSender:
    """A sender of datagrams, for the dispatcher."""

    __slots__ = ("_limiter", "_writer", "name", "origin", "target")

    def __init__(self, writer: DatagramWriter, target: SocketAddress) -> None:
        self._writer, self.target = writer, target
        self.origin: Peer = target[:2]
        self.name = str(target[0]).removeprefix("::ffff:")
        self._limiter = RateLimiter(ERRORS_A_SECOND)

    @property
    def reply_address(self) -> SocketAddress:
        """Where replies go: the port it sent from, or the one that the show names."""
        reply = self._writer.reply
        return self.target if reply is None else (self.target[0], reply[1], *self.target[2:])

    def answer(self, address: str, values: Sequence[Any], kind: str | None = None) -> None:
        self._writer.send(self.reply_address, address, values, kind)

    def may_reply(self) -> bool:
        return self._limiter.allow() and self._writer.error_limiter.allow()

    def send_error(self, text: str, done: bool) -> None:
        self._writer.send(self.reply_address, "/vj/error", [text])

    def moved(self, address: str) -> None:
        """Suppress the echo to the host that moves a fader, at whichever port it receives."""
        echo = self._writer.echo
        if echo.subscribers:
            echo.moved_from(self.origin, address, time.monotonic())

    def subscribe(self, address: str, arguments: tuple[Any, ...]) -> str:
        """Echo every value to the sender's own port, or to the port it names; `/vj/unsubscribe`
        ends that."""
        port = arguments[0] if arguments else self.reply_address[1]
        if isinstance(port, bool) or not isinstance(port, int | float) or not 1 <= port < 65536:
            return f"{port!r} is no port (1 .. 65535)"
        who = (self.target[0], int(port), *self.target[2:])
        if address == "/vj/subscribe":
            self._writer.echo.subscribe(who)
        else:
            self._writer.echo.unsubscribe(who)
        return ""
