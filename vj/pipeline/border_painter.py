"""New edges on a journey, painted at a strength of their own: a second layer of the model paints
what the camera will see some frames ahead, and the strip that is new in it comes into view frame by
frame. So it is paid for once in so many frames, and is one piece.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from vj.core.errors import told
from vj.core.supervisor import Supervisor
from vj.kernels.border import FRAMES, far_ahead, holds, whole
from vj.kernels.edges import beyond_edges
from vj.parameters.rows.generation import SEEDS
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend, PassThrough
from vj.pipeline.compositor import paints_edges, turn_matrix
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.key_painter import ALONE
from vj.pipeline.second_layer import SecondLayer

FULL_FROM = 0.05
"""Strength of the frames from which edges are painted as they shall be; at 0, where the moment
itself is flown through, they are not painted, either."""


class BorderPainter:
    """Belongs to the render thread."""

    def __init__(
        self, on_message: Callable[[str], None], supervisor: Supervisor, live: bool
    ) -> None:
        """live: the second layer is made beside the picture."""
        self._log = on_message
        without = (
            "the edges of a journey have no layer of their own",
            "edges of a journey are painted as the rest is",
        )
        self._second = SecondLayer("new edges", without, self._say, supervisor, live)
        self._told = ""
        self._moment: np.ndarray | None = None
        self._back: np.ndarray | None = None
        """From the places of the picture to those of the strip; None while there is no strip."""
        self._age = self._wait = 0
        """Of the strip, and until one is tried again that could not be painted, in frames."""
        self.painted = 0
        """Strips on this journey."""

    def back(
        self, backend: Backend, snapshot: Snapshot, context: FrameContext
    ) -> np.ndarray | None:
        """See `Compositor.preprocess`; the strip itself is in the compositor of backend, which will
        paint the frame. To be called with every frame that is painted."""
        flight = context.flight
        if flight is None or flight.moment is None:
            self._moment = self._back = None
            return None
        if flight.moment is not self._moment:
            self._moment, self._back, self._wait, self.painted = flight.moment, None, 0, 0
        strength = edge_strength(snapshot)
        if strength <= snapshot["strength"] or not paints_edges(snapshot, flight.share):
            self._back = None
            return None
        size = backend.compositor.size
        matrix = turn_matrix(size, snapshot)
        self._age += 1
        self._wait = max(0, self._wait - 1)
        if self._back is not None:
            self._back = self._back @ whole(matrix)
            self._back = None if self._age >= FRAMES else self._back
        new = beyond_edges(matrix, size.height, size.width) > 0
        own = layer = None
        if new or self._second.belongs_to(backend):  # from then on its prompts are kept up with
            own = self._own(snapshot, strength)
            paints = type(backend) is not PassThrough
            layer = self._second.of(backend, own) if paints else None
        if not new:
            return None
        if self._back is not None and holds(self._back, matrix, size.height, size.width):
            return self._back
        self._back = None
        if layer is None or own is None or self._wait:
            return None
        ahead = far_ahead(matrix, size.height, size.width)
        if ahead is not None and self._paint(backend, layer, ahead, own, context):
            self._back = np.linalg.inv(ahead) @ whole(matrix)
        return self._back

    def _paint(
        self,
        backend: Backend,
        layer: Backend,
        ahead: np.ndarray,
        own: Snapshot,
        context: FrameContext,
    ) -> bool:
        compositor = backend.compositor
        entered = compositor.ahead(ahead.astype(np.float32), int(own["seed/a"]))
        if entered is None:
            return False
        alone = replace(context, mask=None, lines=None, guides={}, walk=None, flight=None)
        try:
            generated = layer.paint(entered, own, alone) or layer.drain()
            layer.clear()
            if generated is None:
                return False
            compositor.keep_strip(generated.picture)
        except Exception as error:  # whatever a model throws: edges are as without it
            self._wait = FRAMES
            self._say(f"new edges could not be painted ({told(error)})")
            return False
        self._age = 0
        self.painted += 1
        return True

    def _own(self, snapshot: Snapshot, strength: float) -> Snapshot:
        """The parameters that a strip is painted by: the picture's, with the noise of another place
        for each strip."""
        values = {
            **snapshot.values,
            **ALONE,
            "strength": strength,
            "seed/a": (snapshot["seed/a"] + self.painted) % SEEDS,
            "seed/b": (snapshot["seed/b"] + self.painted) % SEEDS,
        }
        return replace(snapshot, values=values)

    def _say(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._log(text)

    def leave(self, backend: Backend) -> None:
        """This backend plays no more."""
        self._back = None
        self._second.leave(backend)

    def close(self) -> None:
        """End its threads. May be called twice."""
        self._second.close()


def edge_strength(snapshot: Snapshot) -> float:
    """At which new edges are painted on a journey."""
    wanted: float = snapshot["journey/edge/strength"]
    return wanted * min(1.0, snapshot["strength"] / FULL_FROM)
