"""Art-Net and sACN in: a thread that hears the desks, merges them, and passes on what has changed
of the channels that a show has mapped."""

from __future__ import annotations

import math
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from vj.control.dmx import artnet, streaming_acn
from vj.control.dmx.learn_offers import LearnOffers, Offer
from vj.control.dmx.sockets import ANY, heard_at, join, listening, own_address, why_not
from vj.control.dmx.universe import Universe
from vj.core.supervisor import Supervisor
from vj.show.dmx_controls import DmxControl
from vj.show.dmx_section import DmxRule

PERIOD = 0.1
"""Seconds from one look at who is silent to the next, and until a change of the show is seen."""
RETRY = 3.0
"""Seconds until a port that could not be had is asked for again."""
REJOIN = 10.0
"""Seconds until multicast groups are joined again: a cable may have come."""
BATCH = 256
"""Packets that are read of one socket before the other is looked at."""
MOST_UNIVERSES = 64
"""Of which anything is remembered, besides those that are mapped."""

Send = Callable[[DmxControl, "float | None"], None]
_Peer = tuple[str, int]


class _Plan(NamedTuple):
    """What is to be received. `controls`: as the show writes them, by their universe."""

    rule: DmxRule
    controls: dict[int, list[DmxControl]]
    offers: LearnOffers | None
    name: str


