"""Read a show file: YAML with line numbers, every fault at once, each with where it stands and what would do."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError

from vj.errors import Fault, nearest
from vj.section import PlacedFaults, Section
from vj.show.schema import Show

FIRST_SHOW = Path(__file__).parents[2] / "mappings" / "first_show.yaml"


class ShowFaults(Fault):
    """All that is wrong with a show file, one line each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def find_show(name: str) -> Path:
    """A path as it is, or a name in mappings/ with or without its ending. Raises Fault with the nearest one there is."""
    shipped = FIRST_SHOW.parent
    for path in (Path(name), shipped / name, shipped / f"{name}.yaml"):
        if path.is_file():
            return path
    known = [p.stem for p in sorted(shipped.glob("*.yaml"))]
    raise Fault(f"{name}: no such show file{nearest(Path(name).stem, known)} (in mappings/: {', '.join(known)})")


def load_show(path: Path, overrides: dict[str, Any] | None = None) -> Show:
    """The show in a file, with options laid over it. Raises ShowFaults. Paths in it stand as written: relative to where one is."""
    tree = _read(path)
    plain = _plain(tree)
    asked = plain.get("include", [])
    for index, name in enumerate([asked] if isinstance(asked, str) else asked if isinstance(asked, list) else []):
        try:
            _include(plain, _included(str(name), path))
        except ShowFaults:
            raise
        except Fault as fault:
            raise ShowFaults([f"{path}:{_line(tree, ('include', index))}: include: {fault}"]) from None
    return check_show(tree, str(path), overrides, plain)


def _read(path: Path) -> CommentedMap:
    """A file's tree, with line numbers. Raises Fault."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Fault(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise Fault(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ShowFaults([f"{where}: {_yaml_problem(error)}"]) from None
    except Exception as error:  # ruamel raises plain errors for a few broken inputs
        raise ShowFaults([f"{path}: is not YAML ({error})"]) from None
    if tree is None:
        tree = CommentedMap()
    if not isinstance(tree, CommentedMap):
        raise ShowFaults([f"{path}:1: a show file holds lines of the form `name: value`, and this is a {type(tree).__name__}"])
    return tree


INCLUDED = ("mappings", "macros", "modulators", "cues", "answers", "ignored")
"""What an included file may bring. Lists come before the show's own, names in the show win."""


def _included(name: str, beside: Path) -> Path:
    for folder in (beside.parent, FIRST_SHOW.parent):
        for path in (folder / name, folder / f"{name}.yaml"):
            if path.is_file():
                return path
    known = [str(p.relative_to(FIRST_SHOW.parent).with_suffix("")) for p in sorted(FIRST_SHOW.parent.rglob("*.yaml"))]
    raise Fault(f"{name}: no such file beside the show or in mappings/{nearest(name, known)}")


def included_files(path: Path) -> list[Path]:
    """The files that a show includes; those it finds, if it can be read at all."""
    try:
        asked = _plain(_read(path)).get("include", [])
        return [_included(str(name), path) for name in ([asked] if isinstance(asked, str) else asked)]
    except (Fault, TypeError):
        return []


def _include(plain: dict[str, Any], path: Path) -> None:
    """Lay a file's mappings under a show's. Its faults are told with its own lines. Raises Fault."""
    tree = _read(path)
    strange = [key for key in tree if key not in INCLUDED]
    if strange:
        raise ShowFaults([f"{path}:{_line(tree, (strange[0],))}: {strange[0]}: an included file brings {', '.join(INCLUDED)}"])
    check_show(tree, str(path))
    for key, value in _plain(tree).items():
        own = plain.get(key)
        if isinstance(value, dict):
            plain[key] = {**value, **own} if isinstance(own, dict) else value
        else:
            plain[key] = [*value, *own] if isinstance(own, list) else value


def check_show(tree: Any, where: str, overrides: dict[str, Any] | None = None, plain: dict[str, Any] | None = None) -> Show:
    """Check a mapping as a show. `where` names it in faults; a ruamel mapping brings its line numbers. plain: the tree with what it
    includes. Raises ShowFaults."""
    plain = _plain(tree) if plain is None else plain
    for key, value in (overrides or {}).items():
        plain[key] = {**plain.get("start", {}), **value} if key == "start" and isinstance(plain.get("start", {}), dict) else value
    try:
        return Show.model_validate(plain)
    except ValidationError as error:
        lines = [(_line(tree, loc), message) for detail in error.errors() for loc, message in _say(detail)]
        raise ShowFaults([f"{where}:{line}: {message}" if line else f"{where}: {message}" for line, message in sorted(lines)]) from None


def _plain(node: Any) -> Any:
    """ruamel's tree as plain dicts and lists."""
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    return [_plain(value) for value in node] if isinstance(node, list) else node


def _yaml_problem(error: MarkedYAMLError) -> str:
    problem = (error.problem or error.context or "not YAML").split("\n")[0]
    if "duplicate key" in problem:
        return problem.split(" with value")[0].replace("found duplicate key", "this key stands twice:") + "; keep one of them"
    if "\\t" in problem or "tab" in problem.lower():
        return f"{problem}; YAML wants spaces, not tabs"
    return f"not YAML: {problem}"


def _line(tree: Any, loc: tuple[Any, ...]) -> int:
    """The line (from 1) on which the thing at `loc` stands; 0 when it is not in the file."""
    line = 0
    for key in loc:
        try:
            line = (tree.lc.key(key) if isinstance(tree, CommentedMap) else tree.lc.item(key))[0] + 1
            tree = tree[key]
        except (KeyError, IndexError, AttributeError, TypeError):
            break
    return line


def _say(detail: Any) -> list[tuple[tuple[Any, ...], str]]:
    """One pydantic error as (place, message) pairs in our words."""
    loc = detail["loc"]
    name = ".".join(str(part) for part in loc)
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, PlacedFaults):
        return [((*loc, *place), str(fault)) for place, fault in cause.faults]
    if detail["type"] == "extra_forbidden":
        known = [field.alias or name for name, field in _section(loc[:-1]).model_fields.items()]
        return [(loc, f"unknown key {loc[-1]}{nearest(str(loc[-1]), known)} (known: {', '.join(known)})")]
    if cause is not None:
        return [(loc, f"{name}: {cause}")]
    return [(loc, f"{name}: {detail['msg']} (came: {detail['input']!r})")]


def _section(loc: tuple[Any, ...]) -> type[Section]:
    """The section of the show that stands at `loc`."""
    chosen: type[Section] = Show
    for key in loc:
        if isinstance(key, str) and key in chosen.model_fields:
            chosen = _section_in(chosen.model_fields[key].annotation) or chosen
    return chosen


def _section_in(annotation: Any) -> type[Section] | None:
    """The section that an annotation such as `list[MappingRule]` holds."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _section_in(inner)) is not None), None)
