"""Sources that are asked for while a show plays: opened where they do not stand by, told where they
do not open; and which ones stand by for what may come next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial

from vj.app.context import ShowContext
from vj.app.deck import DECKS
from vj.app.video_input import VideoInput
from vj.control.session import ControlSession
from vj.core.errors import Fault
from vj.parameters.fit import fit
from vj.parameters.store import Snapshot
from vj.parameters.table import Value
from vj.show.names import next_name
from vj.show.schema import Show
from vj.sources.transport import At

MIX, ON_B = "deck/mix", "deck/b"


class SourceChoice:
    """Follows the parameters of the decks. Opens sources on the choosers' thread."""

    def __init__(
        self,
        context: ShowContext,
        session: ControlSession,
        video_input: VideoInput,
        lock: threading.RLock,
        put: Callable[[Callable[[], None]], None],
        plays: Callable[[str], None],
    ) -> None:
        """lock: held while a source is opened, so that no saved show comes in between. put: runs
        tasks in order, on another thread. plays: told, with the lock held, the name of the source
        on deck A; empty is the show's own."""
        self._context, self._session, self._input = context, session, video_input
        self._lock, self._put, self._plays = lock, put, plays
        self._show = context.run.show
        """As its file says."""
        self._seen: tuple[object, ...] = ()
        """The standing cue, the next cut, and what plays on the decks."""
        self._told_mix = False
        video_input.on_asked = lambda row: put(partial(self._settle, row))
        context.store.listeners.append(self._hear)
        context.store.observers.append(self._observe)

    def know(self, show: Show, names: Mapping[str, str]) -> list[str]:
        """The names of the sources that there are now, see `VideoInput.know`. With the lock
        held."""
        self._show = show
        gone = self._input.know(show, names)
        self._put(self._stand_by)
        return gone

    def play(self, row: str, name: str) -> None:
        """Another source on a deck. Takes seconds; raises Fault when it does not open, and what
        played goes on. With the lock held."""
        self._context.store.set(row, name, self)
        try:
            self._input.settle(row)
        except Fault:
            self._input.give_up(row, name)
            raise
        finally:
            self._note()

    def _settle(self, row: str) -> None:
        with self._lock:
            if self._context.run.stopping:
                return
            name = self._input.decks[row].asked
            try:
                self._input.settle(row)
            except Fault as fault:
                asked = f"{row} {name}".rstrip()  # no name: the show's own
                self._context.messages.remark(f"{asked}: {fault}; what played goes on")
                self._input.give_up(row, name)
            self._note()

    def _note(self) -> None:
        self._plays(self._input.a.plays)
        self._stand_by()

    def _hear(self, name: str, value: Value, origin: object) -> None:
        """A listener of the store."""
        if name == ON_B and value:
            self._told_mix = False
        elif name == MIX and float(value) > 0 and not self._context.store.get(ON_B):
            told, self._told_mix = self._told_mix, True
            if not told:
                self._put(self._tell_mix)

    def _tell_mix(self) -> None:
        names = ", ".join(self._input.names)
        self._context.messages.remark(
            f"{MIX}: nothing is on deck B, so deck A is seen alone; /vj/{ON_B} NAME puts a source "
            f"there ({names})"
        )

    # What stands by.

    def _observe(self, snapshot: Snapshot) -> None:
        """On the render thread, with every frame."""
        captures = (deck.capture for deck in self._input.decks.values())
        seen = (
            self._session.engine.cues.current,
            self._session.engine.cutter.following,
            *(capture.uri if capture is not None else "" for capture in captures),
        )
        if seen != self._seen:
            self._seen = seen
            self._put(self._stand_by)

    def _stand_by(self) -> None:
        """Have those stand by that the show's `ready:` means."""
        if not self._context.run.stopping:
            cut = self._session.engine.cutter.following
            at = None if cut is None or cut.at is None else At(cut.at)
            self._input.stand_by(self._ahead(), None if cut is None else (cut.source, at))

    def _ahead(self) -> list[str]:
        listed, decks = list(self._show.sources), self._input.decks
        cuts = [name for name in self._session.engine.cutter.sources if name]
        if self._show.ready == "all":
            return [*cuts, *listed, *self._of_next_cue()]
        following = [
            next_name(listed, self._input.name_on(deck))
            for row, deck in decks.items()
            if row == DECKS[0] or deck.plays
        ]
        return [*cuts, *following, *self._of_next_cue()]

    def _of_next_cue(self) -> list[str]:
        """The sources that the cue after the standing one sets."""
        cues, table = self._session.engine.cues, self._context.store.table
        following = cues.neighbour(1)
        rule = cues.cues.get(following) if following is not None else None
        names = []
        for key, value in (rule.set if rule is not None else {}).items():
            try:
                row = table.find(key)
                if row.name in DECKS:
                    names.append(str(fit(row, value)[0]))
            except Fault:
                continue  # a name that was there when the cue was written
        return [name for name in names if name]
