"""All that frames have left where pictures are made, as bytes: a rendering that was killed goes on
with it where it stood, and its pictures are those of one that was not."""

from __future__ import annotations

import sys
from typing import Any, Protocol

from vj.core import object_state
from vj.parameters.store import Snapshot
from vj.pipeline.loop import RenderLoop

ROOMS = ("pipeline", "diffusion", "painters", "kernels", "translator", "pocket", "effects")
"""Whose objects are written down; what others hold goes by the parameters and the sources, which
pass by once more."""
ALSO = ("vj.core.frame", "vj.core.picture_place", "vj.core.packed")
OWN = "vj_effect_"
"""What modules of a show's own effects are called, whose objects lie in their memories."""
FOLLOWS = ("vj.diffusion.adapters",)
"""What follows each frame's parameters by itself: it changes weights, which are not written
down."""


class Counts(Protocol):
    """A rendering, which counts its pictures."""

    rendered: int


class PictureState:
    """Of one rendering. Belongs to its thread, between two frames."""

    def __init__(self, counts: Counts, loop: RenderLoop, **more: object) -> None:
        """more: what else keeps something of earlier pictures, by any name."""
        self._counts, self._loop, self._more = counts, loop, more

    @property
    def rendered(self) -> int:
        """Pictures that were delivered."""
        return self._counts.rendered

    def saved(self) -> bytes:
        return object_state.saved(self._roots(), _into)

    def restore(self, raw: bytes) -> None:
        """Raises Fault where it was written by another show, or another version."""
        roots = self._roots()
        object_state.restore(raw, roots, _into)
        counts: Any = roots["counts"]
        self._counts.rendered = counts["rendered"]

    def _roots(self) -> dict[str, object]:
        own: dict[str, object] = {
            "counts": {"rendered": self._counts.rendered},
            "pipeline": self._loop.pipeline,
            "every": self._loop.every,
        }
        return own | self._more


def _into(thing: object) -> bool:
    module = type(thing).__module__
    first, _, rest = module.partition(".")
    if first.startswith(OWN):
        return True
    if first != "vj" or module in FOLLOWS:
        return False
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(thing, torch.nn.Module):
        return False
    return isinstance(thing, Snapshot) or module in ALSO or rest.partition(".")[0] in ROOMS
