"""The models that stay loaded beside the one that plays, and which of them a parameter means."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend
from vj.show.schema import Show

MOST = 7
"""Models that rest, at most, however much memory there is: each has threads of its own."""
STILL = 0.2
"""Seconds for which prompts and seeds have to stand before the models that rest follow them."""
FOLLOWED = (
    *("prompt/a", "prompt/b", "prompt/list", "prompt/scenes", "prompt/negative"),
    *("palette/a", "palette/b"),
    *("seed/a", "seed/b", "seed/mix", "pocket/size", "image/styles", "guidance"),
)
"""What a model has to find beside the picture, and finds while it rests."""


@dataclass(eq=False, slots=True)
class LoadedModel:
    """A backend that was loaded and has painted.

    key: what it was loaded for, see `ModelLoader.key_of`. show: with it as its model. need: bytes
    of memory that it takes, about; None where that is not known. written: of its weights, see
    `weights_written`. rested: it has been given back to the picture after a rest."""

    key: object
    show: Show
    backend: Backend
    need: int | None = None
    written: object = None
    rested: bool = False


@dataclass(eq=False, slots=True)
class ModelLoad:
    """A model on its way. name: by which it is prepared; empty where it is to play. spare: nobody
    has asked for it by name. again: it is loaded though it plays already. sizes: those to choose
    from."""

    show: Show
    key: object
    name: str = ""
    spare: bool = False
    again: bool = False
    sizes: tuple[Size, ...] = ()


class ModelBank:
    """Which model plays, and which rest. All methods may be called from any thread and none of them
    waits; what belongs to the render thread says so."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._lock = threading.Lock()
        self._wanted: object = None
        self._playing: LoadedModel | None = None
        self._coming: dict[int, LoadedModel] = {}
        """What was taken or loaded and is on its way to the picture, by its backend's id."""
        self._resting: list[LoadedModel] = []
        """The one that has rested longest first."""
        self._keys: dict[str, object] = {}
        self._values: tuple[object, ...] = ()
        self._changed: float | None = None

    # Names.

    def name(self, keys: Mapping[str, object]) -> list[LoadedModel]:
        """What each value of the parameter `model` means now, by the key of a loaded model. Returns
        the models that nothing means any more: they are no longer here, and are to be closed."""
        with self._lock:
            self._keys = dict(keys)
            lost = [model for model in self._resting if not self._named(model)]
            self._resting = [model for model in self._resting if model not in lost]
            return lost

    def _named(self, model: LoadedModel) -> bool:
        return any(model.key == key for key in self._keys.values())

    def names(self, model: LoadedModel) -> list[str]:
        """The names of a model; its own first."""
        with self._lock:
            return [name for name, key in self._keys.items() if name and key == model.key]

    def ready(self) -> list[str]:
        """The names of the models that take over with the next frame."""
        with self._lock:
            return [
                name
                for name, key in self._keys.items()
                if name and any(model.key == key for model in self._resting)
            ]

    # Which there are.

    @property
    def wanted(self) -> object:
        """The key of the model that plays, or that is on its way to play; None before the first.
        May be set: the newest that was asked for plays."""
        return self._wanted

    @wanted.setter
    def wanted(self, key: object) -> None:
        with self._lock:
            self._wanted = key

    def takes_over(self, model: LoadedModel, again: bool) -> bool:
        """Whether a model that was loaded is the one that is to play. again: though one of its key
        plays already."""
        with self._lock:
            playing = self._playing
            news = playing is None or playing.key != model.key
            return self._wanted == model.key and (news or again)

    def comes_or_plays(self, key: object) -> bool:
        """Whether a model of this key plays or is about to."""
        with self._lock:
            coming = any(model.key == key for model in self._coming.values())
            return coming or (self._playing is not None and self._playing.key == key)

    @property
    def playing(self) -> LoadedModel | None:
        """None before the first model has come."""
        return self._playing

    @property
    def resting(self) -> list[LoadedModel]:
        """The one that has rested longest first."""
        with self._lock:
            return list(self._resting)

    def add(self, model: LoadedModel) -> bool:
        """A model that was loaded beside the picture rests from now on; one of the same key is
        replaced, and closed by the caller of `remove`. False where nothing means it."""
        with self._lock:
            if not self._named(model):
                return False
            self._resting.append(model)
            self._changed = None
            self._values = ()  # it follows what has changed since it was warmed
            return True

    def remove(self, model: LoadedModel) -> bool:
        """It is to be closed. False where it does not rest any more."""
        with self._lock:
            if model not in self._resting:
                return False
            self._resting.remove(model)
            return True

    def find(self, key: object) -> LoadedModel | None:
        """A model that rests, by its key."""
        with self._lock:
            return self._find(key)

    def _find(self, key: object) -> LoadedModel | None:
        return next((model for model in reversed(self._resting) if model.key == key), None)

    def ready_as(self, name: str) -> LoadedModel | None:
        """The model that rests and that a value of the parameter `model` means; None where it
        plays."""
        with self._lock:
            key = self._keys.get(name)
            plays = self._playing is None or self._playing.key == key
            return None if plays else self._find(key)

    def take(self, model: LoadedModel) -> LoadedModel | None:
        """A model that rests, to be given to the picture: it rests no more, and is the one that is
        wanted. None where it does not rest any more."""
        with self._lock:
            if model not in self._resting:
                return None
            self._resting.remove(model)
            self._coming[id(model.backend)] = model
            model.rested, self._wanted = True, model.key
            return model

    def comes(self, model: LoadedModel) -> None:
        """A model that was loaded is about to be given to the picture."""
        with self._lock:
            self._coming[id(model.backend)] = model

    def gone(self, backend: Backend) -> None:
        """It has not taken over, and is closed."""
        with self._lock:
            self._coming.pop(id(backend), None)

    def want_what_plays(self) -> None:
        """Nothing else is on its way to play."""
        with self._lock:
            self._wanted = None if self._playing is None else self._playing.key

    # On the render thread.

    def exchanged(self, old: Backend, new: Backend) -> bool:
        """Another backend plays. Returns whether the one before rests here; else it is to be
        closed."""
        with self._lock:
            before, self._playing = self._playing, self._coming.pop(id(new), None)
            after = self._playing
            stays = (
                before is not None
                and before.backend is old
                and (after is None or after.key != before.key)
                and self._named(before)
            )
        if before is None or not stays:
            return False
        if not self._supervisor.call(f"{old.name}, to rest,", lambda: _to_rest(old)):
            return False
        return self.add(before)

    def follow(self, snapshot: Snapshot) -> None:
        """With every frame: have the models that rest find what prompts and seeds ask for, once
        those stand still."""
        if not self._resting:
            return
        values = tuple(snapshot[name] for name in FOLLOWED)
        if values != self._values:
            self._values, self._changed = values, snapshot.time
        if self._changed is None or 0 <= snapshot.time - self._changed < STILL:
            return
        self._changed = None
        for model in self.resting:
            keep_up = partial(model.backend.keep_up, snapshot)
            self._supervisor.call(f"{model.backend.name}, at rest,", keep_up)

    def too_many(self, fits: bool = True) -> LoadedModel | None:
        """The model that has rested longest, where there are more than `MOST`, or, with `fits`
        False, where there is any."""
        with self._lock:
            return self._resting[0] if len(self._resting) > (MOST if fits else 0) else None

    def clear(self) -> Collection[LoadedModel]:
        """None rests any more. Returns those that did, to be closed."""
        with self._lock:
            gone, self._resting = self._resting, []
            return gone


def _to_rest(backend: Backend) -> None:
    """What a backend holds of pictures goes."""
    backend.rest()
    backend.compositor.reset()
