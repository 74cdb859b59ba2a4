"""OSC: packets go through the server's own reading, the dispatcher, the control engine of a show
and the store, on a clock of their own."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fuzz.failure import Failed, misfits, resident
from tests.fuzz.osc_packets import Packets, padded
from vj.control.build import make_engine
from vj.control.osc.datagram_reader import DatagramReader
from vj.control.osc.datagram_writer import DatagramWriter
from vj.control.osc.dispatch import Dispatcher
from vj.control.osc.echo import Echo
from vj.control.osc.packet import head_of, is_osc, unpack
from vj.control.osc.query import tree
from vj.control.osc.recent_senders import RecentSenders
from vj.parameters.store import Store
from vj.show.load import check_show

BATCH = 48
"""Packets read in one go, at most."""
SLOW = 0.5
"""Seconds of this process's own time for one packet, at most."""
GROWTH = 30.0
"""Megabytes by which the process may grow once a fifth of the packets has gone through."""
KEPT = 80
"""Packets that are shown when something fails."""
LARGEST = 65_507
NOW = 1_700_000_000.0
SHOW: dict[str, Any] = {
    "show": "Fuzzed",
    "source": "testcard",
    "macros": {
        "pedal": {
            "attack": "0.4 s",
            "release": "1 s",
            "drives": {"strength": [0.35, 0.9], "noise/hold": [1, 0.6]},
        },
    },
    "mappings": [
        {"osc": "/1/fader1", "to": "mix/wet", "curve": 2.0, "smooth": "0.1 s"},
        {"osc": "/1/push", "to": "pedal"},
        {"osc": "/1/cue", "to": "cue/go"},
        {"osc": "/1/mode", "to": "mix/mode"},
        {"osc": "/1/seed", "to": "seed/a", "quantise": "beat"},
        {"osc": "/vj/picture/hue", "to": "picture/hue", "range": [-90, 90]},
    ],
    "modulators": [
        {"lfo": "sine", "rate": "1/4 bar", "to": "feedback/zoom", "range": [0.99, 1.02]},
        {"envelope": "osc /kick", "to": "picture/brightness", "range": [0, 0.4]},
    ],
    "cues": [
        {"name": "crash", "fade": "2 s", "set": {"prompt/a": "a car crash", "strength": 0.8}},
        {"name": "calm", "fade": "4 beats", "set": {"strength": 0.2, "seed/mix": 0.5}},
    ],
    "timeline": [{"at": "0:10", "cue": "crash"}],
}
GOOD = head_of("/vj/delta", "f") + b"\x3e\x80\0\0"
"""Sets delta to 0.25."""


class Wire:
    """A socket without a network: what is put in is read, and what is sent has to be OSC that fits
    into a datagram."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[bytes, tuple[str, int]]] = deque()
        self.sent = 0
        self.wrong: list[str] = []
        self.slowest: tuple[float, bytes] = (0.0, b"")
        self._now: tuple[float, bytes] | None = None

    def recvfrom(self, size: int) -> tuple[bytes, tuple[str, int]]:
        """As a socket that does not block. Meanwhile it is measured how long the packet before
        took."""
        now = time.thread_time()
        if self._now is not None:
            self.slowest = max(
                self.slowest, (now - self._now[0], self._now[1]), key=lambda took: took[0]
            )
        if not self.waiting:
            self._now = None
            raise BlockingIOError
        packet, peer = self.waiting.popleft()
        self._now = time.thread_time(), packet
        return packet[:size], peer

    def sendto(self, data: bytes, target: tuple[Any, ...]) -> int:
        found = unpack(data)
        if found.problems or len(data) > LARGEST or not 0 < target[1] < 65536:
            self.wrong.append(f"answered to {target}: {data[:200]!r} ({'; '.join(found.problems)})")
        self.sent += 1
        return len(data)

    def getsockname(self) -> tuple[str, int]:
        return ("127.0.0.1", 9000)


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of a run."""

    packets: int
    messages: int
    refused: int
    answers: int
    seconds: float
    slowest_ms: float
    grown_mb: float | None

    def __str__(self) -> str:
        grown = "not measured" if self.grown_mb is None else f"{self.grown_mb:.1f} MB"
        return (
            f"{self.packets:,} OSC packets in {self.seconds:.0f} s: {self.messages:,} messages "
            f"heard, {self.refused:,} answered as wrong, "
            f"{self.answers:,} answers sent, slowest packet {self.slowest_ms:.0f} ms, grown by "
            f"{grown}; nothing failed"
        )


