"""Backends with a model: its stream batch, given the frame pipeline's pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.diffusion.attention_memory import memory_of
from vj.diffusion.guides import hints_of
from vj.diffusion.in_flight import FADE_BELOW, WHOLE, InFlight, arriving
from vj.diffusion.ip_adapter import WalkTokens
from vj.diffusion.latent_morph import LatentMorph
from vj.diffusion.live_tokens import LiveTokens
from vj.diffusion.model import Model
from vj.diffusion.noise_align import SwirlTurn, align
from vj.diffusion.not_followed import not_followed
from vj.diffusion.prompts import Embedding, blend
from vj.diffusion.protocols import DiffusionModel
from vj.diffusion.riding_noise import LatentNoise
from vj.diffusion.stream_batch import Conditioning, Done, StreamBatch
from vj.diffusion.walk_latents import WalkLatents, place_of
from vj.diffusion.whole_frame import WholeFrame
from vj.parameters.store import Snapshot
from vj.parameters.table import TABLE
from vj.pipeline.backend import GeneratedImage, Keeps, Words
from vj.pipeline.card_transfer import OnItsWay
from vj.pipeline.compositor import Picture
from vj.pipeline.cuda_compositor import CudaCompositor, make_compositor
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.latent_walk import WalkStep
from vj.pipeline.mixture_travel import PromptTravel, prompt_weights
from vj.pipeline.optical_flow import grid_size
from vj.pipeline.text_book import TextBook

MOST_STEPS = int(TABLE.find("steps").high)


class StreamBackend:
    """A model played through the stream batch."""

    words: Words = ""
    mixes_latents = True
    builds_up = False
    keeps: Keeps = "nothing"

    def __init__(
        self,
        model: DiffusionModel,
        size: Size,
        wait: bool,
        on_message: Callable[[str], None] = lambda text: None,
        supervisor: Supervisor | None = None,
    ) -> None:
        """wait: texts are encoded and graphs are made on the spot (offline), not beside the
        picture. supervisor: of the threads beside the picture. Raises Unavailable on CUDA without
        cupy."""
        self.model = model
        if wait:
            model.capture_between_frames()
        self._given, self._lent = (wait, on_message, supervisor), False
        self.name = model.describe()
        self.understood = ""
        self.compositor = make_compositor(size, model.device, model.dtype)
        self.settled = False
        self.guides = model.guides
        self._fades_below = 1.0 if model.from_noise else FADE_BELOW
        self._book = TextBook(model.encode_text, wait, on_message, supervisor=supervisor)
        self._travel = PromptTravel(self._book, blend)
        shape = (model.latent_channels, size.height // model.scale, size.width // model.scale)
        self.memory = memory_of(model, shape[1], shape[2], on_message)
        self._stream = StreamBatch[InFlight](model.unet, model.prediction, self.memory)
        self._noise = LatentNoise(shape, model.scale, model.device)
        self._turn, self._morph = SwirlTurn(), LatentMorph(shape)
        self._latents = WalkLatents(model)
        self._whole = (
            WholeFrame(model, self.compositor, self.memory)
            if isinstance(model, Model) and isinstance(self.compositor, CudaCompositor)
            else None
        )
        image_prompts = model.adapters.image_prompts
        has = image_prompts is not None
        self.unused: Mapping[str, str] = not_followed(model, self.memory is not None)
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
        context = FrameContext.black(size, self.guides)
        if self.model.device.type == "cuda":
            align(self._noise.of(snapshot), black, 1.0)  # compiles its kernels
            # As many rows as there may be: while a show plays it would stand for each new number.
            plain = replace(snapshot, values={**snapshot.values, "memory/amount": 0.0})
            most = replace(plain, values={**plain.values, "steps": MOST_STEPS})
            if self._whole is not None:
                self._whole.expect(snapshot)
            with self.model.made_fast():
                for _ in range(snapshot["steps"]):
                    self.paint(black, plain, context)
            self.clear()
            with self.model.made_ready():
                for of_frame in [most] * MOST_STEPS + [snapshot] * snapshot["steps"]:
                    self.paint(black, of_frame, context)
                self.clear()
                self._warm_whole(black, snapshot, context)
        for _ in range(2 * snapshot["steps"]):
            self.paint(black, snapshot, context)
        self.clear()

    def _warm_whole(self, black: Tensor, snapshot: Snapshot, context: FrameContext) -> None:
        """Have the graphs of whole frames, without motion and with it."""
        columns, rows = grid_size(self.compositor.size)
        if snapshot["mask/mode"] != "none":
            context = replace(context, mask=np.zeros(self.compositor.size[::-1], np.uint8))
        for steps in sorted({1, snapshot["steps"]}):
            plain = replace(snapshot, values={**snapshot.values, **WHOLE, "steps": steps})
            for flow in (None, np.zeros((rows, columns, 3), np.float32)):
                for _ in range(steps):
                    if self.takes_whole(plain, context) is not None:
                        self.paint_whole(plain, context, 0.0, flow, flow)
                        break
                    self.paint(black, plain, context)
            self.clear()
        self.compositor.reset()

    def paint(
        self, entered: Picture, snapshot: Snapshot, context: FrameContext
    ) -> GeneratedImage | None:
        assert isinstance(entered, Tensor)
        self.model.take_threads()
        strength, steps = snapshot["strength"], snapshot["steps"]
        rows = self._stream.rows
        if strength == 0 and steps == 1 and not rows and place_of(context) is None:
            self.settled = True
            return GeneratedImage(entered, context)
        text = self._travel.of(snapshot)
        if text is None:
            return GeneratedImage(entered, context) if not rows else None
        negative = self._negative(snapshot)
        self.model.follow(snapshot)
        conditioning = self._conditioning(entered, context, snapshot, text, negative)
        self.settled = self._settles(snapshot) and len(rows) >= len(conditioning.levels) - 1
        latents = self._latents.of(entered, snapshot, context)
        kept = None
        if strength < self._fades_below:  # the compositor reuses its tensor
            kept = entered.clone() if place_of(context) is None else self.model.decode(latents)
        flight = InFlight(context, strength, kept, snapshot.time, snapshot["latent/morph"])
        return self._arrived(self._stream.step((latents, conditioning, flight)))

    def pass_by(self, entered: Picture, snapshot: Snapshot, context: FrameContext) -> None:
        plain = snapshot["strength"] == 0 and snapshot["steps"] == 1
        if (plain and place_of(context) is None) or self._travel.of(snapshot) is None:
            return
        self._negative(snapshot)
        self.model.follow(snapshot)
        self._turn.at(snapshot)
        self._image_tokens(snapshot, context)

    def _negative(self, snapshot: Snapshot) -> Embedding | None:
        wanted = snapshot["guidance"] > 1 and snapshot["prompt/negative"].strip()
        return self._book.get(snapshot["prompt/negative"]) if wanted else None

    def _settles(self, snapshot: Snapshot) -> bool:
        """What is played would give the same once more."""
        waits = self._walk_tokens is not None and self._walk_tokens.pending()
        waits = waits or (self._live_tokens is not None and self._live_tokens.under_way)
        waits = waits or (snapshot["noise/align"] > 0 and snapshot["noise/swirl"] != 0)
        waits = waits or (self.memory is not None and self.memory.changes)
        return not self._travel.under_way and not waits and snapshot["noise/hold"] >= 1

    def takes_whole(self, snapshot: Snapshot, context: FrameContext) -> FrameContext | None:
        """See `vj.pipeline.backend.PaintsWhole`."""
        if self._whole is None or place_of(context) is not None or snapshot["noise/align"] > 0:
            return None
        steps = 1 if self.model.from_noise else snapshot["steps"]
        faint = snapshot["strength"] < (self._fades_below if steps > 1 else 1e-9)
        return arriving(self._stream.rows, steps, faint, snapshot["latent/morph"] > 0, context)

    def paint_whole(
        self,
        snapshot: Snapshot,
        context: FrameContext,
        crossfade: float,
        flow: np.ndarray | None,
        flow_after: np.ndarray | None,
    ) -> OnItsWay | None:
        """See `vj.pipeline.backend.PaintsWhole`."""
        assert self._whole is not None
        assert isinstance(self.compositor, CudaCompositor)
        shown = self.takes_whole(snapshot, context)
        text = self._travel.of(snapshot)
        there = (
            None
            if text is None or shown is None
            else self.compositor.on_card(
                context.model_input,
                shown.dry,
                snapshot,
                crossfade,
                flow,
                flow_after,
                shown.mask,
                context.blank,
            )
        )
        if text is None or there is None:
            return None
        self.model.follow(snapshot)
        negative = self._negative(snapshot)
        conditioning = self._conditioning(None, context, snapshot, text, negative)
        self.settled = self._settles(snapshot)
        self._morph.begin()
        strength = snapshot["strength"]
        share = min(1.0, strength / self._fades_below)
        flight = InFlight(context, strength, None, snapshot.time, 0.0)
        return self._whole.paint(there, conditioning, share, self._stream, flight)

    def _conditioning(
        self,
        entered: Tensor | None,
        context: FrameContext,
        snapshot: Snapshot,
        text: Embedding,
        negative: Embedding | None,
    ) -> Conditioning:
        """All that this frame takes with it through the model. entered: led by which its noise
        follows form; None where it does not."""
        noise = self._noise.of(snapshot, context.ride)
        turn = self._turn.at(snapshot)
        if entered is not None:
            noise = align(noise, entered, snapshot["noise/align"], turn)
        walked = self._image_tokens(snapshot, context)
        return Conditioning(
            self.model.schedule.plan(snapshot["strength"], snapshot["steps"]),
            noise,
            self.model.adapters.with_image_prompt(text, snapshot, walked),
            snapshot["guidance"],
            snapshot["delta"],
            None
            if negative is None
            else self.model.adapters.with_image_prompt(negative, snapshot, walked, against=True),
            *hints_of(self.guides, context, snapshot, self.model.device),
            None if self.memory is None else self.memory.of_frame(snapshot),
        )

    def _image_tokens(self, snapshot: Snapshot, context: FrameContext) -> Tensor | None:
        """Of a walk's pictures or of one that was taken; None where the show's own are used."""
        walk, tokens = context.walk, self._walk_tokens
        walked = (
            tokens.at(walk.one, walk.two, walk.share, walk.chain)
            if walk is not None and walk.deck is not None and tokens is not None
            else None
        )
        if walked is None and self._live_tokens is not None:
            walked = self._live_tokens.at(snapshot, context.taken)
        return walked

    def drain(self) -> GeneratedImage | None:
        done = None
        while done is None and self._stream.rows:
            done = self._stream.step()
        return self._arrived(done)

    def _arrived(self, done: Done[InFlight] | None) -> GeneratedImage | None:
        if done is None:
            return None
        frame = done.payload
        morphed = self._morph.of(done.latents, frame.morph, frame.time, frame.context)
        picture = self.model.decode(morphed)
        if frame.entered is not None:
            entered = frame.entered.to(picture.dtype)
            picture = torch.lerp(entered, picture, frame.strength / self._fades_below)
        return GeneratedImage(picture, frame.context)

    def clear(self) -> None:
        self._stream.clear()
        if self.memory is not None:
            self.memory.forget()

    def reset(self) -> None:
        self._noise.begin()
        self._morph.begin()
        self._latents.clear()
        if self.memory is not None:
            self.memory.forget()

    def rest(self) -> None:
        self.clear()
        self.reset()
        if self.memory is not None:
            self.memory.rest()
        self._travel.cut()

    def keep_up(self, snapshot: Snapshot) -> None:
        self._travel.keep_up(snapshot)
        self._negative(snapshot)

    def beside(self) -> Self:
        other = type(self)(self.model, self.compositor.size, *self._given)
        other._lent, other._book = True, self._book
        other.memory = other._stream.memory = None  # a picture of its own follows none
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

    def layer(self, size: Size | None = None) -> Self:
        return type(self)(self.model, size or self.compositor.size, *self._given)

    def close(self) -> None:
        if self._whole is not None:
            self._whole.close()
        if self.model.device.type == "cuda":  # what it holds is still being computed with
            torch.cuda.default_stream(self.model.device).synchronize()
        if not self._lent:
            self._book.close()
        if self._walk_tokens is not None and not self._lent:
            self._walk_tokens.close()
        if self._live_tokens is not None:
            self._live_tokens.close()
