"""Removes faulty values from a show, so that the rest can be validated, too."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import Any

from vj.show.modulator_section import modulator_word
from vj.show.section import KeyPath

ENTRIES = (
    *("mappings", "timeline", "curves", "source", "sinks", "finish", "effects", "ignored"),
    "lights",
)
"""Lists whose entries can be removed: nothing refers to them."""

NAMED = ("start", "answers", "sources", "models", "sounds")
"""Mappings whose entries can be removed."""
UNSURE = {
    "source": ["no such source"],
    "sources": ["no such source"],
    "model": ["lora/", "no such model"],
    "models": ["lora/", "no such model"],
    "cues": ["no such cue"],
    "macros": ["macro/", "no such parameter"],
    "modulators": ["mod/"],
    "sounds": ["sound/"],
    "effects": ["effects/"],
    "timeline": ["timecode: leads"],
    "curves": ["timecode: leads"],
}
"""Parts of messages that may be caused by the removal of a section, or of an entry of it."""


def without(
    plain: dict[str, Any], wrong: Iterable[KeyPath]
) -> tuple[dict[str, Any], dict[str, list[int]], list[str]]:
    """Returns the remaining values; for lists from which entries were removed, the original index
    of each remaining one; and parts of messages that may be caused by the removal. Cues, macros and
    modulators keep their names, since others refer to them."""
    left = {key: copy(value) for key, value in plain.items()}
    gone: dict[str, set[int]] = {}
    unsure: list[str] = []
    for place in wrong:
        section = place[0] if place else None
        if section not in left:
            continue
        value, entry = left[section], place[1] if len(place) > 1 else None
        if section in ENTRIES and isinstance(value, list) and isinstance(entry, int):
            gone.setdefault(section, set()).add(entry)
            unsure += UNSURE.get(section, [])
        elif _stands_in(left, place):
            continue
        elif section == "with" and isinstance(value, dict) and entry in value:
            value[entry] = _recipe(value[entry], place[2:])
            if value[entry] is None:
                del value[entry]
        elif section == "page" and isinstance(value, dict) and entry in value:
            del value[entry]  # one of its lists, or where it listens
        elif section in NAMED and isinstance(value, dict) and entry in value:
            del value[entry]
            unsure += UNSURE.get(section, [])
        else:
            del left[section]
            unsure += UNSURE.get(section, [])
    kept = {}
    for section, entries in gone.items():
        if section in left:
            kept[section] = [index for index in range(len(left[section])) if index not in entries]
            left[section] = [left[section][index] for index in kept[section]]
            if not left[section]:
                del left[section]
    if "mappings" in left and "no such parameter" in unsure:
        del left["mappings"]
    return left, kept, unsure


def _stands_in(plain: dict[str, Any], place: KeyPath) -> bool:
    """Put something right in the place of a faulty scene, cue, modulator or macro, which others may
    refer to. False for anything else."""
    if len(place) < 2:
        return False
    section, entry = place[0], place[1]
    value = plain.get(str(section))
    if section == "macros" and isinstance(value, dict) and entry in value:
        value[entry] = {"drives": {"strength": [0, 1]}}
        return True
    if not (isinstance(value, list) and isinstance(entry, int) and entry < len(value)):
        return False
    if section == "cues":
        value[entry] = _cue(value[entry], entry)
    elif section == "modulators":
        value[entry] = _modulator(value[entry], entry + 1)
    elif section == "prompts":
        value[entry] = {"set": {"strength": 0.5}}
    return section in ("cues", "modulators", "prompts")


def _recipe(recipe: Any, wrong: KeyPath) -> dict[str, Any] | None:
    """A recipe without what is wrong at a place in it; None where it cannot be one."""
    if not isinstance(recipe, dict) or not wrong:
        return None
    if wrong[0] not in recipe:  # gone with another fault of it
        return recipe
    left = {key: copy(value) for key, value in recipe.items()}
    if not _stands_in(left, wrong):
        section = wrong[0]
        if section in NAMED and len(wrong) > 1 and wrong[1] in (left[section] or ()):
            del left[section][wrong[1]]
        else:
            del left[section]
    return left


def _cue(entry: Any, number: int) -> dict[str, Any]:
    name = entry.get("name") if isinstance(entry, dict) else None
    return {
        "name": str(name)
        if name not in (None, "") and not isinstance(name, dict | list)
        else f"\0{number}"
    }


def _modulator(entry: Any, number: int) -> dict[str, Any]:
    given = entry if isinstance(entry, dict) else {}
    name = given.get("name") or f"{modulator_word(given)}{number}"
    return {"name": str(name), "lfo": "sine", "to": "strength", "depth": 0}
