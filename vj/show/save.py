"""Write into a show file what was found while playing, with its comments left as they are."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from vj.errors import Fault
from vj.parameters.table import Value
from vj.show.load import check_show


def _open(path: Path) -> tuple[YAML, CommentedMap]:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 140
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        tree = yaml.load(path.read_text(encoding="utf-8-sig"))
    except Exception as error:
        raise Fault(f"{path}: cannot be read ({error}); nothing is written") from None
    return yaml, CommentedMap() if tree is None else tree


def _write(path: Path, yaml: YAML, tree: CommentedMap) -> None:
    """Check it, then put it in the file's place in one step."""
    check_show(tree, str(path), plain=None)
    text = io.StringIO()
    yaml.dump(tree, text)
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text.getvalue(), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise Fault(f"{path}: cannot be written ({error.strerror})") from None


def _flow(values: dict[str, Any]) -> CommentedMap:
    made = CommentedMap(values)
    made.fa.set_flow_style()
    return made


def _section(tree: CommentedMap, name: str) -> CommentedSeq:
    if not isinstance(tree.get(name), CommentedSeq):
        tree[name] = CommentedSeq(tree.get(name) or [])
    section: CommentedSeq = tree[name]
    section.fa.set_block_style()
    return section


def add_mapping(path: Path, mapping: dict[str, Any]) -> str:
    """Append one line to `mappings:`, or put it in the place of the line with the same control and target. Raises Fault."""
    yaml, tree = _open(path)
    section = _section(tree, "mappings")
    keys = ("osc", "midi", "key", "device", "to")
    made = _flow(mapping)
    for index, old in enumerate(section):
        if isinstance(old, dict) and all(old.get(key) == mapping.get(key) for key in keys):
            section[index] = made
            break
    else:
        section.append(made)
    _write(path, yaml, tree)
    return f"written into {path}: - {{{', '.join(f'{key}: {value}' for key, value in mapping.items())}}}"


def write_cues(path: Path, cues: dict[str, dict[str, Value]]) -> str:
    """Put states into `cues:`; a cue of the name keeps its fade and all else. Raises Fault."""
    yaml, tree = _open(path)
    section = _section(tree, "cues")
    for name, values in cues.items():
        old = next((cue for cue in section if isinstance(cue, dict) and cue.get("name") == name), None)
        if old is not None:
            old["set"] = _flow(dict(values))
        else:
            made = CommentedMap({"name": name, "fade": "1 s", "set": _flow(dict(values))})
            section.append(made)
    _write(path, yaml, tree)
    return f"{', '.join(cues)} written into {path}"
