"""Lamps that follow the picture: a thread that looks at the newest one and sends its colours."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from vj.control.dmx.sender import ENDING, LevelStream, discovery_packets, sending, stream_to
from vj.core.errors import Fault
from vj.core.mailbox import Mailbox
from vj.core.packed import Pixels
from vj.core.seldom import SeldomLog
from vj.core.supervisor import Supervisor
from vj.lights.colours import colours, levels, small_linear
from vj.show.dmx_section import DmxRule
from vj.show.lights_section import Destination, LightRule

PERIOD = 1 / 40
"""Seconds from one packet of a universe to the next, at least; DMX carries 44 a second."""
KEEP_ALIVE = 0.9
"""Seconds after which a universe is sent again that has not changed."""
LISTING = 10.0
"""Seconds from one list of sACN's universes to the next (E1.31 4.3)."""
SETTLED = 0.5 / 255

Key = tuple[Destination, int]
"""Where to, and which universe."""


class LightPlan(NamedTuple):
    """What is sent. rules: each with its universe. interface: see `sending`. priority: of sACN."""

    rules: tuple[tuple[LightRule, int], ...] = ()
    name: str = ""
    interface: str = ""
    priority: int = 100


def plan_of(lights: Sequence[LightRule], dmx: DmxRule, name: str) -> LightPlan:
    """Of a show called `name`."""
    interface = dmx.sacn if isinstance(dmx.sacn, str) else ""
    rules = tuple((light, light.dmx.channel or dmx.universe) for light in lights)
    return LightPlan(rules, name, interface, dmx.priority)


class _Lamps:
    """The lamps of a rule: the colours that they are to have, and those on their way there."""

    def __init__(self, rule: LightRule) -> None:
        self.rule = rule
        self.target = np.zeros((rule.grid[0] * rule.grid[1], 3), np.float32)
        self.now = self.target.copy()

    def step(self, seconds: float) -> None:
        """By so much time, however many pictures came in it: 95 % in the smoothing time."""
        smooth = self.rule.smooth.seconds
        share = 1.0 if smooth <= 0 else 1 - math.exp(-3 * max(0.0, seconds) / smooth)
        self.now += (self.target - self.now) * share
        if np.abs(self.target - self.now).max() < SETTLED / 4:
            self.now = self.target.copy()

    @property
    def moving(self) -> bool:
        return bool(np.any(self.now != self.target))


