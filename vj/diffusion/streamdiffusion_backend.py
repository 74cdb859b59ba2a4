"""`engine: streamdiffusion`: the package streamdiffusion 0.1.1 itself, to compare with our own
stream batch.

Its limits, which our own has not: strength moves in 50 steps of t, and a change reaches rows
already in flight, so with several steps it smears for as many frames; guidance works with two steps
and more (with one, the package's residual grows without bound), and there is no negative prompt;
SDXL does not play. The package's `__call__` wants CUDA events and guesses the
value range of what it is given, so its parts are called one by one: encode_image, predict_x0_batch,
decode_image.
"""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from vj.core.errors import Fault, Unavailable
from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.diffusion.devices import sent
from vj.diffusion.in_flight import FADE_BELOW
from vj.diffusion.model import Model
from vj.diffusion.not_followed import IMAGE_PROMPTS, LIVE_PICTURES, POCKET
from vj.diffusion.prompts import Embedding, blend
from vj.diffusion.stream_batch import LEAST_SIGNAL, Noise
from vj.parameters.store import Snapshot
from vj.pipeline.backend import BUILT_IN_ONLY, MEMORY, NO_FILM, GeneratedImage, Words
from vj.pipeline.compositor import Picture
from vj.pipeline.cuda_compositor import make_compositor
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.mixture_travel import PromptTravel, prompt_weights
from vj.pipeline.text_book import TextBook

INFERENCE_STEPS = 50
"""The list of timesteps the package picks from."""

NOT_PLAYED = (
    *("noise/align", "noise/swirl", "noise/ride", "control/amount", "latent/morph"),
    *(*IMAGE_PROMPTS, *LIVE_PICTURES, *MEMORY),
)
"""Parameters that only our own stream follows."""


def t_index_list(strength: float, steps: int, last: int = 999) -> list[int]:
    """Strength as the package takes it: indices into its 50 falling timesteps, for levels at equal
    distances of t."""
    spacing = (last + 1) / INFERENCE_STEPS
    levels = [strength * last * (steps - i) / steps for i in range(steps)]
    return [min(INFERENCE_STEPS - 1, max(0, round((last - t) / spacing))) for t in levels]


