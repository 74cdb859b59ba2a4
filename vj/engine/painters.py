"""Painters: what stands between the two pixel passes. A model's stream, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from vj.engine.canvas import Canvas, HostCanvas, make_canvas
from vj.engine.models import Model
from vj.engine.prompts import PromptBook, Travel
from vj.engine.stream import Noise, Recipe, StreamBatch
from vj.frame import Size
from vj.parameters.store import Snapshot

FADE_BELOW = 0.05
"""Strength under which the painting fades into the input: at 0 the input comes out as it came."""

Picture = Tensor | np.ndarray


@dataclass(slots=True)
class Painting:
    """What came out of a painter, and the cargo that went in with it."""

    picture: Picture
    cargo: Any


class Painter(Protocol):
    """Belongs to the render thread."""

    name: str
    canvas: Canvas
    settled: bool
    """False while the same input would not give the same painting: a prompt is travelling, the noise boils, rows are filling."""

    def paint(self, entered: Picture, snapshot: Snapshot, cargo: Any) -> Painting | None:
        """Take a frame in, give the one that has arrived; None while the first are under way."""

    def drain(self) -> Painting | None:
        """Move on without a new frame; None once all have arrived."""

    def clear(self) -> None:
        """Forget the frames in flight."""

    def close(self) -> None: ...


class Plain:
    """No model: the input goes through feedback, smoothing and wet/dry. Plays before a model is there, and with `--model none`."""

    def __init__(self, size: Size, name: str = "none") -> None:
        self.name = name
        self.canvas: Canvas = HostCanvas(size, plain=True)
        self.settled = True

    def paint(self, entered: Picture, snapshot: Snapshot, cargo: Any) -> Painting | None:
        return Painting(entered, cargo)

    def drain(self) -> Painting | None:
        return None

    def clear(self) -> None: ...

    def close(self) -> None: ...


class StreamPainter:
    """A model played through the stream batch."""

    def __init__(self, model: Model, size: Size, wait: bool, on_message: Callable[[str], None] = lambda text: None) -> None:
        """wait: texts are encoded on the spot (offline), not beside the picture. Raises Unavailable on CUDA without cupy."""
        self.model = model
        self.name = model.describe()
        self.canvas = make_canvas(size, model.device, model.dtype)
        self.settled = False
        self._book = PromptBook(model.encode_text, wait, on_message)
        self._travel = Travel(self._book)
        self._stream = StreamBatch(model.unet, model.prediction)
        shape = (model.latent_channels, size.height // model.scale, size.width // model.scale)
        self._noise = Noise(shape, model.device, torch.float32)

    def warm(self, snapshot: Snapshot) -> None:
        """Run a frame or two, so that the first on stage does not stutter. Beside the picture, before the painter is handed over."""
        size = self.canvas.size  # type: ignore[attr-defined]
        for text in ("", snapshot["prompt/a"], snapshot["prompt/b"]):
            self._book.learn(text)
        black = torch.zeros((1, 3, size.height, size.width), device=self.model.device)
        for _ in range(2):
            for _ in range(snapshot["steps"]):
                self.paint(black, snapshot, None)
        self.clear()

    def paint(self, entered: Picture, snapshot: Snapshot, cargo: Any) -> Painting | None:
        assert isinstance(entered, Tensor)
        self.model.take_threads()
        strength, steps = snapshot["strength"], snapshot["steps"]
        rows = self._stream.rows
        if strength == 0 and steps == 1 and not rows:
            self.settled = True
            return Painting(entered, cargo)
        text = self._travel.at(snapshot)
        if text is None:
            return Painting(entered, cargo) if not rows else None
        noise = self._noise.sample(snapshot["seed/a"], snapshot["seed/b"], snapshot["seed/mix"], snapshot["noise/hold"], steps)
        negative = None
        if snapshot["guidance"] > 1 and snapshot["prompt/negative"].strip():
            negative = self._book.get(snapshot["prompt/negative"])
        recipe = Recipe(self.model.schedule.plan(strength, steps), noise, text, snapshot["guidance"], snapshot["delta"], negative)
        self.settled = not self._travel.under_way and snapshot["noise/hold"] >= 1 and len(rows) >= steps - 1
        kept = entered.clone() if strength < FADE_BELOW else None  # the canvas reuses its tensor
        return self._arrived(self._stream.step(self.model.encode(entered), recipe, (cargo, strength, kept)))

    def drain(self) -> Painting | None:
        done = None
        while done is None and self._stream.rows:
            done = self._stream.step(None)
        return self._arrived(done)

    def _arrived(self, done: Any) -> Painting | None:
        if done is None:
            return None
        cargo, strength, entered = done.cargo
        picture = self.model.decode(done.latents)
        if entered is not None:
            picture = torch.lerp(entered.to(picture.dtype), picture, strength / FADE_BELOW)
        return Painting(picture, cargo)

    def clear(self) -> None:
        self._stream.clear()

    def close(self) -> None:
        self._book.close()
