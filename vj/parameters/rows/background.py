"""A second layer: the place behind whoever the mask finds."""

from __future__ import annotations

from vj.parameters.row import QUICK, Parameter, number, whole
from vj.parameters.rows.generation import SEEDS

PLACES = ("plate", "words", "black")
"""What background/source names besides the sources of a show."""
SUBJECTS = ("input", "painted")

ROWS = (
    Parameter(
        "background/source",
        "text",
        "",
        "the place behind what the mask finds: a source of the show by its name; plate: the room "
        "with whoever is in front of it filled in; words: painted from background/prompt alone; "
        "black, or a colour (#203040); empty: none",
    ),
    Parameter(
        "background/subject",
        "choice",
        "input",
        "what stands in front of it: the input as it came, and the background alone is painted, "
        "or the generated image",
        choices=SUBJECTS,
    ),
    Parameter("background/prompt", "text", "", "the background's own prompt"),
    number(
        "background/strength",
        0,
        1,
        0,
        "",
        "how much of the background is imagined; 0 is as it came, which costs nothing",
        QUICK,
    ),
    whole(
        "background/every",
        1,
        600,
        12,
        "frames",
        "how often it is painted; each painting fades into the next over as many frames",
    ),
    whole("background/seed", 0, SEEDS, 2, "", "its own noise"),
    number(
        "background/drift",
        0,
        4,
        0.1,
        "1/s",
        "how many seeds its noise travels in a second; 0 holds it still",
    ),
    number(
        "background/speed",
        -4,
        4,
        1,
        "x",
        "how fast its clip or drawing plays; below 0 backwards, 0 stands still",
        QUICK,
    ),
)
