"""A show as it plays, put into the tree of its file: values that were set, and what was chosen
in place of what the file says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from vj.core.errors import Fault
from vj.parameters.table import Table, Value
from vj.show.moved import PathMover
from vj.show.paths import resolve_with
from vj.show.schema import Show
from vj.show.sink_section import as_written
from vj.show.yaml_file import flow, quoted, recipe_in

BEFORE = ("macros", "mappings", "modulators", "cues", "timeline", "curves")
"""Sections before which `start:` stands."""
CHOSEN = ("source", "model")
"""Parameters that are written as the section of the same name."""
SCENES = "prompt/scenes"
NOT_STARTED_WITH = (
    *("record", "cue/", "mark/", "take/", "timeline/", "output/freeze", "output/blackout"),
    *("display/", "source/position", "deck/b/position", "model/"),
)
"""What parameters begin with that, with `CHOSEN`, a show does not start with, however they stand as
it is saved."""
CLOSE = 1e-4
"""The share of its range by which a number has to differ to count as changed."""


def changed_values(
    values: Mapping[str, Value], start: Mapping[str, Value], table: Table
) -> dict[str, Value]:
    """The values that differ from the show's start, as a show file says them."""
    found: dict[str, Value] = {}
    for name, value in values.items():
        row, before = table.find(name), start[name]
        if row.kind == "trigger" or name in CHOSEN or name.startswith(NOT_STARTED_WITH):
            continue
        if isinstance(value, float) and isinstance(before, int | float):
            if abs(value - before) > CLOSE * (row.high - row.low):
                found[name] = round(value, 4)
        elif value != before:
            found[name] = value
    return found


def put_start(
    tree: CommentedMap, values: Mapping[str, Value], table: Table, recipe: str | None = None
) -> None:
    """Put start values into a show's tree; the tempo into `tempo:`. recipe: the one that lies over
    the show, which keeps what it says itself."""
    rest = dict(values)
    there = recipe_in(tree, recipe)
    if SCENES in rest and there.get("prompts"):  # they come before what the show's start says
        if not isinstance(there.get("start"), dict):
            there["start"] = CommentedMap()
        there["start"].setdefault(SCENES, "")
    said = there.get("start")
    over = said if isinstance(said, dict) else {}
    for key in list(over):
        if _name(str(key), table) in rest:
            over[key] = quoted(rest.pop(_name(str(key), table)))
    own = tree.get("start")
    start = own if isinstance(own, dict) else CommentedMap()
    keys = {_name(str(key), table): key for key in start}
    for name in CHOSEN:
        if name in keys:
            del start[keys[name]]
    if "tempo/bpm" in rest and "tempo/bpm" not in keys:
        tempo, bpm = tree.get("tempo"), rest.pop("tempo/bpm")
        if isinstance(tempo, dict):
            tempo["bpm"] = bpm
        else:
            _put_section(tree, "tempo", bpm)
    for name, value in rest.items():
        start[keys.get(name, name)] = quoted(value)
    if rest and own is not start:
        _put_section(tree, "start", start)


def _name(written: str, table: Table) -> str:
    try:
        return table.find(written).name
    except Fault:
        return written


def _put_section(tree: CommentedMap, name: str, value: Any) -> None:
    """Put a section where a reader looks for it."""
    if name in tree:
        tree[name] = value
        return
    keys = list(tree)
    tree.insert(next((keys.index(key) for key in BEFORE if key in keys), len(keys)), name, value)


def put_chosen(tree: CommentedMap, now: Show, file: Show, target: Path) -> None:
    """Put what plays in place of what the file says into its tree: source, model, sinks, MIDI
    devices and sound inputs. file: the show as its file says. target: where the tree is to be
    written, as the paths are seen from there."""
    now, file = now.written, file.written
    if now.source != file.source:
        tree["source"] = _listed(_moved("source", list(now.source), target))
    if now.sinks != file.sinks:
        tree["sinks"] = _node([as_written(sink) for sink in now.sinks])
    if now.model != file.model:
        model = _moved("model", now.model.model_dump(exclude_defaults=True), target)
        tree["model"] = _node(model if set(model) - {"name"} else now.model.name)
        if now.engine != file.engine and "engine" in tree:
            tree["engine"] = now.engine
    if now.midi != file.midi:
        tree["midi"] = _node(now.midi.model_dump(exclude_defaults=True))
    own = tree.get("modulators")
    rules = now.modulators[-len(own) :] if own else []
    before = file.modulators[-len(own) :] if own else []
    for entry, rule, old in zip(own or (), rules, before, strict=False):
        if rule.input != old.input:
            moved = _moved("modulators", [{"input": rule.input}], target)
            entry["input"] = quoted(moved[0]["input"])


def put_source(tree: CommentedMap, name: str, uri: str) -> None:
    """Name a source that was found while the show played, since deck B is set to it."""
    own = tree.get("sources")
    if isinstance(own, list):
        own.append(quoted(uri))
    elif isinstance(own, dict):
        own[name] = quoted(uri)
    else:
        _put_section(tree, "sources", _node({name: uri}))


def _moved(key: str, value: Any, target: Path) -> Any:
    """A value of a show that plays, whose paths are seen from the working directory."""
    plain = {key: value}
    resolve_with(plain, PathMover(Path(), target.parent))
    return plain[key]


def _listed(values: list[str]) -> Any:
    return quoted(values[0]) if len(values) == 1 else _node(values)


def _node(value: Any) -> Any:
    """Plain values as a tree in flow style."""
    if isinstance(value, dict):
        return flow({str(key): _node(one) for key, one in value.items()})
    if isinstance(value, list | tuple):
        made = CommentedSeq([_node(one) for one in value])
        made.fa.set_flow_style()
        return made
    return quoted(value)
