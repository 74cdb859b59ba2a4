"""OSC out, over UDP: replies, the echo of values, the status, problems that turned out later."""

from __future__ import annotations

import errno
import queue
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from vj.control.osc.dispatch import Dispatcher
from vj.control.osc.echo import Echo
from vj.control.osc.network import SocketAddress, resolve
from vj.control.osc.packet import pack
from vj.control.replies import Peer, RateLimiter

ERRORS_A_SECOND = 20
"""Error replies a second to one sender."""
ERRORS_IN_ALL = 100
"""Error replies a second to all senders."""

Listeners = Callable[[], Iterable[SocketAddress]]


class DatagramWriter:
    """Sends messages without blocking. `send` and `remark` may be called from any thread, the
    others by the server's."""

    def __init__(self, dispatcher: Dispatcher, echo: Echo, reply: Peer | None = None) -> None:
        """reply: if given, replies go to the sender's host at this port."""
        self.reply, self.echo = reply, echo
        self.reply_to: SocketAddress | None = None
        """`reply`, as far as it can be sent to."""
        self.error_limiter = RateLimiter(ERRORS_IN_ALL)
        self._dispatcher = dispatcher
        self._socket: socket.socket | None = None
        self._notices: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._notice_limiter = RateLimiter(ERRORS_A_SECOND)

    def send_from(self, made: socket.socket) -> str:
        """Set the socket, and echo values to `reply`. Returns why nothing can be sent there, or
        ""."""
        self._socket = made
        if self.reply is None:
            return ""
        self.reply_to = resolve(made, self.reply)
        if self.reply_to is None:
            return (
                f"osc reply {self.reply[0]}:{self.reply[1]}: no such address to send to; "
                "replies go to the sender"
            )
        self.echo.subscribe(self.reply_to)
        return ""

    def remark(self, text: str) -> None:
        """Keep a problem for the next `send_notices`."""
        self._notices.put(text)

    def send_notices(self, listeners: Listeners) -> None:
        """Send the problems that were kept to all listeners, at `/vj/error`."""
        while not self._notices.empty():
            text = self._notices.get()
            if self._notice_limiter.allow():
                for target in listeners():
                    self.send(target, "/vj/error", [text])

    def send_echo(self) -> None:
        """Send the values that have changed to those who subscribed."""
        for target, address, value in self.echo.round(time.monotonic()):
            row = self._dispatcher.row(address)
            self.send(
                target, address, [value], "f" if row is not None and row.kind == "float" else None
            )

    def send_status(self, listeners: Listeners) -> None:
        """Send the status to all listeners."""
        targets = list(listeners())
        if targets:
            for name, values in self._dispatcher.status().items():
                for target in targets:
                    self.send(
                        target, name if name.startswith("/") else f"/vj/status/{name}", values
                    )

    def send(
        self, target: SocketAddress, address: str, values: Sequence[Any], kind: str | None = None
    ) -> None:
        """Send a message without blocking. From any thread. A message that cannot be encoded is
        logged."""
        assert self._socket is not None
        try:
            self._socket.sendto(pack(address, values, kind), target)
        except ValueError as error:
            self._dispatcher.error_replies.log_limited(
                f"unsendable {address}",
                f"OSC to {target[0]}: {address} is not sent: {error}",
                every=60,
            )
        except OSError as error:
            if error.errno in (errno.EMSGSIZE, 10040):
                text = f"OSC to {target[0]}: {address} is not sent: it is too long for a datagram"
                self._dispatcher.error_replies.log_limited(f"unsendable {address}", text, every=60)
            # else nobody receives, or the buffer is full: a reply is not worth waiting for
