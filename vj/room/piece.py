"""One piece of a room: its process is started, watched, and started again whenever it dies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vj.core.errors import Fault
from vj.core.processes import how_it_ended
from vj.room.child import PATIENCE, PieceProcess
from vj.room.trouble import Trouble

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds until a piece that died twice in a row is started again, twice as long each time; after
one death it is at once."""
FAULTY_WAIT = 60.0
"""The longest wait of one that ends by itself before it plays, as with a fault in its show: a file
that is saved ends it."""
LOOK = 0.5
"""Seconds between two looks at its files while it waits."""
STEADY = 20.0
"""Seconds of playing after which a death is the first one again."""
HANGS = 30.0
"""Seconds without a word, or without a new frame, after which a piece that played is ended."""
SUSPENDED = 5.0
"""Seconds without a look at the pieces after which it was the room that stood still (Ctrl-Z, a lid
that was closed)."""
STARTS = 180.0
"""The same while it starts or loads a model, which may compile, and until that has painted."""
SLOWER = 3.0
"""It hangs no sooner than after so many times its longest frame so far: on a CPU a large model
paints for half a minute."""
NOISE = "ALSA lib "
"""What a library's own lines begin with: the show says in words what they mean."""
SETTLED = ("playing", "no model")
"""What a show says of itself when nothing is loaded."""

Start = Callable[[bool, Callable[[dict[str, Any]], None], Callable[[str], None]], PieceProcess]
"""(whether it goes on where it stood, `on_message`, `on_words` of the process) -> a process that
runs. Raises Fault."""


@dataclass
class PieceState:
    """What is known of a piece. Replaced, never changed, where several threads read it."""

    state: str = "waiting"
    """`waiting`, `starting`, what the show says of itself, `restarting`, `ended` or `stopped`."""
    deaths: int = 0
    """How often it has died or was ended because it hung."""
    why: str = ""
    """How it died last."""
    wait: float = 0.0
    """Seconds between that death and the next start."""
    fault: str = ""
    """What is wrong with one that does not start; empty for others."""
    alive: Mapping[str, Any] = field(default_factory=dict)
    """What its process said last, see `vj.app.room_link`."""


