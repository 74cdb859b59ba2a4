"""How the two decks are mixed before the model."""

from __future__ import annotations

from vj.core.kinds import DECK_MODES, DECK_SPACES
from vj.parameters.row import QUICK, Parameter, number

ROWS = (
    number(
        "deck/mix",
        0,
        1,
        0,
        "",
        "0 is deck A (source), 1 is deck B (deck/b); they are mixed before the model",
        QUICK,
    ),
    Parameter(
        "deck/mode",
        "choice",
        "normal",
        "how deck B comes over deck A: a blend that is full half way, or a wipe; luma: where A is "
        "dark first",
        choices=DECK_MODES,
    ),
    Parameter(
        "deck/space",
        "choice",
        "picture",
        "picture mixes pixels as deck/mode says; flow moves both pictures along the optical flow "
        "between them; latent mixes in the model's latent space, flow where it has none",
        choices=DECK_SPACES,
    ),
)
