"""What a show's control engine will do, for those who show it: what moves each parameter, by itself
and from outside, and the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vj.control.curve_track import CurveTrack
from vj.control.expression import ExpressionSource
from vj.control.input_followers import MotionFollower, PictureFollower
from vj.control.macros import Macro
from vj.control.mapping import ControlMapping
from vj.control.modulation import Modulation
from vj.control.modulators import Envelope, Follower
from vj.control.scenes import POSITION, SceneWalk
from vj.control.tempo import Tempo
from vj.show.device_controls import named
from vj.show.durations import Duration
from vj.show.mapping_section import MappingRule
from vj.show.timeline_section import TimelineRule

_KINDS: dict[type, str] = {
    Envelope: "envelope",
    Follower: "audio",
    MotionFollower: "motion",
    PictureFollower: "picture",
    ExpressionSource: "expression",
}


def moved_by(
    macros: Sequence[Macro],
    modulations: Sequence[Modulation],
    curves: Sequence[CurveTrack],
    scenes: SceneWalk,
) -> dict[str, list[dict[str, str]]]:
    """What moves a parameter, by its name, in the order in which it is applied. kind: `macro`,
    `lfo`, `envelope`, `audio`, `motion`, `picture`, `expression` or `curve`; by: the parameter that
    says how strongly, "" for a curve."""
    found: dict[str, list[dict[str, str]]] = {}
    for curve in curves:
        found.setdefault(curve.to, []).append({"kind": "curve", "by": ""})
    for macro in macros:
        for name in macro.drives:
            found.setdefault(name, []).append({"kind": "macro", "by": macro.parameter})
    for modulation in modulations:
        kind = _KINDS.get(type(modulation.source), "lfo")
        found.setdefault(modulation.to, []).append({"kind": kind, "by": modulation.parameter})
    for name in scenes.drives:  # one number through several parameters, as a macro is
        found.setdefault(name, []).append({"kind": "macro", "by": POSITION})
    return found


def mapped(mappings: Sequence[ControlMapping]) -> dict[str, list[str]]:
    """The controls of each parameter: `cc 1 ch 1`, `/1/fader1`, `key x`, each once."""
    found: dict[str, list[str]] = {}
    for mapping in mappings:
        words, controls = _words(mapping.rule), found.setdefault(mapping.row.name, [])
        if words not in controls:
            controls.append(words)
    return found


def _words(rule: MappingRule) -> str:
    if rule.osc is not None:
        return rule.osc
    control = rule.device_control
    return named(control) if control is not None else f"key {rule.key}"


def timeline_outline(
    rules: Sequence[TimelineRule], curves: Sequence[CurveTrack], tempo: Tempo
) -> dict[str, Any] | None:
    """length: the last entry or breakpoint, 0 without any. entries: `{at, cue}` or `{at, loop}`.
    All in seconds, musical moments at the present tempo. None without entries and curves."""

    def seconds(moment: Duration) -> float:
        return moment.in_seconds(tempo.bpm, tempo.beats_per_bar)

    entries: list[dict[str, Any]] = [
        {"at": seconds(rule.at), "cue": rule.cue}
        if rule.loop is None
        else {"at": seconds(rule.at), "loop": seconds(rule.loop)}
        for rule in rules
    ]
    timed = [curve.rule for curve in curves if curve.rule.on == "timeline"]
    if not rules and not timed:
        return None
    points = [seconds(point.at) for rule in timed for point in rule.points]
    length = max([entry["at"] for entry in entries] + points, default=0.0)
    return {"length": length, "entries": entries}
