"""The input's own frame: how it is looked at before everything else."""

from __future__ import annotations

from vj.parameters.row import QUICK, Parameter, number

MIRRORS = ("none", "across", "down", "both", "left", "quarters", "kaleidoscope", "right")
SEAMED = ("left", "right", "quarters", "kaleidoscope")
"""Mirrors whose upright line can be moved."""
FOLLOWED = ("none", "head")

ROWS = (
    Parameter(
        "input/mirror",
        "choice",
        "none",
        "mirrors the input: left and right, up and down, both; left: the left half is mirrored on "
        "the right, right: the reverse; quarters: the upper left one on the others; kaleidoscope: "
        "six wedges",
        choices=MIRRORS,
    ),
    number(
        "input/seam",
        -1,
        1,
        0,
        "",
        "where the upright line of left, right and quarters lies, and the kaleidoscope's middle: "
        "-1 is the picture's left edge, 1 its right one; beyond its edge the input is mirrored",
        QUICK,
    ),
    number(
        "input/seam/soft",
        0,
        0.5,
        0,
        "width",
        "of left, right and quarters: share of the width over which the two sides melt into each "
        "other, so that profiles meet without a hard line",
        QUICK,
    ),
    number(
        "input/zoom",
        0.25,
        8,
        1,
        "x",
        "looks closer at the input, from its own pixels; below 1 it is mirrored on all sides",
        QUICK,
    ),
    number("input/rotate", -180, 180, 0, "deg", "turns the input, clockwise", QUICK),
    number(
        "input/x",
        -1,
        1,
        0,
        "",
        "where in the input the picture's middle looks: -1 is its left edge, 1 its right edge",
        QUICK,
    ),
    number("input/y", -1, 1, 0, "", "the same: -1 is its upper edge, 1 its lower edge", QUICK),
    Parameter(
        "input/follow",
        "choice",
        "none",
        "head: a smooth virtual camera keeps a head in the picture, input/zoom times as close, and "
        "input/x and input/y move it off the middle",
        choices=FOLLOWED,
    ),
)
