"""The techniques the built-in model is taught, drawn by our own code."""

from vj.pocket.techniques.cells import CELLS
from vj.pocket.techniques.materials import MATERIALS
from vj.pocket.techniques.strokes import STROKES
from vj.pocket.techniques.subject import Painted, Subject, Technique, make_subject

TECHNIQUES: dict[str, Technique] = {**STROKES, **CELLS, **MATERIALS}
"""Name -> what draws it. Their order is the network's."""

__all__ = [
    "CELLS",
    "MATERIALS",
    "STROKES",
    "TECHNIQUES",
    "Painted",
    "Subject",
    "Technique",
    "make_subject",
]