class StreamDiffusionBackend:
    """A model played through the package."""

    words: Words = ""
    mixes_latents = False
    builds_up = False

    def __init__(
        self,
        model: Model,
        size: Size,
        wait: bool,
        on_message: Callable[[str], None] = lambda text: None,
        supervisor: Supervisor | None = None,
    ) -> None:
        """See `StreamBackend`. Raises Unavailable without the package, Fault for SDXL."""
        try:
            self._package: Any = importlib.import_module("streamdiffusion").StreamDiffusion
        except ImportError as error:
            remedy = (
                "python3 launch.py installs it, or pip install --no-deps streamdiffusion==0.1.1"
            )
            raise Unavailable(
                f"engine streamdiffusion: the package is not installed ({error}); {remedy}"
            ) from None
        if model.guides or model.adapters.image_prompts is not None:
            raise Fault(
                "engine streamdiffusion: the package plays no ControlNet, T2I- or IP-Adapter; "
                "leave engine out, and ours does"
            )
        if model.family == "sdxl":
            raise Fault(
                "engine streamdiffusion: the package does not play SDXL; leave engine out, and "
                "ours does"
            )
        self.model = model
        self.name = f"{model.describe()} by streamdiffusion"
        self.compositor = make_compositor(size, model.device, model.dtype)
        self.settled = False
        self.guides: tuple[str, ...] = ()
        self.understood = ""
        self.unused: Mapping[str, str] = {
            **dict.fromkeys(POCKET, BUILT_IN_ONLY),
            "film/begin": NO_FILM,
            **dict.fromkeys(NOT_PLAYED, "the engine streamdiffusion does not do it"),
            "journey/edge/strength": "the engine streamdiffusion paints no second layer",
        }
        self._size = size
        self._book = TextBook(model.encode_text, wait, on_message, supervisor=supervisor)
        self._travel = PromptTravel(self._book, blend)
        self._noise = Noise(
            (model.latent_channels, size.height // model.scale, size.width // model.scale),
            model.device,
            torch.float32,
        )
        plan = [model.schedule.level(float(t)) for t in range(model.schedule.last + 1)]
        table = torch.tensor([[one.a for one in plan], [one.b for one in plan]])
        self._levels = sent(table, model.device)
        """a and b of every timestep: which ones the package is at, the device alone knows."""
        self._stream: Any = None
        self._made_for: tuple[object, ...] = ()
        self._begun = torch.zeros(0)
        """The state of its generator when it was built."""
        self._flying: deque[tuple[FrameContext | None, float, Tensor]] = deque()

    def warm(self, snapshot: Snapshot) -> None:
        """See `StreamBackend.warm`."""
        asked = (text for text, _ in prompt_weights(snapshot))
        for text in dict.fromkeys(("", snapshot["prompt/a"], snapshot["prompt/b"], *asked)):
            self._book.find(text)
        black = torch.zeros((1, 3, self._size.height, self._size.width), device=self.model.device)
        for _ in range(snapshot["steps"] + 1):
            self.paint(black, snapshot, FrameContext.black(self._size))
        self.clear()

    def paint(
        self, entered: Picture, snapshot: Snapshot, context: FrameContext
    ) -> GeneratedImage | None:
        assert isinstance(entered, Tensor)
        self.model.take_threads()
        self.model.follow(snapshot)
        text = self._travel.of(snapshot)
        if text is None:
            return GeneratedImage(entered, context) if not self._flying else None
        self._tune(snapshot, text)
        self.settled = False
        return self._advance((context, snapshot["strength"], entered.clone()))

    @torch.no_grad()
    def _advance(self, flight: tuple[FrameContext | None, float, Tensor]) -> GeneratedImage | None:
        self._flying.append(flight)
        clean = self._stream.predict_x0_batch(self._stream.encode_image(flight[2]).float())
        if len(self._flying) < self._stream.denoising_steps_num:
            return None  # the package's buffers start at zero: what leaves them first is no image
        while len(self._flying) > self._stream.denoising_steps_num:
            self._flying.popleft()
        context, strength, entered = self._flying.popleft()
        picture = self._stream.decode_image(clean.to(self.model.vae_dtype))
        if strength < FADE_BELOW:
            picture = torch.lerp(entered.to(picture.dtype), picture, strength / FADE_BELOW)
        return None if context is None else GeneratedImage(picture, context)

    def _tune(self, snapshot: Snapshot, text: Embedding) -> None:
        """Bring the package to this frame's settings; it is built anew for another strength, and
        keeps its rows where it can."""
        steps = snapshot["steps"]
        guidance = snapshot["guidance"] if steps > 1 else 1.0
        indices = t_index_list(snapshot["strength"], steps, self.model.schedule.last)
        noise = self._noise.sample(
            snapshot["seed/a"],
            snapshot["seed/b"],
            snapshot["seed/mix"],
            snapshot["noise/hold"],
            steps,
        )
        wanted = (tuple(indices), guidance, snapshot["delta"])
        if wanted != self._made_for:
            before = self._stream
            self._stream = self._build(indices, guidance, snapshot["delta"], noise, text)
            if before is not None and before.denoising_steps_num == steps:
                self._stream.x_t_latent_buffer, self._stream.stock_noise = (
                    before.x_t_latent_buffer,
                    before.stock_noise,
                )
            elif before is not None:
                self._flying.clear()
            self._made_for = wanted
        self._stream.init_noise = noise
        self._stream.prompt_embeds = text.tokens.expand(steps, -1, -1)

    def _build(
        self, indices: list[int], guidance: float, delta: float, noise: Tensor, text: Embedding
    ) -> Any:
        cfg = "self" if guidance > 1 else "none"
        stream = self._package(
            self.model.pipe,
            indices,
            torch.float32,
            self._size.width,
            self._size.height,
            cfg_type=cfg,
        )
        # Schedules of zero terminal SNR end at 0, by which the package divides.
        stream.scheduler.alphas_cumprod.clamp_(min=LEAST_SIGNAL)
        # `prepare` would run the text encoder, which has no place on the render thread; the
        # embedding is there already.
        stream.pipe = SimpleNamespace(encode_prompt=lambda **_: (text.tokens, text.tokens))
        stream.prepare(
            "",
            num_inference_steps=INFERENCE_STEPS,
            guidance_scale=guidance,
            delta=delta,
            generator=torch.Generator(),
        )
        stream.unet = self._as_noise
        stream.init_noise = noise
        stream.stock_noise = torch.zeros_like(noise)
        # Its noise and buffer have four channels, whatever the model has.
        stream.x_t_latent_buffer = torch.zeros_like(noise[1:]) if len(indices) > 1 else None
        self._begun = stream.generator.get_state()
        return stream

    def _as_noise(
        self, x: Tensor, t: Tensor, encoder_hidden_states: Tensor, return_dict: bool = False
    ) -> tuple[Tensor]:
        """The package knows UNets that predict noise; others are translated."""
        out = self.model.unet(x, t.float(), Embedding(encoder_hidden_states))
        if self.model.prediction == "epsilon":
            return (out,)
        at = t.long().clamp_max(self._levels.shape[1] - 1)
        a, b = self._levels.index_select(1, at).view(2, -1, 1, 1, 1)
        return ((x - a * out) / b if self.model.prediction == "sample" else a * out + b * x,)

    def drain(self) -> GeneratedImage | None:
        while any(context is not None for context, _, _ in self._flying):
            done = self._advance((None, 0.0, self._flying[-1][2]))
            if done is not None:
                return done
        return None

    def clear(self) -> None:
        self._flying.clear()
        self._made_for, self._stream = (), None

    def reset(self) -> None:
        self._noise.begin()
        if self._stream is not None:  # what it draws when it encodes
            self._stream.generator.set_state(self._begun)

    def rest(self) -> None:
        self.clear()
        self.reset()
        self._travel.cut()

    def keep_up(self, snapshot: Snapshot) -> None:
        self._travel.keep_up(snapshot)

    def close(self) -> None:
        self._book.close()
