"""Writes mappings and cues into a show file, and keeps its comments (see `vj.show.yaml_file`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from vj.core.errors import Fault
from vj.parameters.table import ALIASES, Value
from vj.show.load import included_files
from vj.show.mapping_keys import keys_in, mapping_files
from vj.show.midi_controls import control
from vj.show.parse import parse, plain_tree
from vj.show.yaml_file import (
    flow,
    open_tree,
    quoted,
    recipe_in,
    retry,
    save_text,
    save_tree,
    text_of,
    writer,
)

Saved = tuple[str, bytes]
"""A message for the performer, and the file's bytes."""


def _section(tree: CommentedMap, name: str) -> CommentedSeq:
    if not isinstance(tree.get(name), CommentedSeq):
        tree[name] = CommentedSeq(tree.get(name) or [])
    section: CommentedSeq = tree[name]
    section.fa.set_block_style()
    return section


# Mappings


def add_mapping(path: Path, mapping: dict[str, Any]) -> str:
    """Append a line to `mappings:`. One that there is of the same control and target stays, with
    its range and curve. Raises Fault, with nothing written."""
    return put_mapping(path, mapping)[0]


def put_mapping(path: Path, mapping: dict[str, Any]) -> Saved:
    """The same, with the file's bytes."""
    return retry(lambda: _put_mapping(path, mapping))


def _put_mapping(path: Path, mapping: dict[str, Any]) -> Saved:
    tree, read = open_tree(path)
    words = f"- {{{', '.join(f'{key}: {value}' for key, value in mapping.items())}}}"
    for file in included_files(path):
        brought = plain_tree(parse(file.read_bytes(), file), str(file)).get("mappings") or ()
        if any(_same_control(old, mapping) for old in brought):
            return f"{words} stands in {file.name} already; nothing is written", read
    section = _section(tree, "mappings")
    same = [old for old in section if _same_control(old, mapping)]
    if not same:
        section.append(flow(mapping))
    elif "in" in mapping and same[0].get("in") != mapping["in"]:
        same[0]["in"] = _pair(mapping["in"])
    else:
        return f"{words} stands in {path} already", read
    return f"written into {path}: {words}", save_tree(path, tree, read)


def _same_control(old: Any, new: Mapping[str, Any]) -> bool:
    """Whether a line of a file has a new one's control and target: its channel, and a longer name
    of its device, make no other."""
    if not isinstance(old, Mapping) or _target(old) != _target(new):
        return False
    if any(old.get(key) != new.get(key) for key in ("osc", "key", "pad", "hid", "dmx")):
        return False
    if old.get("take", 0) != new.get("take", 0) or "value" in old:
        return False
    if old.get("midi") is None or new.get("midi") is None:
        return old.get("midi") == new.get("midi")
    try:
        one, two = control(old["midi"]), control(new["midi"])
    except Fault:
        return False
    device = str(old.get("device", "")).casefold()
    return (one.kind, one.number) == (two.kind, two.number) and device in str(
        new.get("device", "")
    ).casefold()


def _target(entry: Mapping[str, Any]) -> str:
    return str(entry.get("to")).removeprefix("macro/")


def remove_mapping(path: Path, key: str) -> Saved:
    """Remove the lines of a mapping. key: as `vj.show.mapping_keys`. Comments on lines of their own
    stay. Raises Fault, with nothing written, for one that stands in an included file, or in
    none."""
    return retry(lambda: _remove_mapping(path, key))


def _remove_mapping(path: Path, key: str) -> Saved:
    tree, read = open_tree(path)
    indices = _own_indices(path, tree, key)
    section = tree["mappings"]
    words = _words(section[indices[0]])
    text = read.decode("utf-8-sig").replace("\r\n", "\n")
    cuts = [_lines_of(text, index) for index in indices]
    for index in reversed(indices):
        del section[index]
    if all(cuts):
        for begin, end in reversed([cut for cut in cuts if cut is not None]):
            text = text[:begin] + text[end:]
        if not section:
            tree["mappings"] = None
    else:
        text = text_of(tree, path)
    return f"taken out of {path}: {words}", save_text(path, text, tree, read)


def change_range(path: Path, key: str, ends: tuple[float, float]) -> Saved:
    """Change the range of a mapping. ends: the parameter's value at the control's low end and at
    its high end; a range that runs backwards is written with `invert`. Raises Fault as
    `remove_mapping`, and for values that the parameter cannot have."""
    return retry(lambda: _change_range(path, key, ends))


def _change_range(path: Path, key: str, ends: tuple[float, float]) -> Saved:
    tree, read = open_tree(path)
    if ends[0] == ends[1]:
        raise Fault(f"range [{ends[0]:g}, {ends[1]:g}]: two different numbers are wanted")
    for index in _own_indices(path, tree, key):
        entry = tree["mappings"][index]
        entry["range"] = _pair(sorted(ends))
        if ends[0] > ends[1] or "invert" in entry:
            entry["invert"] = ends[0] > ends[1]
        words = _words(entry)
    return f"written into {path}: {words}", save_tree(path, tree, read)


