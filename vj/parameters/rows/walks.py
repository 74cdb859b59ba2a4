"""Films that a translator dreams, and walks between pictures."""

from __future__ import annotations

from vj.parameters.row import QUICK, Parameter, number, whole

ROWS = (
    Parameter(
        "film/begin",
        "trigger",
        False,
        "a film that a translator dreams (trained with --from next) begins anew: with the "
        "source's two newest frames, with source none as it began before",
    ),
    number(
        "walk/position",
        0,
        1,
        0,
        "",
        "where a walk: source stands, from its first picture to its last, while walk/leg is 0",
        QUICK,
    ),
    number(
        "walk/leg",
        0,
        600,
        6,
        "s",
        "how long the walk from a picture to the next takes; 0: walk/position leads",
    ),
    Parameter(
        "walk/ease",
        "text",
        "s-curve",
        "the curve of each leg, one for all or one each: s-curve, logit, linear",
    ),
    number(
        "walk/even",
        0,
        1,
        0,
        "",
        "1 walks at constant visible speed: slower where the picture flips, quicker where little "
        "happens",
    ),
    Parameter(
        "walk/end",
        "choice",
        "stay",
        "what comes after the last picture",
        choices=("stay", "round", "back"),
    ),
    Parameter(
        "walk/way",
        "choice",
        "latent",
        "latent mixes two pictures in the model's own space; morph moves what is alike from its "
        "place in one to its place in the next, over key pictures that are made once and kept",
        choices=("latent", "morph"),
    ),
    whole(
        "walk/keys",
        1,
        9,
        3,
        "pictures",
        "key pictures of each leg, with walk/way morph; others are made anew, beside the picture",
    ),
    number(
        "walk/repaint",
        0,
        1,
        0.3,
        "",
        "how far the model leaves what is laid out for a key picture when it paints it; an "
        "IP-Adapter paints it all anew",
    ),
)
