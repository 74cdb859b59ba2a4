"""The background's own paintings: by the model that plays, with a prompt, a strength and a seed of
its own, every so many frames, each fading into the next."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from vj.core.errors import told
from vj.core.supervisor import Supervisor
from vj.parameters.rows.generation import SEEDS
from vj.parameters.store import Snapshot
from vj.parameters.table import Value
from vj.pipeline.backend import Backend
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.key_painter import ALONE
from vj.pipeline.second_layer import SecondLayer

NO_PROMPTS: dict[str, Value] = {
    "prompt/b": "",
    "prompt/mix": 0.0,
    "prompt/list": "",
    "prompt/scenes": "",
    "palette/a": "",
    "palette/b": "",
    "steps": 1,
}
"""What the frames are painted with is not the background's."""


class BackgroundPainter:
    """Belongs to the render thread."""

    def __init__(
        self, on_message: Callable[[str], None], supervisor: Supervisor, live: bool
    ) -> None:
        """live: a second layer of the model is made beside the picture."""
        self._log = on_message
        without = "the background has no layer of its own", "the background is as it came"
        self._second = SecondLayer("background", without, self._say, supervisor, live)
        self._from: np.ndarray | None = None
        self._to: np.ndarray | None = None
        self._shown: np.ndarray | None = None
        self._since = 0
        """Frames since the last painting."""
        self._seed, self._time = 0.0, -math.inf
        """How far the noise has travelled, in seeds."""
        self._told = ""

    def at(
        self,
        place: Callable[[], np.ndarray | None],
        snapshot: Snapshot,
        backend: Backend,
        strength: float,
    ) -> np.ndarray | None:
        """What is seen of the background now, (H, W, 3) uint8; None while there is nothing. place:
        gives it as it came, of the size that backend paints. To be called with every frame."""
        own = self._own(snapshot, strength)
        layer = None if strength <= 0 else self._layer_of(backend, own)
        every = int(snapshot["background/every"])
        self._since += 1
        if layer is None or self._to is None or self._since >= every:
            came = place()
            if layer is None or came is None:
                self._from = self._to = None
                self._shown = came
                return came
            self._paint(layer, came, own)
            if self._to is None:
                self._shown = came
        if self._to is not None:
            assert self._from is not None
            share = min(1.0, (self._since + 1) / every)
            self._shown = (
                self._to
                if share >= 1
                else cv2.addWeighted(self._from, 1 - share, self._to, share, 0)
            )
        return self._shown

    def _paint(self, layer: Backend, place: np.ndarray, own: Snapshot) -> None:
        self._since = 0
        context = FrameContext(place, 0, own.time, place)
        try:
            generated = layer.paint(layer.compositor.preprocess(place, own), own, context)
            if generated is None:
                return
            painted = layer.compositor.postprocess(generated.picture, place, own).result()
            if painted is None:
                raise ValueError("the model gave NaN")
        except Exception as error:  # whatever a model throws: the last painting stands
            self._say(f"the background could not be painted ({told(error)})")
            return
        layer.compositor.reset()
        self._from = painted if self._shown is None else self._shown
        self._to = painted.copy()

    def _own(self, snapshot: Snapshot, strength: float) -> Snapshot:
        """The parameters that the background is painted by."""
        passed = snapshot.time - self._time
        if 0 < passed < 1:  # a gap is no journey
            self._seed = (self._seed + snapshot["background/drift"] * passed) % SEEDS
        self._time = snapshot.time
        whole = math.floor(self._seed)
        values = {
            **snapshot.values,
            **ALONE,
            **NO_PROMPTS,
            "prompt/a": snapshot["background/prompt"],
            "strength": strength,
            "seed/a": (snapshot["background/seed"] + whole) % SEEDS,
            "seed/b": (snapshot["background/seed"] + whole + 1) % SEEDS,
            "seed/mix": self._seed - whole,
        }
        return replace(snapshot, values=values)

    @property
    def seed(self) -> float:
        """How far the noise has travelled, in seeds."""
        return self._seed

    def _layer_of(self, backend: Backend, own: Snapshot) -> Backend | None:
        """The layer that paints; None while it is being made, and where there is none."""
        if not self._second.belongs_to(backend):
            self.forget()
        return self._second.of(backend, own)

    def _say(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._log(text)

    def forget(self) -> None:
        """Begin anew with the next frame."""
        self._from = self._to = self._shown = None
        self._since = 0

    def leave(self, backend: Backend) -> None:
        """This backend plays no more: its layer goes, also while there is no background."""
        self._second.leave(backend)

    def close(self) -> None:
        """End its threads. May be called twice."""
        self._second.close()
