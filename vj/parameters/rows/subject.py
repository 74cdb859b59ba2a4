"""A subject that is picked in the picture and tracked: mask/mode subject."""

from __future__ import annotations

from vj.parameters.row import Parameter, number

ROWS = (
    number(
        "subject/x",
        0,
        1,
        0.5,
        "width",
        "where in the picture the subject of mask/mode subject is picked; a click on the page sets "
        "it",
    ),
    number("subject/y", 0, 1, 0.5, "height", "the same, from the upper edge"),
    Parameter(
        "subject/pick",
        "trigger",
        False,
        "picks what is there, the person or the thing, and tracks it from then on",
    ),
)
