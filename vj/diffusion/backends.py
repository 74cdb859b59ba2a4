"""Backends with a model: its stream batch, given the frame pipeline's pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.diffusion.ip_adapter import WalkTokens
from vj.diffusion.live_tokens import LiveTokens
from vj.diffusion.noise_align import align
from vj.diffusion.prompts import Embedding, blend
from vj.diffusion.protocols import DiffusionModel
from vj.diffusion.stream_batch import Conditioning, Done, Noise, StreamBatch
from vj.parameters.store import Snapshot
from vj.parameters.table import TABLE
from vj.pipeline.backend import (
    BUILT_IN_ONLY,
    NO_FILM,
    NO_IMAGE_PROMPTS,
    NO_LINES,
    GeneratedImage,
    Words,
)
from vj.pipeline.compositor import Picture
from vj.pipeline.cuda_compositor import make_compositor
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.latent_walk import WalkStep
from vj.pipeline.mixture_travel import PromptTravel, prompt_weights
from vj.pipeline.text_book import TextBook

FADE_BELOW = 0.05
"""Strength under which the generated image fades into the input: at 0 the input comes out as it
came."""

MOST_STEPS = int(TABLE.find("steps").high)

POCKET = ("pocket/size", "pocket/relief", "palette/a", "palette/b")
"""Parameters of the built-in model."""
IMAGE_PROMPTS = ("image/amount", "image/mix")
LIVE_PICTURES = ("image/from", "image/every", "image/grab")


@dataclass(frozen=True, slots=True, eq=False)
class InFlight:
    """What goes along with a frame through the model."""

    context: FrameContext
    strength: float
    entered: Tensor | None
    """What went in, (1, 3, H, W), where the strength is so low that it shows."""


def _place(context: FrameContext) -> WalkStep | None:
    """The place of a walk that is looked for in the model's own space; None over key pictures."""
    return None if context.walk is None or context.walk.made is not None else context.walk


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

    words: Words = ""
    mixes_latents = True

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
        self._given, self._lent = (wait, on_message, supervisor), False
        self.name = model.describe()
        self.understood = ""
        self.compositor = make_compositor(size, model.device, model.dtype)
        self.settled = False
        self.wants_lines = model.wants_lines
        self._book = TextBook(model.encode_text, wait, on_message, supervisor=supervisor)
        self._travel = PromptTravel(self._book, blend)
        self._stream = StreamBatch[InFlight](model.unet, model.prediction)
        shape = (model.latent_channels, size.height // model.scale, size.width // model.scale)
        self._noise = Noise(shape, model.device, torch.float32)
        self._turn = SwirlTurn()
        self._latents_of: list[tuple[np.ndarray, Tensor]] = []
        image_prompts = model.adapters.image_prompts
        has = image_prompts is not None
        self.unused: Mapping[str, str] = {
            **dict.fromkeys(POCKET, BUILT_IN_ONLY),
            "film/begin": NO_FILM,
            **({} if model.wants_lines else {"control/amount": NO_LINES}),
            **({} if has else dict.fromkeys((*IMAGE_PROMPTS, *LIVE_PICTURES), NO_IMAGE_PROMPTS)),
        }
        self._walk_tokens = (
            WalkTokens(model.encode_image_prompt, wait, on_message, supervisor) if has else None
        )
        self._live_tokens = (
            None
            if image_prompts is None
            else LiveTokens(image_prompts, model.encode_image_prompt, wait, on_message, supervisor)
        )

    def warm(self, snapshot: Snapshot) -> None:
        """Run a frame or two, so that the first on stage does not stutter. Beside the picture,
        before the backend is handed over."""
        size = self.compositor.size
        asked = (text for text, _ in prompt_weights(snapshot))
        for text in dict.fromkeys(("", snapshot["prompt/a"], snapshot["prompt/b"], *asked)):
            self._book.find(text)
        black = torch.zeros((1, 3, size.height, size.width), device=self.model.device)
        if self.model.device.type == "cuda":
            align(self._noise.sample(0, 0, 0.0, 1.0, 1), black, 1.0)  # compiles its kernels
        context = FrameContext.black(size, self.wants_lines)
        if self.model.device.type == "cuda":
            # As many rows as there may be: while a show plays it would stand for each new number.
            most = replace(snapshot, values={**snapshot.values, "steps": MOST_STEPS})
            with self.model.made_ready():
                for _ in range(MOST_STEPS):
                    self.paint(black, most, context)
            self.clear()
        for _ in range(2):
            for _ in range(snapshot["steps"]):
                self.paint(black, snapshot, context)
        self.clear()

    def paint(
        self, entered: Picture, snapshot: Snapshot, context: FrameContext
    ) -> GeneratedImage | None:
        assert isinstance(entered, Tensor)
        self.model.take_threads()
        strength, steps = snapshot["strength"], snapshot["steps"]
        rows = self._stream.rows
        if strength == 0 and steps == 1 and not rows and _place(context) is None:
            self.settled = True
            return GeneratedImage(entered, context)
        text = self._travel.of(snapshot)
        if text is None:
            return GeneratedImage(entered, context) if not rows else None
        negative = None
        if snapshot["guidance"] > 1 and snapshot["prompt/negative"].strip():
            negative = self._book.get(snapshot["prompt/negative"])
        self.model.follow(snapshot)
        conditioning = self._conditioning(entered, context, snapshot, text, negative)
        waits = self._walk_tokens is not None and self._walk_tokens.pending()
        waits = waits or (self._live_tokens is not None and self._live_tokens.under_way)
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
            kept = entered.clone() if _place(context) is None else self.model.decode(latents)
        flight = InFlight(context, strength, kept)
        return self._arrived(self._stream.step((latents, conditioning, flight)))

    def _conditioning(
        self,
        entered: Tensor,
        context: FrameContext,
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
        walk = context.walk
        tokens = self._walk_tokens
        walked = (
            tokens.at(walk.one, walk.two, walk.share, walk.chain)
            if walk is not None and walk.deck is not None and tokens is not None
            else None
        )
        if walked is None and self._live_tokens is not None:
            walked = self._live_tokens.at(snapshot, context.taken)
        return Conditioning(
            self.model.schedule.plan(snapshot["strength"], steps),
            noise,
            self.model.adapters.with_image_prompt(text, snapshot, walked),
            snapshot["guidance"],
            snapshot["delta"],
            None
            if negative is None
            else self.model.adapters.with_image_prompt(negative, snapshot, walked, against=True),
            self._hint(entered, context, snapshot["control/amount"]),
            snapshot["control/amount"],
        )

    def _latents(self, entered: Tensor, snapshot: Snapshot, context: FrameContext) -> Tensor:
        """Where the model starts from: the encoded input; on a walk the place between two pictures
        in the model's own space, and what feedback and lines have changed on top."""
        step = _place(context)
        if step is None:
            return self.model.encode(entered)
        one, two = (self._latents_at(picture, step.chain) for picture in (step.one, step.two))
        latents = between(one, two, step.share)
        fed_back = snapshot["feedback/amount"] > 0 or context.flight is not None
        if fed_back or context.model_input is not context.image:
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

    def _hint(self, entered: Tensor, context: FrameContext, amount: float) -> Tensor | None:
        """The lines of a frame for a model that is led by them, (1, 3, H, W) 0..1."""
        if not self.wants_lines or amount == 0 or context.lines is None:
            return None
        lines = torch.from_numpy(context.lines).to(entered.device)
        return lines.permute(2, 0, 1)[None].float() / 255

    def drain(self) -> GeneratedImage | None:
        done = None
        while done is None and self._stream.rows:
            done = self._stream.step()
        return self._arrived(done)

    def _arrived(self, done: Done[InFlight] | None) -> GeneratedImage | None:
        if done is None:
            return None
        frame, picture = done.payload, self.model.decode(done.latents)
        if frame.entered is not None:
            entered = frame.entered.to(picture.dtype)
            picture = torch.lerp(entered, picture, frame.strength / FADE_BELOW)
        return GeneratedImage(picture, frame.context)

    def clear(self) -> None:
        self._stream.clear()

    def rest(self) -> None:
        self.clear()
        self._travel.cut()
        self._latents_of.clear()

    def keep_up(self, snapshot: Snapshot) -> None:
        self._travel.keep_up(snapshot)
        if snapshot["guidance"] > 1 and snapshot["prompt/negative"].strip():
            self._book.get(snapshot["prompt/negative"])

    def beside(self) -> Self:
        other = type(self)(self.model, self.compositor.size, *self._given)
        other._lent, other._book = True, self._book
        other._travel = PromptTravel(self._book, blend)
        other._walk_tokens = self._walk_tokens
        return other

    def go_on(self) -> GeneratedImage | None:
        return self._arrived(self._stream.step())

    def ready(self, snapshot: Snapshot, walk: WalkStep) -> bool:
        texts = [text for text, _ in prompt_weights(snapshot)]
        if snapshot["guidance"] > 1 and snapshot["prompt/negative"].strip():
            texts.append(snapshot["prompt/negative"])
        known = [self._book.get(text) is not None for text in texts]
        if self._walk_tokens is not None:
            self._walk_tokens.at(walk.one, walk.two, walk.share, walk.chain)
            known.append(not self._walk_tokens.pending())
        return all(known)

    def layer(self) -> Self:
        return type(self)(self.model, self.compositor.size, *self._given)

    def close(self) -> None:
        if not self._lent:
            self._book.close()
        if self._walk_tokens is not None and not self._lent:
            self._walk_tokens.close()
        if self._live_tokens is not None:
            self._live_tokens.close()
