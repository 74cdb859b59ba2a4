"""Backends: what stands between the two pixel passes. A model's stream, or nothing at all."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.diffusion.ip_adapter import WalkTokens
from vj.diffusion.noise_align import align
from vj.diffusion.prompts import Embedding, PromptBook, PromptTravel
from vj.diffusion.protocols import DiffusionModel
from vj.diffusion.stream_batch import Conditioning, Noise, StreamBatch
from vj.parameters.store import Snapshot
from vj.pipeline.compositor import Compositor, HostCompositor, make_compositor

FADE_BELOW = 0.05
"""Strength under which the generated image fades into the input: at 0 the input comes out as it
came."""

Picture = Tensor | np.ndarray


@dataclass(slots=True)
class GeneratedImage:
    """What came out of a backend, and the frame context that went in with it."""

    picture: Picture
    context: Any


class Backend(Protocol):
    """Belongs to the render thread."""

    name: str
    compositor: Compositor
    settled: bool
    """False while the same input would not give the same generated image: a prompt is travelling,
    the noise boils, rows are filling."""
    wants_lines: bool
    """It can be led by a line drawing, `context.lines`."""
    unused: tuple[str, ...]
    """Parameters that change nothing in what it paints."""

    def paint(self, entered: Picture, snapshot: Snapshot, context: Any) -> GeneratedImage | None:
        """Take a frame in, give the one that has arrived; None while the first are under way."""

    def drain(self) -> GeneratedImage | None:
        """Move on without a new frame; None once all have arrived."""

    def clear(self) -> None:
        """Forget the frames in flight."""

    def close(self) -> None: ...


class PassThrough:
    """No model: the input goes through feedback, smoothing and wet/dry. Plays before a model is
    there, and with `--model none`."""

    def __init__(self, size: Size, name: str = "none") -> None:
        self.name = name
        self.compositor: Compositor = HostCompositor(size, plain=True)
        self.settled = True
        self.wants_lines = False
        self.unused: tuple[str, ...] = ()

    def paint(self, entered: Picture, snapshot: Snapshot, context: Any) -> GeneratedImage | None:
        return GeneratedImage(entered, context)

    def drain(self) -> GeneratedImage | None:
        return None

    def clear(self) -> None: ...

    def close(self) -> None: ...


def between(one: Tensor, two: Tensor, share: float) -> Tensor:
    """Latents (1, C, h, w) on the way from one to two, each place's norm kept: a plain mean of two
    pictures would be paler than both."""
    if share <= 0 or one is two:
        return one
    if share >= 1:
        return two
    mean = torch.lerp(one, two, share)
    norm = torch.lerp(one.norm(dim=1, keepdim=True), two.norm(dim=1, keepdim=True), share)
    return mean * (norm / mean.norm(dim=1, keepdim=True).clamp_min(1e-6))


class SwirlTurn:
    """How far the swirl has turned that leads the noise where the picture has no direction."""

    def __init__(self) -> None:
        self._angle, self._time = 0.0, -math.inf

    def at(self, snapshot: Snapshot) -> float:
        """Radians at this frame's time."""
        passed = snapshot.time - self._time
        if 0 < passed < 1:  # a gap is no turn
            self._angle = (self._angle + math.radians(snapshot["noise/swirl"]) * passed) % math.pi
        self._time = snapshot.time
        return self._angle


