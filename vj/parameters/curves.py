"""Easing curves from 0 to 1, for mappings, macros, fades and walks."""

from __future__ import annotations

import math
from collections.abc import Callable

from vj.core.errors import Fault, nearest
from vj.core.smoothstep import smoothstep

Curve = Callable[[float], float]
"""0..1 -> 0..1, with 0 -> 0 and 1 -> 1."""

_STEEP = 10.0
_EDGE = 0.02


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def logistic(u: float) -> float:
    low, high = _sigmoid(-_STEEP / 2), _sigmoid(_STEEP / 2)
    return (_sigmoid(_STEEP * (u - 0.5)) - low) / (high - low)


def logit(u: float) -> float:
    """Quick at both ends, slow in the middle."""
    kept = min(1 - _EDGE, max(_EDGE, u))
    return min(
        1.0, max(0.0, 0.5 + math.log(kept / (1 - kept)) / (2 * math.log((1 - _EDGE) / _EDGE)))
    )


NAMED: dict[str, Curve] = {
    "linear": lambda u: u,
    "s-curve": smoothstep,
    "logistic": logistic,
    "logit": logit,
    "ease-in": lambda u: u * u,
    "ease-out": lambda u: u * (2 - u),
    "cut": lambda u: 1.0 if u > 0 else 0.0,
}

WORDS = f"{', '.join(NAMED)}, `steps N`, or a power such as 2.0"


def curve(asked: object) -> Curve:
    """`s-curve`, `steps 4`, `2.0` (a power) -> the function. Raises Fault."""
    if isinstance(asked, int | float) and not isinstance(asked, bool):
        power = float(asked)
        if not (math.isfinite(power) and 0.01 <= power <= 100):
            raise Fault(f"curve {asked}: a power lies between 0.01 and 100")
        return lambda u: u**power
    text = str(asked).strip().lower().replace("_", "-")
    if text in NAMED:
        return NAMED[text]
    word, _, count = text.partition(" ")
    if word == "steps" and count.strip().isdecimal() and 2 <= int(count) <= 1000:
        steps = int(count)
        return lambda u: min(steps - 1, math.floor(u * steps)) / (steps - 1)
    try:
        number = float(text)
    except ValueError:
        raise Fault(
            f"curve {asked!r}: no such curve{nearest(text, list(NAMED))} ({WORDS})"
        ) from None
    return curve(number)
