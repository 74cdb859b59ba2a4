"""Lamps that follow the picture."""

from __future__ import annotations

from vj.parameters.row import QUICK, number

ROWS = (
    number(
        "lights/amount",
        0,
        1,
        1,
        "",
        "how bright the lamps of lights: are that follow the picture; 0 puts them out",
        QUICK,
    ),
)