class StreamBackend:
    """A model played through the stream batch."""

    def __init__(
        self,
        model: DiffusionModel,
        size: Size,
        wait: bool,
        on_message: Callable[[str], None] = lambda text: None,
        supervisor: Supervisor | None = None,
    ) -> None:
        """wait: texts are encoded on the spot (offline), not beside the picture. supervisor: of the
        threads beside the picture. Raises Unavailable on CUDA without cupy."""
        self.model = model
        self.name = model.describe()
        self.compositor = make_compositor(size, model.device, model.dtype)
        self.settled = False
        self.wants_lines = model.wants_lines
        self._book = PromptBook(model.encode_text, wait, on_message, supervisor=supervisor)
        self._travel = PromptTravel(self._book)
        self._stream = StreamBatch(model.unet, model.prediction)
        shape = (model.latent_channels, size.height // model.scale, size.width // model.scale)
        self._noise = Noise(shape, model.device, torch.float32)
        self._turn = SwirlTurn()
        self._latents_of: list[tuple[np.ndarray, Tensor]] = []
        has = model.adapters.pictures is not None
        self.unused: tuple[str, ...] = (
            *("pocket/size", "pocket/relief", "palette/a", "palette/b"),
            *(() if model.wants_lines else ("control/amount",)),
            *(() if has else ("image/amount", "image/mix")),
        )
        self._walk_tokens = (
            WalkTokens(model.encode_image_prompt, wait, on_message, supervisor) if has else None
        )

    def warm(self, snapshot: Snapshot) -> None:
        """Run a frame or two, so that the first on stage does not stutter. Beside the picture,
        before the backend is handed over."""
        size = self.compositor.size  # type: ignore[attr-defined]
        for text in ("", snapshot["prompt/a"], snapshot["prompt/b"]):
            self._book.learn(text)
        black = torch.zeros((1, 3, size.height, size.width), device=self.model.device)
        if self.model.device.type == "cuda":
            align(self._noise.sample(0, 0, 0.0, 1.0, 1), black, 1.0)  # compiles its kernels
        for _ in range(2):
            for _ in range(snapshot["steps"]):
                self.paint(black, snapshot, None)
        self.clear()

    def paint(self, entered: Picture, snapshot: Snapshot, context: Any) -> GeneratedImage | None:
        assert isinstance(entered, Tensor)
        self.model.take_threads()
        strength, steps = snapshot["strength"], snapshot["steps"]
        rows = self._stream.rows
        if strength == 0 and steps == 1 and not rows and getattr(context, "walk", None) is None:
            self.settled = True
            return GeneratedImage(entered, context)
        text = self._travel.at(snapshot)
        if text is None:
            return GeneratedImage(entered, context) if not rows else None
        negative = None
        if snapshot["guidance"] > 1 and snapshot["prompt/negative"].strip():
            negative = self._book.get(snapshot["prompt/negative"])
        self.model.follow(snapshot)
        conditioning = self._conditioning(entered, context, snapshot, text, negative)
        waits = self._walk_tokens is not None and self._walk_tokens.pending()
        waits = waits or (snapshot["noise/align"] > 0 and snapshot["noise/swirl"] != 0)
        self.settled = (
            not self._travel.under_way
            and not waits
            and snapshot["noise/hold"] >= 1
            and len(rows) >= steps - 1
        )
        latents = self._latents(entered, snapshot, context)
        kept = None
        if strength < FADE_BELOW:  # the compositor reuses its tensor
            kept = (
                entered.clone()
                if getattr(context, "walk", None) is None
                else self.model.decode(latents)
            )
        return self._arrived(self._stream.step(latents, conditioning, (context, strength, kept)))

    def _conditioning(
        self,
        entered: Tensor,
        context: Any,
        snapshot: Snapshot,
        text: Embedding,
        negative: Embedding | None,
    ) -> Conditioning:
        """All that this frame takes with it through the model."""
        steps = snapshot["steps"]
        noise = self._noise.sample(
            snapshot["seed/a"],
            snapshot["seed/b"],
            snapshot["seed/mix"],
            snapshot["noise/hold"],
            steps,
        )
        noise = align(noise, entered, snapshot["noise/align"], self._turn.at(snapshot))
        walk = getattr(context, "walk", None)
        tokens = self._walk_tokens
        walked = (
            tokens.at(walk.one, walk.two, walk.share, walk.chain)
            if walk is not None and tokens is not None
            else None
        )
        return Conditioning(
            self.model.schedule.plan(snapshot["strength"], steps),
            noise,
            self.model.adapters.with_picture(text, snapshot, walked),
            snapshot["guidance"],
            snapshot["delta"],
            None
            if negative is None
            else self.model.adapters.with_picture(negative, snapshot, walked, against=True),
            self._hint(entered, context, snapshot["control/amount"]),
            snapshot["control/amount"],
        )

    def _latents(self, entered: Tensor, snapshot: Snapshot, context: Any) -> Tensor:
        """Where the model starts from: the encoded input; on a walk the place between two pictures
        in the model's own space, and what feedback and lines have changed on top."""
        step = getattr(context, "walk", None)
        if step is None:
            return self.model.encode(entered)
        one, two = (self._latents_at(picture, step.chain) for picture in (step.one, step.two))
        latents = between(one, two, step.share)
        if snapshot["feedback/amount"] > 0 or context.model_sees is not context.image:
            latents = (
                latents
                + self.model.encode(entered)
                - self.model.encode(self._as_input(context.image))
            )
        return latents

    def _latents_at(self, picture: np.ndarray, chain: tuple[np.ndarray, ...]) -> Tensor:
        """A picture of a walk in the model's space, encoded once for each."""
        for seen, made in self._latents_of:
            if seen is picture:
                return made
        kept = {id(one) for one in chain}
        self._latents_of = [entry for entry in self._latents_of if id(entry[0]) in kept]
        self._latents_of.append((picture, self.model.encode(self._as_input(picture))))
        return self._latents_of[-1][1]

    def _as_input(self, picture: np.ndarray) -> Tensor:
        there = torch.from_numpy(picture).to(self.model.device).float()
        return there.div(255).mul(2).sub(1).permute(2, 0, 1)[None].contiguous()

    def _hint(self, entered: Tensor, context: Any, amount: float) -> Tensor | None:
        """The lines of a frame for a model that is led by them, (1, 3, H, W) 0..1. Black ones while
        it is warmed up."""
        if not self.wants_lines or amount == 0:
            return None
        if context is None:
            return torch.zeros_like(entered)
        lines = getattr(context, "lines", None)
        return (
            None
            if lines is None
            else torch.from_numpy(lines).to(entered.device).permute(2, 0, 1)[None].float() / 255
        )

    def drain(self) -> GeneratedImage | None:
        done = None
        while done is None and self._stream.rows:
            done = self._stream.step(None)
        return self._arrived(done)

    def _arrived(self, done: Any) -> GeneratedImage | None:
        if done is None:
            return None
        context, strength, entered = done.context
        picture = self.model.decode(done.latents)
        if entered is not None:
            picture = torch.lerp(entered.to(picture.dtype), picture, strength / FADE_BELOW)
        return GeneratedImage(picture, context)

    def clear(self) -> None:
        self._stream.clear()

    def close(self) -> None:
        self._book.close()
        if self._walk_tokens is not None:
            self._walk_tokens.close()
