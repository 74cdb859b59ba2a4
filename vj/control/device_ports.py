"""Gamepads, HID devices and lighting desks, opened where a show maps them or something is
learned."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from vj.control.dmx.receiver import DmxReceiver
from vj.control.engine import ControlEngine
from vj.control.gamepads import Gamepads, no_pads_here
from vj.control.hid_devices import HidDevices, Send
from vj.control.pads import Pads
from vj.control.recent_controls import RecentControls
from vj.control.session_show import SessionShow
from vj.core.errors import Fault
from vj.core.supervisor import Supervisor
from vj.show.device_controls import named
from vj.show.midi_controls import Control


class Player(Protocol):
    """Has the control engine that plays at present."""

    @property
    def engine(self) -> ControlEngine: ...


class DevicePorts:
    """All methods from any thread; `open` may take a moment."""

    def __init__(
        self,
        player: Player,
        recent: RecentControls,
        offer: Send,
        log: Callable[[str], None],
        supervisor: Supervisor,
    ) -> None:
        """player: whose engine plays what has moved. recent: hears of it. offer: takes what may be
        learned."""
        self.pads = Pads(self._moved)
        self._player, self._recent, self._offer = player, recent, offer
        self._log, self._supervisor = log, supervisor
        self._lock = threading.Lock()
        self._gamepads: Gamepads | None = None
        self._hid: HidDevices | None = None
        self._told: set[str] = set()
        self._stopped = False
        self.dmx = DmxReceiver(
            self._send, lambda control, raw: offer(control, raw, ""), log, supervisor
        )

    def _send(self, control: Control, raw: float | None, device: str = "") -> None:
        self._player.engine.on_midi(control, raw, device)
        if raw is not None:
            self._recent.note(named(control), raw)

    def _moved(self, control: Control, raw: float, device: str) -> None:
        self._send(control, raw, device)
        self._offer(control, raw, device)

    def open(self, show: SessionShow, learning: bool) -> None:
        """Read what the mappings of a show name, and everything while something is learned."""
        rules = show.mappings
        names = [rule.device for rule in rules if rule.hid is not None]
        pads = learning or any(rule.pad is not None for rule in rules)
        with self._lock:
            if self._stopped:
                return
            if pads and self._gamepads is None:
                self._try(self._open_gamepads, quiet=learning)
            elif not pads and self._gamepads is not None:
                self._gamepads.stop()
                self._gamepads = None
            if (names or learning) and self._hid is None:
                self._try(self._open_hid, quiet=not names)
            if self._hid is not None:
                self._hid.want(names, learning)
            channels = [rule.dmx for rule in rules if rule.dmx is not None]
            self.dmx.want(show.dmx, channels, learning, show.show)

    def _open_gamepads(self) -> None:
        if reason := no_pads_here():
            raise Fault(
                f"gamepads of this machine are not read: {reason}; a gamepad at a page plays"
            )
        self._gamepads = Gamepads(self.pads, self._log, self._supervisor)

    def _open_hid(self) -> None:
        self._hid = HidDevices(self._send, self._offer, self._log, self._supervisor)

    def _try(self, opens: Callable[[], None], quiet: bool) -> None:
        """quiet: the show does not ask for it; it is opened to be learned."""
        try:
            opens()
        except Fault as fault:
            if not quiet and str(fault) not in self._told:
                self._told.add(str(fault))
                self._log(str(fault))

    def stop(self) -> None:
        """Close all."""
        with self._lock:
            self._stopped = True
            self.dmx.stop()
            for reader in (self._gamepads, self._hid):
                if reader is not None:
                    reader.stop()
            self._gamepads = self._hid = None
