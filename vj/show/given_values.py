"""The values that a show file gives to parameters, wherever it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vj.show.prompts_section import SceneRule
from vj.show.schema import Show
from vj.show.section import KeyPath


def given_values(show: Show) -> Iterator[tuple[str, object, KeyPath]]:
    """(A parameter's name, the value, where it stands): of the start, scenes, cues, mappings, pads
    and recipes."""
    yield from _of_scenes(show.prompts, ())
    for name, value in show.start.items():
        if not (name == "prompt/scenes" and show.prompts):  # where they stand is told above
            yield name, value, ("start", name)
    for index, cue in enumerate(show.cues):
        for name, value in cue.set.items():
            yield name, value, ("cues", index, "set", name)
    for index, cut in enumerate(show.cuts):
        if cut.source is not None:
            yield "source", cut.source, ("cuts", index)
    for index, rule in enumerate(show.mappings):
        if rule.value is not None:
            yield rule.to, rule.value, ("mappings", index, "value")
    for index, pad in enumerate(show.page.pads or ()):
        if pad.prompt is not None:
            yield "prompt", pad.prompt, ("page", "pads", index)
    for kind, recipe in show.recipes.items():
        yield from _of_scenes(recipe.prompts, ("with", kind))
        for name, value in recipe.start.items():
            yield name, value, ("with", kind, "start", name)
        for index, cue in enumerate(recipe.cues):
            for name, value in cue.set.items():
                yield name, value, ("with", kind, "cues", index, "set", name)


def _of_scenes(
    scenes: Sequence[SceneRule], above: KeyPath
) -> Iterator[tuple[str, object, KeyPath]]:
    for index, scene in enumerate(scenes):
        place: KeyPath = (*above, "prompts", index)
        if scene.prompt:
            yield "prompt", scene.prompt, place
        for name, value in scene.set.items():
            yield name, value, (*place, "set", name)
