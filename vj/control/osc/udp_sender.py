"""A sender of OSC datagrams, as the dispatcher sees it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

from vj.control.osc.echo import Echo
from vj.control.replies import Peer, RateLimiter

SocketAddress = tuple[Any, ...]
"""An address as the socket gives it: (host, port), and for IPv6 flow and interface."""

ERRORS_A_SECOND = 20
"""Error replies a second to one sender."""


class ReplyingServer(Protocol):
    """The server through which replies are sent."""

    reply: Peer | None
    echo: Echo
    error_limiter: RateLimiter

    def send(
        self, target: SocketAddress, address: str, values: Sequence[Any], kind: str | None = None
    ) -> None: ...


class UdpSender:
    """A sender of datagrams, for the dispatcher."""

    __slots__ = ("_limiter", "_server", "name", "origin", "target")

    def __init__(self, server: ReplyingServer, target: SocketAddress) -> None:
        self._server, self.target = server, target
        self.origin: Peer = target[:2]
        self.name = str(target[0]).removeprefix("::ffff:")
        self._limiter = RateLimiter(ERRORS_A_SECOND)

    @property
    def reply_address(self) -> SocketAddress:
        """Where replies go: the port it sent from, or the one that the show names."""
        reply = self._server.reply
        return self.target if reply is None else (self.target[0], reply[1], *self.target[2:])

    def answer(self, address: str, values: Sequence[Any], kind: str | None = None) -> None:
        self._server.send(self.reply_address, address, values, kind)

    def may_reply(self) -> bool:
        return self._limiter.allow() and self._server.error_limiter.allow()

    def send_error(self, text: str, done: bool) -> None:
        self._server.send(self.reply_address, "/vj/error", [text])

    def moved(self, address: str) -> None:
        """Suppress the echo to the host that moves a fader, at whichever port it receives."""
        echo = self._server.echo
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
            self._server.echo.subscribe(who)
        else:
            self._server.echo.unsubscribe(who)
        return ""
