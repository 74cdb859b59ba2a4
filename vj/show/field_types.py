"""Types of fields that the control sections of a show file share: times, shapes, pairs of numbers,
expressions."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BeforeValidator

from vj.core.errors import Fault
from vj.parameters.curves import curve
from vj.show.durations import Duration, duration, moment
from vj.show.expression import Expression


def read_by(read: Any) -> BeforeValidator:
    """A reader that raises Fault, as a pydantic validator."""

    def check(value: object) -> object:
        try:
            return read(value)
        except Fault as fault:
            raise ValueError(str(fault)) from None

    return BeforeValidator(check)


def _curve(value: object) -> object:
    curve(value)
    return value


def pair(value: object) -> object:
    """Two finite numbers of a list. Raises Fault."""
    if (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(v, int | float) and math.isfinite(v) for v in value)
    ):
        return float(value[0]), float(value[1])
    raise Fault(f"{value!r}: two numbers are wanted, for example [0, 1]")


Time = Annotated[Duration, read_by(duration)]
Moment = Annotated[Duration, read_by(moment)]
Shape = Annotated[str | float, read_by(_curve)]
Pair = Annotated[tuple[float, float], read_by(pair)]


def _an_expression(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise Fault(f"{value!r}: an expression is wanted, for example 0.5 + 0.3 * sin(t * pi)")
    return None if value is None else Expression(str(value)).text


Computed = Annotated[str | None, read_by(_an_expression)]
