"""Parses a show file into a tree with line numbers, and into plain values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError

from vj.core.errors import Fault
from vj.show.section import KeyPath
from vj.show.syntax import explain, glued, one_line

NODES = 200_000
"""Values in a show, at most: aliases of aliases could grow without bound."""


class ShowFaults(Fault):
    """All faults of a show file, one line each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def read(path: Path) -> CommentedMap:
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
        line = raw.count(b"\n", 0, error.start) + 1
        raise ShowFaults(
            [f"{path}:{line}: is not UTF-8 text (byte {error.start}); save it as UTF-8"]
        ) from None
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line, words = explain(error, text)
        raise ShowFaults([f"{path}:{line}: {one_line(words)}"]) from None
    except RecursionError:
        raise ShowFaults([f"{path}:{_deepest(text)}: is nested too deeply to be a show"]) from None
    except ValueError as error:
        digits = re.search(r"\d{4000,}", text)  # Python makes no number of so many
        if digits is None:
            raise ShowFaults(
                [f"{path}:{_failing(text)}: is not YAML ({' '.join(str(error).split())[:200]})"]
            ) from None
        line = text.count("\n", 0, digits.start()) + 1
        raise ShowFaults(
            [f"{path}:{line}: a number of {len(digits[0])} digits is too large"]
        ) from None
    except Exception as error:  # ruamel raises plain errors for a few broken inputs
        raise ShowFaults(
            [f"{path}:{_failing(text)}: is not YAML ({' '.join(str(error).split())[:200]})"]
        ) from None
    if tree is None:
        tree = CommentedMap()
    if not isinstance(tree, CommentedMap):
        fix = glued(tree)
        why = f"a space is missing after the colon: {fix}" if fix else f"and this is {_kind(tree)}"
        raise ShowFaults(
            [f"{path}:{_first(text)}: a show file holds lines of the form `name: value`, {why}"]
        )
    return tree


def _kind(tree: object) -> str:
    return "a list" if isinstance(tree, list) else "a text" if isinstance(tree, str) else "a value"


def _first(text: str) -> int:
    """The first line that is not empty."""
    lines = text.splitlines()
    return next(
        (
            number
            for number, line in enumerate(lines, 1)
            if line.strip() and not line.lstrip().startswith(("#", "---"))
        ),
        1,
    )


def _deepest(text: str) -> int:
    """The most deeply nested line, by brackets and by indentation."""
    depth, most, found = 0, -1, 1
    for number, line in enumerate(text.splitlines(), 1):
        depth += line.count("[") + line.count("{")
        deep = depth + len(line) - len(line.lstrip())
        if deep > most:
            most, found = deep, number
        depth -= line.count("]") + line.count("}")
    return found


def _failing(text: str) -> int:
    """The first line that cannot be parsed, for errors without a line number."""
    lines = text.splitlines(keepends=True)
    good, bad = 0, len(lines)
    while bad - good > 1:
        middle = (good + bad) // 2
        try:
            YAML(typ="rt").load("".join(lines[:middle]))
        except MarkedYAMLError:  # cut in the middle of something
            good = middle
        except Exception:  # what is looked for
            bad = middle
        else:
            good = middle
    return max(1, bad)


def plain_tree(tree: Any, where: str) -> dict[str, Any]:
    """ruamel's tree as plain dicts and lists. where: names it in faults. Raises ShowFaults for one
    that holds itself, by an alias inside of its own anchor, and for one that aliases make too
    large."""
    left = NODES
    inside: set[int] = set()

    def plain(node: Any, place: KeyPath) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            line = line_in(tree, place)
            raise ShowFaults(
                [
                    f"{where}:{line}: holds more than {NODES} values; aliases (*name) of lists of "
                    "aliases make it grow"
                ]
            )
        if not isinstance(node, dict | list):
            return node
        if id(node) in inside:
            line = line_in(tree, place)
            raise ShowFaults(
                [
                    f"{where}:{line}: {'.'.join(map(str, place))}: holds itself, by an alias "
                    "inside of its own anchor"
                ]
            )
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
        raise ShowFaults([f"{where}:1: is nested too deeply to be a show"]) from None
    return found


class _Value:
    """The last item of a key path that means the value itself, which may be on a line below its
    key."""


VALUE = _Value()


def line_in(tree: Any, loc: KeyPath) -> int:
    """The line (from 1) of the value at `loc`; 0 when it is not in the tree."""
    line = 0
    above: Any = None
    last: Any = None
    for key in loc:
        try:
            if key is VALUE:
                return int(above.lc.value(last)[0]) + 1
            if (
                isinstance(tree, CommentedMap) and key not in tree
            ):  # plain values have text for names
                key = next(own for own in tree if str(own) == key)
            above, last = tree, key
            line = (tree.lc.key(key) if isinstance(tree, CommentedMap) else tree.lc.item(key))[
                0
            ] + 1
            tree = tree[key]
        except (KeyError, IndexError, AttributeError, TypeError, StopIteration):
            break
    return line
