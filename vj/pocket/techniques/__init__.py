"""The techniques the built-in model is taught, drawn by our own code."""

from collections.abc import Mapping

import numpy as np

from vj.pocket.techniques.cells import CELLS
from vj.pocket.techniques.materials import MATERIALS
from vj.pocket.techniques.strokes import STROKES
from vj.pocket.techniques.subject import Painted, Subject, Technique, make_subject

TECHNIQUES: dict[str, Technique] = {**STROKES, **CELLS, **MATERIALS}
"""Name -> what draws it. Their order is the network's."""
NOT_LEARNED = ("contour lines",)
"""Isolines turn with every step of brightness, oftener than a network of this size can: it leaves
them out, or makes stripes of them. So they are drawn as they are, and mixed with what the network
paints."""
LEARNED = tuple(name for name in TECHNIQUES if name not in NOT_LEARNED)


def draw(subject: Subject, weights: Mapping[str, float]) -> Painted:
    """What the techniques make of a subject, mixed by weight."""
    made = [(np.float32(weight), TECHNIQUES[name](subject)) for name, weight in weights.items()]
    tone = sum(
        (weight * one.tone for weight, one in made), np.zeros(subject.luma.shape, np.float32)
    )
    colour = sum(
        (weight * one.colour for weight, one in made), np.zeros(subject.image.shape, np.float32)
    )
    return Painted(tone, colour)


__all__ = [
    "CELLS",
    "LEARNED",
    "MATERIALS",
    "NOT_LEARNED",
    "STROKES",
    "TECHNIQUES",
    "Painted",
    "Subject",
    "Technique",
    "draw",
    "make_subject",
]
