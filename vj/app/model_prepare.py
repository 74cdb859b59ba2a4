"""Models that are loaded ahead: what `model/prepare` names, and what the next cue plays."""

from __future__ import annotations

from collections.abc import Callable

from vj.app.context import ShowContext
from vj.app.model_loader import ModelLoader
from vj.control.cues import CueList
from vj.control.session import ControlSession
from vj.parameters.store import Snapshot
from vj.parameters.table import Value
from vj.show.schema import Show

PREPARE = "model/prepare"


class ModelPreparation:
    """Of one live show."""

    def __init__(
        self,
        context: ShowContext,
        session: ControlSession,
        loader: ModelLoader,
        show_with: Callable[[str], Show | None],
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        """show_with: the show with one of its models, by a value of the parameter `model`; None for
        a name that it has not. later: runs a task on a thread beside the picture."""
        self._store, self._session, self._loader = context.store, session, loader
        self._show_with, self._later = show_with, later
        self._asked = ""
        """model/prepare in the newest frame."""
        self._cue: tuple[CueList | None, str | None] = None, None
        """The cues, and the one that stood when the next was looked at."""
        loader.on_prepared = self._prepared
        context.store.listeners.append(self._changed)
        context.store.observers.append(self._observe)

    def _changed(self, name: str, value: Value, origin: object) -> None:
        """On the thread that has set a parameter: the same name again is asked for anew."""
        if name == PREPARE and origin is not self and value == self._asked:
            self._ask(str(value))

    def _observe(self, snapshot: Snapshot) -> None:
        """On the render thread, with every frame: what a show starts with and a panic lead here,
        too."""
        if self._loader.bank.playing is None:
            return  # the first model has the machine to itself
        if snapshot[PREPARE] != self._asked:
            self._asked = str(snapshot[PREPARE])
            self._ask(self._asked)
        cues = self._session.engine.cues
        if self._cue != (cues, cues.current):
            self._cue = cues, cues.current
            self._later(self._look_ahead)

    def _ask(self, name: str) -> None:
        if name:
            self._later(lambda: self._prepare(name, False))

    def ask_again(self) -> None:
        """Another version of the show plays: what was prepared of the one before may mean another
        model in it."""
        if self._asked and self._asked not in self._loader.bank.ready():
            self._ask(self._asked)

    def _prepare(self, name: str, spare: bool) -> None:
        show = self._show_with(name)
        if show is not None:
            self._loader.prepare(show, name, spare)

    def _look_ahead(self) -> None:
        """Prepare the model of the cue that comes next, where there is memory to spare."""
        cues = self._session.engine.cues
        standing = cues.cues.get(cues.current or "")
        following = cues.neighbour(1) if standing is None else standing.then or cues.neighbour(1)
        name = str(cues.cues[following].set.get("model", "")) if following in cues.cues else ""
        if name:
            self._prepare(name, True)

    def _prepared(self, name: str, ready: bool) -> None:
        """One that could not be prepared is asked for no more, unless it was meanwhile."""
        store = self._store
        with store.together():
            if not ready and store.get(PREPARE) == name:
                store.set(PREPARE, "", self)
