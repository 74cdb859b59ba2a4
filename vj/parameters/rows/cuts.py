"""Hard cuts between the places of a show's `cuts:`."""

from __future__ import annotations

from vj.core.kinds import CUT_ORDERS
from vj.parameters.row import Parameter, number

ROWS = (
    number(
        "cut/rate",
        0,
        15,
        0,
        "1/s",
        "cuts a second to the places of the show's cuts:, 0 for none; a curve, a macro or a pedal "
        "lets them come faster and faster",
    ),
    Parameter("cut/go", "trigger", False, "cut to the next of these places, and count from there"),
    Parameter(
        "cut/order",
        "choice",
        CUT_ORDERS[0],
        "the order of these places: as they are written, or at random by seed/a, never one twice "
        "running",
        choices=CUT_ORDERS,
    ),
)
