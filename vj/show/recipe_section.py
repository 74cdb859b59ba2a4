"""`with:` of a show file: what it plays with models of another kind, in place of what it says for
the others.

A show is written for the painters that come with vj. Words, strengths and adapters that a Stable
Diffusion model wants are other ones; they stand in `with: {sd: ...}`, in the same sections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, Protocol

from pydantic import Field, model_validator

from vj.core.errors import Fault, nearest
from vj.parameters.table import ALIASES
from vj.show.macro_section import MacroRule
from vj.show.model_section import ModelSection
from vj.show.modulator_section import ModulatorRule
from vj.show.prompts_section import SceneRule, SceneRules, scenes_text
from vj.show.section import KeyPath, PlacedFaults, Section
from vj.show.timeline_section import CueRule, CurveRule

RecipeKind = Literal["sd"]
"""sd: Stable Diffusion models, of any kind that diffusers loads."""
NAMED = (("cues", "cue"), ("macros", "macro"), ("modulators", "modulator"))
"""Sections whose entries take the place of those of the same name, and what such an entry is."""


class RecipeSection(Section):
    """Start values, cues, macros and modulators lie over those of the same names, curves take the
    place of those of the same parameters, prompts of all there are. model: what the
    model is extended with, where it does not say so itself."""

    prompts: SceneRules = Field(default=[])
    start: dict[str, Any] = Field(default={})
    cues: list[CueRule] = Field(default=[])
    macros: dict[str, MacroRule] = Field(default={})
    modulators: list[ModulatorRule] = Field(default=[])
    curves: list[CurveRule] = Field(default=[])
    model: ModelSection = ModelSection()

    @model_validator(mode="after")
    def _no_model(self) -> RecipeSection:
        wrong = self.model.model_fields_set & {"name", "style_pictures"}
        if wrong:
            key = min(wrong)
            raise PlacedFaults(
                [
                    (
                        ("model", key),
                        Fault(
                            f"{key}: the model that plays decides which recipe does; here are "
                            "loras, embeddings, controlnet, ip_adapter and the like"
                        ),
                    )
                ]
            )
        return self


class WrittenShow(Protocol):
    """The sections over which a recipe lies."""

    @property
    def prompts(self) -> list[SceneRule]: ...
    @property
    def start(self) -> dict[str, Any]: ...
    @property
    def cues(self) -> list[CueRule]: ...
    @property
    def macros(self) -> dict[str, MacroRule]: ...
    @property
    def modulators(self) -> list[ModulatorRule]: ...
    @property
    def curves(self) -> list[CurveRule]: ...
    @property
    def model(self) -> ModelSection: ...


def unknown_names(show: WrittenShow, recipe: RecipeSection) -> list[tuple[KeyPath, Fault]]:
    """Entries of a recipe that lie over nothing, each with its place in the recipe."""
    faults: list[tuple[KeyPath, Fault]] = []
    for section, what in NAMED:
        own = _names(getattr(show, section))
        given = getattr(recipe, section)
        places = list(given) if isinstance(given, Mapping) else range(len(given))
        for place, name in zip(places, _names(given), strict=True):
            if name not in own:
                known = ", ".join(own) or "the show has none"
                text = f"{name}: no such {what}{nearest(name, own)} ({known})"
                faults.append(((section, place), Fault(text)))
    return faults


def _names(entries: Any) -> list[str]:
    if isinstance(entries, Mapping):
        return list(entries)
    return [str(entry.name or "") for entry in entries]


def laid_over(show: WrittenShow, recipe: RecipeSection) -> dict[str, Any]:
    """The sections of a show with a recipe over them, by their names."""
    cues = {rule.name: rule for rule in recipe.cues}
    modulators = {rule.name: rule for rule in recipe.modulators}
    parameters = {ALIASES.get(rule.to, rule.to) for rule in recipe.curves}
    scenes = {"prompt/scenes": scenes_text(recipe.prompts)} if recipe.prompts else {}
    found = {
        "prompts": recipe.prompts or show.prompts,
        "start": {**show.start, **scenes, **recipe.start},
        "cues": [_over(cue, cues.get(cue.name), "set") for cue in show.cues],
        "macros": {
            name: _over(rule, recipe.macros.get(name), "drives")
            for name, rule in show.macros.items()
        },
        "modulators": [modulators.get(rule.name, rule) for rule in show.modulators],
        "curves": [
            *(rule for rule in show.curves if ALIASES.get(rule.to, rule.to) not in parameters),
            *recipe.curves,
        ],
        "model": _extended(show.model, recipe.model),
    }
    return {name: value for name, value in found.items() if value != getattr(show, name)}


def _over(rule: Any, other: Any, values: str) -> Any:
    """A rule with what another one says over it. values: the field whose entries are merged."""
    if other is None:
        return rule
    update = {name: getattr(other, name) for name in other.model_fields_set}
    new = getattr(other, values)
    names = {ALIASES.get(name, name) for name in new}
    old = {
        name: value
        for name, value in getattr(rule, values).items()
        if ALIASES.get(name, name) not in names
    }
    return rule.model_copy(update={**update, values: {**old, **new}})


def _extended(model: ModelSection, by: ModelSection) -> ModelSection:
    parts = by.model_fields_set - model.model_fields_set
    return model.model_copy(update={name: getattr(by, name) for name in parts}) if parts else model


def place_in_recipe(
    place: KeyPath, show: WrittenShow, recipe: RecipeSection, names: Iterable[str]
) -> KeyPath:
    """Where in a recipe stands what is at a place of the show with the recipe over it. names: of
    the modulators."""
    section, *rest = place
    if section == "cues" and rest:
        return _in_list(place, [cue.name for cue in show.cues], _names(recipe.cues))
    if section == "modulators" and rest:
        return _in_list(place, list(names), _names(recipe.modulators))
    if section == "curves" and rest:
        first = len(show.curves) - len(recipe.curves)
        return ("curves", rest[0] - first, *rest[1:])
    return place


def _in_list(place: KeyPath, all_of_them: list[str], here: list[str]) -> KeyPath:
    section, index, *rest = place
    name = all_of_them[index]
    return (section, here.index(name), *rest) if name in here else (section,)
