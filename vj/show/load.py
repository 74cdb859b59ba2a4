"""Read a show file: YAML with line numbers, every fault at once, each with where it stands and what would do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError

from vj.errors import Fault, nearest
from vj.section import Place, PlacedFaults, Section
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
        if is_file(path):
            return path
    known = [p.stem for p in sorted(shipped.glob("*.yaml"))]
    raise Fault(f"{name}: no such show file{nearest(Path(name).stem, known)} (in mappings/: {', '.join(known)})")


def is_file(path: Path) -> bool:
    """There is such a file. A name that no file system takes is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def load_show(path: Path, overrides: dict[str, Any] | None = None) -> Show:
    """The show in a file, with options laid over it. Raises ShowFaults. Paths in it stand as written: relative to where one is."""
    return show_of(_read(path), path, overrides)


def show_of(tree: CommentedMap, path: Path, overrides: dict[str, Any] | None = None) -> Show:
    """The show in a file's tree (`parse`), with what it includes. path: where the tree is from. Raises ShowFaults."""
    plain = plain_tree(tree, str(path))
    for index, name in enumerate(_asked(plain)):
        try:
            _include(plain, _included(str(name), path))
        except ShowFaults:
            raise
        except Fault as fault:
            raise ShowFaults([f"{path}:{_line(tree, ('include', index))}: include: {fault}"]) from None
    return check_show(tree, str(path), overrides, plain)


def _asked(plain: dict[str, Any]) -> list[Any]:
    """What a show includes, as it is written there."""
    asked = plain.get("include")
    return [asked] if isinstance(asked, str) else asked if isinstance(asked, list) else []


def _read(path: Path) -> CommentedMap:
    """A file's tree, with line numbers. Raises Fault."""
    try:
        return parse(path.read_bytes(), path)
    except OSError as error:
        raise Fault(f"{path}: cannot be read ({error.strerror})") from None


