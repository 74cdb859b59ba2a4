"""A Stable Diffusion model that is loaded: it encodes, denoises and decodes.

`vj.diffusion.loading` makes one; the built-in models, with the same methods, are `BuiltIn`s.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vj.core.errors import Fault
from vj.diffusion.adapters import Adapters
from vj.diffusion.devices import beside, handed_over, sent, short
from vj.diffusion.graphs import CudaCapture, GraphedPart, Graphs, Rehearsed, Work, rehearsing
from vj.diffusion.guides import Hints
from vj.diffusion.one_step import OneStep
from vj.diffusion.prompts import Embedding
from vj.diffusion.speed import FastForward, made_fast
from vj.diffusion.stream_batch import NoiseSchedule
from vj.parameters.store import Snapshot


@dataclass
class Model:
    """A loaded model. Tensors in and out are float32 on `device`; inside it computes in `dtype`. On
    an NVIDIA card its parts are played as CUDA graphs. log: told when one cannot be."""

    name: str
    family: str
    device: torch.device
    dtype: torch.dtype
    pipe: Any
    schedule: NoiseSchedule | OneStep = field(init=False)
    threads: int | None = None
    """Threads that its computing takes on a CPU; None for torch's own choice."""
    adapters: Adapters = field(default_factory=Adapters)
    log: Callable[[str], None] = lambda text: None
    speed: str = "auto"
    """See `vj.diffusion.speed`."""
    from_noise: bool = False
    """It paints from noise alone, see `vj.diffusion.one_step`."""

    def __post_init__(self) -> None:
        self.prediction: str = self.pipe.scheduler.config.get("prediction_type", "epsilon")
        schedule = NoiseSchedule(self.pipe.scheduler.alphas_cumprod, self.prediction)
        self.schedule = OneStep(schedule) if self.from_noise else schedule
        self.latent_channels: int = self.pipe.unet.config.in_channels
        self.scale: int = self.pipe.vae_scale_factor
        self.vae_dtype = self._vae_type()
        self._time_ids: dict[tuple[int, int], Tensor] = {}
        self._graphs = Graphs()
        self._as_graphs, self._beside = self.speed != "eager", True
        self._fast: list[FastForward] = []
        self._capture = CudaCapture(self.device) if self.device.type == "cuda" else None
        if self._capture is not None:
            works: list[tuple[str, Work]] = [("encoder", self._encode), ("UNet", self._denoise)]
            for name, work in [*works, ("decoder", self._decode)]:
                title = f"{self.name}'s {name}"
                self._graphs[name] = GraphedPart(title, work, self._capture, self.log)
                self._graphs[name].off = not self._as_graphs
            self._fast = made_fast(
                self.speed, self.name, self.pipe, bool(self.adapters.weights), self.log
            )
        elif self.speed != "auto":
            self.log(f"speed {self.speed}: is for NVIDIA cards; {self.name} is computed as it is")

    def _vae_type(self) -> torch.dtype:
        wide = getattr(self.pipe.vae.config, "force_upcast", False)
        return torch.float32 if wide else self.dtype

    def _play(
        self, name: str, work: Callable[..., Tensor], *tensors: Tensor | None, key: Hashable = ()
    ) -> Tensor:
        """A part of the model, by its graph where there is one. key: see `GraphedPart`."""
        part = self._graphs.get(name)
        return work(*tensors) if part is None else part(*tensors, key=key)

    def to(self, dtype: torch.dtype) -> None:
        """Compute in another type from now on."""
        self.dtype = dtype
        self.vae_dtype = self._vae_type()
        layout = torch.channels_last
        self.pipe.unet.to(self.device, dtype, memory_format=layout).eval().requires_grad_(False)
        self.pipe.vae.to(self.device, self.vae_dtype, memory_format=layout).eval().requires_grad_(
            False
        )
        for encoder in (self.pipe.text_encoder, getattr(self.pipe, "text_encoder_2", None)):
            if encoder is not None:
                encoder.to(
                    self.device, dtype if self.device.type != "cpu" else torch.float32
                ).eval().requires_grad_(False)
        self.adapters.to(self.device, dtype)
        for part in self._graphs.values():
            part.forget()

    def graphed(
        self, name: str, work: Work, without: Work | None = None, rehearsed: Rehearsed = None
    ) -> GraphedPart | None:
        """Something larger that this model is a part of, as a CUDA graph of its own: see
        `GraphedPart`. None where there are none. To be given back by `not_graphed`. rehearsed: see
        `Rehearsed`; such work begins while a show plays, so no picture waits for its graph."""
        if self._capture is None:
            return None
        title, capture = f"{self.name}'s {name}", rehearsing(self._capture, rehearsed)
        part = GraphedPart(title, work, capture, self.log, without, rehearsed is None)
        part.off, part.beside = not self._as_graphs, self._beside
        # another thread may go through them: they are exchanged, and never written to
        self._graphs = Graphs({**self._graphs, f"{name} {id(part)}": part})
        return part

    def bare(self) -> tuple[Work, Work, Work]:
        """`encode`, `unet` and `decode` as they are, without graphs of their own: for a graph that
        they are parts of."""

        def denoise(
            x: Tensor,
            t: Tensor,
            text: Embedding,
            hints: Hints = (),
            amount: Tensor | None = None,
        ) -> Tensor:
            return self._denoise(x, t, text.tokens, text.pooled, text.image, amount, *hints)

        return self._encode, denoise, self._decode

    def not_graphed(self, part: GraphedPart) -> None:
        """It is used no more."""
        self._graphs = Graphs({n: one for n, one in self._graphs.items() if one is not part})

    def play_as_graphs(self, wanted: bool) -> None:
        """Whether the parts are played as CUDA graphs where they can be; they are at first."""
        self._as_graphs = wanted
        for part in self._graphs.values():
            part.off = not wanted

    def capture_between_frames(self) -> None:
        self._beside = False
        for part in self._graphs.values():
            part.beside = False

    def give_up_graphs(self) -> bool:
        """Play without graphs from now on, and give back their memory. False where none were."""
        self.play_as_graphs(False)
        gone = [graph for part in list(self._graphs.values()) for graph in part.forget()]
        if gone and self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return bool(gone)

    @contextmanager
    def made_fast(self) -> Iterator[None]:
        """What its networks are asked for meanwhile, on this thread, is compiled where `speed` says
        so, which takes about a minute the first time."""
        if self._fast:
            self.log(f"{self.name}: {self.speed} is made ready, about a minute the first time")
        with ExitStack() as parts:
            for part in self._fast:
                parts.enter_context(part.made_ready())
            yield

    def made_ready(self) -> AbstractContextManager[None]:
        return self._graphs.made_ready()

    @property
    def graphs(self) -> int:
        """Graphs that there are of it."""
        return sum(part.graphs for part in self._graphs.values())

    @property
    def capturing(self) -> bool:
        """One more is being made."""
        return any(part.capturing for part in self._graphs.values())

    def take_threads(self) -> None:
        """Set how many threads torch computes on. To be called on the thread that computes: with
        OpenMP the number belongs to the thread that sets it."""
        if self.threads is not None and torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)

    @torch.no_grad()
    def encode_text(self, text: str) -> Embedding:
        """The embedding of a text; words beyond the encoder's 77 tokens are left out."""
        with beside(self.device):
            out = self.pipe.encode_prompt(
                text, device=self.device, num_images_per_prompt=1, do_classifier_free_guidance=False
            )
            tokens, pooled = out[0].float(), out[2].float() if self.family == "sdxl" else None
        return Embedding(handed_over(tokens), None if pooled is None else handed_over(pooled))

    @torch.no_grad()
    def encode(self, image: Tensor) -> Tensor:
        """(1, 3, H, W) in -1..1 -> latents (1, C, H/scale, W/scale) float32. The mean of the
        encoder's distribution, never a sample of it: samples would flicker."""
        return self._play("encoder", self._encode, image)

    def _encode(self, image: Tensor) -> Tensor:
        return (
            self.vae_encode(image.to(self.vae_dtype)).float() * self.pipe.vae.config.scaling_factor
        )

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Latents -> (1, 3, H, W) about -1..1, in the model's own dtype."""
        return self._play("decoder", self._decode, latents)

    def _decode(self, latents: Tensor) -> Tensor:
        return self.vae_decode((latents / self.pipe.vae.config.scaling_factor).to(self.vae_dtype))

    @torch.no_grad()
    def unet(
        self,
        x: Tensor,
        t: Tensor,
        text: Embedding,
        hints: Hints = (),
        amount: float | Tensor = 1.0,
    ) -> Tensor:
        """The UNet's prediction for a batch, float32. hints: for its ControlNets and T2I-Adapters,
        see `Hints`. amount: their weight, for all, or for each row and hint, (B, hints)."""
        led = any(hint is not None for hint in hints)
        if led:
            amount = torch.as_tensor(amount, dtype=torch.float32, device=x.device)
        return self._play(
            "UNet",
            self._denoise,
            x,
            t,
            text.tokens,
            text.pooled,
            text.image,
            *((amount if isinstance(amount, Tensor) else None, *hints) if led else (None,)),
            key=self.key,
        )

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What decides what the UNet makes and is no tensor."""
        played = () if self.device.type == "cuda" else self.adapters.weights.values()
        return (id(self.pipe.unet), *played)

    def _denoise(
        self,
        x: Tensor,
        t: Tensor,
        tokens: Tensor,
        pooled: Tensor | None,
        image: Tensor | None,
        amount: Tensor | None,
        *hints: Tensor | None,
    ) -> Tensor:
        added: dict[str, Any] = {}
        if pooled is not None:
            added = {"text_embeds": pooled.to(self.dtype), "time_ids": self._size_ids(x)}
        sample, tokens = (
            x.to(self.dtype).contiguous(memory_format=torch.channels_last),
            tokens.to(self.dtype),
        )
        more = self.adapters.residuals(
            sample, t, tokens, dict(added), hints, 1.0 if amount is None else amount
        )
        if self.adapters.image_prompts is not None:
            added["image_embeds"] = [
                self.adapters.image_tokens(image, len(x)).to(self.device, self.dtype)
            ]
        out: Tensor = self.pipe.unet(
            sample, t, tokens, added_cond_kwargs=added, return_dict=False, **more
        )[0]
        return out.float()

    @property
    def guides(self) -> tuple[str, ...]:
        """Kinds of pictures that lead it, in the order of its hints."""
        return self.adapters.guides

    def follow(self, snapshot: Snapshot) -> None:
        """Set the weights of LoRAs, the only part of the model itself that is played, to a frame's
        snapshot. On the thread that computes."""
        if self.adapters.weights:
            self.adapters.follow(self.pipe.unet, snapshot.values)

    def encode_image_prompt(self, picture: np.ndarray) -> Tensor:
        """(H, W, 3) uint8 -> the tokens an IP-Adapter makes of it, (1, N, D) float32. Raises Fault
        without one. Takes as long as its image encoder does. `vj.diffusion.ip_adapter.with_amount`
        makes an `Embedding.image` of them."""
        if self.adapters.image_prompts is None:
            raise Fault(
                f"{self.name}: pictures are prompts only with an ip_adapter and its image_encoder"
            )
        with beside(self.device):
            tokens = self.adapters.image_prompts.encode(picture)
        return handed_over(tokens)

    def vae_encode(self, image: Tensor) -> Tensor:
        """The autoencoder's encoder, in its own type and scale."""
        out = self.pipe.vae.encode(image)
        latents: Tensor = out.latents if hasattr(out, "latents") else out.latent_dist.mode()
        return latents

    def vae_decode(self, latents: Tensor) -> Tensor:
        """The autoencoder's decoder, in its own type and scale."""
        picture: Tensor = self.pipe.vae.decode(latents, return_dict=False)[0]
        return picture

    def _size_ids(self, x: Tensor) -> Tensor:
        batch, _, h, w = x.shape
        if (h, w) not in self._time_ids:
            height, width = h * self.scale, w * self.scale
            row = torch.tensor([height, width, 0, 0, height, width], dtype=self.dtype)
            self._time_ids[h, w] = sent(row, self.device)
        return self._time_ids[h, w].expand(batch, 6)

    # What `vj.diffusion.autotune` tries ways with.

    @property
    def size(self) -> int:
        """Numbers in the UNet."""
        return sum(p.numel() for p in self.pipe.unet.parameters())

    def keep(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Its exact weights, for `restore`: what goes through bfloat16 loses bits."""
        own = {part: copy.deepcopy(getattr(self.pipe, part)) for part in ("unet", "vae")}
        led = ("controlnet", "t2i_adapter")
        return own, {part: copy.deepcopy(getattr(self.adapters, part)) for part in led}

    def restore(self, kept: tuple[dict[str, Any], dict[str, Any]]) -> None:
        self.pipe.register_modules(**kept[0])
        for part, module in kept[1].items():
            setattr(self.adapters, part, module)

    def trial(self, width: int, height: int) -> Callable[[], object]:
        """Paints a frame of this size when called."""
        image = torch.zeros(1, 3, height, width).contiguous(memory_format=torch.channels_last)
        text, t = self.encode_text(""), torch.tensor([500.0])
        hints = tuple(torch.zeros(1, 3, height, width) for _ in self.guides)
        return lambda: self.decode(self.unet(self.encode(image), t, text, hints))

    def describe(self) -> str:
        """`sd-turbo (sd21, cuda float16, vae AutoencoderTiny)`."""
        vae, added = type(self.pipe.vae).__name__, self.adapters.describe()
        if any(part.made for part in self._fast):
            added += f", {self.speed}"
        return (
            f"{self.name} ({self.family}, {self.device.type} {short(self.dtype)}, vae {vae}{added})"
        )
