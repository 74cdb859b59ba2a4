"""Expressions: a number made of names, numbers and functions, as a show file writes it.

They are parsed once, by `ast`, and evaluated by simpleeval. What may stand in one is a short list,
kept before anything is evaluated: no attributes, no items, no texts but the name in `p("...")`, no
functions but those here. All numbers are floats, so none grows beyond what a float holds.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from simpleeval import SimpleEval

from vj.core.errors import Fault, nearest
from vj.core.seeded_noise import noise_at, random_at
from vj.core.smoothstep import smoothstep

LONGEST = 500
"""Letters."""
DEEPEST = 40
"""Levels of brackets and operators within each other."""

TIME_NAMES = ("t", "beat", "bar", "bpm")
"""t: seconds. beat, bar: since the start, with fractions. bpm: the tempo."""
PARAMETER = "p"
"""The function that reads a parameter: p("feedback/zoom")."""


def _clamp(x: float, low: float = 0.0, high: float = 1.0) -> float:
    return min(high, max(low, x))


def _lerp(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def _step(low: float, high: float, x: float) -> float:
    if low == high:
        return 0.0 if x < low else 1.0
    return smoothstep(_clamp((x - low) / (high - low)))


def _random(own: int, place: float, seed: float | None = None) -> float:
    return random_at(math.floor(place), own if seed is None else math.floor(seed))


def _noise(own: int, place: float, seed: float | None = None) -> float:
    return noise_at(place, own if seed is None else math.floor(seed))


FUNCTIONS: dict[str, tuple[Callable[..., float], tuple[int, ...]]] = {
    "sin": (math.sin, (1,)),
    "cos": (math.cos, (1,)),
    "abs": (abs, (1,)),
    "floor": (lambda x: float(math.floor(x)), (1,)),
    "min": (min, (2, 3, 4)),
    "max": (max, (2, 3, 4)),
    "clamp": (_clamp, (1, 3)),
    "lerp": (_lerp, (3,)),
    "smoothstep": (_step, (3,)),
    "noise": (_noise, (1, 2)),
    "random": (_random, (1, 2)),
}
"""Each function, and how many numbers it takes. Angles are radians. noise and random repeat: of one
place they are the same, 0..1."""
_SEEDED = ("noise", "random")

_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: math.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_GRAMMAR = (
    *(ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call),
    *(ast.Name, ast.Load, ast.Constant, ast.And, ast.Or),
    *_OPERATORS,
)
_MAY = (
    "an expression holds numbers, names, + - * / // % **, < <= > >= == !=, and or not, "
    "A if B else C, and functions"
)


class NoValue(ValueError):
    """An expression has no value now, such as 1/motion while nothing moves. In words."""

    last: float | None = None
    """The value that it had before; None when it never had one."""


class Expression:
    """One expression. Evaluated on one thread at a time."""

    def __init__(self, text: str, seed: int = 0) -> None:
        """seed: of `noise` and `random` that name none. Raises Fault, which says what would be
        right."""
        self.text = text
        tree = _parsed(text)
        self.names: frozenset[str] = frozenset()
        """The names in it, without pi."""
        self.parameters: frozenset[str] = frozenset()
        """The parameters that it reads by p("...")."""
        self._check(tree.body, 1)
        self._tree = tree.body
        self._parameters: Mapping[str, float] = {}
        self._last: float | None = None
        functions = {
            name: partial(function, seed) if name in _SEEDED else function
            for name, (function, _) in FUNCTIONS.items()
        }
        functions[PARAMETER] = lambda name: float(self._parameters[name])
        self._evaluator = SimpleEval(_OPERATORS, functions, {})
        self._evaluator.nodes = {
            kind: how for kind, how in self._evaluator.nodes.items() if kind in _GRAMMAR
        }
        if not self.names and not self.parameters:  # it is the same in every frame
            try:
                self.value({}, {})
            except NoValue as lack:
                raise Fault(f"{text!r:.80}: {lack}, so that it has no value") from None

    def value(self, names: Mapping[str, float], parameters: Mapping[str, float]) -> float:
        """Its value. names: of all in `names`. parameters: of all in `parameters`, as they are
        written in it. Raises NoValue where it has none."""
        self._evaluator.names = {**names, "pi": math.pi}
        self._parameters = parameters
        try:
            found = float(self._evaluator.eval(self.text, self._tree))
            if not math.isfinite(found):
                raise OverflowError
        except (ArithmeticError, ValueError) as error:
            lack = NoValue(_why(error))
            lack.last = self._last
            raise lack from None
        self._last = found
        return found

    def check_names(self, known: Collection[str]) -> None:
        """Raises Fault for a name that is not known."""
        for name in sorted(self.names.difference(known)):
            hint = (
                f"; it is a function: {name}(...)"
                if name in FUNCTIONS or name == PARAMETER
                else nearest(name, [*known, "pi"])
            )
            raise Fault(f"no such name {name}{hint} ({', '.join(known)}, pi)")

    def _check(self, node: ast.AST, depth: int) -> None:
        """Refuse what may not stand in an expression, and make all its numbers floats."""
        if depth > DEEPEST:
            raise Fault(f"more than {DEEPEST} levels of brackets and operators; make it simpler")
        if not isinstance(node, _GRAMMAR):
            raise Fault(f"{_shown(node)} cannot stand here{_instead(node)}; {_MAY}")
        if isinstance(node, ast.Call):
            self._check_call(node, depth)
            return
        if isinstance(node, ast.Name) and node.id != "pi":
            self.names |= {node.id}
        if isinstance(node, ast.Constant):
            node.value = _number(node)
        for inner in ast.iter_child_nodes(node):
            self._check(inner, depth + 1)

    def _check_call(self, node: ast.Call, depth: int) -> None:
        known = (*FUNCTIONS, PARAMETER)
        if not isinstance(node.func, ast.Name):
            raise Fault(f"{_shown(node.func)} cannot be called; functions: {', '.join(known)}")
        name = node.func.id
        if name not in known:
            raise Fault(f"no such function {name}{nearest(name, known)} ({', '.join(known)})")
        if node.keywords or any(isinstance(one, ast.Starred) for one in node.args):
            raise Fault(f"{name}: takes plain numbers, such as {name}(t)")
        if name == PARAMETER:
            only = node.args[0] if len(node.args) == 1 else None
            if not isinstance(only, ast.Constant) or not isinstance(only.value, str):
                raise Fault('p: takes the name of a parameter in quotes, such as p("strength")')
            self.parameters |= {only.value}
            return
        counts = FUNCTIONS[name][1]
        if len(node.args) not in counts:
            wanted = " or ".join(str(count) for count in counts)
            raise Fault(f"{name}: takes {wanted} numbers ({len(node.args)} came)")
        for one in node.args:
            self._check(one, depth + 1)


def _why(error: Exception) -> str:
    """Why there is no value."""
    if isinstance(error, ZeroDivisionError):
        return "divides by 0"
    return "is too large" if isinstance(error, OverflowError) else "is no real number"


def _instead(node: ast.AST) -> str:
    """What was meant, where that is known."""
    if isinstance(node, ast.BitXor):
        return "; ** raises to a power"
    if isinstance(node, ast.Tuple):
        return "; a decimal point is a point, as in 0.5"
    return ""


def _parsed(text: str) -> ast.Expression:
    if len(text) > LONGEST:
        raise Fault(f"{len(text)} letters are too many; at most {LONGEST} would be right")
    if not text.strip():
        raise Fault("no expression is given; for example 0.5 + 0.3 * sin(t * pi)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's own remarks, such as on 1 is 1
            return ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        place = f" at letter {error.offset}" if error.offset else ""
        raise Fault(f"{text!r:.80}: is no expression ({error.msg}{place})") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Fault(f"{text!r:.80}: is no expression ({error or type(error).__name__})") from None


def _number(node: ast.Constant) -> float:
    if isinstance(node.value, int | float):  # a bool too: true is 1
        try:
            value = float(node.value)
        except OverflowError:
            value = math.inf
        if math.isinf(value):
            raise Fault("a number in it is too large")
        return value
    hint = '; a parameter is p("strength")' if isinstance(node.value, str) else ""
    raise Fault(f"{_shown(node)} is no number{hint}")


_SIGNS: dict[type[ast.AST], str] = {
    ast.BitXor: "^",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.MatMult: "@",
    ast.Invert: "~",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}


def _shown(node: ast.AST) -> str:
    """What stands there, for a message."""
    if type(node) in _SIGNS:
        return _SIGNS[type(node)]
    try:
        return ast.unparse(node)[:60]
    except (ValueError, RecursionError):
        return type(node).__name__
