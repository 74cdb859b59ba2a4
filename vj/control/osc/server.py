"""OSC over UDP: the socket, and the thread that reads and sends.

Every parameter is at `/vj/` + its name. Under load the loop polls a few hundred times a second
instead of waking up for each message.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence

from vj.control.engine import ControlEngine
from vj.control.osc.datagram_reader import BATCH, DatagramReader
from vj.control.osc.datagram_writer import DatagramWriter
from vj.control.osc.dispatch import Dispatcher, Status
from vj.control.osc.echo import PERIOD, Echo
from vj.control.osc.network import datagram_socket, listening_lines
from vj.control.osc.recent_senders import RecentSenders
from vj.core.clock import Clock
from vj.core.errors import Fault
from vj.parameters.store import Store

Address = tuple[str, int]

TICK, BUSY = 0.003, 0.01
"""Seconds it sleeps after a busy batch: one with several datagrams, or within BUSY seconds of the
one before."""
FLOOD, FLOOD_TICK = 8, 0.01
"""Datagrams in a batch from which on it sleeps longer: still three times a frame."""
SHARE, LONGEST_REST = 1.0, 0.05
"""It sleeps for as long as it has worked, up to so many seconds: under a flood of messages
rendering still gets half of the time."""


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
        self.dispatcher = Dispatcher(store, on_message, status=status, wall=wall)
        self._echo = Echo(store)
        self._writer = DatagramWriter(self.dispatcher, self._echo, reply)
        self._senders = RecentSenders(self._writer)
        self._reader = DatagramReader(self.dispatcher, self._senders)
        self._store, self._listen, self._log = store, listen, on_message
        self._bound = listen
        self._socket: socket.socket | None = None
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._next_status = 0.0

    @property
    def messages(self) -> int:
        """The number of messages that came."""
        return self._reader.messages

    @property
    def ignored(self) -> int:
        """The number of datagrams with something that could not be read."""
        return self._reader.ignored

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
        self._reader.read_from(made)
        if remark := self._writer.send_from(made):
            self._log(remark)
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
        self._echo.take_over(old._echo)
        self.dispatcher.scheduler.take_over(old.dispatcher.scheduler)
        self._senders.take_over(old._senders)
        self._wake_up()

    def remark(self, text: str) -> None:
        """Report a problem that turned out later, such as a prompt without a known word, at
        `/vj/error` to all who get the status. From any thread."""
        self._writer.remark(text)
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
        self._echo.use_mappings(engine.mappings if engine is not None else [])

    def _run(self) -> None:
        assert self._socket is not None
        assert self._wake is not None
        batch = time.monotonic()
        while not self._stop.is_set():
            due = min(self._next_status, self.dispatcher.scheduler.next) - time.monotonic()
            wait = min(PERIOD if self._echo.subscribers else 1.0, max(0.0, due))
            try:
                ready, _, _ = select.select([self._socket, self._wake[0]], [], [], wait)
                if self._wake[0] in ready:
                    self._wake[0].recv(4096)
                begun = time.thread_time()
                taken = self._reader.read_batch()
                before, batch = batch, time.monotonic() if taken else batch
                work = time.thread_time() - begun
                self._writer.send_notices(self._senders.listeners)
                self.dispatcher.release()
                self._writer.send_echo()
                if time.monotonic() >= self._next_status:
                    self._next_status = time.monotonic() + 1.0
                    self._writer.send_status(self._senders.listeners)
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
