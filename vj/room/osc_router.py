"""The room's one OSC port: messages go on to the pieces, and what the pieces answer comes back with
their names, each by a socket of its own for every sender, so that a piece answers whom it means."""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vj.control.osc.network import SocketAddress, datagram_socket
from vj.control.osc.packet import Message, pack, unpack
from vj.core.errors import Fault
from vj.room.osc_split import BUNDLE, destinations, prefixed, split
from vj.room.strangers import Strangers

ROUTES = 128
"""Ways of answers that are open, at most: one for each sender and piece; the oldest is closed."""
BATCH = 256
"""Datagrams read from one socket before others have their turn."""
OWN = "/vj/room/"
SUBSCRIBE = ("/vj/subscribe", "/vj/unsubscribe")

Answers = Sequence[tuple[str, Sequence[Any]]]


@dataclass(slots=True)
class _Route:
    """Between one sender and one piece. to: where answers go."""

    piece: str
    to: SocketAddress
    link: socket.socket
    subscribed: bool = False


class OscRouter:
    """`start`, then `stop`; a thread of its own."""

    def __init__(
        self,
        listen: tuple[str, int],
        names: Sequence[str],
        port_of: Callable[[str], int | None],
        own: Callable[[str, tuple[Any, ...]], Answers],
        log: Callable[[str], None],
        shows: Callable[[], Iterable[Path]] = list,
    ) -> None:
        """listen: port 0 means any free one. port_of: where a piece hears OSC on this machine, if
        it does now. own: what answers a message to the room itself, at `/vj/room/`. shows: the
        files of the pieces' shows."""
        self._listen, self.names, self._port_of = listen, list(names), port_of
        self._own, self._log = own, log
        self._strangers = Strangers(lambda: self.names, shows, log)
        self._bound = listen
        self._socket: socket.socket | None = None
        self._routes: OrderedDict[tuple[str, SocketAddress], _Route] = OrderedDict()
        self._selector = selectors.DefaultSelector()
        self._wake = socket.socketpair()
        self._over = threading.Event()
        self._anew: list[str] = []
        """Pieces that have been started again: they know no subscribers."""
        self._thread: threading.Thread | None = None
        self._failed = 0.0

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, or did."""
        return self._bound

    def start(self) -> None:
        """Raises Fault when the address cannot be bound."""
        host, port = self._listen
        try:
            self._socket = datagram_socket(host, port)
        except OSError as error:
            taken = error.errno in (errno.EADDRINUSE, 10048)
            why = "another program uses this port (in use)" if taken else error.strerror
            raise Fault(f"OSC {host}:{port}: {why}; name another with osc: in the room") from None
        self._bound = self._socket.getsockname()[:2]
        self._wake[0].setblocking(False)
        self._selector.register(self._socket, selectors.EVENT_READ, None)
        self._selector.register(self._wake[0], selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._run, name="room's OSC", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """May be called twice."""
        self._over.set()
        self._poke()
        if self._thread is not None:
            self._thread.join(1.0)
            self._thread = None
        for one in (self._socket, *self._wake, *(way.link for way in self._routes.values())):
            if one is not None:
                one.close()

    def started_again(self, piece: str) -> None:
        """A piece hears OSC, perhaps not for the first time: who subscribed to it does so again.
        From any thread."""
        self._anew.append(piece)
        self._poke()

    def _poke(self) -> None:
        with contextlib.suppress(OSError):
            self._wake[1].send(b"x")

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                for key, _ in self._selector.select(1.0):
                    if self._over.is_set():
                        return
                    if key.fileobj is self._wake[0]:
                        self._wake[0].recv(4096)
                    elif isinstance(key.data, _Route):
                        self._back(key.data)
                    else:
                        self._read()
                while self._anew:
                    self._subscribe_again(self._anew.pop(0))
            except Exception as error:  # the room is played with it
                if self._over.is_set():
                    return
                if time.monotonic() - self._failed > 10:
                    self._log(f"the room's OSC failed ({type(error).__name__}: {error}); goes on")
                self._failed = time.monotonic()
                time.sleep(0.01)

    def _read(self) -> None:
        assert self._socket is not None
        for _ in range(BATCH):
            try:
                packet, sender = self._socket.recvfrom(65536)
            except BlockingIOError:
                return
            except OSError:  # Windows reports an earlier answer to a closed port
                continue
            if not packet.startswith(BUNDLE) and self._is_special(packet, sender):
                continue
            strange: list[str] = []
            for name, part in split(packet, self.names, self._strangers.known, strange).items():
                self._send(self._route(name, sender), part)
            for address in strange:
                if said := self._strangers.told(address, f"{sender[0]}:{sender[1]}"):
                    self._answer(sender, "/vj/error", [said])

    def _is_special(self, packet: bytes, sender: SocketAddress) -> bool:
        """Whether it is the room's own, or a subscription; either is dealt with."""
        if b"/subscribe\0" not in packet and b"/unsubscribe\0" not in packet:
            if not packet.startswith(OWN.encode()):
                return False
            for message in unpack(packet).messages:
                for address, values in self._own(message.address, message.arguments):
                    self._answer(sender, address, values)
            return True
        messages = unpack(packet).messages
        return bool(messages) and self._subscribe(messages[0], sender)

    def _subscribe(self, message: Message, sender: SocketAddress) -> bool:
        """A piece knows the room's sockets alone, so it is subscribed to from the socket of the
        port that is meant, and never told that port."""
        wanted = {
            name: to
            for name, to in destinations(message.address, self.names).items()
            if to in SUBSCRIBE
        }
        port = message.arguments[0] if message.arguments else sender[1]
        good = isinstance(port, int | float) and not isinstance(port, bool) and 1 <= port < 65536
        if not wanted or not good:
            return False  # the piece says what is wrong with it
        to = (sender[0], int(port), *sender[2:])
        for name, address in wanted.items():
            route = self._route(name, to)
            route.subscribed = address == SUBSCRIBE[0]
            self._send(route, pack(address, []))
        return True

    def _subscribe_again(self, piece: str) -> None:
        for route in list(self._routes.values()):
            if route.piece == piece and route.subscribed:
                self._send(route, pack(SUBSCRIBE[0], []))

    def _route(self, piece: str, to: SocketAddress) -> _Route:
        """The way to a piece for a sender, and back to it."""
        found = self._routes.get((piece, to))
        if found is not None:
            self._routes.move_to_end((piece, to))
            return found
        link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        link.bind(("127.0.0.1", 0))
        link.setblocking(False)
        made = self._routes[piece, to] = _Route(piece, to, link)
        self._selector.register(link, selectors.EVENT_READ, made)
        while len(self._routes) > ROUTES:
            oldest = next(
                (key for key, way in self._routes.items() if not way.subscribed),
                next(iter(self._routes)),
            )
            closed = self._routes.pop(oldest)
            self._selector.unregister(closed.link)
            closed.link.close()
        return made

    def _send(self, route: _Route, packet: bytes) -> None:
        """To the piece; one that does not play now misses it, as a show does that is not there."""
        port = self._port_of(route.piece)
        if port is not None:
            with contextlib.suppress(OSError):
                route.link.sendto(packet, ("127.0.0.1", port))

    def _back(self, route: _Route) -> None:
        assert self._socket is not None
        for _ in range(BATCH):
            try:
                packet, sender = route.link.recvfrom(65536)
            except BlockingIOError:
                return
            except OSError:  # the piece does not listen
                continue
            if sender[1] != self._port_of(route.piece):
                continue  # nobody else has a say here
            with contextlib.suppress(OSError):
                self._socket.sendto(prefixed(packet, route.piece), route.to)

    def _answer(self, to: SocketAddress, address: str, values: Sequence[Any]) -> None:
        assert self._socket is not None
        with contextlib.suppress(OSError, ValueError):
            self._socket.sendto(pack(address, values), to)
