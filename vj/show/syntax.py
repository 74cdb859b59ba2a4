"""Explains YAML syntax errors in plain words: the parser's own messages name what it expected,
often on a later line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ruamel.yaml.error import MarkedYAMLError

GLUED = re.compile(r"\s*(?:- )?([A-Za-z_][\w/.-]*):([^\s/].*)$")
"""`fps:30`, a name and its value without the space between them."""


NO_LIST = "a dash where no list can begin; the line above has a value, or lacks its colon"
OTHERWISE = (
    ("sequence entries are not allowed", NO_LIST),
    ("but found '-'", NO_LIST),
    (
        "<scalar>",
        "unexpected text; a quote, a comma or a colon is missing",
    ),
    ("expected the node content", "a value is missing here"),
)
"""Explanations of the parser's messages, if nothing more specific is known."""


def explain(error: MarkedYAMLError, text: str) -> tuple[int, str]:
    """The line (from 1) with the error, and the explanation."""
    lines = text.splitlines() or [""]
    problem = " ".join((error.problem or error.context or "").split())
    mark, context = error.problem_mark or error.context_mark, error.context_mark
    at = min(mark.line, len(lines) - 1) if mark is not None else 0
    begun = min(context.line, len(lines) - 1) if context is not None else at
    found = _twice(problem, lines, at) or _tab(problem, lines, at, begun)
    if found is not None:
        return found[0] + 1, found[1]
    found = (
        _quote(problem, error.context or "", lines, at, begun)
        or _mark(problem, lines, at)
        or _bracket(problem, lines, at, begun)
        or _dash(lines, at)
        or _colon(problem, lines, at, begun)
        or _indent(problem, lines, at)
    )
    plain = next((words for part, words in OTHERWISE if part in problem), problem)
    line, words = found or (at, plain)
    return line + 1, f"not YAML: {words}"


Report = tuple[int, str] | None
"""A line (from 0) and an explanation."""


def glued(text: object) -> str:
    """`fps: 30` for `fps:30`; empty for everything else."""
    found = GLUED.fullmatch(text) if isinstance(text, str) and "://" not in text else None
    return f"{found[1]}: {found[2].strip()}" if found is not None else ""


def _twice(problem: str, lines: Sequence[str], at: int) -> Report:
    found = re.search(r'duplicate key "(.*?)"(?: with value|$)', problem)
    if found is None:
        return None
    key = re.compile(rf"(^|[\s{{,])[\"']?{re.escape(found[1])}[\"']?\s*:(\s|$)")
    indent = _deep(lines[at])
    before = [
        line for line in range(at) if key.search(lines[line]) and _deep(lines[line]) == indent
    ]
    first = f", first on line {before[-1] + 1}" if before and "{" not in lines[at] else ""
    return at, f"{found[1]}: appears twice{first}; keep one of them"


def _tab(problem: str, lines: Sequence[str], at: int, begun: int) -> Report:
    for line in (at, begun):
        if "\t" in _indentation(lines[line]) or ("\\t" in problem and "\t" in lines[line]):
            return line, "this line begins with a tab; YAML needs spaces, not tabs"
    return None


def _quote(problem: str, context: str, lines: Sequence[str], at: int, begun: int) -> Report:
    if "unknown escape" in problem:
        return (
            at,
            r"in double quotes \ has a meaning of its own; write / in paths, or single quotes",
        )
    runaway = _runaway(lines, at)
    if runaway is not None:
        return runaway
    if "quoted scalar" not in context and "<scalar>" not in problem:
        return None
    for line in range(at + 1):
        kind = _left_open(lines[line])
        if kind:
            return (
                line,
                f"the quote ({kind}) that opens on this line is not closed; it ends where the "
                "text does",
            )
    if "quoted scalar" in context:
        return begun, "the quote that opens on this line is not closed; it ends where the text does"
    if re.search(r"[:,\[{-]\s*'", lines[at]):
        return at, "an apostrophe inside of single quotes ends them; put the text in double quotes"
    if re.search(r"[:,\[{-]\s*\"", lines[at]):
        return at, "text follows after the closing quote; quotes go around all of a text"
    return None


def _runaway(lines: Sequence[str], at: int) -> Report:
    """A quote that is not closed before a line with a key of its own: it runs on to the next quote,
    where the parser reports the error."""
    for line in range(at):
        kind = _left_open(lines[line])
        if kind and re.match(r"\s*(- |[A-Za-z_][\w/]*:(\s|$))", lines[line + 1]):
            return (
                line,
                f"the quote ({kind}) that opens on this line is not closed; it ends where the "
                "text does",
            )
    return None


def _mark(problem: str, lines: Sequence[str], at: int) -> Report:
    found = re.search(r"character '(.)' that cannot start", problem)
    sign = (
        found[1]
        if found is not None
        else "*"
        if "undefined alias" in problem or "scanning an alias" in problem
        else ""
    )
    if "scanning an anchor" in problem or ("expected alphabetic" in problem and "&" in lines[at]):
        sign = "&"
    if sign:
        return at, f"text that begins with {sign} wants quotes"
    if "another document" in problem:
        return at, "--- begins a second document; a show is one"
    return None


