"""What a Stable Diffusion model's attention keeps of earlier frames."""

from __future__ import annotations

from vj.parameters.row import QUICK, Parameter, number, whole

MEMORY_RESETS = ("off", "bar")

ROWS = (
    number(
        "memory/amount",
        0,
        1,
        0,
        "",
        "how much a Stable Diffusion model's self-attention looks at earlier frames, too, so that "
        "what it paints stays what it was; 0 is off and takes nothing",
        QUICK,
    ),
    whole("memory/frames", 1, 4, 2, "frames", "how many earlier frames are kept"),
    whole("memory/every", 1, 60, 4, "frames", "how far apart they are"),
    number(
        "memory/match",
        0,
        1,
        0.75,
        "",
        "how far each place is led to the most similar one kept, in the deep layers; times "
        "memory/amount",
        QUICK,
    ),
    number(
        "memory/threshold",
        0,
        1,
        0.98,
        "",
        "how similar it has to be (cosine); 1 leads nothing",
        QUICK,
    ),
    Parameter("memory/forget", "trigger", False, "forgets the earlier frames, as a cut does"),
    Parameter(
        "memory/reset",
        "choice",
        MEMORY_RESETS[0],
        "forgets them with each bar, too",
        choices=MEMORY_RESETS,
    ),
)