def parse(raw: bytes, path: Path) -> CommentedMap:
    """The tree of a file's bytes, with line numbers. path: names it in faults. Raises Fault."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Fault(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ShowFaults([f"{where}: {_yaml_problem(error)}"]) from None
    except RecursionError:
        raise ShowFaults([f"{path}: is nested too deeply to be a show"]) from None
    except ValueError as error:
        digits = re.search(r"\d{4000,}", text)  # Python makes no number of so many
        if digits is None:
            raise ShowFaults([f"{path}: is not YAML ({' '.join(str(error).split())[:200]})"]) from None
        line = text.count("\n", 0, digits.start()) + 1
        raise ShowFaults([f"{path}:{line}: a number of {len(digits[0])} digits is too large"]) from None
    except Exception as error:  # ruamel raises plain errors for a few broken inputs
        raise ShowFaults([f"{path}: is not YAML ({' '.join(str(error).split())[:200]})"]) from None
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
            if is_file(path):
                return path
    known = [str(p.relative_to(FIRST_SHOW.parent).with_suffix("")) for p in sorted(FIRST_SHOW.parent.rglob("*.yaml"))]
    raise Fault(f"{name}: no such file beside the show or in mappings/{nearest(name, known)}")


def included_files(path: Path) -> list[Path]:
    """The files that a show includes; those it finds, if it can be read at all."""
    try:
        return [_included(str(name), path) for name in _asked(plain_tree(_read(path), str(path)))]
    except Fault:
        return []


def _include(plain: dict[str, Any], path: Path) -> None:
    """Lay a file's mappings under a show's. Its faults are told with its own lines. Raises Fault."""
    tree = _read(path)
    strange = [key for key in tree if key not in INCLUDED]
    if strange:
        raise ShowFaults([f"{path}:{_line(tree, (strange[0],))}: {strange[0]}: an included file brings {', '.join(INCLUDED)}"])
    check_show(tree, str(path))
    for key, value in plain_tree(tree, str(path)).items():
        if value is None:
            continue
        own = plain.get(key)
        if isinstance(value, dict):
            plain[key] = {**value, **own} if isinstance(own, dict) else value
        else:
            plain[key] = [*value, *own] if isinstance(own, list) else value


def check_show(tree: Any, where: str, overrides: dict[str, Any] | None = None, plain: dict[str, Any] | None = None) -> Show:
    """Check a mapping as a show. `where` names it in faults; a ruamel mapping brings its line numbers. plain: the tree with what it
    includes. Raises ShowFaults."""
    plain = plain_tree(tree, where) if plain is None else plain
    for key, value in (overrides or {}).items():
        plain[key] = {**plain.get("start", {}), **value} if key == "start" and isinstance(plain.get("start", {}), dict) else value
    try:
        return Show.model_validate(plain)
    except ValidationError as error:
        lines = [(_line(tree, loc), message) for detail in error.errors() for loc, message in _say(detail)]
    except Exception as error:  # a number of 400 digits, a name that no file system takes: whatever a check did not expect is a fault too
        place = _culprit(plain)
        line = _line(tree, place)
        name = ".".join(str(part) for part in place) or "the show"
        lines = [(line, f"{name}: cannot be used ({type(error).__name__}: {' '.join(str(error).split())[:160]})")]
    raise ShowFaults([f"{where}:{line}: {message}" if line else f"{where}: {message}" for line, message in sorted(lines)]) from None


def _culprit(plain: dict[str, Any]) -> Place:
    """The key, and the entry below it, at which checking does not end in an answer; as near as it is found."""
    for key, value in plain.items():
        if not _answers({key: value}):
            entries: list[tuple[Any, Any]] = []
            if isinstance(value, list):
                entries = [(index, [one]) for index, one in enumerate(value)]
            elif isinstance(value, dict):
                entries = [(name, {name: one}) for name, one in value.items()]
            return (key, *next(([name] for name, alone in entries if not _answers({key: alone})), []))
    return ()


def _answers(plain: dict[str, Any]) -> bool:
    try:
        Show.model_validate(plain)
    except ValidationError:
        return True
    except Exception:  # what is looked for
        return False
    return True


NODES = 200_000
"""Values in a show at most: aliases of aliases would grow without bound."""


def plain_tree(tree: Any, where: str) -> dict[str, Any]:
    """ruamel's tree as plain dicts and lists. where: names it in faults. Raises ShowFaults for one that holds itself, by an alias inside of
    its own anchor, and for one that aliases make too large."""
    left = NODES
    inside: set[int] = set()

    def plain(node: Any, place: Place) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise ShowFaults([f"{where}: holds more than {NODES} values; aliases (*name) of lists of aliases make it grow"])
        if not isinstance(node, dict | list):
            return node
        if id(node) in inside:
            line = _line(tree, place)
            raise ShowFaults([f"{where}:{line}: {'.'.join(map(str, place))}: holds itself, by an alias inside of its own anchor"])
        inside.add(id(node))
        made: Any
        if isinstance(node, dict):
            made = {str(key): plain(value, (*place, key)) for key, value in node.items()}
        else:
            made = [plain(value, (*place, index)) for index, value in enumerate(node)]
        inside.discard(id(node))
        return made

    try:
        found: dict[str, Any] = plain(tree, ())
    except RecursionError:
        raise ShowFaults([f"{where}: is nested too deeply to be a show"]) from None
    return found


def _yaml_problem(error: MarkedYAMLError) -> str:
    problem = (error.problem or error.context or "not YAML").split("\n")[0]
    if "duplicate key" in problem:
        return problem.split(" with value")[0].replace("found duplicate key", "this key stands twice:") + "; keep one of them"
    if "\\t" in problem or "tab" in problem.lower():
        return f"{problem}; YAML wants spaces, not tabs"
    return f"not YAML: {problem}"


def line_of(path: Path, key: str) -> int:
    """The line (from 1) on which a show's section stands; 0 when it is in none, or the file cannot be read."""
    try:
        return _line(_read(path), (key,))
    except Fault:
        return 0


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
    return [(loc, f"{name}: {detail['msg']} (came: {_short(detail['input'])})")]


def _short(value: Any) -> str:
    """Its repr, for a message. A whole number of thousands of digits has none."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return "a number too long to write"
    return text if len(text) <= 200 else f"{text[:180]}... ({len(text)} letters)"


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
