"""What a performer has chosen in place of what the show file says, and the show that plays then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from vj.diffusion.model_names import is_built_in
from vj.show.model_section import ModelSection
from vj.show.modulator_section import SOURCE_SOUND, ModulatorRule
from vj.show.names import model_name, model_names, named, source_names
from vj.show.schema import Show

Value = TypeVar("Value")

PAGE = "preview"
"""A sink that is no place to send to."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """By the names of `vj.show.names`; what is empty, or None, is as the show file says."""

    source: str = ""
    model: str = ""
    sinks: tuple[str, ...] | None = None
    audio: str | None = None
    midi: tuple[str, ...] | None = None
    found_sources: tuple[str, ...] = ()
    """URIs that the show does not name: they were found on this machine, and are their names."""
    found_models: tuple[str, ...] = ()
    found_sinks: tuple[str, ...] = ()

    def having(self, name: str, value: Any) -> Chosen:
        """With another value of one field."""
        return replace(self, **{name: value})

    def still(self, show: Show) -> Chosen:
        """What is left of it in another version of the show."""
        return replace(
            self,
            source=self.source if self.source in sources(show, self) else "",
            model=self.model if self.model in models(show, self) else "",
        )


NOTHING = Chosen()


def sources(show: Show, chosen: Chosen = NOTHING) -> dict[str, str]:
    """Name -> URI of all that can be chosen. show: as its file says."""
    own = source_names(show.sources, show.source)
    return own | {uri: uri for uri in chosen.found_sources if uri not in own}


def models(show: Show, chosen: Chosen = NOTHING) -> dict[str, ModelSection]:
    """The same of models."""
    own = model_names(show.models, show.model)
    found = {name: ModelSection(name=name) for name in chosen.found_models}
    return own | {name: model for name, model in found.items() if name not in own}


def sinks(show: Show, chosen: Chosen = NOTHING) -> dict[str, str]:
    """The same of sinks."""
    own = named([uri for uri in show.sinks if uri != PAGE])
    return own | {uri: uri for uri in chosen.found_sinks if uri not in own}


def source_of(show: Show, chosen: Chosen) -> str:
    """The name of the source that is preferred."""
    found = sources(show, chosen)
    return chosen.source or next(name for name, uri in found.items() if uri == show.source[0])


def model_of(show: Show, chosen: Chosen) -> str:
    """The name of the model that plays."""
    found = models(show, chosen)
    own = (name for name, model in found.items() if model == show.model)
    return chosen.model or next(own, model_name(show.model))


def audio_inputs(show: Show) -> list[str]:
    """The inputs of the show's followers, each once; those that hear the decks have none."""
    return list(dict.fromkeys(rule.input for rule in show.modulators if _has_input(rule)))


def _has_input(rule: ModulatorRule) -> bool:
    return rule.hears and rule.input != SOURCE_SOUND


def with_recipe(show: Show) -> Show:
    """A show with the recipe for the kind of model that it plays."""
    name = show.model.name
    return show.with_recipe(None if name == "none" or is_built_in(name) else "sd")


def played(show: Show, chosen: Chosen) -> Show:
    """A show with what was chosen in it, and the recipe for the model that plays then. The source
    that was chosen comes before the show's own, which are its fallbacks."""
    show = show.written
    if chosen == NOTHING:
        return with_recipe(show)
    own_model = model_of(show, NOTHING)  # can still be chosen while another one plays
    update: dict[str, object] = {
        "sources": _more(show.sources, sources(show, chosen), chosen.found_sources),
        "models": _more(show.models, models(show, chosen), (own_model, *chosen.found_models)),
    }
    uri = sources(show, chosen).get(chosen.source)
    if uri is not None:
        update["source"] = [uri, *(other for other in show.source if other != uri)]
    model = models(show, chosen).get(chosen.model)
    if model is not None:
        update["model"] = model
        if is_built_in(model.name) or model.name == "none":
            update["engine"] = "stream"
    if chosen.sinks is not None:
        known = sinks(show, chosen)
        own = [uri for uri in show.sinks if uri == PAGE]
        update["sinks"] = own + [uri for name, uri in known.items() if name in chosen.sinks]
    if chosen.audio is not None:
        update["modulators"] = [
            rule.model_copy(update={"input": chosen.audio}) if _has_input(rule) else rule
            for rule in show.modulators
        ]
    if chosen.midi is not None:
        on = {"devices": list(chosen.midi), "on": bool(chosen.midi)}
        update["midi"] = show.midi.model_copy(update=on)
    return with_recipe(show.model_copy(update=update))


def _more(
    own: Mapping[str, Value], all_of_them: Mapping[str, Value], found: Sequence[str]
) -> dict[str, Value]:
    """A section of names with what was found in addition."""
    return {**own, **{name: all_of_them[name] for name in found if name in all_of_them}}
