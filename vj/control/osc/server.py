"""OSC in and out, over UDP: every parameter at `/vj/` + its name.

The loop reads datagrams in batches: of many values of a fader only the last counts, and under load
it polls a few hundred times a second instead of waking up for each message.
"""

from __future__ import annotations

import contextlib
import errno
import math
import queue
import select
import socket
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from vj.control.engine import ControlEngine
from vj.control.osc.addresses import Target
from vj.control.osc.dispatch import HOLD, Dispatcher, Status
from vj.control.osc.echo import PERIOD, Echo
from vj.control.osc.network import datagram_socket, listening_lines, resolve
from vj.control.osc.packet import is_osc, pack, unpack
from vj.control.osc.udp_sender import ERRORS_A_SECOND, SocketAddress, UdpSender
from vj.control.replies import RateLimiter
from vj.core.clock import Clock
from vj.core.errors import Fault
from vj.parameters.store import Store

Address = tuple[str, int]
BATCH = 512
"""Datagrams read in one batch; within it only the last value of a number counts."""

TICK, BUSY = 0.003, 0.01
"""Seconds it sleeps after a busy batch: one with several datagrams, or within BUSY seconds of the
one before."""
FLOOD, FLOOD_TICK = 8, 0.01
"""Datagrams in a batch from which on it sleeps longer: still three times a frame."""
SHARE, LONGEST_REST = 1.0, 0.05
"""It sleeps for as long as it has worked, up to so many seconds: under a flood of messages
rendering still gets half of the time."""

PEERS, PEER_LIFE = 8, 60.0
"""Senders that get the status: so many, for so many seconds after their last message."""

REPORTED = b"/vj/error\0", *(b"/vj/status/" + bytes([letter]) for letter in range(97, 123))
"""The beginnings of packets that a show itself sends."""

SENDERS = 256
ERRORS_IN_ALL = 100
"""Error replies a second to all senders."""


