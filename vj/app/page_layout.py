"""What the page shows, and where: the stage's faders, pads and XY pad, and the groups of all
parameters. Read from the parameter table and the show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vj.parameters.table import Parameter, Table
from vj.show.page_section import FADERS, PadRule

STAGE = (
    "strength",
    "prompt/mix",
    "feedback/amount",
    "blend/smoothing",
    "mix/wet",
    "noise/hold",
    "feedback/zoom",
    "guidance",
)
"""Faders of the stage after the show's macros, in this order."""
XY = ("prompt/mix", "strength")
INSTEAD = {"prompt/mix": "image/mix"}
"""What stands there with the picture model, which follows no prompts."""
BY_SCENES = {"prompt/mix": "prompt/position"}
"""And in a show with `prompts:`."""
TITLES = {
    "": "whole picture",
    "macro": "macros",
    "mod": "modulators",
    "lora": "LoRA weights",
    "pocket": "built-in model",
    "seed": "noise seeds",
    "noise": "noise",
    "control": "guide",
    "picture": "colour",
    "take": "takes",
}
"""Titles of groups; others are called after the first word of their names."""

Json = dict[str, Any]


def groups(table: Table) -> list[Json]:
    """Every parameter, in the order of the table: `[{title, names}]`."""
    found: dict[str, list[str]] = {}
    for name in table.rows:
        found.setdefault(_group(name), []).append(name)
    return [{"title": TITLES.get(key, key), "names": names} for key, names in found.items()]


def _group(name: str) -> str:
    """The first word of a name; the effects of a show are a group each."""
    words = name.split("/")
    return f"effect {words[1]}" if words[0] == "effects" else words[0] if words[1:] else ""


def _is_number(row: Parameter | None) -> bool:
    return row is not None and row.kind in ("float", "int")


def faders(table: Table, chosen: Sequence[str] | None, unused: Mapping[str, str]) -> list[str]:
    """The names of the stage's faders, eight at most: those that the show names, else its macros
    and then what is played most, as far as it is in use."""
    if chosen is not None:
        return [table.find(name).name for name in chosen][:FADERS]
    macros = [name for name in table.rows if name.startswith("macro/")]
    names = _followed(STAGE, unused)
    played = [name for name in names if _is_number(table.rows.get(name)) and name not in unused]
    return [*macros, *played][:FADERS]


def pads(
    chosen: Sequence[PadRule] | None, cues: Sequence[str], keys: Mapping[str, str]
) -> list[Json]:
    """The stage's pads: those that the show names, else a pad for each cue. keys: which key fires
    which cue."""
    found: list[Json] = []
    for pad in [PadRule(cue=cue) for cue in cues] if chosen is None else chosen:
        fires = [key for key, cue in keys.items() if cue == pad.cue]
        what = {"cue": pad.cue, "prompt": pad.prompt, "source": pad.source}
        does = {kind: text for kind, text in what.items() if text is not None}
        found.append({"name": pad.name or next(iter(does.values())), "keys": fires, **does})
    return found


def xy(table: Table, chosen: Sequence[str] | None, unused: Mapping[str, str]) -> list[str]:
    """The two parameters of the XY pad: across, and up."""
    if chosen is not None:
        return [table.find(name).name for name in chosen]
    return _followed(XY, unused)


def _followed(names: Sequence[str], unused: Mapping[str, str]) -> list[str]:
    """The names as they are for the show's model, also while it is still being loaded, and for a
    show with scenes."""
    scenes = "prompt/mix" in unused and "prompt/position" not in unused
    instead = BY_SCENES if scenes else INSTEAD if "image/styles" not in unused else {}
    return [instead.get(name, name) for name in names]
