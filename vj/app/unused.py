"""Parameters that change nothing as a show stands, each with the reason in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from vj.parameters.scenes import playing_scenes
from vj.parameters.table import Table, Value
from vj.pipeline.line_art import DRAWN
from vj.show.durations import Duration
from vj.show.schema import Show
from vj.show.section import Section
from vj.show.timeline_section import has_timeline
from vj.sources import split_uri

IN_BEATS = ("mappings", "macros", "modulators", "cues", "timeline", "curves")
"""Sections that may count beats."""
MASKING = ("mask/mode", "mask/learn")
"""Parameters of the mask that matter while it is off."""
NO_STYLES = "only the picture model takes pictures as styles: model: picture"
ON_A_WALK = "a walk's pictures are encoded whole"
NO_PICTURE = "image/from is empty: it names no source, nor input or output"
NO_SUBJECT = "nothing is tracked: mask/mode is not subject"
NO_DEPTH_MASK = "mask/mode is not depth"
NO_BACKGROUND = "there is no background: background/source is empty"
NO_PORTRAIT = "there is no portrait: portrait/amount is 0"
NO_SCENES = "the show has no prompts:, and prompt/scenes is empty"
BY_SCENES = "prompts: stands in for it; prompt/position leads"
NO_LIGHTS = "the show has no lights:"
NO_CUTS = "the show has no cuts:, the places to cut to"
NO_SOUND = "the show says sound: off"
NO_DISPLAY = "the show has no display: among its sinks"
NO_KEYS = "key pictures are of walk/way morph"
NO_CANVAS = (
    "the show does not look at the canvas: take draw as the source, or set mask/mode or "
    "lines/from to drawn"
)


def unused(
    show: Show, table: Table, values: Mapping[str, Value], by_model: Mapping[str, str], source: str
) -> dict[str, str]:
    """Name -> reason. values: the present ones. by_model: what the backend does not use. source:
    the URI of the source that plays."""
    loras = {f"lora/{lora.name}" for lora in show.model.loras}
    in_beats = counts_beats(show) or values["memory/reset"] == "bar"
    in_beats = in_beats or values["output/delay/beats"] != 0
    reasons = {
        "lora/": "the model that plays has no LoRA of this name",
        "walk/": "" if split_uri(source)[0] == "walk" else "the source that plays is no walk",
        "input/": ON_A_WALK if split_uri(source)[0] == "walk" else "",
        "timeline/": "" if has_timeline(show.timeline, show.curves) else "the show has no timeline",
        "tempo/": "" if in_beats else "nothing in the show counts beats",
        "canvas/": "" if shows_canvas(show, values, source) else NO_CANVAS,
        "cut/": "" if show.cuts else NO_CUTS,
        "lights/": "" if show.lights else NO_LIGHTS,
        "display/": "" if shows_display(show) else NO_DISPLAY,
        "mask/": "" if values["mask/mode"] != "none" else "the mask is off: mask/mode is none",
        "subject/": "" if values["mask/mode"] == "subject" else NO_SUBJECT,
        "background/": "" if values["background/source"] else NO_BACKGROUND,
        "portrait/": "" if values["portrait/amount"] else NO_PORTRAIT,
    }
    kept = {*loras, *MASKING, "background/source", "portrait/amount"}
    found = dict(by_model)
    if show.model.name != "picture":
        found.setdefault("image/styles", NO_STYLES)
    if playing_scenes(values):
        for name in ("prompt/a", "prompt/b", "prompt/mix", "palette/a", "palette/b"):
            found.setdefault(name, BY_SCENES)
    elif not show.prompts:
        found.setdefault("prompt/position", NO_SCENES)
    if not values["image/from"]:
        found.setdefault("image/every", NO_PICTURE)
        found.setdefault("image/grab", NO_PICTURE)
    if show.sound == "off":
        found.setdefault("sound/source/level", NO_SOUND)
        if not show.sounds:
            found.setdefault("sound/level", NO_SOUND)
    if split_uri(source)[0] == "walk" and values["walk/way"] != "morph":
        found.update(dict.fromkeys(("walk/keys", "walk/repaint"), NO_KEYS))
    if values["mask/mode"] not in ("none", "depth"):
        found.update(dict.fromkeys(("mask/near", "mask/far", "mask/soft"), NO_DEPTH_MASK))
    for name in table.rows:
        reason = reasons.get(f"{name.partition('/')[0]}/", "")
        if reason and name not in kept and "/" in name:
            found.setdefault(name, reason)
    return found


def shows_canvas(show: Show, values: Mapping[str, Value], source: str) -> bool:
    """What people draw on the page is seen, or would be: `draw` may wait in a list of sources."""
    return (
        any(split_uri(one)[0] == "draw" for one in (source, *show.source))
        or values["mask/mode"] == "drawn"
        or values["lines/from"] in DRAWN
    )


def shows_display(show: Show) -> bool:
    """One of its sinks is a monitor or a window."""
    return any(re.match(r"display\b", str(sink)) for sink in show.sinks)


def counts_beats(show: Show) -> bool:
    """Something in the show is timed in beats or bars."""
    return any(_in_beats(getattr(show, section)) for section in IN_BEATS)


def _in_beats(rule: Any) -> bool:
    if isinstance(rule, Duration):
        return rule.musical
    if isinstance(rule, Section):
        if getattr(rule, "quantise", None) or getattr(rule, "envelope", None) in ("beat", "bar"):
            return True
        return _in_any(getattr(rule, name) for name in type(rule).model_fields)
    if isinstance(rule, dict):
        return _in_any(rule.values())
    return _in_any(rule) if isinstance(rule, list | tuple) else False


def _in_any(rules: Iterable[Any]) -> bool:
    return any(_in_beats(rule) for rule in rules)
