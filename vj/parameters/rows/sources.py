"""What comes in and what paints it, by name."""

from __future__ import annotations

from vj.parameters.row import Parameter, number

ROWS = (
    Parameter(
        "source",
        "text",
        "",
        "the source that plays, by its name in the show; empty is the show's own",
    ),
    Parameter(
        "model",
        "text",
        "",
        "the model that paints, by its name in the show, or pocket, drawn, styles, picture, "
        "kiss, fox, none; empty is the show's own",
    ),
    number(
        "crossfade",
        0,
        10,
        0.5,
        "s",
        "how long another source or model takes to fade in over the one before; 0 cuts",
    ),
)