class Piece:
    """`start`, then `stop`. All methods may be called from any thread."""

    def __init__(
        self,
        name: str,
        start: Start,
        log: Callable[[str], None],
        on_message: Callable[[str, dict[str, Any]], None] = lambda name, message: None,
        now: Callable[[], float] = time.monotonic,
        files: Callable[[], Iterable[Path]] = tuple,
    ) -> None:
        """start: makes a process. log: takes messages for the user. on_message: told the piece's
        name and whatever its process says. files: that a process is started with, whose save may
        mend what is wrong with it."""
        self.name, self._start, self._now = name, start, now
        self._log, self._on_message = log, on_message
        self.state = PieceState()
        self.process: PieceProcess | None = None
        self.heard = threading.Event()
        """Its picture has come, or its first process has died."""
        self._over, self._wake = threading.Event(), threading.Event()
        self._asked = False
        """The next end is one that was asked for."""
        self._row = 0
        """Deaths in a row."""
        self._trouble = Trouble(files)
        self._hung = ""
        self._last_word = self._last_frame = self._began = self._looked = 0.0
        self._frames = -1
        self._settled, self._longest = False, 0.0
        """A frame has come since nothing was loaded any more; the seconds of the longest since."""
        self._playing = False
        self._thread = threading.Thread(target=self._run, name=f"piece {name}", daemon=True)

    @property
    def plays(self) -> bool:
        """Its process shows pictures. What it says first may be read before it is known here."""
        return self._playing and self.process is not None

    @property
    def ended(self) -> bool:
        """It has come to an end by its own wish: its --for is over."""
        return self.state.state == "ended"

    @property
    def osc(self) -> int | None:
        """The port at which it hears OSC on this machine; None while it does not."""
        port = self.state.alive.get("osc")
        return port if isinstance(port, int) and self.process is not None else None

    @property
    def page(self) -> str:
        """The address of its own page on this machine; empty while there is none."""
        url = self.state.alive.get("page")
        return url if isinstance(url, str) and self.process is not None else ""

    def start(self) -> None:
        """Start its process, and go on doing so."""
        self._thread.start()

    def send(self, **message: Any) -> None:
        """Say something to its process, if there is one."""
        if (process := self.process) is not None:
            process.send(**message)

    def restart(self) -> None:
        """End its process and start another, or start it now if it waits. It begins anew."""
        self._row = 0
        self._trouble.over()
        process = self.process
        if process is not None:
            self._asked = True
            process.close()
            threading.Thread(target=self._see_it_end, args=(process,), daemon=True).start()
        self._wake.set()

    def stop(self) -> None:
        """Ask it to end, and start it no more. See `wait`."""
        self._over.set()
        self._wake.set()
        if (process := self.process) is not None:
            process.close()

    def wait(self, seconds: float = PATIENCE) -> None:
        """Wait for its end after `stop`; a process that takes longer is killed."""
        if (process := self.process) is not None and not process.ended(seconds):
            process.kill()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def watch(self) -> None:
        """End a process that hangs. Call it a few times a second."""
        process, now = self.process, self._now()
        if process is None or self._over.is_set() or self._asked:
            return
        stood = now - self._looked
        self._looked = now
        if stood > SUSPENDED:
            self._last_word = self._last_frame = now
            return
        limit = HANGS if self.state.state in SETTLED else STARTS
        slow = min(STARTS, max(HANGS, SLOWER * self._longest)) if self._settled else STARTS
        silent, still = now - self._last_word, now - self._last_frame
        if silent >= limit:
            self._hung = f"hung: no word for {silent:.0f} s"
        elif still >= max(limit, slow):
            self._hung = f"hung: no new frame for {still:.0f} s"
        else:
            return
        process.kill()

    def _see_it_end(self, process: PieceProcess) -> None:
        if not process.ended(PATIENCE):
            process.kill()

    def _run(self) -> None:
        resume = False
        while not self._over.is_set():
            self._wake.clear()
            code = self._live(resume)
            if self._over.is_set():
                break
            asked, self._asked = self._asked, False
            resume = not asked
            if asked:
                self._log(f"{self.name}: starts anew")
                continue
            if code == 0 and not self._hung:
                self.state = PieceState("ended", self.state.deaths)
                self._log(f"{self.name}: has ended")
                self._wake.wait()
                resume = False
                continue
            self._died(code)
        self.state = PieceState("stopped", self.state.deaths, self.state.why)

    def _live(self, resume: bool) -> int | None:
        """One life of its process. Returns its exit code; None where it could not be started."""
        self._hung, self._frames, self._playing = "", -1, False
        self._settled, self._longest = False, 0.0
        self._began = self._last_word = self._last_frame = self._now()
        before = self.state
        self.state = PieceState("starting", before.deaths, before.why, fault=before.fault)
        self._trouble.begin()
        try:
            process = self._start(resume, self._take, self._say)
        except Fault as fault:
            self._hung = str(fault)
            return None
        self.process = process
        if self._over.is_set():  # it was stopped meanwhile
            process.close()
        code = process.wait()
        self.process = None
        return code

    def _died(self, code: int | None) -> None:
        lived = self._now() - self._began
        self._row = 1 if self._playing and lived >= STEADY else self._row + 1
        faulty = not self._playing and (code is None or code > 0)
        longest = FAULTY_WAIT if faulty else LONGEST_WAIT
        wait = 0.0 if self._row == 1 else min(longest, FIRST_WAIT * 2 ** min(self._row - 2, 16))
        deaths = self.state.deaths + 1
        why = self._hung or ("could not be started" if code is None else how_it_ended(code))
        news = faulty and self._trouble.ended(why)
        self.state = PieceState(
            "restarting", deaths, why, wait, self._trouble.fault() if faulty else ""
        )
        self.heard.set()
        if not faulty:
            times = "" if deaths == 1 else f" ({deaths} times so far)"
            when = "at once" if not wait else f"in {wait:g} s"
            self._log(f"{self.name}: {why}; it is started again {when}{times}")
            self._wake.wait(wait)
            return
        if news:
            self._log(
                f"{self.name}: {why} before it played; it is tried again when its show or a file "
                f"that it names is saved, and every {FAULTY_WAIT:g} s"
            )
        self._wait_for_files(wait)

    def _wait_for_files(self, seconds: float) -> None:
        """Wait so long, or until one of its files is saved: then all that it says is news."""
        end = time.monotonic() + seconds
        while not self._wake.wait(max(0.0, min(LOOK, end - time.monotonic()))):
            if self._trouble.saved():
                self._trouble.over()
                self._row = 1
                return
            if time.monotonic() >= end:
                return

    def _take(self, message: dict[str, Any]) -> None:
        now = self._now()
        self._last_word = now
        alive = message.get("alive")
        if isinstance(alive, dict):
            frames, settled = alive.get("frames", 0), alive.get("state") in SETTLED
            self._settled = self._settled and settled
            if frames != self._frames or alive.get("rests"):
                if self._settled:
                    self._longest = max(self._longest, now - self._last_frame)
                self._settled = settled
                self._frames, self._last_frame = frames, now
            shown = isinstance(frames, int) and frames > 0
            before = self.state
            words = str(alive.get("state", ""))
            fault = "" if shown else before.fault
            self.state = PieceState(words, before.deaths, before.why, fault=fault, alive=alive)
            if shown and not self._playing:
                self._playing = True
                if self._trouble.over():
                    self._log(f"{self.name}: plays")
                self.heard.set()
        self._on_message(self.name, message)

    def _say(self, words: str) -> None:
        if words.startswith(NOISE):
            return
        if self._playing or self._trouble.is_news(words):
            self._log(f"{self.name}: {words}")