class Rig:
    """All that a packet passes, without threads, on a clock that is moved by hand."""

    def __init__(self, seed: int, alone: bool = True) -> None:
        """alone: look for the one packet to blame when something fails."""
        show = check_show(SHOW, "fuzz")
        self.seed, self.alone, self.now = seed, alone, 0.0
        self.said: list[str] = []
        self.store = Store(dict(show.start), show.table())
        self.engine, _ = make_engine(show, self.store, live=False, log=self.said.append)
        self.store.listeners.append(self.engine.changed)
        self.store.automation = self.engine
        self.dispatcher = Dispatcher(
            self.store,
            self.said.append,
            status=lambda: {"fps": [30.0]},
            wall=lambda: NOW + self.now,
            steady=lambda: self.now,
            sleep=lambda seconds: None,
        )
        self.dispatcher.use_engine(self.engine)
        self.dispatcher.attach()
        echo = Echo(self.store)
        echo.use_mappings(self.engine.mappings)
        self.writer = DatagramWriter(self.dispatcher, echo)
        self.reader = DatagramReader(self.dispatcher, RecentSenders(self.writer))
        self.use(Wire())
        self.last: deque[bytes] = deque(maxlen=KEPT)
        mapped = [str(rule["osc"]) for rule in SHOW["mappings"]] + ["/kick"]
        self.packets = Packets(list(self.store.table.rows.values()), mapped, seed, NOW)

    def use(self, wire: Wire) -> None:
        """Read from a wire and send to it: the one part that is not the program's own."""
        self.wire = wire
        self.reader.read_from(wire)  # type: ignore[arg-type]
        self.writer.send_from(wire)  # type: ignore[arg-type]

    def feed(self, *packets: bytes, peer: int = 5000) -> None:
        """Have them read in one go, and a frame sampled. Raises Failed."""
        for packet in packets:
            self.last.append(packet)
            self.wire.waiting.append((packet, (f"10.0.0.{peer % 7}", peer)))
        self.now += 1 / 30
        self.packets.now = NOW + self.now
        try:
            while self.wire.waiting:
                self.reader.read_batch()
            self.dispatcher.release()
            self.writer.send_echo()
            snapshot = self.store.sample(self.now)
        except Exception as error:
            raise self.failed(f"{type(error).__name__}: {error}") from error
        wrong = (
            misfits(self.store, self.store.base())
            + misfits(self.store, snapshot.values)
            + self.wire.wrong
        )
        wrong += [line for line in self.said if "failed" in line or "Error" in line]
        self.said.clear()
        if wrong:
            raise self.failed(wrong[0])
        if self.wire.slowest[0] > SLOW:
            raise Failed(
                f"one packet took {self.wire.slowest[0]:.2f} s", [self.wire.slowest[1]], self.seed
            )

    def failed(self, what: str) -> Failed:
        """With the one packet that does it by itself, if one does."""
        for packet in reversed(self.last if self.alone else ()):
            try:
                Rig(self.seed, alone=False).feed(packet)
            except Failed as fails:
                return Failed(fails.what, [packet], self.seed)
        return Failed(what, self.last, self.seed)

    def silent(self, packet: bytes) -> None:
        """What is no OSC at all is not answered: two programs that complain to each other would
        never end. Raises Failed."""
        before = self.wire.sent
        self.last.append(packet)
        self.wire.waiting.append((packet, ("10.0.0.9", 5999)))
        self.reader.read_batch()
        if self.wire.sent != before:
            raise self.failed("something that is no OSC was answered")

    def alive(self) -> None:
        """A fader still moves what it is meant for, and the tree can be told. Raises Failed."""
        self.dispatcher.scheduler.drop()  # what is due now could move it on
        self.feed(GOOD)
        if self.store.get("delta") != 0.25:
            raise self.failed(f"/vj/delta 0.25 came, and it stands at {self.store.get('delta')}")
        json.dumps(tree(self.store, lambda name: []), allow_nan=False)


def fuzz(packets: int, seed: int, progress: Callable[[str], None] = lambda text: None) -> Figures:
    """Capture so many packets. Raises Failed for an exception, a parameter that stands where it
    cannot, an answer that is no OSC, a right message that was not found, a packet that takes too
    long, or memory that grows."""
    rig = Rig(seed)
    begun, fed, batches, settled = time.monotonic(), 0, 0, None
    while fed < packets:
        batch = []
        for _ in range(rig.packets.random.randrange(1, BATCH)):
            packet, whole = rig.packets.packet()
            if whole and packet.startswith(b"/") and (wrong := lost(packet)):
                raise Failed(wrong, [packet], seed)
            batch.append(packet)
        rig.feed(*batch, peer=5000 + rig.packets.random.randrange(20))
        fed += len(batch)
        batches += 1
        if batches % 50 == 0:
            rig.alive()
            if not is_osc(batch[-1]):
                rig.silent(batch[-1])
        if batches % 2000 == 0:
            progress(f"{fed:,} packets")
        if settled is None and fed >= packets / 5:
            settled = resident()
    rig.alive()
    now = resident()
    grown = now - settled if now is not None and settled is not None else None
    if grown is not None and grown > GROWTH:
        raise Failed(f"the process grew by {grown:.0f} MB over {packets} packets", [], seed)
    return Figures(
        fed,
        rig.reader.messages,
        rig.dispatcher.error_replies.count,
        rig.wire.sent,
        time.monotonic() - begun,
        rig.wire.slowest[0] * 1e3,
        grown,
    )


def lost(packet: bytes) -> str:
    """What is wrong with how a right message was read, else "". Only its values may be refused,
    never its form."""
    found = unpack(packet)
    values = (
        "no UTF-8",
        "is no character",
        "NaN or infinity",
        "letters that no address has",
        "arguments, ",
    )
    if any(not any(word in problem for word in values) for problem in found.problems):
        return f"a right message was not understood: {found.problems}"
    address = packet[: packet.index(b"\0")]
    if found.messages and padded(found.messages[0].address.encode()) != padded(address):
        return f"{found.messages[0].address!r} was read instead of {address!r}"
    return "" if found.messages or found.problems else "a right message vanished"
