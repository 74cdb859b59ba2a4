"""All files that are read for a show, so that a saved one of them is seen."""

from __future__ import annotations

from pathlib import Path

from vj.core.errors import Fault
from vj.show.effects_section import SHIPPED, shipped
from vj.show.load import included_files
from vj.show.parse import plain_tree, read
from vj.show.paths import resolve_paths


def played_files(path: Path) -> list[Path]:
    """A show's file, those that it includes, and those of its effects."""
    return [path, *included_files(path), *effect_files(path)]


def effect_files(path: Path) -> list[Path]:
    """The files of a show's effects, each once; none if the show cannot be read."""
    try:
        plain = plain_tree(read(path), str(path))
    except Fault:
        return []
    resolve_paths(plain, path.parent, lambda place, text: None)
    asked = plain.get("effects")
    rules = asked if isinstance(asked, list) else [asked]
    names = [str(rule.get("file") if isinstance(rule, dict) else rule) for rule in rules]
    files = [Path(name) for name in names if name.endswith(".py") and not name.startswith("~")]
    files += [Path(name).expanduser() for name in names if name.startswith("~/")]
    return list(dict.fromkeys([*files, *(SHIPPED / f"{n}.py" for n in shipped() if n in names)]))
