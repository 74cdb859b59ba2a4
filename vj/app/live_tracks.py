"""The sounds of a live show: loaded beside it, and heard from the moments of its frames on."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping

import numpy as np

from vj.app.context import RunState
from vj.app.show_tracks import gains, made_track, said
from vj.app.sound_voices import BLOCK, Part
from vj.core.errors import Fault, told
from vj.core.supervisor import Supervisor
from vj.parameters.store import Snapshot, Store
from vj.show.sounds_section import SoundRule
from vj.show.validate import POSITION
from vj.sound import RATE
from vj.sound.track import Track
from vj.sound.tracks import Tracks

AHEAD = 100
"""Blocks, 2 s, for which nobody asks, after which they are made in any case."""


class LiveTracks:
    """`follow` from any thread; the rest is for the thread that plays sound. What is heard of a
    block is made when a sink needs it: by then the frames of its time have been painted."""

    def __init__(
        self, run: RunState, store: Store, supervisor: Supervisor, log: Callable[[str], None]
    ) -> None:
        """log: told what cannot be heard."""
        self._run, self._supervisor, self._log = run, supervisor, log
        self._tracks = Tracks(self._failed)
        self._lock = threading.Lock()
        self._wanted: Mapping[str, SoundRule] = {}
        self._loaded: dict[str, tuple[SoundRule, Track]] = {}
        self._coming: dict[str, tuple[SoundRule, Track]] | None = None
        """What is to be played next."""
        self._waiting: list[tuple[SoundRule, Track]] = []
        """Those that begin with the show."""
        self._due: deque[tuple[int, list[np.ndarray]]] = deque()
        """Blocks that were promised: where each begins, and what it is once it is made."""
        self.gains = 1.0, 1.0
        """Of what `sound:` names, and of everything, in the newest frame."""
        store.observers.append(self._observe)

    def _observe(self, snapshot: Snapshot) -> None:
        """On the render thread."""
        self.gains = gains(snapshot)
        if self._wanted:
            self._tracks.frame(round(snapshot.time * RATE), said(snapshot, self._wanted))

    def follow(self, rules: Mapping[str, SoundRule]) -> None:
        """These are a show's sounds from now on. They are loaded on a thread of their own; those
        that are the same as before play on meanwhile, and after it."""
        if rules != self._wanted:
            self._wanted = dict(rules)
            self._supervisor.start("sounds", self._load)

    def _load(self) -> None:
        with self._lock:
            made: dict[str, tuple[SoundRule, Track]] = {}
            for name, rule in self._wanted.items():
                before = self._loaded.get(name)
                if before is not None and before[0].plays_as(rule):
                    made[name] = rule, before[1]
                    continue
                try:
                    made[name] = rule, made_track(name, rule)
                except Fault as fault:
                    self._log(f"{fault}; the others play on")
                except Exception as error:  # whatever a decoder raises
                    self._failed(name, error)
            self._loaded = self._coming = made

    def _failed(self, name: str, error: Exception) -> None:
        self._log(f"sounds.{name}: {told(error)}; it is silent, the others play on")

    @property
    def names(self) -> tuple[str, ...]:
        """Of the sounds that the show has."""
        return tuple(self._wanted)

    @property
    def plays(self) -> bool:
        """There is something that may be heard."""
        return bool(self._wanted or self._tracks.of())

    def part(self, first: int) -> Part | None:
        """The block that begins at this sample of the clock; None where there are no sounds."""
        if not self.plays and self._coming is None:
            return None
        made: list[np.ndarray] = []
        self._due.append((first, made))
        while len(self._due) > AHEAD:
            self._make_next()

        def give() -> np.ndarray:
            while not made:
                self._make_next()
            return made[0]

        return give

    def _make_next(self) -> None:
        first, made = self._due.popleft()
        self._exchange(first)
        made.append(self._tracks.block(first, BLOCK))

    def _exchange(self, first: int) -> None:
        """Play what has been loaded, in step with the show's beginning."""
        coming, self._coming = self._coming, None
        if coming is not None:
            old = self._tracks.of()
            self._waiting += [one for name, one in coming.items() if old.get(name) is not one[1]]
            self._tracks.exchange({name: track for name, (_, track) in coming.items()})
            self._waiting = [one for one in self._waiting if one in coming.values()]
        begun = self._run.playing_since
        if self._waiting and begun is not None:
            passed = self._tracks.next(first) - round(begun * RATE)
            passed += round(float(self._run.show.start.get(POSITION, 0.0)) * RATE)  # --from
            for rule, track in self._waiting:
                track.begin(round(passed * rule.pace), rises=True)
            self._waiting = []

    def close(self) -> None:
        self._tracks.close()
