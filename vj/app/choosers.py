"""Source, model, sinks, sound and MIDI devices of a show that plays, chosen by name: by the
parameters `source` and `model`, or by the page. What is chosen takes the place of what the show
file says, in the same way as a saved show does, and stands through later saves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from vj.app import chosen as choice
from vj.app.adopt import Rejected, ShowAdopter
from vj.app.chosen import Chosen, played
from vj.app.context import ShowContext
from vj.app.device_names import MachineDevices
from vj.app.model_loader import ModelLoader
from vj.app.model_prepare import ModelPreparation
from vj.app.source_choice import SourceChoice
from vj.app.video_input import VideoInput
from vj.control.session import ControlSession
from vj.core.errors import Fault, nearest
from vj.core.supervisor import TaskQueue
from vj.parameters.store import Snapshot
from vj.show.names import audio_name
from vj.show.reload import ShowFile
from vj.show.schema import Show

FOLLOWED = ("model",)
"""Parameters that choose and are followed here; the decks' are by `SourceChoice`."""
SOURCES = {"source": "source", "deck_b": "deck/b"}
"""What a page chooses from the sources -> the parameter."""


class Choosers:
    """Of one live show. May be called from any thread; all but `state` may take seconds."""

    def __init__(
        self,
        context: ShowContext,
        session: ControlSession,
        adopter: ShowAdopter,
        loader: ModelLoader,
        own_senders: Callable[[], Collection[str]],
        video_input: VideoInput,
    ) -> None:
        """own_senders: full names of this show's NDI senders, none of which is a source."""
        self._context, self._session, self._adopter = context, session, adopter
        self.devices = MachineDevices(context.clock.now, own_senders)
        self._saved = context.run.show.written
        """The show as its file says."""
        self._chosen = Chosen()
        self._model_loaded = ""
        """The choice of the model that was loaded last."""
        self._lock = threading.RLock()
        self._asked: dict[str, str] = dict.fromkeys(FOLLOWED, "")
        """The parameters' values in the newest frame."""
        self._tasks = TaskQueue(context.supervisor, "choosers")
        loader.on_settled = lambda show, loaded: self._tasks.put(
            lambda: self._model_settled(show, loaded)
        )
        context.store.observers.append(self._observe)
        self._input = video_input
        self._sources = SourceChoice(
            context, session, video_input, self._lock, self._tasks.put, self._source_plays
        )
        self._loader = loader
        self._name_models()
        self.preparation = ModelPreparation(
            context, session, loader, self._show_with_model, self._tasks.put
        )

    # What the show file says.

    def adopt(self, show: Show, file: ShowFile | None = None) -> bool:
        """A saved show: what was chosen stands, as far as its names are still there. Returns what
        `ShowAdopter.adopt` does."""
        with self._lock:
            self._source_plays(self._input.a.plays)
            chosen = self._chosen.still(show)
            if not self._adopter.adopt(self._until_it_plays(played(show, chosen)), file):
                return False
            before, self._saved, self._chosen = self._chosen, show, chosen
            self._name_models()
            self.preparation.ask_again()
            for gone in self._sources.know(show, choice.sources(show, chosen)):
                self._context.messages.log(f"{gone} is no longer in the show")
            for name in FOLLOWED:
                gone = getattr(before, name)
                if gone != getattr(chosen, name):
                    self._context.messages.log(f"{name} {gone} is no longer in the show")
                self._set_back(name, gone)
            return True

    # The parameters.

    def _observe(self, snapshot: Snapshot) -> None:
        """On the render thread, with every frame: cues, takes and panic lead here, too."""
        for name in FOLLOWED:
            if snapshot[name] != self._asked[name]:
                self._asked[name] = str(snapshot[name])
                self._tasks.put(partial(self._follow, name))

    def _follow(self, name: str) -> None:
        with self._lock:
            value = self._asked[name]
            if value == getattr(self._chosen, name) or self._context.run.stopping:
                return
            try:
                self._choose_one(name, value)
            except Fault as fault:
                self._context.messages.remark(f"{name} {value}: {fault}; what played goes on")
                self._set_back(name, value)

    def close(self) -> None:
        """Follow no longer. May be called twice."""
        self._tasks.close(0.2)

    def _choose_one(self, name: str, value: str) -> None:
        """Another model. Raises Fault, and what plays is as it was."""
        known = choice.models(self._saved, self._chosen)
        if value and value not in known:
            raise _no_such(name, value, known)
        self._play(self._chosen.having(name, value))

    def _source_plays(self, name: str) -> None:
        """What is on deck A; with the lock held."""
        if name != self._chosen.source:
            self._chosen = self._chosen.having("source", name)
            self._context.run.show = played(self._saved, self._chosen)

    def _set_back(self, name: str, value: str) -> None:
        """Have the parameter say what plays, unless it says something newer than `value`."""
        store, plays = self._context.store, getattr(self._chosen, name)
        with store.together():
            if value != plays and store.get(name) == value:
                store.set(name, plays, self)

    def _play(self, chosen: Chosen) -> None:
        """Raises Rejected, and what plays is as it was."""
        if chosen == self._chosen:
            return
        self._adopter.choose(self._until_it_plays(played(self._saved, chosen)))
        found_more = chosen.found_models != self._chosen.found_models
        self._chosen = chosen
        if found_more:
            self._name_models()

    def _until_it_plays(self, show: Show) -> Show:
        """The same, as long as its model has yet to be loaded with the recipe of the one that plays
        until then: words and strengths are the model's."""
        loader, recipe = self._loader, self._context.run.show.recipe
        if show.recipe == recipe or loader.bank.comes_or_plays(loader.key_of(show)):
            return show
        own = {"model": show.model, "engine": show.engine}
        return show.with_recipe(recipe).model_copy(update=own)

    def _show_with_model(self, name: str) -> Show | None:
        """The show that a value of the parameter `model` makes; None for a name that is not
        there."""
        saved, chosen = self._saved, self._chosen
        known = name == "" or name in choice.models(saved, chosen)
        return played(saved, chosen.having("model", name)) if known else None

    def _name_models(self) -> None:
        """Tell the loader what each name of a model means now."""
        names = ["", *choice.models(self._saved, self._chosen)]
        shows = {name: self._show_with_model(name) for name in names}
        self._loader.name_models({name: show for name, show in shows.items() if show is not None})

    def _model_settled(self, show: Show, loaded: bool) -> None:
        """A model plays, or has failed to load: then the last one that did is chosen again."""
        with self._lock:
            if show.model != self._context.run.show.model:
                return  # another one is on its way
            failed = self._chosen.model
            if loaded:
                self._model_loaded = failed
                whole = played(self._saved, self._chosen)
                if whole.recipe != self._context.run.show.recipe:
                    self._adopter.choose(whole)
            elif failed and failed != self._model_loaded:
                before = replace(self._chosen, model=self._model_loaded)
                self._play(before.still(self._saved))
                self._set_back("model", failed)

    # The page.

    def state(self) -> dict[str, Any]:
        """`{source: {value, names}, model: ..., sinks: ..., audio: ..., midi: ...}`: what plays,
        and what the show names, by name. Of sinks and midi the value is a list. Does not block."""
        saved, chosen, midi = self._saved, self._chosen, self._session.midi
        inputs = choice.audio_inputs(saved)
        sound = next(iter(inputs), "") if chosen.audio is None else chosen.audio
        sinks = choice.sinks(saved, chosen)
        on = list(sinks) if chosen.sinks is None else [n for n in sinks if n in chosen.sinks]
        open_now = midi.devices if midi is not None else []
        wanted = saved.midi.devices if chosen.midi is None else list(chosen.midi)
        devices = dict.fromkeys([*saved.midi.devices, *open_now, *wanted])
        return {
            "source": _one(self._input.name_on(self._input.a), self._input.names),
            "deck_b": _one(self._input.b.plays, self._input.names),
            "model": {
                **_one(choice.model_of(saved, chosen), choice.models(saved, chosen)),
                "ready": self._loader.bank.ready(),
            },
            "sinks": {"value": on, "names": list(sinks)},
            "audio": _one(
                audio_name(sound) if inputs else "",
                dict.fromkeys(map(audio_name, [*inputs, sound, ""] if inputs else [])),
            ),
            "midi": {"value": wanted or open_now, "names": list(devices)},
        }

    def choose(self, what: object, value: object) -> dict[str, Any]:
        """Another source, model or sound input (`value` a name), other sinks or MIDI devices (a
        list of names); None, or no name, for what the show file says. Returns the new state of
        `what`. Raises Fault for a name that neither the show nor `devices` has, and when it cannot
        be played; then what played goes on."""
        choosers: dict[str, Callable[[object], None]] = {
            "source": lambda value: self._choose_source("source", value),
            "deck_b": lambda value: self._choose_source("deck_b", value),
            "model": self._choose_model,
            "sinks": self._choose_sinks,
            "audio": self._choose_audio,
            "midi": self._choose_midi,
        }
        if not isinstance(what, str) or what not in choosers:
            raise Fault(f"choose {what!r:.40}: {', '.join(choosers)} can be chosen")
        choosers[what](value)
        state: dict[str, Any] = self.state()[what]
        return state

    def _choose_source(self, what: str, value: object) -> None:
        row, wanted = SOURCES[what], _name(what, value)
        listed = wanted == "" or wanted in choice.sources(self._saved, self._chosen)
        others = [] if listed else self.devices.names()["source"]
        with self._lock:
            if not listed:
                names = choice.sources(self._saved, self._chosen)
                if wanted not in others:
                    raise _no_such(what, wanted, [*names, *others])
                more = (*self._chosen.found_sources, wanted)
                self._play(self._chosen.having("found_sources", more))
                self._sources.know(self._saved, choice.sources(self._saved, self._chosen))
            try:
                self._sources.play(row, wanted)
            except Fault as fault:
                raise Fault(f"{row} {wanted}: {fault}; what played goes on") from None

    def _choose_model(self, value: object) -> None:
        wanted = _name("model", value)
        listed = wanted == "" or wanted in choice.models(self._saved, self._chosen)
        others = [] if listed else self.devices.names()["model"]
        with self._lock:
            before = str(self._context.store.get("model"))
            if not listed:
                names = choice.models(self._saved, self._chosen)
                if wanted not in others:
                    raise _no_such("model", wanted, [*names, *others])
                more = (*self._chosen.found_models, wanted)
                self._play(self._chosen.having("found_models", more))
            try:
                self._choose_one("model", wanted)
            except Rejected as rejected:
                raise Fault(f"model {wanted}: {rejected}; what played goes on") from None
            self._set_back("model", before)

    def _choose_sinks(self, value: object) -> None:
        wanted = _names("sinks", value)
        known = choice.sinks(self._saved, self._chosen)
        unknown = [name for name in wanted or () if name not in known]
        others = self.devices.names()["sinks"] if unknown else []
        for name in unknown:
            if name not in others:
                raise _no_such("sinks", name, [*known, *others])
        with self._lock:
            found = (*self._chosen.found_sinks, *unknown)
            self._play(replace(self._chosen, sinks=wanted, found_sinks=found))

    def _choose_audio(self, value: object) -> None:
        wanted = _name("audio", value)
        inputs = choice.audio_inputs(self._saved)
        if not inputs:
            raise Fault("audio: no modulator of this show listens; one with audio: low would")
        own = {audio_name(name): name for name in [*inputs, ""]}
        if wanted and wanted not in own and wanted not in (others := self.devices.names()["audio"]):
            raise _no_such("audio", wanted, [*own, *others])
        with self._lock:
            sound = own.get(wanted, wanted) if wanted else None
            self._play(replace(self._chosen, audio=sound))

    def _choose_midi(self, value: object) -> None:
        wanted = _names("midi", value)
        known = self.state()["midi"]["names"]
        if any(name not in known for name in wanted or ()):
            known = [*known, *self.devices.names()["midi"]]
        for name in wanted or ():
            if name not in known:
                raise _no_such("midi", name, known)
        with self._lock:
            self._play(replace(self._chosen, midi=wanted))


def _one(value: str, names: Collection[str]) -> dict[str, Any]:
    return {"value": value, "names": list(names)}


def _no_such(what: str, value: str, names: Collection[str]) -> Fault:
    known = list(dict.fromkeys(names))
    return Fault(
        f"{what}: no such name {value!r:.60}{nearest(value[:100], known)} "
        f"({', '.join(known) or 'there is none'})"
    )


def _name(what: str, value: object) -> str:
    """Raises Fault for what is no text; None is none."""
    if value is None or isinstance(value, str):
        return value or ""
    raise Fault(f"{what}: {value!r:.60} is no name")


def _names(what: str, value: object) -> tuple[str, ...] | None:
    """Raises Fault for what is no list of texts; None is as the show says."""
    if value is None:
        return None
    if isinstance(value, Sequence) and all(isinstance(name, str) for name in value):
        return tuple(dict.fromkeys([value] if isinstance(value, str) else value))
    raise Fault(f"{what}: {value!r:.60} is no list of names")
