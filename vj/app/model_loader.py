"""Loads a show's models while it plays: the one that is to play, which is handed to the render loop
between two frames, and those that are prepared beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from weakref import WeakKeyDictionary

from vj.app.choice_check import ChoiceCheck
from vj.app.context import ShowContext
from vj.app.model_bank import LoadedModel, ModelBank, ModelLoad
from vj.app.model_handover import ModelHandover
from vj.app.model_memory import ModelMemory, NoRoom
from vj.app.outputs import Outputs
from vj.app.setup import (
    model_spec,
    painted_size,
    style_files,
    style_pictures,
)
from vj.core.errors import Fault
from vj.diffusion.choices import Choices
from vj.diffusion.making import make_backend
from vj.diffusion.model_names import weights_written
from vj.pipeline.backend import Backend
from vj.pipeline.loop import RenderLoop
from vj.show.model_section import ModelSection
from vj.show.names import model_name
from vj.show.schema import Show


class ModelLoader:
    """Each model is loaded on a thread of its own; the newest that was asked for plays. One that
    has played rests, and plays again without being loaded, as far as memory goes."""

    def __init__(
        self,
        context: ShowContext,
        loop: RenderLoop,
        outputs: Outputs,
        record_time: Callable[[str], None],
        fixed_size: bool,
    ) -> None:
        """record_time: gets the name of each step that is done, for `--startup-times`. fixed_size:
        `size: auto` does not depend on this machine's speed, since a take is replayed."""
        self._run, self._store, self._clock = context.run, context.store, context.clock
        self._messages, self._supervisor = context.messages, context.supervisor
        self._metrics, self._loop, self._outputs = context.metrics, loop, outputs
        self._record_time = record_time
        self._lock = threading.Lock()
        self._loads: list[ModelLoad] = []
        """What is being loaded."""
        self._next: ModelLoad | None = None
        """What is to be prepared after that which is being prepared."""
        self._prepares = False
        self.written: dict[str, object] = {}
        """Of each translator, the weights that were loaded last, or could not be."""
        self.begun: dict[str, float] = {}
        """Seconds on the show's clock: when the last load of each model began."""
        self._models: WeakKeyDictionary[Backend, ModelSection] = WeakKeyDictionary()
        self.on_settled: Callable[[Show, bool], None] = lambda show, loaded: None
        """Called with the show whose model plays now, or has failed to load; must not block."""
        self.on_prepared: Callable[[str, bool], None] = lambda name, ready: None
        """Called with the name of a model that was to be prepared, and whether it is ready; must
        not block."""
        self.choices = Choices()
        self.check = ChoiceCheck(
            context, loop, self.choices, fixed_size, lambda show: self.load(show, again=True)
        )
        self.bank = ModelBank(context.supervisor)
        self.handover = ModelHandover(context, loop, outputs, self.bank)
        self.handover.on_refused = self._load_refused
        self.memory = ModelMemory(
            self.bank, self._messages.log, lambda model: self.handover.close(model.backend)
        )

    @staticmethod
    def key_of(show: Show) -> object:
        """What a model is loaded for: where it is the same, nothing has to be loaded."""
        styles = style_files(show) if show.model.name == "picture" else None
        return show.model, show.engine, show.size, styles

    def model_of(self, backend: Backend) -> ModelSection | None:
        """The model that a backend was loaded as; None for one that did not come from here. From
        any thread."""
        return self._models.get(backend)

    def name_models(self, shows: Mapping[str, Show]) -> None:
        """What each value of the parameter `model` means from now on: the show with that model.
        Models that nothing means any more are closed, which may take a moment."""
        for model in self.bank.name({name: self.key_of(show) for name, show in shows.items()}):
            self.handover.close(model.backend)
        self.handover.tidy_upscalers()

    def close(self) -> None:
        """End the models that rest."""
        for model in self.bank.clear():
            self.handover.close(model.backend)

    # What is asked for.

    def replace_model(self, show: Show, old: Show) -> list[str]:
        """Load the model of a saved show where it asks for another one, or another size. Returns
        the section that changed, if one did."""
        key = self.key_of(show)
        if key == self.bank.wanted:
            if self.bank.comes_or_plays(key):
                if show.model != old.model:
                    self._messages.log(f"model {model_name(show.model)} plays: it was ready")
                self.on_settled(show, True)
            return []
        if show.size != old.size:
            self._outputs.sinks.change_format(show.fps)
        self.load(show)
        if (show.model, show.engine) != (old.model, old.engine):
            return ["model"]
        return ["size" if show.size != old.size else "style_pictures"]

    def load(self, show: Show, again: bool = False) -> None:
        """Have the show's model play, at its size: at once where it rests, else it is loaded in the
        background. What plays goes on until it is there, and when it cannot be loaded. A model that
        is still being loaded rests when it comes, or is closed. again: load it even if it plays
        already."""
        load = ModelLoad(show, self.key_of(show), again=again)
        with self._lock:
            self.bank.wanted = load.key
            plays = not again and self.bank.comes_or_plays(load.key)
            ready = None if again or plays else self.bank.find(load.key)
            ready = None if ready is None else self.bank.take(ready)
            under_way = any(one.key == load.key for one in self._loads)
            loads = not plays and ready is None and (again or not under_way)
            if loads:
                self._under_way(load)
        over = self._run.over.is_set
        if plays:
            self.on_settled(show, True)
        elif ready is not None:
            model = ready
            self._supervisor.start("loader", lambda: self._take_up(load, model), over)
        elif loads:
            self._supervisor.start("loader", lambda: self._load(load), over)

    def prepare(self, show: Show, name: str, spare: bool = False) -> None:
        """Load the show's model beside the one that plays, so that it takes over with the next
        frame once it is wanted. One at a time; of those that wait the newest is prepared. name:
        what it is called here. spare: nobody has asked for it: it is left out where memory is not
        plenty, and little is said."""
        load = ModelLoad(show, self.key_of(show), name, spare)
        plays, rests = self.bank.comes_or_plays(load.key), self.bank.find(load.key)
        if plays or rests is not None:
            if not spare:
                self._messages.log(f"{name} plays" if plays else _ready(name))
            self.on_prepared(name, True)
            return
        with self._lock:
            under_way = next((one for one in self._loads if one.key == load.key), None)
            if under_way is not None:
                under_way.name = under_way.name or name
                under_way.spare &= spare
                return
            passed_over, self._next = self._next, load
            starts, self._prepares = not self._prepares, True
        if passed_over is not None and passed_over.key != load.key and not passed_over.spare:
            self._messages.log(f"{passed_over.name} is not prepared: {name} was asked for since")
        if starts:
            self._supervisor.start("model prepare", self._prepare_all, self._run.over.is_set)

    def _prepare_all(self) -> None:
        while True:
            with self._lock:
                load, self._next = self._next, None
                if load is None or self._run.stopping:
                    self._prepares = False
                    return
                self._under_way(load)
            self._load(load)

    def load_beside(self, show: Show) -> None:
        """Load the model of a show that rests once more: it has new weights."""
        load = ModelLoad(show, self.key_of(show), again=True)
        with self._lock:
            self._under_way(load)
        self._supervisor.start("loader", lambda: self._load(load), self._run.over.is_set)

    def _under_way(self, load: ModelLoad) -> None:
        """With the lock held."""
        self._loads.append(load)
        self.begun[load.show.model.name] = self._clock.now()

    def _load_refused(self) -> None:
        """A model that rested has not taken over: it is loaded as if it had never been, unless the
        choosers have yet to ask for it."""
        show = self._run.show
        if self.key_of(show) != self.bank.wanted:
            self.load(show)

    # On threads of their own.

    def _load(self, load: ModelLoad) -> None:
        model: LoadedModel | None = None
        try:
            model = self._made(load)
            if not self._run.stopping and not self.bank.takes_over(model, load.again):
                model.backend.rest()
                self.handover.ready_upscaler(model)
            with self._lock:
                self._loads.remove(load)
                plays = not self._run.stopping and self.bank.takes_over(model, load.again)
                rests = not self._run.stopping and not plays and self.bank.add(model)
            if plays:
                given, model = model, None
                self._give(load, given)
            elif rests:
                self._to_rest(load, model)
            else:  # nobody wants it any more
                self.handover.close(model.backend)
                if load.name and not self._run.stopping:
                    self._messages.log(f"{load.name} means another model in the saved show")
                    self.on_prepared(load.name, False)
        except Exception as error:  # no error of a library may end the show
            with self._lock:
                if load in self._loads:
                    self._loads.remove(load)
            if model is not None:
                self.handover.close(model.backend)
            self._failed(load, error)

    def _made(self, load: ModelLoad) -> LoadedModel:
        """Loaded, and painted with. Raises Fault, or whatever a library does."""
        show, name = load.show, load.show.model.name
        first = self.bank.playing is None
        written = self.written[name] = weights_written(name)
        snapshot = self._store.ahead(self._clock.now())
        playing = self.model_of(self._loop.pipeline.backend)
        if playing is not None and playing.name == name == "picture":
            # pictures that play are not given up for those that stand in for missing ones
            style_pictures(show).require(snapshot["image/styles"])
        spec, load.sizes = model_spec(show), self.check.sizes(show)
        self._record_time("the first frame of the source")
        size = painted_size(show, (lambda text: None) if first else self._messages.log)
        need = None
        if first:
            self.memory.tell(show, model_name(show.model), size)
        else:
            asked = "spare" if load.spare else "prepare" if load.name else "play"
            need = self.memory.make_room(show, load.name or model_name(show.model), size, asked)
        loaded = threading.Event()

        def progress(text: str) -> None:
            if loaded.is_set():
                self._messages.remark(text)
                return
            if first:
                self._run.text = text
            self._messages.log(text)

        backend = make_backend(
            spec,
            show.engine,
            size,
            snapshot,
            True,
            progress,
            self._loop.quietly(),
            load.sizes,
            show.fit,
            self.choices,
            self._supervisor,
        )
        loaded.set()
        self._record_time("the model loaded, its way and size chosen")
        self._models[backend] = show.model
        if first:
            need = self.memory.need(show, backend.compositor.size)
        return LoadedModel(load.key, show, backend, need, written)

    def _take_up(self, load: ModelLoad, model: LoadedModel) -> None:
        """Have a model play that has rested."""
        try:
            self._give(load, model)
        except Exception as error:  # as in `_load`
            self._supervisor.report(
                f"model {model.backend.name}, which was kept,", error, "it is loaded anew"
            )
            self.load(load.show)

    def give(self, model: LoadedModel) -> None:
        """Have a backend play that was made elsewhere. Raises what `ModelHandover.give` does."""
        self._models[model.backend] = model.show.model
        self.handover.give(model)

    def _give(self, load: ModelLoad, model: LoadedModel) -> None:
        self.handover.give(model)
        self._run.text = "playing"
        self._messages.log(f"playing with {model.backend.name}")
        self.on_settled(load.show, True)
        if load.name:
            self.on_prepared(load.name, True)
        pipeline = self._loop.pipeline
        self.check.start(load.sizes, lambda: pipeline.backend is model.backend)
        self.memory.tidy()

    def _to_rest(self, load: ModelLoad, model: LoadedModel) -> None:
        """It rests now: an older one of the same kind goes, and it is told."""
        for other in self.bank.resting:
            older = other.key == model.key and other is not model
            if older and self.bank.remove(other):
                self.handover.close(other.backend)
        if load.name:
            self._messages.log(_ready(load.name))
            self.on_prepared(load.name, True)
        self.memory.tidy()
        self.handover.tidy_upscalers()

    def _failed(self, load: ModelLoad, error: Exception) -> None:
        show, playing = load.show, self.bank.playing
        with self._lock:
            lost = self.bank.wanted == load.key
            if lost:  # the next save tries it again
                self.bank.want_what_plays()
        if lost and isinstance(error, NoRoom):
            self.load(show)  # it was chosen meanwhile, and so plays whatever there is
            return
        text = (
            str(error)
            if isinstance(error, Fault)
            else f"model {show.model.name}: {type(error).__name__}: {error}"[:400]
        )
        if load.name:
            if not (load.spare and isinstance(error, NoRoom)):
                self._messages.remark(f"{text}; what plays goes on")
            self.on_prepared(load.name, False)
        if not lost:
            return
        if not isinstance(error, Fault):
            self._metrics.faults += 1
        first = playing is None
        self._run.text = "no model" if first else "playing"
        self._loop.begin()
        then = "the input is shown untouched" if first else f"{self._loop.backend_name} paints on"
        self._messages.log(f"{text}; {then}")
        self.on_settled(show, False)


def _ready(name: str) -> str:
    return f"{name} is ready: it takes over with the next frame"
