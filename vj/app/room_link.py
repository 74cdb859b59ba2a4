"""A piece's side of a room: what it says to the room that has started it, and hears of it.

Lines of JSON, see `vj.display.wire`: on standard output `alive` (twice a second: `state`, `frames`
in all, `fps`, `osc` the port, `page` its address, `bpm` and `beat`, the beat `at` so many seconds
on the clock that all processes of a machine share; `rests` while it is stepped on frame by frame
and none is asked for), `panic` (here was one) and `tempo` (somebody
has set it here: `bpm`, `beat`, `at`). On standard input `beat` (the room's tempo: `bpm`, `beat`,
`at`), `panic` and `end`, the last. When standard input ends the room is gone, and so is the piece.
"""

from __future__ import annotations

import faulthandler
import io
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from vj.app.signals import LIMIT, at_once
from vj.control.shared_beat import SharedBeat
from vj.display.wire import LineWriter, read_lines

if TYPE_CHECKING:  # it imports torch; the link speaks before it is there
    from vj.app.live import Performance

PERIOD = 0.5
"""Seconds between two signs of life."""
GIVEN_UP = 240.0
"""Seconds without a turn of Python's after which the process ends, whoever holds it: a room that
was killed meanwhile cannot do it any more."""


class RoomLink:
    """`start` first of all, `attach` once the show is put together."""

    def __init__(
        self,
        stop: threading.Event,
        heard: IO[str] | None = None,
        said: IO[str] | None = None,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        """stop: set when the room has gone. heard, said: standard input and output unless given.
        now: the clock that all processes of a machine share."""
        self._stop, self._now = stop, now
        self._real = heard is None
        self._heard = heard or sys.stdin
        self._writer = LineWriter(said or _standard_output(), "room, to it")
        self._performance: Performance | None = None
        self.beat: SharedBeat | None = None
        self._asked_to_end = self._gone = False
        self._told: dict[str, Any] | None = None
        """The room's tempo, before there is a show to play it."""

    def start(self) -> None:
        """Listen to the room, and say that this process lives."""
        for work in (self._listen, self._say):
            threading.Thread(target=work, name="room", daemon=True).start()

    def attach(self, performance: Performance) -> None:
        """From now on speak of this show, and have it play the room's tempo and panics."""
        clock = performance.clock
        self.beat = SharedBeat(self._now() - clock.now(), self._tempo_set)
        self._performance = performance
        performance.store.listeners.append(self._changed)
        performance.servers.announces = False  # the room is, with all its pieces
        if self._told is not None:
            self._follow(self._told)

    def _changed(self, name: str, value: object, origin: object) -> None:
        if name == "panic" and origin is not self:
            self._writer.send({"panic": True})

    def _tempo_set(self, bpm: float, beat: float, at: float) -> None:
        self._writer.send({"tempo": {"bpm": bpm, "beat": beat, "at": at}})

    @property
    def orphaned(self) -> bool:
        """The room has gone without having asked for an end, as one that was killed."""
        return self._gone and not self._asked_to_end

    def _listen(self) -> None:
        read_lines(self._heard, self._take)
        self._gone = True
        self._stop.set()
        if self._real:
            ending = threading.Timer(LIMIT, at_once)
            ending.daemon = True
            ending.start()

    def _take(self, message: dict[str, Any]) -> None:
        if isinstance(beat := message.get("beat"), dict):
            self._told = beat
            self._follow(beat)
        if message.get("panic") and (performance := self._performance) is not None:
            performance.store.set("panic", True, self)
        if message.get("end"):
            self._asked_to_end = True

    def _follow(self, told: dict[str, Any]) -> None:
        performance, beat = self._performance, self.beat
        if performance is None or beat is None:
            return
        beat.follow(float(told["bpm"]), float(told["beat"]), float(told["at"]))
        performance.session.engine.tempo_source.follow_room(beat)

    def _say(self) -> None:
        while True:
            self._writer.send({"alive": self._alive()})
            if self._real and not self._stop.is_set():
                try:
                    faulthandler.dump_traceback_later(GIVEN_UP, exit=True)
                except (RuntimeError, ValueError, AttributeError, io.UnsupportedOperation):
                    self._real = False  # no such stream to say it on
            if self._stop.wait(PERIOD):
                return

    def _alive(self) -> dict[str, Any]:
        performance = self._performance
        if performance is None:
            return {"state": "starting", "frames": 0, "fps": 0.0}
        metrics, servers = performance.metrics, performance.servers
        tempo, at = performance.session.engine.tempo, self._now()
        moment = performance.clock.now()
        return {
            "state": performance.run_state.text,
            "show": performance.run_state.show.show,
            "frames": metrics.painted,
            "rests": performance.loop.stepping.rests,
            "fps": round(metrics.fps(), 1),
            "osc": servers.osc.address[1] if servers.osc is not None else None,
            "page": servers.page.url if servers.page is not None else "",
            "bpm": round(tempo.bpm, 3),
            "beat": tempo.beat(moment),
            "at": at,
        }


def _standard_output() -> IO[str]:
    """Standard output, for the room's eyes alone from now on: what somebody's effect or a library
    prints in the middle of a line would take the sign of life with it, and goes nowhere."""
    try:
        own = os.fdopen(os.dup(1), "w", encoding="utf-8")
        nowhere = os.open(os.devnull, os.O_WRONLY)
        sys.stdout.flush()
        os.dup2(nowhere, 1)
        os.close(nowhere)
    except (OSError, ValueError):  # it is closed, and so the room is gone
        return sys.stdout
    return own
