"""`prompts:` of a show file: the scenes that `prompt/position` walks through."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from vj.core.errors import Fault
from vj.parameters.colours import parse_ramp, split_colours, written
from vj.parameters.scenes import MOST, SceneText, written_scenes
from vj.show.faults import as_text
from vj.show.field_types import read_by
from vj.show.section import Section


def _colours(value: object) -> object:
    listed = split_colours(value) if isinstance(value, str) else value
    if not isinstance(listed, list):
        raise Fault(f'{value!r:.60}: 2 to 8 colours are wanted: ["#102030", "#ffe0a0"]')
    colours = [written(one) for one in listed]
    parse_ramp(colours)
    return colours


class SceneRule(Section):
    """A place on the way. image: a style picture by its name. set: values of parameters there:
    numbers are interpolated to the next scene's, others change half way. A text alone may stand
    instead of the section."""

    prompt: str = ""
    palette: Annotated[list[str], read_by(_colours)] = Field(default=[])
    image: str = ""
    set: dict[str, Any] = Field(default={})

    @model_validator(mode="after")
    def _something(self) -> SceneRule:
        if not (self.prompt or self.image or self.set):
            raise ValueError(
                "a scene wants a prompt:, an image: or values to set:, for example {prompt: a "
                "quiet sea, set: {strength: 0.3}}"
            )
        return self


def _as_scene(value: object) -> object:
    if isinstance(value, bool | int | float | datetime.date):
        raise ValueError(as_text(value))
    return {"prompt": value} if isinstance(value, str) else value


def _as_scenes(value: object) -> object:
    listed = value if isinstance(value, list) else [value]
    if len(listed) > MOST:
        raise ValueError(f"{len(listed)} scenes are too many; {MOST} at most")
    return listed


SceneRules = Annotated[
    list[Annotated[SceneRule, BeforeValidator(_as_scene)]], BeforeValidator(_as_scenes)
]


def scenes_text(rules: Sequence[SceneRule], palette: Sequence[str] = ()) -> str:
    """What `prompt/scenes` starts with; empty without scenes. palette: the show's, for scenes
    without one of their own."""
    if not rules:
        return ""
    scenes = (
        SceneText(rule.prompt, " ".join(rule.palette or palette), rule.image) for rule in rules
    )
    return written_scenes(tuple(scenes))
