"""The paths of a show that is copied into another folder."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap

from vj.core.errors import Fault
from vj.show.find import included_path
from vj.show.parse import plain_tree
from vj.show.paths import PathResolver, exists, is_relative, resolve_with
from vj.show.section import KeyPath
from vj.show.yaml_file import quoted


class PathMover(PathResolver):
    """Names the same files as before, from another folder."""

    def __init__(self, folder: Path, to: Path) -> None:
        """folder, to: of the file that names them, before and after."""
        super().__init__(folder, lambda place, text: None)
        self._from, self._to = folder, to

    def file(
        self,
        name: object,
        place: KeyPath,
        must_be_file: bool = True,
        there: Callable[[Path], bool] = exists,
    ) -> Any:
        """A name as the other folder's file has to say it; the same where that means the same."""
        if not is_relative(name):
            return name
        here = next((p for p in (self._from / name, Path(name)) if there(p)), None)
        if here is None and not must_be_file:
            return name
        return relative(here or self._from / name, self._to)


def relative(path: Path, folder: Path) -> str:
    """A path as seen from a folder; absolute where there is no way, as to another drive."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return str(path.resolve())


def move_paths(tree: CommentedMap, old: Path, new: Path) -> bool:
    """Change the paths in a show's tree, and the names of what it includes, so that they mean the
    same in another file. Whether any had to be. Raises Fault for a tree that is no show."""
    before = plain_tree(tree, str(old))
    after = copy.deepcopy(before)
    resolve_with(after, PathMover(old.parent, new.parent))
    names = after.get("include")
    if isinstance(names, str):
        after["include"] = _included(names, old, new)
    elif isinstance(names, list):
        after["include"] = [_included(str(name), old, new) for name in names]
    return put(tree, before, after)


def _included(name: str, old: Path, new: Path) -> str:
    try:
        file = included_path(name, old)
    except Fault:
        return name  # as faulty as before
    try:
        if included_path(name, new).resolve() == file.resolve():
            return name
    except Fault:
        pass
    return relative(file, new.parent)


def put(tree: Any, before: Any, after: Any) -> bool:
    """Put what is another value after than before into the tree."""
    if isinstance(before, dict):
        pairs = [(key, key if key in tree else None) for key in before]
    elif isinstance(before, list):
        pairs = [(index, index) for index in range(len(before))]
    else:
        return False
    changed = False
    for place, key in pairs:
        if key is None or before[place] == after[place]:
            continue
        if isinstance(before[place], dict | list):
            changed |= put(tree[key], before[place], after[place])
        else:
            tree[key] = quoted(after[place])
            changed = True
    return changed