class OscServer:
    """Receives OSC and replies, on a thread of its own; the dispatcher handles the messages.

    `/vj/subscribe [port]` echoes every change to the sender, or to its port. Errors and clamped
    values are reported at `/vj/error`. `/vj/status/*` goes once a second to `reply` and to all
    recent senders; `/vj/status` queries it.
    """

    def __init__(
        self,
        store: Store,
        listen: Address,
        *,
        clock: Clock,
        reply: Address | None = None,
        status: Status = dict,
        on_message: Callable[[str], None] = lambda text: None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """listen: port 0 means any free one. reply: if given, replies go to the sender's host at
        this port, and the status to this address. wall: seconds since 1970."""
        self.packets = self.messages = self.ignored = 0
        self.reply = reply
        self.dispatcher = Dispatcher(store, on_message, status=status, wall=wall)
        self.echo = Echo(store)
        self._store, self._listen, self._log = store, listen, on_message
        self._bound = listen
        self._reply_to: SocketAddress | None = None
        self._socket: socket.socket | None = None
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._senders: dict[SocketAddress, UdpSender] = {}
        self._peers: OrderedDict[SocketAddress, float] = OrderedDict()
        self._notices: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._notice_limiter = RateLimiter(ERRORS_A_SECOND)
        self.error_limiter = RateLimiter(ERRORS_IN_ALL)
        self._next_status = 0.0

    @property
    def errors(self) -> int:
        """The number of rejected messages."""
        return self.dispatcher.error_replies.count

    @property
    def address(self) -> Address:
        """The address it is bound to, or was: a saved show may stop it before the next one takes
        over."""
        return self._bound

    def start(self) -> None:
        """Start receiving. Raises Fault when the address cannot be bound."""
        host, port = self._listen
        try:
            made = datagram_socket(host, port)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, 10048):
                raise Fault(
                    f"OSC {host}:{port}: another program uses this port (in use); name another "
                    f"with --osc {host}:PORT"
                ) from None
            raise Fault(
                f"OSC {host}:{port}: cannot be bound there ({error.strerror or error}); --osc "
                "127.0.0.1:9000 always can"
            ) from None
        self._socket, self._wake = made, socket.socketpair()
        self._bound = made.getsockname()[:2]
        self._wake[1].setblocking(False)
        if self.reply is not None:
            self._reply_to = resolve(made, self.reply)
            if self._reply_to is None:
                self._log(
                    f"osc reply {self.reply[0]}:{self.reply[1]}: no such address to send to; "
                    "replies go to the sender"
                )
            else:
                self.echo.subscribe(self._reply_to)
        self.dispatcher.wake = self._wake_up
        self.dispatcher.attach()
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """Stop. May be called twice."""
        self._stop.set()
        self.dispatcher.detach()
        self._wake_up()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None
        for one in (self._socket, *(self._wake or ())):
            if one is not None:
                one.close()

    def take_over(self, old: OscServer) -> None:
        """Replace another server: take over its subscribers, scheduled messages and recent
        senders."""
        self.echo.take_over(old.echo)
        self.dispatcher.scheduler.take_over(old.dispatcher.scheduler)
        self._peers.update(old._peers)
        self._wake_up()

    def remark(self, text: str) -> None:
        """Report a problem that turned out later, such as a prompt without a known word, at
        `/vj/error` to all who get the status. From any thread."""
        self._notices.put(text)
        self._wake_up()

    def _wake_up(self) -> None:
        if self._wake is not None:
            with contextlib.suppress(OSError):
                self._wake[1].send(b"x")

    def describe(self) -> list[str]:
        """Lines for the start: where OSC is received, and how a tablet reaches it."""
        return listening_lines(*self.address)

    def use_engine(
        self,
        engine: ControlEngine | None,
        status_addresses: Sequence[str] = (),
        ignored: Sequence[str] = (),
    ) -> None:
        """Set the engine whose mappings are used and echoed. See `Dispatcher.use_engine`."""
        self.dispatcher.use_engine(engine, status_addresses, ignored)
        self.echo.use_mappings(engine.mappings if engine is not None else [])

    def _run(self) -> None:
        assert self._socket is not None
        assert self._wake is not None
        batch = time.monotonic()
        while not self._stop.is_set():
            due = min(self._next_status, self.dispatcher.scheduler.next) - time.monotonic()
            wait = min(PERIOD if self.echo.subscribers else 1.0, max(0.0, due))
            try:
                ready, _, _ = select.select([self._socket, self._wake[0]], [], [], wait)
                if self._wake[0] in ready:
                    self._wake[0].recv(4096)
                begun = time.thread_time()
                taken = self._read_batch()
                before, batch = batch, time.monotonic() if taken else batch
                work = time.thread_time() - begun
                self._send_notices()
                self.dispatcher.release()
                self._send_echo()
                if time.monotonic() >= self._next_status:
                    self._next_status = time.monotonic() + 1.0
                    self._send_status()
                if 0 < taken < BATCH and (taken > 1 or batch - before < BUSY):
                    time.sleep(
                        max(TICK if taken < FLOOD else FLOOD_TICK, min(LONGEST_REST, SHARE * work))
                    )
                elif work > TICK:
                    time.sleep(min(LONGEST_REST, SHARE * work))
            except Exception as error:  # this thread must not end
                if self._stop.is_set():
                    return
                self.dispatcher.error_replies.count += 1
                self.dispatcher.error_replies.log_limited(
                    "loop", f"OSC failed: {type(error).__name__}: {error}"
                )
                time.sleep(0.01)

    def _read_batch(self) -> int:
        """Read and dispatch the waiting datagrams; of each number only the last value is set.
        Returns the number of datagrams."""
        assert self._socket is not None
        numbers: dict[Target, tuple[float, UdpSender]] = {}
        receive, quick, float_of, int_of = (
            self._socket.recvfrom,
            self.dispatcher.fast_paths,
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
                sender = self._sender(peer)
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
        self.packets += taken
        self._register_peers(senders)
        return taken

    def _set_numbers(self, numbers: dict[Target, tuple[float, UdpSender]]) -> None:
        for target, (value, sender) in numbers.items():
            self.dispatcher.set_number(target, value, sender)
        numbers.clear()

    def _play(self, packet: bytes, sender: UdpSender) -> None:
        found = unpack(packet)
        self.messages += len(found.messages)
        self.ignored += bool(found.problems)
        if not is_osc(packet):
            self.dispatcher.error_replies.log_limited(
                "malformed",
                f"OSC from {sender.name}: ignored ({self.ignored} so far): {found.problems[0]}",
            )
            return
        self.dispatcher.dispatch_packet(found, sender)

    def _sender(self, peer: SocketAddress) -> UdpSender:
        sender = self._senders.get(peer)
        if sender is None:
            if len(self._senders) >= SENDERS:
                self._senders.clear()
            sender = self._senders[peer] = UdpSender(self, peer)
        return sender

    def _send_echo(self) -> None:
        for target, address, value in self.echo.round(time.monotonic()):
            row = self.dispatcher.row(address)
            self.send(
                target, address, [value], "f" if row is not None and row.kind == "float" else None
            )

    def _send_notices(self) -> None:
        while not self._notices.empty():
            text = self._notices.get()
            if self._notice_limiter.allow():
                for target in self._listeners():
                    self.send(target, "/vj/error", [text])

    def _register_peers(self, senders: dict[SocketAddress, None]) -> None:
        """Remember recent senders."""
        now = time.monotonic()
        for peer in senders:
            self._peers[peer] = now
            self._peers.move_to_end(peer)
        while len(self._peers) > PEERS:
            self._peers.popitem(last=False)

    def _listeners(self) -> list[SocketAddress]:
        """The reply address, and all recent senders."""
        oldest = time.monotonic() - PEER_LIFE
        peers = [
            self._sender(peer).reply_address
            for peer, moment in self._peers.items()
            if moment > oldest
        ]
        return list(dict.fromkeys([*([self._reply_to] if self._reply_to else []), *peers]))

    def _send_status(self) -> None:
        targets = self._listeners()
        if targets:
            for name, values in self.dispatcher.status().items():
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
            self.dispatcher.error_replies.log_limited(
                f"unsendable {address}",
                f"OSC to {target[0]}: {address} is not sent: {error}",
                every=60,
            )
        except OSError as error:
            if error.errno in (errno.EMSGSIZE, 10040):
                text = f"OSC to {target[0]}: {address} is not sent: it is too long for a datagram"
                self.dispatcher.error_replies.log_limited(f"unsendable {address}", text, every=60)
            # else nobody receives, or the buffer is full: a reply is not worth waiting for


_F = ord("f")
_READERS = (struct.Struct(">f").unpack_from, struct.Struct(">i").unpack_from)
