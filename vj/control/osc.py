"""OSC in and out, over UDP: every parameter at `/vj/` + its name.

A loop of our own reads the datagrams, since what a network sends has to be checked before python-osc takes it (osc_packet.py), and
since only the last of many moves of a fader counts.
"""

from __future__ import annotations

import contextlib
import queue
import select
import socket
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pythonosc.osc_message_builder import OscMessageBuilder

from vj.clock import Clock
from vj.control.conductor import Conductor
from vj.control.feedback import PERIOD, Feedback
from vj.control.network import heard_at
from vj.control.osc_later import AHEAD, Later
from vj.control.osc_packet import Malformed, Message, unpack
from vj.control.osc_pattern import is_pattern, matching
from vj.errors import Fault, nearest
from vj.parameters.store import Store
from vj.parameters.table import ALIASES, Parameter, Value

Address = tuple[str, int]
Status = Callable[[], Mapping[str, Sequence[float | int | str]]]

PREFIX = "/vj/"
BATCH = 512
"""Datagrams taken in one go; within them only the last value of a number counts."""

PEERS, PEER_LIFE = 8, 60.0
"""Senders that get the status: so many, for so many seconds after their last message."""

ERRORS_A_SECOND = 20


class Allowance:
    """So many a second, and no more."""

    def __init__(self, a_second: int) -> None:
        self._most, self._second, self._used = a_second, -1, 0

    def take(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._used = second, 0
        self._used += 1
        return self._used <= self._most


class OscServer:
    """Hears OSC and answers it, on a thread of its own.

    One argument sets a parameter, none asks for its value (a trigger without one fires). Patterns set or ask all they match, except
    triggers and `record`: `/vj/*` must not wipe a show. `/vj/subscribe [port]` has every change told to the sender, or to its port.
    Errors and clamped values are answered at `/vj/error`. `/vj/status/*` goes once a second to `reply` and to whoever has spoken
    lately; `/vj/status` asks for it.
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
    ) -> None:
        """listen: port 0 takes a free one. reply: with it answers go to the asker's address at this port, and the status to it."""
        self.packets = self.messages = self.ignored = self.errors = 0
        self._store, self._listen, self._reply, self._status, self._say = store, listen, reply, status, on_message
        self._clock = clock
        self._rows: dict[str, Parameter] = {}
        self.feedback = Feedback(store)
        self.conduct(None)
        if reply is not None:
            self.feedback.subscribe(reply)
        self._socket: socket.socket | None = None
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._later = Later()
        self._peers: OrderedDict[Address, float] = OrderedDict()
        self._remarks: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._answers = Allowance(ERRORS_A_SECOND)
        self._said: dict[str, float] = {}
        self._next_status = 0.0

    @property
    def address(self) -> Address:
        """Where it is heard."""
        return self._listen if self._socket is None else self._socket.getsockname()[:2]

    def start(self) -> None:
        """Begin to hear. Raises Fault when the address cannot be had."""
        host, port = self._listen
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            if sys.platform == "win32":
                made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            made.bind((host, port))
        except OSError as error:
            made.close()
            if error.errno in (98, 48, 10048):
                raise Fault(f"OSC {host}:{port}: another program uses this port (in use); name another with --osc {host}:PORT") from None
            raise Fault(f"OSC {host}:{port}: cannot be heard there ({error.strerror or error}); --osc 127.0.0.1:9000 always can") from None
        made.setblocking(False)
        self._socket, self._wake = made, socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """End. May be called twice."""
        self._stop.set()
        self._rouse()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None
        for one in (self._socket, *(self._wake or ())):
            if one is not None:
                one.close()

    def remark(self, text: str) -> None:
        """What turned out later not to be meant, such as a prompt of which nothing was understood: told at `/vj/error` to all who get
        the status. From any thread."""
        self._remarks.put(text)
        self._rouse()

    def _rouse(self) -> None:
        if self._wake is not None:
            with contextlib.suppress(OSError):
                self._wake[1].send(b"x")

    def describe(self) -> list[str]:
        """Lines for the start: where it is heard, and how a tablet reaches it."""
        return heard_at(*self.address)

    def conduct(self, conductor: Conductor | None, asks: Sequence[str] = (), ignored: Sequence[str] = ()) -> None:
        """Whom to ask about addresses that are no parameter's, and whose mappings to tell back. asks: other addresses that ask for the
        status. ignored: addresses of which nothing is said."""
        self._conductor, self._asks, self._ignored = conductor, frozenset(asks), frozenset(ignored)
        self._rows = {PREFIX + row.name: row for row in self._store.table.rows.values()}
        self._rows |= {PREFIX + short: self._store.table.rows[name] for short, name in ALIASES.items()}
        self.feedback.watch(conductor.hands if conductor is not None else [])

    def _run(self) -> None:
        assert self._socket is not None
        assert self._wake is not None
        while not self._stop.is_set():
            now = time.time()
            due = min(self._next_status, self._later.next)
            wait = min(PERIOD if self.feedback.subscribers else 1.0, max(0.0, due - now)) if self._next_status else 0.0
            try:
                ready, _, _ = select.select([self._socket, self._wake[0]], [], [], wait)
                if self._wake[0] in ready:
                    self._wake[0].recv(4096)
                self._take_batch()
                self._tell_remarks()
                self._release()
                self._tell_back()
                if time.time() >= self._next_status:
                    self._next_status = time.time() + 1.0
                    self._send_status()
            except Exception as error:  # nothing may end this thread
                if self._stop.is_set():
                    return
                self.errors += 1
                self._tell("loop", f"OSC stumbled: {type(error).__name__}: {error}")
                time.sleep(0.01)

    def _take_batch(self) -> None:
        """Read what lies there; of each number only its last value is set."""
        assert self._socket is not None
        numbers: dict[str, tuple[Parameter, Any, str, Address]] = {}
        for _ in range(BATCH):
            try:
                packet, peer = self._socket.recvfrom(65536)
            except BlockingIOError:
                break
            except OSError:  # Windows tells of an answer that nobody took
                continue
            self.packets += 1
            try:
                messages = unpack(packet)
            except Malformed as problem:
                self.ignored += 1
                self._tell("malformed", f"OSC from {peer[0]}:{peer[1]} ignored ({self.ignored} so far): {problem}")
                continue
            self._greet(peer[:2])
            for message in messages:
                self.messages += 1
                if message.when is not None and self._keep_for_later(message, peer[:2]):
                    continue
                row = self._rows.get(message.address)
                if row is not None and row.kind in ("float", "int") and len(message.arguments) == 1:
                    numbers.pop(row.name, None)  # set in the order of the last moves
                    numbers[row.name] = (row, message.arguments[0], message.address, peer[:2])
                    continue
                self._set_numbers(numbers)
                self._obey(message, peer[:2])
        self._set_numbers(numbers)

    def _set_numbers(self, numbers: dict[str, tuple[Parameter, Any, str, Address]]) -> None:
        for row, value, address, peer in numbers.values():
            self._note_move(peer, address)
            self._set(row, value, address, peer)
        numbers.clear()

    def _keep_for_later(self, message: Message, peer: Address) -> bool:
        kept, ahead = self._later.keep(message, peer, time.time())
        if ahead > AHEAD:
            self._tell("clock", f"OSC from {peer[0]}: its timetags lie {ahead:.1f} s ahead, so its clock is off; they mean now", every=60)
        return kept

    def _release(self) -> None:
        for message, peer in self._later.due(time.time()):
            self._obey(message, peer)

    def _obey(self, message: Message, peer: Address) -> None:
        """Do what a message says, or answer why not."""
        address, arguments = message.address, message.arguments
        self._note_move(peer, address)
        if address in self._ignored:
            return
        if address in ("/vj/status", "/vj/status/*") or address in self._asks:
            self._send_status([peer])
            return
        if address in ("/vj/subscribe", "/vj/unsubscribe"):
            self._subscribe(address, arguments, peer)
            return
        if is_pattern(address):
            self._obey_pattern(address, arguments, peer)
            return
        row = self._rows.get(address)
        if row is None:
            if self._conductor is None or not self._conductor.hear_osc(address, arguments):
                known = [*self._rows, *(self._conductor.osc_addresses() if self._conductor else [])]
                self._refuse(peer, f"{address}: no such address{nearest(address, known)}")
        elif len(arguments) > 1:
            self._refuse(peer, f"{address}: {len(arguments)} values came, one would be right ({row.range})")
        elif arguments:
            if row.kind != "trigger" or pressed(arguments[0]):
                self._set(row, arguments[0], address, peer)
        elif row.kind == "trigger":
            self._set(row, True, address, peer)
        else:
            self._answer(peer, address, self._store.get(row.name), row)

    def _subscribe(self, address: str, arguments: tuple[Any, ...], peer: Address) -> None:
        """`/vj/subscribe`: every value to the sender's own port, or to the port it names; `/vj/unsubscribe` ends that."""
        port = arguments[0] if arguments else self._back_to(peer)[1]
        if isinstance(port, bool) or not isinstance(port, int | float) or not 0 < port < 65536:
            self._refuse(peer, f"{address}: {port!r} is no port (1 .. 65535)")
            return
        target = (peer[0], int(port))
        if address == "/vj/subscribe":
            self.feedback.subscribe(target)
        else:
            self.feedback.unsubscribe(target)

    def _note_move(self, peer: Address, address: str) -> None:
        """Whoever moves a fader is not told its value while it is held, at whichever of its ports it listens."""
        if self.feedback.subscribers:
            self.feedback.moved_from(peer[0], address, time.monotonic())

    def _tell_back(self) -> None:
        for target, address, value in self.feedback.round(time.monotonic()):
            row = self._rows.get(address)
            self._send(target, address, [value], "f" if row is None or row.kind == "float" else None)

    def _obey_pattern(self, pattern: str, arguments: tuple[Any, ...], peer: Address) -> None:
        known = [PREFIX + name for name, row in self._store.table.rows.items() if row.kind != "trigger" and name != "record"]
        found = [self._rows[address] for address in matching(pattern, known)]
        if not found:
            self._refuse(peer, f"{pattern}: matches no address")
        elif not arguments:
            for row in found:
                self._answer(peer, row.address, self._store.get(row.name), row)
        elif len(arguments) > 1:
            self._refuse(peer, f"{pattern}: {len(arguments)} values came, one would be right")
        else:
            reasons = []
            for row in found:
                try:
                    self._store.set(row.name, arguments[0], peer)
                except Fault as fault:
                    reasons.append(str(fault))
            if len(reasons) == len(found):
                self._refuse(peer, f"{pattern}: {reasons[0]}")

    def _set(self, row: Parameter, value: Any, address: str, peer: Address) -> None:
        if row.kind == "text" and isinstance(value, bytes):
            self._refuse(peer, f"{address}: a blob came, text would be right")
            return
        try:
            remark = self._store.set(row.name, value, peer)
        except Fault as fault:
            self._refuse(peer, f"{address}: {str(fault).removeprefix(row.name).lstrip(': ')}")
            return
        if remark:
            self._refuse(peer, f"{address}: {remark.removeprefix(row.name).lstrip(': ')}; the nearest is set")

    def _refuse(self, peer: Address, text: str) -> None:
        """Say it to the sender, and now and then to whoever plays."""
        self.errors += 1
        if self._answers.take():
            self._send(self._back_to(peer), "/vj/error", [text])
        self._tell(text.partition(":")[0], f"OSC from {peer[0]}: {text}")

    def _tell_remarks(self) -> None:
        while not self._remarks.empty():
            text = self._remarks.get()
            if self._answers.take():
                for target in self._listeners():
                    self._send(target, "/vj/error", [text])

    def _answer(self, peer: Address, address: str, value: Value, row: Parameter) -> None:
        self._send(self._back_to(peer), address, [value], "f" if row.kind == "float" else None)

    def _back_to(self, peer: Address) -> Address:
        return peer if self._reply is None else (peer[0], self._reply[1])

    def _greet(self, peer: Address) -> None:
        """Remember who speaks."""
        self._peers[peer] = time.monotonic()
        self._peers.move_to_end(peer)
        while len(self._peers) > PEERS:
            self._peers.popitem(last=False)

    def _listeners(self, peers: Sequence[Address] | None = None) -> list[Address]:
        """Where the reply goes, and these peers; all who have spoken lately, when none are named."""
        if peers is None:
            heard = time.monotonic() - PEER_LIFE
            peers = [peer for peer, moment in self._peers.items() if moment > heard]
        return list(dict.fromkeys([*([self._reply] if self._reply else []), *(self._back_to(peer) for peer in peers)]))

    def _send_status(self, to: Sequence[Address] | None = None) -> None:
        targets = self._listeners(to)
        if targets:
            for name, values in self._status().items():
                for target in targets:
                    self._send(target, name if name.startswith("/") else f"/vj/status/{name}", values)

    def _send(self, target: Address, address: str, values: Sequence[Any], kind: str | None = None) -> None:
        assert self._socket is not None
        builder = OscMessageBuilder(address)
        for value in values:
            builder.add_arg(value, kind)
        with contextlib.suppress(OSError):  # nobody there, or no room to send: an answer is worth no wait
            self._socket.sendto(builder.build().dgram, target)

    def _tell(self, subject: str, text: str, every: float = 1.0) -> None:
        """Say it to whoever plays, but not the same thing again and again."""
        now = time.monotonic()
        if now - self._said.get(subject, -1e9) >= every:
            if len(self._said) > 256:
                self._said.clear()
            self._said[subject] = now
            self._say(text)


def pressed(value: Any) -> bool:
    """Is a button's value its pressing (not its release)?"""
    return not isinstance(value, bool | int | float) or value >= 0.5