def _bracket(problem: str, lines: Sequence[str], at: int, begun: int) -> Report:
    found = re.search(r"expected ',' or '([}\]])', but got '(.*?)'", problem)
    if found is not None:
        closing, got = found.groups()
        opening = "{" if closing == "}" else "["
        if got in ("}", "]"):
            return (
                at,
                f"the {opening} that opens on line {begun + 1} is closed with {got}; {closing} "
                "would be right",
            )
        if got == "<stream end>" or at != begun:
            return (
                begun,
                f"the {opening} that opens on this line is not closed; {closing} is missing, or a "
                "comma at a line's end",
            )
        fix = glued_in(lines[at])
        return (
            at,
            f"a space is missing after a colon: {fix}"
            if fix
            else f"a comma, a colon or the closing {closing} is missing on this line",
        )
    if "expected the node content" in problem:
        for line in range(at, -1, -1):
            opening = _unclosed(lines[line])
            if opening:
                remark = "; # begins a remark there" if "#" in lines[line] else ""
                return line, f"the {opening} that opens on this line is not closed{remark}"
    found = re.search(r"but found \(?'([}\]])'", problem)
    return (
        (at, f"there is one {found[1]} too many, or what it closes does not open")
        if found is not None
        else None
    )


def glued_in(line: str) -> str:
    """The first `name:value` in a line without its space, corrected; empty if there is none."""
    found = re.search(r"[{,]\s*([A-Za-z_][\w/]*):([^\s/:,}][^,}]*)", line)
    return f"{found[1]}: {found[2].strip()}" if found is not None else ""


def _dash(lines: Sequence[str], at: int) -> Report:
    if re.match(r"\s*-[\[{\w\"']", lines[at]) and not re.match(r"\s*-[\d.]", lines[at]):
        return at, f"a space is missing after the dash: - {lines[at].strip()[1:61]}"
    return None


def _colon(problem: str, lines: Sequence[str], at: int, begun: int) -> Report:
    if "could not find expected ':'" in problem:
        fix = glued(lines[begun])
        if fix:
            return begun, f"a space is missing after the colon: {fix}"
        return (
            begun,
            f"{lines[begun].strip()[:60]!r} is neither name: value nor an entry that begins with "
            "a dash",
        )
    if "mapping values are not allowed" not in problem:
        return None
    for line in range(at - 1, -1, -1):
        if _code(lines[line]):
            fix = glued(lines[line])
            if fix and _deep(lines[line]) == _deep(lines[at]):
                return line, f"a space is missing after the colon: {fix}"
            plain = re.split(r"\s#", lines[line])[0].strip()
            if _deep(lines[line]) <= _deep(lines[at]) and ":" not in plain:
                return line, f"a colon is missing in {plain[:60]!r}"
            break
    code = re.split(r"\s#", lines[at])[0]
    found = re.match(r"\s*(?:- )?(?:[^\s:{\[\"'][^:]*): (.*: .*?)\s*$", code)
    if found is not None and found[1][0] not in "\"'{[":
        return at, f'text that holds a colon and a space wants quotes: "{found[1]}"'
    if found is not None and re.match(r"(\"[^\"]*\"|'[^']*'|[{\[][^{}\[\]]*[}\]])\s*:", found[1]):
        return (
            at,
            "what follows a closing quote or bracket does not belong to it; there is one name: "
            "value on a line",
        )
    return None


def _indent(problem: str, lines: Sequence[str], at: int) -> Report:
    if not any(
        words in problem
        for words in ("mapping values are not allowed", "block end", "document start")
    ):
        return None
    above = [line for line in range(at) if _code(lines[line])]
    if not above:
        return None
    deep, over = _deep(lines[at]), _deep(lines[above[-1]])
    first = above[0]
    if deep == 0 and all(_deep(lines[line]) > 0 for line in above):
        return first, _off(first, _deep(lines[first]), at, 0)
    entry = lines[above[-1]].lstrip().startswith("- ") and not lines[at].lstrip().startswith("-")
    right = over + 2 if entry else over
    if deep == right:
        return None
    if (
        over % 2 and not deep % 2 and not entry
    ):  # two spaces are usual: the line above is the odd one
        return above[-1], _off(above[-1], over, at, deep)
    return at, _off(at, deep, above[-1], right)


def _off(line: int, deep: int, other: int, right: int) -> str:
    here = f"this line begins at column {deep + 1}, and line {other + 1} at column {right + 1}"
    return (
        f"the indentation is off: {here}; lines that belong together begin at the same column, "
        "with spaces"
    )


def _left_open(line: str) -> str:
    """The quote that opens in a line and does not close in it; empty when all do."""
    return _scan(line)[0]


def _unclosed(line: str) -> str:
    """The first bracket that opens in a line and does not close in it; empty when all do."""
    return _scan(line)[1][:1]


def _scan(line: str) -> tuple[str, str]:
    """The quote, and the brackets, that are open at the end of a line."""
    kind, before, skip, brackets = "", ":", False, ""
    for place, letter in enumerate(line):
        if skip:
            skip = False
        elif kind:
            if kind == '"' and letter == "\\":
                skip = True
            elif letter == kind:
                if kind == "'" and line[place + 1 : place + 2] == "'":
                    skip = True
                else:
                    kind = ""
        elif letter in "\"'" and before in ":,-[{":
            kind = letter
        elif letter == "#" and line[max(0, place - 1) : place] in ("", " ", "\t"):
            break
        elif letter in "[{":
            brackets += letter
        elif letter in "]}":
            brackets = brackets[:-1]
        if not letter.isspace():
            before = letter
    return kind, brackets


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _deep(line: str) -> int:
    return len(_indentation(line))


def _code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def one_line(text: str, most: int = 400) -> str:
    """A text on one line that can be read; the middle of a long one is left out."""
    plain = " ".join(text.split())
    if len(plain) <= most:
        return plain
    return f"{plain[: most // 2]} ... ({len(plain)} letters) ... {plain[-most // 4 :]}"