class LightsOutput:
    """`use`, then `put` for each picture, `close` at the end; none of them waits for the net."""

    def __init__(
        self,
        log: Callable[[str], None],
        supervisor: Supervisor,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """now: seconds, by which colours are smoothed."""
        self._log, self._supervisor, self._now = log, supervisor, now
        self._seldom = SeldomLog(log)
        self.amount = 1.0
        """How bright, 0..1."""
        self._plan, self._used = LightPlan(), LightPlan()
        self._box: Mailbox[Pixels] = Mailbox()
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None
        self._lamps: list[tuple[_Lamps, int]] = []
        self._streams: dict[Key, LevelStream] = {}
        self._sent: dict[Key, tuple[bytes, float]] = {}
        """What was sent last, and when."""
        self._refused: set[Key] = set()
        self._stepped = now()
        self._listed = -math.inf
        self.packets = self.failed = 0
        """Packets that were sent, and that could not be."""

    def use(self, plan: LightPlan) -> None:
        """Send this from now on. Lamps that are the same go on where they are; those that are no
        more go out."""
        self._plan = plan
        if plan.rules and self._thread is None and not self._box.closed:
            self._thread = self._supervisor.start("lights", self._run, lambda: self._box.closed)
        self._box.wake()

    @property
    def wanted(self) -> bool:
        """Somebody follows the picture."""
        return bool(self._plan.rules)

    def put(self, picture: Pixels) -> None:
        """The newest picture, (H, W, 3 or 4) uint8 or packed. Nothing is copied; never waits."""
        if self._plan.rules:
            self._box.put(picture)

    @property
    def port(self) -> int:
        """From which it is sent; 0 before. From any thread."""
        made = self._socket
        try:
            return 0 if made is None else int(made.getsockname()[1])
        except OSError:  # it was closed just now
            return 0

    @property
    def state(self) -> str:
        """Where levels go, for the status."""
        return ", ".join(f"universe {universe} to {to}" for to, universe in list(self._streams))

    def close(self, timeout: float = 0.5) -> None:
        """All lamps out, and the end."""
        self._box.close()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            while not self._box.closed:
                begun = time.monotonic()
                waiting = 0.0 if any(one.moving for one, _ in self._lamps) else KEEP_ALIVE / 4
                picture = self._box.get(waiting)
                if self._box.closed:
                    break
                self.turn(picture)
                time.sleep(max(0.0, PERIOD - (time.monotonic() - begun)))
        finally:
            self._end(list(self._streams))
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def turn(self, picture: Pixels | None) -> None:
        """Look at a picture, where there is a new one, and send what is due. By the thread; a test
        may call it itself."""
        plan = self._plan
        if plan is not self._used:
            self._begin(plan)
        if picture is not None and self._lamps:
            linear = small_linear(picture)
            for lamps, _ in self._lamps:
                lamps.target = colours(linear, lamps.rule)
        now = self._now()
        passed, self._stepped = now - self._stepped, now
        frames: dict[Key, bytearray] = {}
        for lamps, universe in self._lamps:
            lamps.step(passed)
            rule = lamps.rule
            frame = frames.setdefault((rule.to, universe), bytearray())
            frame.extend(bytes(max(0, rule.last - len(frame))))
            frame[rule.dmx.number - 1 : rule.last] = levels(lamps.now, rule, self.amount)
        for key, frame in frames.items():
            last = self._sent.get(key)
            if last is None or last[0] != frame or now - last[1] >= KEEP_ALIVE:
                self._send(key, bytes(frame), now)
        self._list(plan, now)

    def _begin(self, plan: LightPlan) -> None:
        self._used = plan
        if self._socket is None:
            self._socket = sending(plan.interface)
        before = {(lamps.rule, universe): lamps for lamps, universe in self._lamps}
        self._lamps, wanted = [], set[Key]()
        for rule, universe in plan.rules:
            key = rule.to, universe
            if key not in self._streams and not self._open(key, plan.name):
                continue
            wanted.add(key)
            kept = before.get((rule, universe))
            self._lamps.append((kept or _Lamps(rule), universe))
        for stream in self._streams.values():
            stream.prefer(plan.priority)
        self._end([key for key in self._streams if key not in wanted])

    def _open(self, key: Key, name: str) -> bool:
        try:
            self._streams[key] = stream_to(*key, name)
        except Fault as fault:
            if key not in self._refused:
                self._refused.add(key)
                self._log(str(fault))
            return False
        return True

    def _send(self, key: Key, frame: bytes, now: float, ended: bool = False) -> None:
        self._sent[key] = frame, now
        stream = self._streams[key]
        self._put_on_wire(stream.packet(frame, ended), stream.target, str(key[0]))

    def _put_on_wire(self, packet: bytes, target: tuple[str, int], to: str) -> None:
        assert self._socket is not None
        try:
            self._socket.sendto(packet, target)
            self.packets += 1
        except OSError as error:  # a cable that is pulled; the lamps follow again when it is back
            self.failed += 1
            reason = error.strerror or str(error)
            self._seldom(f"lights: to {to}: cannot be sent ({reason}); tried on", self._now())

    def _list(self, plan: LightPlan, now: float) -> None:
        """Tell those who look for sACN what there is."""
        groups = [one for to, one in self._streams if to == Destination("sacn")]
        if groups and now - self._listed >= LISTING:
            self._listed = now
            for packet, target in discovery_packets(plan.name, groups):
                self._put_on_wire(packet, target, "sacn")

    def _end(self, keys: Sequence[Key]) -> None:
        """Lamps out, said as often as may be lost."""
        for key in keys:
            length = len(self._sent.get(key, (b"\0\0", 0.0))[0])
            for _ in range(ENDING):
                self._send(key, bytes(length), self._now(), ended=True)
            del self._streams[key], self._sent[key]
