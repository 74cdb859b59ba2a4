"""What a model follows: prompts, image prompts, strength, seeds, noise."""

from __future__ import annotations

from vj.parameters.row import QUICK, Parameter, number, whole

SEEDS = 2_147_483_647
GUIDED_BY = {
    "lines": "the lines of lines/from, width and detail",
    "edges": "the input's edges (guide: edges), more with lines/detail",
    "depth": "what is near and what is far (guide: depth)",
    "face": "the lines of faces (guide: face)",
    "body": "the lines of a body (guide: body)",
}
"""Kinds of guides, and what each is of."""
TAKEN_FROM = ("input", "output")
"""What image/from names besides the sources of a show."""

ROWS = (
    Parameter("prompt/a", "text", "", "the first prompt; /vj/prompt alone sets it too"),
    Parameter("prompt/b", "text", "", "the second prompt"),
    number(
        "prompt/mix",
        0,
        1,
        0,
        "",
        "0 is prompt a, 1 is prompt b; in between each token is interpolated, its norm kept",
        QUICK,
    ),
    Parameter(
        "prompt/list",
        "text",
        "",
        'JSON [["text", weight], ...]; when not empty it stands in for a and b',
    ),
    Parameter(
        "prompt/scenes",
        "text",
        "",
        "the prompts that prompt/position walks through, with | between them, or JSON; the show's "
        "prompts: to begin with. They stand in for a and b",
    ),
    number(
        "prompt/position",
        0,
        1,
        0,
        "",
        "0 is the first of prompt/scenes, 1 the last; in between only two neighbours are mixed",
        QUICK,
    ),
    Parameter(
        "palette/a",
        "text",
        "",
        "2 to 8 colours from dark to bright (#102030 crimson #fff), in place of those of prompt "
        "a's words",
    ),
    Parameter("palette/b", "text", "", "the same for prompt b"),
    Parameter(
        "prompt/negative",
        "text",
        "",
        "what the picture moves away from; used when guidance is above 1",
    ),
    number("prompt/travel", 0, 60, 0.5, "s", "how long a new text takes to arrive"),
    number(
        "image/amount",
        0,
        1,
        0.6,
        "",
        "how strongly the image prompts of the show's model pull (IP-Adapter); 0 is off",
        QUICK,
    ),
    number(
        "image/mix",
        0,
        1,
        0,
        "",
        "0 is the first image prompt, or the picture model's first style, 1 the last, in between "
        "from each to the next, as prompts mix",
        QUICK,
    ),
    Parameter(
        "image/styles",
        "text",
        "",
        "the picture model's styles by name, with commas between, in the order of image/mix "
        "(waves, my cat); empty: those of the show",
    ),
    Parameter(
        "image/from",
        "text",
        "",
        "takes a picture from here as the style or image prompt, the built-in model its colours: a "
        "source of the show by its name, input, or output; empty: those of the show",
    ),
    whole(
        "image/every",
        0,
        600,
        0,
        "frames",
        "how often, though not before the one before has arrived (prompt/travel); 0: on image/grab",
    ),
    Parameter("image/grab", "trigger", False, "takes one now"),
    number(
        "strength",
        0,
        1,
        0.5,
        "",
        "0 is the input as it came, 1 is all imagination; continuous, changes with the next frame",
        QUICK,
    ),
    whole("steps", 1, 4, 1, "rows", "denoising steps; n steps add n-1 frames of delay"),
    number(
        "guidance",
        1,
        3,
        1,
        "",
        "how strongly the prompt pulls (residual classifier-free guidance); 1 is off",
        QUICK,
    ),
    number("delta", 0, 1, 1, "", "how much of the residual noise guidance starts from", QUICK),
    number(
        "control/amount",
        0,
        2,
        1,
        "",
        "how strongly the ControlNets and T2I-Adapters of the show's model hold to their guides",
        QUICK,
    ),
    *(
        number(
            f"control/{kind}",
            0,
            2,
            1,
            "",
            f"times control/amount: how strongly those hold to {what}; 0 costs nothing",
            QUICK,
        )
        for kind, what in GUIDED_BY.items()
    ),
    number(
        "pocket/size",
        0.5,
        2,
        1,
        "x",
        "the built-in model and translators: how large strokes, tiles and cells are",
    ),
    number(
        "pocket/relief",
        0,
        2,
        1,
        "x",
        "the built-in model: how far they stand out of the picture",
        QUICK,
    ),
    whole("seed/a", 0, SEEDS, 2, "", "the first noise; /vj/seed alone sets it too"),
    whole("seed/b", 0, SEEDS, 3, "", "the second noise"),
    number("seed/mix", 0, 1, 0, "", "the way from noise a to noise b, its variance kept", QUICK),
    number(
        "noise/hold",
        0,
        1,
        1,
        "",
        "1 keeps the same noise every frame, 0 takes new noise every frame",
    ),
    number(
        "noise/ride",
        0,
        1,
        0,
        "",
        "0: the noise stands on the screen, and what moves passes behind it as behind glass; 1: it "
        "goes with what moves",
        QUICK,
    ),
    number(
        "noise/align",
        0,
        1,
        0,
        "",
        "smears a Stable Diffusion model's noise along the picture's form; pocket and translators "
        "always do",
        QUICK,
    ),
    number(
        "noise/swirl",
        -90,
        90,
        0,
        "deg/s",
        "how fast the large swirl turns that leads where the picture has no direction",
        QUICK,
    ),
)
