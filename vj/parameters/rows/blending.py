"""Feedback, journeys, smoothing and the way the generated image lies over the input."""

from __future__ import annotations

from vj.core.kinds import BLEND_MODES
from vj.parameters.row import QUICK, Parameter, number

EDGES = ("auto", "mirror", "paint")
BEGINNINGS = ("painted", "input")

ROWS = (
    number(
        "feedback/amount", 0, 0.95, 0.2, "", "share of the last output in the next input", QUICK
    ),
    number(
        "feedback/zoom",
        0.8,
        1.25,
        1,
        "x",
        "the fed-back picture grows by this factor each frame",
        QUICK,
    ),
    number("feedback/rotate", -45, 45, 0, "deg", "and turns by this, clockwise", QUICK),
    number(
        "feedback/x",
        -0.25,
        0.25,
        0,
        "frame",
        "and moves to the right by this share of the width",
        QUICK,
    ),
    number("feedback/y", -0.25, 0.25, 0, "frame", "and down by this share of the height", QUICK),
    number(
        "feedback/yaw",
        -45,
        45,
        0,
        "deg",
        "a camera before the fed-back picture looks so far to the right each frame, in perspective",
        QUICK,
    ),
    number("feedback/pitch", -45, 45, 0, "deg", "and so far up", QUICK),
    number(
        "feedback/dolly",
        -0.5,
        0.5,
        0,
        "",
        "and goes towards it by this share of the distance; below 0 away from it",
        QUICK,
    ),
    number(
        "feedback/fov",
        20,
        120,
        60,
        "deg",
        "how much the camera sees from top to bottom: more is more perspective",
        QUICK,
    ),
    Parameter(
        "feedback/edge",
        "choice",
        "auto",
        "what comes into view beyond the edges of the fed-back picture: its mirror image; paint: "
        "the input, or without one what is painted on from the edge; auto: paint on a journey, "
        "else mirror",
        choices=EDGES,
    ),
    number(
        "feedback/flow",
        0,
        1,
        1,
        "",
        "how far feedback and smoothing follow the input's motion; where that is unsure, less is "
        "kept",
    ),
    Parameter(
        "journey",
        "switch",
        False,
        "takes the present frame, lets the input go and flies on from there as feedback/dolly, "
        "yaw, pitch, rotate, zoom, x and y say; off, the input comes back over crossfade",
    ),
    Parameter(
        "journey/from",
        "choice",
        "painted",
        "what a journey begins with: the frame as it is painted, or the untouched input",
        choices=BEGINNINGS,
    ),
    number(
        "journey/edge/strength",
        0,
        1,
        1,
        "",
        "how much of what comes into view beyond the edges on a journey is imagined, by the model "
        "that plays; no more than strength: as the rest of the picture",
        QUICK,
    ),
    number("blend/smoothing", 0, 0.99, 0.5, "", "weight of the last output where nothing moves"),
    number("blend/motion", 0, 1, 0.2, "", "how strongly movement cancels smoothing"),
    number("mix/wet", 0, 1, 1, "", "the untouched input fades in below 1", QUICK),
    Parameter(
        "mix/mode",
        "choice",
        "normal",
        "how the generated image lies over the input",
        choices=BLEND_MODES,
    ),
)
