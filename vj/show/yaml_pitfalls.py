"""Valid YAML that is probably not meant: a comma in a text, a missing space, a time with a point in
it."""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarfloat import ScalarFloat

from vj.show.section import KeyPath
from vj.show.syntax import glued
from vj.sources import KINDS

OTHER_SOURCES = tuple(kind for kind in KINDS if kind not in ("drawn", "image"))
"""Kinds of sources that cannot be a picture of a walk."""

Misread = list[tuple[KeyPath, str]]


def misread(tree: Any, plain: Any) -> tuple[Misread, Misread]:
    """Errors and warnings, each with its key path. plain: the same as plain values; corrected in
    place, so that everything else can be validated."""
    wrong: Misread = []
    doubtful: Misread = []
    _walk(tree, plain, (), wrong)
    wrong += _walks(tree, plain)
    doubtful += _notices(tree)
    for place, value, sure in _moments(tree):
        text = _written(value)
        minutes, _, seconds = text.partition(".")
        if (
            len(seconds) != 2
            or not (minutes + seconds).isdecimal()
            or int(seconds) >= 60
            or float(text) == 0
        ):
            continue
        words = (
            f"{place[-1] if isinstance(place[-1], str) else 'at'}: {text} is {value:g} "
            f"seconds; {minutes}:{seconds} would be minutes"
        )
        if sure and seconds.endswith("0"):
            wrong.append((place, f"{words}; write {minutes}:{seconds}, or {value:g} s"))
        else:
            doubtful.append((place, words))
    return wrong, doubtful


def _walk(node: Any, plain: Any, place: KeyPath, wrong: Misread) -> None:
    if isinstance(node, CommentedMap):
        if None in node and "None" in plain:
            wrong.append(((*place, None), "a name is missing before the colon"))
            del plain["None"]
        if node.fa.flow_style():
            _flow(node, plain, place, wrong)
        for key, value in node.items():
            if str(key) in plain:
                _walk(value, plain[str(key)], (*place, key), wrong)
    elif isinstance(node, CommentedSeq):
        for index, value in enumerate(node):
            if index < len(plain):
                _walk(value, plain[index], (*place, index), wrong)


def _flow(node: CommentedMap, plain: dict[str, Any], place: KeyPath, wrong: Misread) -> None:
    """One `{name: value, ...}`: what stands in it without a colon was the rest of the text before
    it, or lacks a space."""
    before: str | None = None
    cut: dict[str, Any] = {}
    for key, value in node.items():
        name = str(key)
        if key is None:
            continue
        if value is not None or not _bare(node, key):
            before = name
            continue
        here = (*place, key)
        fix = glued(name)
        del plain[name]
        if fix:
            wrong.append((here, f"a space is missing after the colon: {fix}"))
            known, _, rest = fix.partition(": ")
            plain.setdefault(known, _scalar(rest))
        elif before is not None and isinstance(plain[before], str):
            cut.setdefault(before, here)
            plain[before] = f"{plain[before]}, {name}"
        elif (
            before is not None
            and type(plain[before]) is not bool
            and isinstance(plain[before], int)
            and isinstance(key, int)
        ):
            text = f"{plain[before]}.{name}"
            wrong.append(
                (here, f"{before}: {plain[before]},{name}: numbers take a point: {before}: {text}")
            )
            plain[before] = float(text)
        else:
            wrong.append((here, f"{name}: has no value; write {name}: and its value"))
    for known, here in cut.items():
        text = plain[known].strip('"“”„')
        plain[known] = text
        wrong.append(
            (
                here,
                f"{known}: the comma ends the text; one that holds a comma wants quotes: {known}: "
                f'"{text}"',
            )
        )


def _notices(node: Any, place: KeyPath = ()) -> Misread:
    """Texts that end at a # which looks like a part of them: `red #2`, not `red  # the second`."""
    found: Misread = []
    if isinstance(node, CommentedMap):
        for key, value in node.items():
            tokens = node.ca.items.get(key) or [None] * 3
            remark = tokens[2].value.split("\n")[0] if tokens[2] is not None else ""
            if isinstance(value, str) and re.match(r"#[^\s#]", remark):
                text = f'{key}: "{value} {remark.strip()}"'
                found.append(
                    ((*place, key), f"{key}: what follows # is a remark; with it in quotes: {text}")
                )
            found += _notices(value, (*place, key))
    elif isinstance(node, CommentedSeq):
        for index, value in enumerate(node):
            found += _notices(value, (*place, index))
    return found


def _walks(tree: Any, plain: dict[str, Any]) -> Misread:
    """Of `[walk:a.jpg, b.jpg]` each comma ends a source. It is put together again."""
    given, found = tree.get("source"), plain.get("source")
    if (
        not isinstance(given, CommentedSeq)
        or not given.fa.flow_style()
        or not isinstance(found, list)
    ):
        return []
    for index, one in enumerate(found):
        if (
            isinstance(one, str)
            and one.startswith("walk:")
            and "," not in one
            and index + 1 < len(found)
        ):
            end = index + 1
            while end < len(found) and str(found[end]).partition(":")[0] not in OTHER_SOURCES:
                end += 1
            whole = ",".join(str(part) for part in found[index:end])
            plain["source"] = [*found[:index], whole, *found[end:]]
            return [
                (
                    ("source", index),
                    f'source: the comma ends {one}; inside of [ ] a walk wants quotes: "{whole}"',
                )
            ]
    return []


def _bare(node: CommentedMap, key: Any) -> bool:
    """Whether a key has no colon: its value begins where it ends."""
    try:
        (line, column), (line_too, column_too) = node.lc.key(key), node.lc.value(key)
    except (KeyError, TypeError, ValueError):
        return False
    return line == line_too and column_too - column == len(str(key))


def _scalar(text: str) -> Any:
    try:
        return YAML(typ="safe").load(text)
    except Exception:  # anything else is text
        return text


def _moments(tree: Any) -> list[tuple[KeyPath, ScalarFloat, bool]]:
    """Moments that are written as numbers with a point, and whether a clock's time is likely: in a
    timeline."""
    found: list[tuple[KeyPath, Any, bool]] = []
    for index, entry in _entries(tree, "timeline"):
        if isinstance(entry, dict):
            found += [(("timeline", index, key), entry.get(key), True) for key in ("at", "loop")]
    for index, entry in _entries(tree, "curves"):
        points = entry.get("points") if isinstance(entry, dict) else None
        for number, point in enumerate(points if isinstance(points, list) else []):
            if isinstance(point, list) and point:
                found.append((("curves", index, "points", number), point[0], False))
    return [(place, value, sure) for place, value, sure in found if isinstance(value, ScalarFloat)]


def _entries(tree: Any, section: str) -> list[tuple[int, Any]]:
    value = tree.get(section) if isinstance(tree, dict) else None
    return list(enumerate(value)) if isinstance(value, list) else []


def _written(value: Any) -> str:
    """A number with a point as it stands in the file: 1.30, not 1.3. Empty for other ways of
    writing one."""
    width, before = value._width, value._prec
    if (
        value._exp is not None
        or value._underscore is not None
        or width is None
        or before is None
        or before < 0
    ):
        return ""
    return f"{value:.{width - before - 1}f}" if width - before - 1 >= 0 else ""
