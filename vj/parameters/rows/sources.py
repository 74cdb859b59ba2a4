"""What comes in and what paints it, by name."""

from __future__ import annotations

from vj.parameters.row import Parameter, number

ROWS = (
    Parameter(
        "source",
        "text",
        "",
        "the source that plays (deck A), by its name in the show or its number there, counted from "
        "0; the name of the one that plays starts it again; empty is the show's own",
    ),
    Parameter("source/start", "trigger", False, "the source that plays begins again, at source/in"),
    Parameter(
        "deck/b",
        "text",
        "",
        "the source on deck B, named as source is; empty: there is none, and nothing is mixed",
    ),
    Parameter("deck/b/start", "trigger", False, "the source on deck B begins again, at deck/b/in"),
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
