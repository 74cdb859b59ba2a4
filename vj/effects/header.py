"""What the header of an effect's file says, read without running the file: its place, the frames
that it takes, its parameters."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from importlib.util import decode_source
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar, get_args

from vj.core.errors import Fault, nearest, nearest_file
from vj.effects.declared import KINDS
from vj.parameters.row import QUICK, Parameter, number

Place: TypeAlias = Literal["before", "after", "end"]
"""before: the input, as it is given to the model. after: what was painted, at that size. end: what
leaves, at the output's size."""
PLACES: tuple[Place, ...] = get_args(Place)
Frames: TypeAlias = Literal["uint8", "float32", "torch"]
"""uint8: NumPy, 0..255. float32: NumPy, 0..1. torch: a tensor of float32, 0..1, on the device that
the show's model paints on. All (H, W, 3), RGB."""
FRAMES: tuple[Frames, ...] = get_args(Frames)
Word = TypeVar("Word", Place, Frames)
AMOUNT = "amount"
"""The parameter that every effect has."""
BUDGET = 1 / 3
"""The share of a frame that an effect may take live, unless the show says another."""
FUNCTION = "effect"
TAKES = ("frame", "parameters", "time", "memory")
"""What the function is called with; memory where it wants it."""
HOWTO = "def effect(frame, parameters, time): ... would be right"
LARGEST = 1 << 20
"""Bytes of an effect's file, at most."""
PREFIX = "effects/"
"""The parameters of effects begin with it."""


@dataclass(frozen=True, slots=True)
class EffectHeader:
    """One file. text: all of it, which is what is played. says: the first line of its docstring.
    parameters: as declared, with their names in the file. remembers: it wants a memory."""

    file: str
    text: str
    says: str = ""
    at: Place = "after"
    frames: Frames = "uint8"
    parameters: tuple[Parameter, ...] = ()
    remembers: bool = False

    def rows(self, name: str) -> list[Parameter]:
        """What an effect of this name has in the parameter table."""
        what = f"the effect {name}: 0 is without it, and it is not run; 1 in full"
        amount = number(f"{PREFIX}{name}/{AMOUNT}", 0, 1, 1, "", what, QUICK)
        own = [replace(row, name=f"{PREFIX}{name}/{row.name}") for row in self.parameters]
        return [amount, *own]


def read_header(file: Path) -> EffectHeader:
    """Raises Fault that names file and line."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except FileNotFoundError:
        raise Fault(f"{file}: there is no such file{nearest_file(file)}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Fault(f"{file}: cannot be read ({reason})") from None
    if len(raw) > LARGEST:
        raise Fault(f"{file}: is too large for an effect; it is not read")
    try:
        text = decode_source(raw)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise Fault(f"{file}: is no Python in UTF-8 ({error})") from None
    return header_of(text, str(file))


def header_of(text: str, file: str) -> EffectHeader:
    """The same of a text. file: names it in faults."""
    try:
        tree = ast.parse(text, file)
    except SyntaxError as error:
        raise Fault(syntax_fault(file, error)) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Fault(f"{file}: is no Python ({error})") from None
    says = (ast.get_docstring(tree) or "").strip().partition("\n")[0].strip()
    at: Place = "after"
    frames: Frames = "uint8"
    parameters: dict[str, Parameter] = {}
    function: ast.FunctionDef | None = None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == FUNCTION:
            function = node
        name, value = _assigned(node)
        if name == "at":
            at = _word(value, PLACES, f"{file}:{node.lineno}: at")
        elif name == "frames":
            frames = _word(value, FRAMES, f"{file}:{node.lineno}: frames")
        elif isinstance(value, ast.Call) and (kind := _kind(value)):
            parameters[name] = _declared(kind, value, name, f"{file}:{value.lineno}: {name}")
    if function is None:
        raise Fault(f"{file}: has no function effect; {HOWTO}")
    remembers = _count(function, f"{file}:{function.lineno}") == len(TAKES)
    rows = tuple(parameters.values())
    return EffectHeader(file, text, says, at, frames, rows, remembers)


def syntax_fault(file: str, error: SyntaxError) -> str:
    """`trails.py:7: invalid syntax: return frame +`."""
    line = (error.text or "").strip()
    return f"{file}:{error.lineno or 1}: {error.msg}{f': {line:.80}' if line else ''}"


def check_name(name: str) -> str:
    """A name that an effect can have: a part of an OSC address. Raises Fault."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        raise Fault(
            f"{name!r:.60}: letters, digits, _ and - are an effect's name; name: {_plain(name)} "
            "would be right"
        )
    return name


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_") or "trails"


def _assigned(node: ast.stmt) -> tuple[str, ast.expr | None]:
    """The name that a line of the file's top sets, and to what; "" for other lines."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, value = node.targets[0], node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        target, value = node.target, node.value
    else:
        return "", None
    return (target.id, value) if isinstance(target, ast.Name) else ("", None)


def _word(value: ast.expr | None, known: tuple[Word, ...], where: str) -> Word:
    word = value.value if isinstance(value, ast.Constant) else None
    if word not in known:
        shown = ast.unparse(value) if value is not None else ""
        listed = ", ".join(f'"{one}"' for one in known)
        near = nearest(word, known, '"') if isinstance(word, str) else ""
        raise Fault(f"{where}: {shown:.40} is none of {listed}{near}")
    return next(one for one in known if one == word)


def _kind(call: ast.Call) -> str:
    """Which kind of parameter a call declares; "" for another call."""
    function = call.func
    name = function.id if isinstance(function, ast.Name) else ""
    name = function.attr if isinstance(function, ast.Attribute) else name
    return name if name in KINDS else ""


def _declared(kind: str, call: ast.Call, name: str, where: str) -> Parameter:
    if name.startswith("_") or not name.isascii():
        raise Fault(
            f"{where}: a parameter's name is letters, digits and _, and begins with a letter"
        )
    if name == AMOUNT:
        raise Fault(f"{where}: every effect has an amount already; another name")
    try:
        given = [ast.literal_eval(one) for one in call.args]
        named = {one.arg or "**": ast.literal_eval(one.value) for one in call.keywords}
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise Fault(
            f"{where}: {ast.unparse(call):.80}: only plain values can stand here, such as "
            f"{kind}({EXAMPLES[kind]}): the header is read without running the file"
        ) from None
    try:
        return KINDS[kind](*given, **named).row(name)
    except TypeError as error:
        reason = str(error).partition("__init__() ")[2] or str(error)
        raise Fault(f"{where}: {kind} {reason}; {kind}({EXAMPLES[kind]}) would be right") from None
    except ValueError as error:
        raise Fault(f"{where}: {error}") from None


EXAMPLES = {
    "Slider": '0.2, 0, 2, unit="s", says="what it does"',
    "Whole": '6, 1, 12, says="what it does"',
    "Switch": 'True, says="what it does"',
    "Choice": '"soft", "hard", says="what it does"',
    "Text": '"hello", says="what it does"',
    "Trigger": 'says="what it does"',
}


def _count(function: ast.FunctionDef, where: str) -> int:
    """How many things the function takes."""
    given = function.args
    count = len(given.posonlyargs) + len(given.args)
    needed = count - len(given.defaults)
    if (given.vararg is None and count < 3) or needed > len(TAKES) or given.kwonlyargs:
        raise Fault(
            f"{where}: effect takes ({', '.join(TAKES[:3])}), and {TAKES[3]} as a fourth where it "
            f"remembers something; {HOWTO}"
        )
    return 3 if count < 3 else min(count, len(TAKES))
