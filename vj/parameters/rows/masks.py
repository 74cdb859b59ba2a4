"""Masks, line drawings, and what people draw."""

from __future__ import annotations

from vj.parameters.row import QUICK, Parameter, number

MASK_MODES = (
    *("none", "luma", "chroma", "plate", "motion", "person", "drawn", "alpha", "face"),
    *("subject", "depth"),
)

ROWS = (
    Parameter(
        "mask/mode",
        "choice",
        "none",
        "keeps a part of the input as it came: what is bright, what lacks the key's colour or was "
        "not in the empty room, movement, people, their faces, what a source with transparency "
        "shows (alpha), what was picked by a click (subject), what is near (depth); drawn: paints "
        "only where people draw",
        choices=MASK_MODES,
    ),
    number(
        "mask/threshold",
        0,
        1,
        0.5,
        "",
        "how bright, how far from the key's colour or the empty room, how sure it has to be",
        QUICK,
    ),
    number(
        "mask/feather", 0, 1, 0.1, "", "how soft its edge is; 1 is a tenth of the height", QUICK
    ),
    Parameter(
        "mask/invert",
        "switch",
        False,
        "on: what the mask finds is painted, and the rest stays as it came; of drawn the reverse",
    ),
    number(
        "mask/steady",
        0,
        0.99,
        0.3,
        "",
        "how slowly the mask lets go of where its subject was, against flicker",
    ),
    number(
        "mask/clean",
        0,
        1,
        0,
        "",
        "how far its edge is cleaned, for another place behind it: it lies where the picture's "
        "colours part, and the old room is taken out of the subject's own",
        QUICK,
    ),
    number("mask/hue", 0, 360, 120, "deg", "the key's colour: 120 is green, 240 blue", QUICK),
    number(
        "mask/near",
        0,
        1,
        0,
        "",
        "of mask/mode depth: how far away its subject begins; 0 is the nearest of the picture",
        QUICK,
    ),
    number(
        "mask/far",
        0,
        1,
        0.5,
        "",
        "of mask/mode depth: how far away its subject ends; 1 is the furthest of the picture",
        QUICK,
    ),
    number(
        "mask/soft",
        0,
        1,
        0.1,
        "",
        "of mask/mode depth: over how much of the distance it fades out there",
        QUICK,
    ),
    Parameter("mask/learn", "trigger", False, "learn the empty room from the next half second"),
    number(
        "lines/amount",
        0,
        1,
        0,
        "",
        "share of a line drawing of the input in what the model is shown; the dry picture stays",
        QUICK,
    ),
    Parameter(
        "lines/from",
        "choice",
        "edges",
        "what it is made of: the input's edges, what people draw on the page, both, or the "
        "contours of faces or of a body in the input",
        choices=("edges", "drawn", "both", "face", "body"),
    ),
    number("lines/width", 0.5, 4, 0.8, "px", "how broad its lines are, at 256 pixels", QUICK),
    number("lines/detail", 0, 1, 0.5, "", "0 draws the strongest edges only, 1 every one", QUICK),
    Parameter("lines/invert", "switch", False, "white lines on black"),
    number(
        "canvas/fade",
        0,
        600,
        0,
        "s",
        "how long what people draw on the page stays until it has faded away; 0: for good",
    ),
    Parameter("canvas/clear", "trigger", False, "take away all that people have drawn"),
    Parameter(
        "canvas/take",
        "trigger",
        False,
        "the picture that is sent now comes onto the canvas in place of what was drawn, to be "
        "drawn on and rubbed out in",
    ),
)
