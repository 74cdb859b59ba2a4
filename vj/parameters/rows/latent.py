"""What is done to a model's own latents between the network and the picture."""

from __future__ import annotations

from vj.parameters.row import QUICK, number

ROWS = (
    number(
        "latent/morph",
        0,
        1000,
        0,
        "ms",
        "over so long what is generated goes over into the next, in the model's own space, where "
        "the input stands still; 0 is off and takes nothing",
        QUICK,
    ),
)
