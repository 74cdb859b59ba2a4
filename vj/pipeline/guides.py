"""The pictures that lead a model beside its input (ControlNets, T2I-Adapters): lines, edges, depth,
faces and bodies, each made of the same frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np

from vj.core.kinds import GUIDES
from vj.core.supervisor import Supervisor
from vj.parameters.store import Snapshot
from vj.pipeline.backend import NO_GUIDES
from vj.pipeline.depth import NO_DEPTH, Depth, as_guide
from vj.pipeline.landmarks.markers import FILES, Markers, missing

FADERS = {kind: f"control/{kind}" for kind in GUIDES}
"""What plays how strongly each leads."""
CANNY = 200.0
"""The lower threshold of Canny (1986) at lines/detail 0, 0 at 1: 100 and 200 at .5 are those with
which ControlNets were trained."""


def unled(guides: Sequence[str]) -> dict[str, str]:
    """Faders that change nothing in a model that these kinds lead, each with the reason."""
    if not guides:
        return dict.fromkeys(("control/amount", *FADERS.values()), NO_GUIDES)
    return {
        fader: f"no ControlNet or T2I-Adapter of the model is led by {kind}"
        for kind, fader in FADERS.items()
        if kind not in guides
    }


def lacking_of(kind: str, finds_depth: bool) -> str:
    """What is not there of a guide of this kind, in words; empty for what is."""
    if kind == "depth" and not finds_depth:
        return f"guide depth: {NO_DEPTH}; it does not lead"
    return missing(kind, f"guide {kind}") if kind in FILES else ""


def amount_of(kind: str, snapshot: Snapshot) -> float:
    """How strongly a kind leads: its own fader times that of all."""
    amount: float = snapshot["control/amount"] * snapshot[FADERS[kind]]
    return amount


def canny(image: np.ndarray, detail: float) -> np.ndarray:
    """(H, W, 3) uint8 -> (H, W) uint8, edges one pixel wide, 255. detail: 0..1."""
    low = max(8.0, CANNY * (1 - detail))
    return cv2.Canny(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), low, 2 * low)


class Guides:
    """Of one show's frames, besides its lines. Belongs to the render thread."""

    def __init__(
        self, on_message: Callable[[str], None], supervisor: Supervisor, live: bool
    ) -> None:
        self._markers = {
            kind: Markers(on_message, supervisor, live, setting=f"guide {kind}") for kind in FILES
        }
        self._log = on_message
        self._told = False

    def wanted(self, kinds: Sequence[str], snapshot: Snapshot) -> list[str]:
        """Those of these kinds that lead now."""
        return [kind for kind in kinds if amount_of(kind, snapshot) > 0]

    def of(
        self,
        image: np.ndarray,
        snapshot: Snapshot,
        time: float,
        kinds: Sequence[str],
        depth: np.ndarray | None,
        finder: Depth,
    ) -> Mapping[str, np.ndarray]:
        """image: (H, W, 3) uint8. kinds: that lead now. depth: (H, W) float32, 1 is nearest; None
        where it is not known. finder: of it. -> The guides that there are, besides lines,
        (H, W, 3) uint8 each."""
        made: dict[str, np.ndarray] = {}
        for kind, markers in self._markers.items():
            found = markers.find(image, snapshot, time, kind in kinds, kind)
            if found is not None:
                made[kind] = cv2.cvtColor(found, cv2.COLOR_GRAY2RGB)
        if "edges" in kinds:
            made["edges"] = cv2.cvtColor(canny(image, snapshot["lines/detail"]), cv2.COLOR_GRAY2RGB)
        if "depth" in kinds:
            if depth is not None:
                made["depth"] = as_guide(depth)
            elif not self._told and (message := lacking_of("depth", finder.find is not None)):
                self._told = True
                self._log(message)
        return made

    def close(self) -> None:
        """End its threads."""
        for markers in self._markers.values():
            markers.close()
