"""Writes the marks of clips into a show file, and keeps its comments (see `vj.show.yaml_file`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import PlainScalarString

from vj.show.clip_names import OWN
from vj.show.save import Saved
from vj.show.yaml_file import open_tree, retry, save_tree

BEFORE = ("macros", "mappings", "modulators", "cues", "timeline", "curves")
"""Sections before which `marks:` is put."""


def put_marks(path: Path, marks: Mapping[str, Mapping[str, float]]) -> Saved:
    """Write {clip: {name: seconds}} into `marks:`; others that stand there stay. Returns a message
    and the file's bytes. Raises Fault, with nothing written."""
    return retry(lambda: _put_marks(path, marks))


def _put_marks(path: Path, marks: Mapping[str, Mapping[str, float]]) -> Saved:
    tree, read = open_tree(path)
    set_marks(tree, marks)
    names = ", ".join(name for own in marks.values() for name in own)
    return f"{names} written into {path}", save_tree(path, tree, read)


def set_marks(tree: CommentedMap, marks: Mapping[str, Mapping[str, float]]) -> None:
    """Put marks into the `marks:` of a file's tree."""
    section = tree.get("marks")
    if not isinstance(section, CommentedMap):
        section = CommentedMap()
        section.fa.set_flow_style()
        keys = list(tree)
        place = min((keys.index(key) for key in BEFORE if key in keys), default=len(keys))
        if "marks" in tree:
            tree["marks"] = section
        else:
            tree.insert(place, "marks", section)
    for clip, own in marks.items():
        into: Any = section
        if clip != OWN:
            if not isinstance(section.get(clip), CommentedMap):
                section[clip] = CommentedMap()
                section[clip].fa.set_flow_style()
            into = section[clip]
        for name, seconds in own.items():
            into[name] = PlainScalarString(written(seconds))


def written(seconds: float) -> str:
    """As a show file writes a moment of a clip: 0:03.4."""
    minutes, rest = divmod(round(seconds, 3), 60)
    words = f"{int(minutes)}:{rest:06.3f}".rstrip("0")
    return words.removesuffix(".").ljust(len(f"{int(minutes)}:00"), "0")
