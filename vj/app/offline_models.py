"""The models of a show that is rendered: each plays from the very frame whose parameters ask for
it."""

from __future__ import annotations

from collections.abc import Callable

from vj.app.chosen import NOTHING, model_of, models, played
from vj.app.setup import check_style_pictures, model_spec
from vj.control.takes import Take
from vj.core.errors import Fault, Unavailable
from vj.core.frame import Size
from vj.diffusion.making import MakesBackend, make_backend
from vj.diffusion.model_names import find_model, is_painter, no_such_model
from vj.painters.installed import check_installed
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend
from vj.show.given_values import given_values
from vj.show.schema import Show

KEPT = 3
"""Models that stay loaded beside the one that plays. The same everywhere, whatever memory there is:
one that was kept need not paint the same bytes as one that was loaded anew."""


class OfflineModels:
    """Called with each frame's parameters it gives the backend that they want, where that is
    another one. `open`, then `close`. Belongs to the thread that renders."""

    def __init__(
        self,
        show: Show,
        size: Size,
        log: Callable[[str], None],
        made: Callable[[Show, Backend], None] = lambda show, backend: None,
        replay: Take | None = None,
        make: MakesBackend = make_backend,
    ) -> None:
        """size: that every model paints: a recording has one. made: told of each that plays, and of
        the show with that model. replay: a take that is played in place of the show's cues. make:
        makes each backend."""
        self._show, self._size, self._log, self._made = show, size, log, made
        self._make = make
        self._names, self._replay = models(show), replay
        given = given_values(show) if replay is None else ()
        asked = [value for name, value, _ in given if name == "model"]
        asked += [] if replay is None else replay.values("model")
        self._asked = [str(name) for name in dict.fromkeys(asked) if name in self._names]
        """The models that a cue, a mapping or the take asks for."""
        self._own = self._playing = model_of(show, NOTHING)
        self.loaded: dict[str, Backend] = {}
        """By name; the one that played last is last."""

    def check(self) -> None:
        """Raises Fault for a model that is asked for later and is not here: before hours of
        rendering. A painter that is not installed is told, and what plays goes on, as live: shows
        that come with vj offer one on a key."""
        for name in list(self._asked):
            section = self._names[name]
            if is_painter(section.name):
                try:
                    check_installed(section.name)
                except Unavailable as fault:
                    self._log(f"{fault}; where it is asked for, what plays goes on")
                    self._asked.remove(name)
                    del self._names[name]
            elif find_model(section.name).kind == "missing":
                asks = self._replay.where("model", name) if self._replay is not None else ""
                raise Fault(f"{no_such_model(section.name)}{asks}")

    def painting(self) -> Show | None:
        """The show with the first of its models that will paint, and not pass the input through;
        None where there is none."""
        shows = [self._show, *map(self._show_with, self._asked)]
        return next((show for show in shows if show.model.name != "none"), None)

    def open(self, snapshot: Snapshot) -> Backend:
        """The show's own. Raises Fault where it cannot be loaded."""
        return self._use(self._playing, snapshot)

    def __call__(self, snapshot: Snapshot) -> Backend | None:
        """Raises Fault where a model cannot be loaded: nothing else takes its place, since that
        might be noticed only after hours."""
        name = str(snapshot["model"]) or self._own
        if name == self._playing or name not in self._names:
            return None
        if self._names[name] == self._names[self._playing]:
            return None  # the same one by another name
        return self._use(name, snapshot)

    def _use(self, name: str, snapshot: Snapshot) -> Backend:
        show = self._show_with(name)
        backend = self.loaded.pop(name, None)
        if backend is None:
            backend = self._load(show, snapshot)
        else:
            backend.rest()
        self.loaded[name] = backend
        while len(self.loaded) > KEPT + 1:
            self.loaded.pop(next(iter(self.loaded))).close()
        self._playing = name
        self._made(show, backend)
        return backend

    def _show_with(self, name: str) -> Show:
        if name == self._own:
            return self._show
        return played(self._show, NOTHING.having("model", name))

    def _load(self, show: Show, snapshot: Snapshot) -> Backend:
        name, size = show.model.name, self._size
        if name != "none" and size != size.rounded(8):
            raise Fault(
                f"model {name}: paints sizes in multiples of 8, and this is rendered at {size}; "
                f"size: {size.rounded(8)} would be right"
            )
        check_style_pictures(show, played_anew=False)
        return self._make(model_spec(show), show.engine, size, snapshot, False, self._log)

    def close(self) -> None:
        """End all of them."""
        for backend in self.loaded.values():
            backend.close()
