"""What comes in and what paints it, by name."""

from __future__ import annotations

from vj.core.kinds import CLIP_BETWEEN, CLIP_LOOPS
from vj.parameters.row import Parameter, number


def clip_rows(deck: str) -> tuple[Parameter, ...]:
    """How the source of a deck is played, if it has a length. deck: `source` or `deck/b`."""
    return (
        number(
            f"{deck}/position",
            0,
            1,
            0,
            "clip",
            "a clip or a moving drawn scene goes to this share of its length, also when it is set "
            "to the same value again; with speed 0 a fader scrubs",
        ),
        Parameter(f"{deck}/seek", "trigger", False, f"the clip goes to {deck}/position once more"),
        number(
            f"{deck}/at",
            0,
            86_400,
            0,
            "s",
            "a clip or a moving drawn scene goes to this second of it, also when it is set to the "
            "same value again",
        ),
        Parameter(f"{deck}/again", "trigger", False, f"the clip goes to {deck}/at once more"),
        number(
            f"{deck}/speed",
            -4,
            4,
            1,
            "x",
            "how fast it plays: 1 is its own speed, negative is backwards, 0 holds",
        ),
        number(f"{deck}/in", 0, 1, 0, "clip", "where the part of it that plays begins"),
        number(f"{deck}/out", 0, 1, 1, "clip", "where that part ends"),
        Parameter(
            f"{deck}/loop",
            "choice",
            CLIP_LOOPS[0],
            "what comes at its end: it begins again, runs to and fro, stands on its last picture, "
            "or the next of the show's sources plays",
            choices=CLIP_LOOPS,
        ),
        Parameter(
            f"{deck}/between",
            "choice",
            CLIP_BETWEEN[0],
            "below its own speed a video file holds each picture, or shows pictures made between "
            "two of its own along the optical flow",
            choices=CLIP_BETWEEN,
        ),
    )


ROWS = (
    Parameter(
        "source",
        "text",
        "",
        "the source that plays (deck A), by its name in the show or its number there, counted from "
        "0; the name of the one that plays starts it again; empty is the show's own",
    ),
    Parameter("source/start", "trigger", False, "the source that plays begins again, at source/in"),
    *clip_rows("source"),
    Parameter(
        "deck/b",
        "text",
        "",
        "the source on deck B, named as source is; empty: there is none, and nothing is mixed",
    ),
    Parameter("deck/b/start", "trigger", False, "the source on deck B begins again, at deck/b/in"),
    *clip_rows("deck/b"),
    Parameter(
        "model",
        "text",
        "",
        "the model that paints, by its name in the show, or pocket, drawn, styles, picture, "
        "kiss, fox, paintbox, none; empty is the show's own",
    ),
    Parameter(
        "model/prepare",
        "text",
        "",
        "load a model of the show beside the one that plays, so that it takes over with the next "
        "frame once it is wanted; by its name, or its number counted from 0",
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
