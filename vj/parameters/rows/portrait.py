"""A still picture that is moved by the face in the input."""

from __future__ import annotations

from vj.parameters.row import QUICK, Parameter, number

ROWS = (
    number(
        "portrait/amount",
        0,
        1,
        0,
        "",
        "share of a portrait in place of the input: a still picture that does what the face in the "
        "input does; 0: none",
        QUICK,
    ),
    Parameter(
        "portrait/picture",
        "text",
        "",
        "which, by its name: one of the show's portraits, fox or portrait; empty: the show's first",
    ),
    number(
        "portrait/pose",
        0,
        2,
        1,
        "x",
        "how far it turns, nods and moves as the performer's head does",
        QUICK,
    ),
    number(
        "portrait/expression",
        0,
        2,
        1,
        "x",
        "how far its mouth, eyes and brows do what the performer's do",
        QUICK,
    ),
    Parameter(
        "portrait/neutral",
        "trigger",
        False,
        "learn from the next second how the performer looks who does nothing",
    ),
)