class DmxReceiver:
    """`want` and `stop` from any thread; neither waits for the network."""

    def __init__(
        self,
        send: Send,
        offer: Offer,
        log: Callable[[str], None],
        supervisor: Supervisor,
        now: Callable[[], float] = time.monotonic,
        ports: tuple[int, int] = (artnet.PORT, streaming_acn.PORT),
    ) -> None:
        """send: takes a mapped control's level when it has changed, and None when it goes back to
        the show's start. offer: takes what may be learned. now: seconds. ports: of Art-Net and of
        sACN."""
        self._send, self._offer, self._log, self._now = send, offer, log, now
        self._supervisor, self._ports = supervisor, ports
        self._plan: _Plan | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._opened: _Plan | None = None
        self._sockets: dict[str, socket.socket] = {}
        self._retry = math.inf
        self._deaf: set[str] = set()
        """What cannot be heard, and was told."""
        self._joined = -math.inf
        self._universes: dict[int, Universe] = {}
        self._last: dict[DmxControl, float] = {}
        """What was passed on last of each control."""
        self._told: set[str] = set()
        self.bad = 0
        """Packets that were none of the specifications'."""
        self.packets = 0
        self.state = ""
        """Who sends which universe, for the status."""
        self.own_port: Callable[[], int] = lambda: 0
        """From which this show's lamps are sent. What comes back from there is no desk's: it would
        play itself, and have the place of one of the two senders of Art-Net."""

    @property
    def addresses(self) -> dict[str, tuple[str, int]]:
        """Where it listens, by `artnet` and `sacn`; what could not be had is missing."""
        return {name: made.getsockname()[:2] for name, made in list(self._sockets.items())}

    def want(
        self, rule: DmxRule, controls: Sequence[DmxControl], learning: bool, name: str = ""
    ) -> None:
        """Receive these controls of a show, and while something is learned every channel. Begins
        at the first call that asks for anything. name: of the show, which desks list."""
        by_universe: dict[int, list[DmxControl]] = {}
        for control in dict.fromkeys(controls):
            by_universe.setdefault(control.channel or rule.universe, []).append(control)
        offers = LearnOffers(self._offer, self._now()) if learning else None
        self._plan = _Plan(rule, by_universe, offers, name)
        if (controls or learning) and self._thread is None and not self._over.is_set():
            self._thread = self._supervisor.start("DMX in", self._run, self._over.is_set)

    def stop(self, timeout: float = 0.5) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                self.turn(PERIOD)
        finally:
            self._close()

    def turn(self, seconds: float) -> None:
        """Wait for packets, so many seconds at most, and play what has come. By the thread; a test
        may call it in place of `want` beginning one."""
        plan = self._plan
        if plan is None:
            return
        if plan is not self._opened or self._now() >= self._retry:
            self._open(plan)
        if not self._sockets:
            time.sleep(seconds)
            return
        if "sacn" in self._sockets and self._now() - self._joined >= REJOIN:
            self._join(self._sockets["sacn"], plan)
        ready, _, _ = select.select(list(self._sockets.values()), [], [], seconds)
        for made in ready:
            artnets = made is self._sockets.get("artnet")
            self._read(made, self._take_artnet if artnets else self._take_sacn, plan)
        self._look(plan)

    # Opening.

    def _open(self, plan: _Plan) -> None:
        before, self._retry = self._opened, math.inf
        deaf, self._deaf = self._deaf, set()
        if before is None or before.rule != plan.rule:
            self._close()
            self._last.clear()
        self._opened = plan
        wanted = bool(plan.controls) or plan.offers is not None
        for name, port in zip(("artnet", "sacn"), self._ports, strict=True):
            asked = getattr(plan.rule, name)
            made, what = self._sockets.get(name), "Art-Net" if name == "artnet" else "sACN"
            if not (asked and wanted):
                if made is not None:
                    self._sockets.pop(name).close()
                continue
            try:
                if made is None:
                    made = self._sockets[name] = listening(heard_at(name, asked), port)
                if name == "sacn":
                    self._join(made, plan)
                if name in deaf:
                    self._log(f"dmx: {what} is heard now")
                    self._told.discard(name)
            except OSError as error:
                self._retry = self._now() + RETRY
                if plan.controls:  # else the show does not ask for it; something is learned
                    self._deaf.add(name)
                    why = why_not(error)
                    self._tell(f"dmx: {what} cannot be heard at port {port}: {why}", name)
        kept = {*plan.controls, *(number for number, one in self._universes.items() if one.sources)}
        self._universes = {number: one for number, one in self._universes.items() if number in kept}
        known = {control for controls in plan.controls.values() for control in controls}
        self._last = {control: raw for control, raw in self._last.items() if control in known}
        for number in self._universes:
            self._play(number, plan)
        self._describe()

    def _join(self, made: socket.socket, plan: _Plan) -> None:
        """The groups of all universes. One that cannot be joined is told; what is sent straight to
        us comes all the same."""
        self._joined = self._now()
        interface = plan.rule.sacn if isinstance(plan.rule.sacn, str) else ANY
        failed = join(made, sorted({plan.rule.universe, *plan.controls}), interface)
        for universe, error in failed.items() if plan.controls else ():
            self._tell(
                f"dmx: sACN's multicast of universe {universe} cannot be joined "
                f"({error.strerror}); tried again, and what a desk sends to this very machine is "
                "heard"
            )

    def _close(self) -> None:
        sockets, self._sockets = self._sockets, {}
        for made in sockets.values():
            made.close()
        self._opened = None

    # Reading.

    def _read(
        self, made: socket.socket, take: Callable[[bytes, _Peer, _Plan], None], plan: _Plan
    ) -> None:
        for _ in range(BATCH):
            try:
                packet, peer = made.recvfrom(2048)
            except BlockingIOError:
                return
            except OSError:  # Windows reports an earlier reply to a closed port
                continue
            self.packets += 1
            if peer[1] == self.own_port() and own_address(peer[0]) == peer[0]:
                continue
            try:
                take(packet, peer, plan)
            except artnet.BadPacket as bad:
                self.bad += 1
                what = "Art-Net" if made is self._sockets.get("artnet") else "sACN"
                self._tell(f"dmx: what {peer[0]} sends is no {what}: {bad}; left out", peer[0])

    def _take_artnet(self, packet: bytes, peer: _Peer, plan: _Plan) -> None:
        found = artnet.read(packet)
        if isinstance(found, artnet.ArtDmx):
            universe = self._universe(found.universe, plan)
            if universe is not None:
                lost = universe.lost_at
                changed = universe.take_artnet(found, peer[0], self._now())
                self._after(found.universe, universe, changed, lost, plan)
        elif found is not None:
            ours = own_address(peer[0])
            for reply in artnet.poll_replies(ours, plan.name, sorted(plan.controls)):
                try:
                    self._sockets["artnet"].sendto(reply, peer)
                except OSError:
                    return  # the desk asks again

    def _take_sacn(self, packet: bytes, peer: _Peer, plan: _Plan) -> None:
        found = streaming_acn.read(packet)
        if found is None:
            return
        universe = self._universe(found.universe, plan)
        if universe is not None:
            lost = universe.lost_at
            changed = universe.take_sacn(found, peer[0], self._now())
            self._after(found.universe, universe, changed, lost, plan)

    def _universe(self, number: int, plan: _Plan) -> Universe | None:
        """The universe of a packet; None for one that nobody wants."""
        if number in self._universes:
            return self._universes[number]
        if number not in plan.controls and (
            plan.offers is None or len(self._universes) >= MOST_UNIVERSES
        ):
            return None
        return self._universes.setdefault(number, Universe())

    def _after(
        self, number: int, universe: Universe, changed: bool, lost: float | None, plan: _Plan
    ) -> None:
        """A packet was taken. lost: since when the universe was, before."""
        if lost is not None and universe.lost_at is None:  # the desk says anew how all stands
            for control in plan.controls.get(number, ()):
                self._last.pop(control, None)
            changed = True
        if universe.news:
            self._tell_news(number, universe, plan)
        if changed:
            self._play(number, plan)
        if plan.offers is not None:
            plan.offers.take(number, universe.levels, self._now())

    def _play(self, number: int, plan: _Plan) -> None:
        universe = self._universes[number]
        for control in plan.controls.get(number, ()) if universe.lost_at is None else ():
            raw = control.level(universe.levels)
            if raw is not None and self._last.get(control) != raw:
                self._last[control] = raw
                self._send(control, raw)

    def _look(self, plan: _Plan) -> None:
        """Who is silent, and what goes back to the start."""
        now, after = self._now(), plan.rule.lost.after
        if plan.offers is not None:
            plan.offers.look(now)
        for number, universe in self._universes.items():
            if universe.expire(now):
                self._play(number, plan)
            if universe.news:
                self._tell_news(number, universe, plan)
            lost = universe.lost_at
            if lost is None or after is None or now - lost < after:
                continue
            for control in plan.controls.get(number, ()):
                if self._last.pop(control, None) is not None:
                    self._send(control, None)

    # Telling.

    def _tell_news(self, number: int, universe: Universe, plan: _Plan) -> None:
        news, universe.news = universe.news, []
        after = plan.rule.lost.after
        then = "its last values are held" if after is None else f"back to the start in {after:g} s"
        if number in plan.controls:
            for place, text in enumerate(news, 1):
                lost = universe.lost_at is not None and place == len(news)
                self._log(f"dmx universe {number}: {text}" + (f"; {then}" if lost else ""))
        self._describe()

    def _describe(self) -> None:
        plan = self._opened
        self.state = "; ".join(
            f"universe {number}: {_state(self._universes.get(number))}"
            for number in sorted(plan.controls if plan is not None else ())
        )

    def _tell(self, text: str, about: str = "") -> None:
        """Once for each text; for each `about` where there is one."""
        if (key := about or text) not in self._told and len(self._told) < 100:
            self._told.add(key)
            self._log(text)


def _state(universe: Universe | None) -> str:
    if universe is None or (not universe.sources and universe.lost_at is None):
        return "no desk yet"
    return " and ".join(universe.sources) or "the desk is lost"