def check_own(path: Path, key: str) -> None:
    """Raise Fault for a mapping that is not a show's own to change."""
    _own_indices(path, open_tree(path)[0], key)


def _own_indices(path: Path, tree: CommentedMap, key: str) -> list[int]:
    """The places of a mapping in the show's own section. Raises Fault when it is not there."""
    found = [index for index, one in keys_in(_plain_section(tree, path)) if one == key]
    if found:
        return found
    file = mapping_files(path).get(key)
    if file is not None:
        raise Fault(
            f"this mapping stands in {file.name}, which other shows may include too; change it "
            "there, or take the file out of include:"
        )
    raise Fault(f"{path}: has no such mapping (any more)")


def _plain_section(tree: CommentedMap, path: Path) -> Any:
    return plain_tree(tree, str(path)).get("mappings")


def _words(entry: Mapping[str, Any]) -> str:
    return f"- {{{', '.join(f'{key}: {value}' for key, value in entry.items())}}}"


def _pair(values: Any) -> CommentedSeq:
    """Two numbers in flow style, whole ones without a point."""
    made = CommentedSeq([int(v) if float(v).is_integer() else float(v) for v in values])
    made.fa.set_flow_style()
    return made


def _lines_of(text: str, index: int) -> tuple[int, int] | None:
    """Where the lines of an entry of `mappings:` begin and end in a file's text; None where
    entries have no lines of their own."""
    root = writer().compose(text)
    section = next((value for name, value in _pairs(root) if name.value == "mappings"), None)
    if not isinstance(section, SequenceNode) or section.flow_style:
        return None
    entry = section.value[index]
    begin = text.rfind("-", 0, entry.start_mark.index)
    begin = text.rfind("\n", 0, begin) + 1
    end = text.find("\n", _end(entry))
    return (begin, len(text) if end < 0 else end + 1)


def _pairs(node: Any) -> Iterator[tuple[Node, Node]]:
    yield from node.value if isinstance(node, MappingNode) else ()


def _end(node: Node) -> int:
    """Where a value ends in the text. The mark of a block is where the next one begins, behind
    comments."""
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return max(node.start_mark.index, int(node.end_mark.index) - 1)


# Cues


def write_cues(path: Path, cues: dict[str, dict[str, Value]]) -> str:
    """Write values into `cues:`; an existing cue keeps its fade and other keys. Raises Fault, with
    nothing written."""
    return put_cues(path, cues)[0]


def put_cues(path: Path, cues: dict[str, dict[str, Value]], recipe: str | None = None) -> Saved:
    """The same, with the file's bytes. A cue of an included file is left out and named, since other
    shows may use it, too. recipe: see `set_cues`."""
    return retry(lambda: _put_cues(path, cues, recipe))


def _put_cues(path: Path, cues: dict[str, dict[str, Value]], recipe: str | None) -> Saved:
    tree, read = open_tree(path)
    elsewhere = included_cues(path)
    left = [f"{name} ({elsewhere[name].name})" for name in cues if name in elsewhere]
    cues = {name: values for name, values in cues.items() if name not in elsewhere}
    report = f"{', '.join(cues)} written into {path}" if cues else "nothing is written"
    if left:
        report += f"; {', '.join(left)} is of an included file: store it under another name"
    if not cues:
        return report, read
    set_cues(tree, cues, recipe)
    return report, save_tree(path, tree, read)


def set_cues(
    tree: CommentedMap, cues: Mapping[str, dict[str, Value]], recipe: str | None = None
) -> None:
    """Put values into the `cues:` of a file's tree. recipe: the one that lies over the show: what
    its cues say themselves is put there, and the show's own is left as it is."""
    section = _section(tree, "cues")
    over = {
        str(cue.get("name")): cue.get("set")
        for cue in recipe_in(tree, recipe).get("cues") or ()
        if isinstance(cue, dict)
    }
    for name, given in cues.items():
        values, said = dict(given), over.get(name)
        own = said if isinstance(said, dict) else {}
        here: set[str] = set()
        for key in list(own):
            if _parameter(key) in values:
                own[key] = quoted(values.pop(_parameter(key)))
                here.add(_parameter(key))
        old = next(
            (cue for cue in section if isinstance(cue, dict) and cue.get("name") == name), None
        )
        if old is not None:
            before = (old.get("set") or {}).items()
            kept = {key: value for key, value in before if _parameter(key) in here}
            old["set"] = flow({**kept, **values})
        else:
            made = CommentedMap({"name": quoted(name), "fade": "1 s", "set": flow(dict(values))})
            section.append(made)


def _parameter(key: object) -> str:
    return ALIASES.get(str(key), str(key))


def included_cues(path: Path) -> dict[str, Path]:
    """The cues of included files, and their files."""
    found: dict[str, Path] = {}
    for file in included_files(path):
        for cue in plain_tree(parse(file.read_bytes(), file), str(file)).get("cues") or ():
            if isinstance(cue, dict):
                found[str(cue.get("name"))] = file
    return found
