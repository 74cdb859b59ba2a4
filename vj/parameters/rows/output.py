"""The last touches, and what is sent."""

from __future__ import annotations

from vj.parameters.row import QUICK, Parameter, number

ROWS = (
    number("picture/brightness", -1, 1, 0, "", "added to the picture at the very end", QUICK),
    number("picture/contrast", 0, 2, 1, "x", "about middle grey", QUICK),
    number("picture/saturation", 0, 2, 1, "x", "0 is black and white", QUICK),
    number("picture/hue", -180, 180, 0, "deg", "turns all colours", QUICK),
    number("picture/sharpen", 0, 1, 0, "", "edges lifted a little", QUICK),
    number(
        "similarity",
        0,
        1,
        0,
        "",
        "above 0: the model rests while the input stands still; nearer 1 allows less movement",
    ),
    Parameter(
        "display/pattern",
        "switch",
        False,
        "the test pattern on every display: of the show, to set up a projector by",
    ),
    Parameter("output/freeze", "switch", False, "hold the picture"),
    Parameter("output/step", "trigger", False, "while it is held: render the next frame"),
    number(
        "output/delay",
        0,
        4000,
        0,
        "ms",
        "above 0: each picture leaves so long after its input was captured, sound with it, so that "
        "what painting takes more or less is not seen; live alone",
    ),
    number("output/delay/beats", 0, 16, 0, "beats", "added to it; both together are 4 s at most"),
    number("output/blackout", 0, 1, 0, "", "fade to black and back", QUICK),
    Parameter(
        "output/interpolate",
        "switch",
        False,
        "frames between painted ones, up to the show's rate: the last one moved on, without delay",
    ),
    Parameter(
        "output/late",
        "switch",
        False,
        "on a graphics card: each picture is shown one frame late, while the next is painted: more "
        "frames a second",
    ),
)
