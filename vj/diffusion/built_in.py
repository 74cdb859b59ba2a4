"""What the two built-in models share, the network and the drawn one: words, palettes, strength, and
techniques that are drawn as they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from vj.core.errors import Fault
from vj.diffusion.adapters import Adapters
from vj.diffusion.devices import sent
from vj.diffusion.graphs import CudaCapture, GraphedPart
from vj.diffusion.guides import Hints
from vj.diffusion.prompts import Embedding
from vj.diffusion.stream_batch import Level
from vj.kernels.cv_field import Field
from vj.parameters.store import Snapshot
from vj.pocket.compose import MODIFIERS, STOPS, PaletteConditioning, compose
from vj.pocket.techniques import Subject, draw
from vj.pocket.words import ParsedPrompt, parse_ramp, understand

LAST = 999
COLOUR_SEPARATOR = "\x00"
"""Between a prompt and the colours given for it, in the text that is encoded."""


class PocketSchedule:
    """Strength is how far the generated image goes, not how much noise there is: nothing is
    scaled."""

    last = LAST

    def plan(self, strength: float, steps: int) -> list[Level]:
        """The levels a frame goes through, each painting over the one before, less and less."""
        return [Level(strength * LAST * (steps - i) / steps, 1.0, 1.0) for i in range(steps)]


class BuiltIn(ABC):
    """What the two built-in models share, as `DiffusionModel`s: words, palettes, strength. Latents:
    (B, 3, H, W), 0..1."""

    family = "pocket"
    prediction = "sample"
    latent_channels = 3
    scale = 1
    guides: tuple[str, ...] = ()
    from_noise = False

    def __init__(self, name: str, techniques: tuple[str, ...], device: torch.device) -> None:
        self.name, self.techniques, self.device = name, techniques, device
        self.dtype = torch.float32
        self.schedule = PocketSchedule()
        self.threads: int | None = None
        self.adapters = Adapters()
        self.ground: Tensor | None = None
        """What `lay` made of the patterns that are in play."""
        self.log: Callable[[str], None] = lambda text: None
        """Told when there can be no CUDA graph of it."""
        self.coloured: Callable[..., Tensor] = coloured
        if device.type == "cuda":
            capture = CudaCapture(device)
            self.coloured = GraphedPart(
                "the colours", coloured, capture, lambda text: self.log(text)
            )

    def take_threads(self) -> None:
        """Set how many threads torch computes on. To be called on the thread that computes: with
        OpenMP the number belongs to the thread that sets it."""
        if self.threads is not None and torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)

    def made_fast(self) -> AbstractContextManager[None]:
        """Nothing more of it is compiled than it is."""
        return nullcontext()

    def made_ready(self) -> AbstractContextManager[None]:
        part = self.coloured
        return part.made_ready() if isinstance(part, GraphedPart) else nullcontext()

    def capture_between_frames(self) -> None:
        if isinstance(self.coloured, GraphedPart):
            self.coloured.beside = False

    def follow(self, snapshot: Snapshot) -> None:
        """Nothing: no part of the model itself is played."""
        return

    def encode_image_prompt(self, picture: np.ndarray) -> Tensor:
        raise Fault(f"{self.name}: takes no pictures as prompts; Stable Diffusion models do")

    def encode_text(self, text: str) -> Embedding:
        """What a prompt asks for as one token: the techniques' weights, the ramp, whether there is
        one, the modifiers, and 1. The last is there so that a mixture that has been brought to
        another length can be brought back: everything is divided by it."""
        meaning = parsed_prompt(text)
        techniques = [float(name == meaning.technique) for name in self.techniques]
        ramp = [part for stop in meaning.ramp or ((0.0,) * 3,) * STOPS for part in stop]
        modifiers = [float(name in meaning.modifiers) for name in MODIFIERS]
        numbers = [*techniques, *ramp, float(meaning.ramp is not None), *modifiers, 1.0]
        return Embedding(sent(torch.tensor(numbers).view(1, 1, -1), self.device))

    @torch.no_grad()
    def encode(self, image: Tensor) -> Tensor:
        """(1, 3, H, W) in -1..1 -> 0..1."""
        return image.float() * 0.5 + 0.5

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """0..1 -> -1..1."""
        return latents * 2 - 1

    @torch.no_grad()
    def unet(
        self,
        x: Tensor,
        t: Tensor,
        text: Embedding,
        hints: Hints = (),
        amount: float | Tensor = 1.0,
    ) -> Tensor:
        """The generated images, (B, 3, H, W) 0..1. x: what is painted over. t: (B,), 999 times the
        strength. text: tokens of `encode_text`; pooled, (B, 2), the log2 of the pixels in a unit
        and the relief - 1. hints: one, (B, 3, H, W), the texture
        field and its directions."""
        (hint,) = hints
        assert hint is not None
        assert text.pooled is not None
        count = len(self.techniques)
        token = text.tokens[:, 0] / text.tokens[:, 0, -1:]
        style = torch.cat([token[:, :count], text.pooled.to(token)], 1)
        ramp = token[:, count : count + 3 * STOPS].unflatten(1, (STOPS, 3))
        palette = token[:, count + 3 * STOPS]
        modifiers = token[:, count + 3 * STOPS + 1 : -1]
        # Beside one in the picture's own colours a prompt's ramp counts by its share of the
        # colours.
        ramp = ramp / palette.clamp_min(1e-6)[:, None, None]
        picture = x.clamp(0, 1)
        painted = self.paint(picture, hint, style)
        return self.coloured(painted, picture, t / LAST, ramp, palette, modifiers)

    @abstractmethod
    def paint(self, picture: Tensor, form: Tensor, style: Tensor) -> Tensor:
        """Tone and colour, (B, 4, H, W) float32, see `Network.forward`, for pictures of any
        size."""

    @abstractmethod
    def lay(self, patterns: np.ndarray) -> Tensor:
        """Patterns, (12, H, W), -> a `ground`, to be put there between two frames."""

    def describe(self) -> str:
        """`pocket (cpu float32)`."""
        return f"{self.name} ({self.device.type} {str(self.dtype).removeprefix('torch.')})"


def coloured(painted: Tensor, picture: Tensor, strength: Tensor, *palette: Tensor) -> Tensor:
    """`compose` as a function of tensors, which can be a graph."""
    return compose(painted, picture, strength, PaletteConditioning(*palette))


LEAST_WEIGHT = 1e-3
"""Techniques with less weight than this are left out of a mixture."""


def drawn(
    techniques: Sequence[str], picture: Tensor, form: Tensor, style: Tensor, patterns: np.ndarray
) -> Tensor:
    """What techniques make of pictures, drawn on the CPU as they are: (B, 4, H, W) float32, as
    `Network.forward` gives it. style: (B, len(techniques) + 2), their weights, then the log2 of the
    pixels in a unit and the relief - 1. patterns: (12, H, W)."""
    rows = []
    for image, lines, numbers in zip(picture.cpu(), form.cpu(), style.tolist(), strict=True):
        weights = {
            name: weight
            for name, weight in zip(techniques, numbers, strict=False)
            if weight > LEAST_WEIGHT
        }
        field = Field(*(np.ascontiguousarray(plane) for plane in lines.float().numpy()))
        pixels = np.ascontiguousarray(image.permute(1, 2, 0).float().numpy())
        subject = Subject(pixels, field, patterns, 2 ** numbers[-2], numbers[-1] + 1)
        made = draw(subject, weights)
        rows.append(np.concatenate([made.tone[None], made.colour.transpose(2, 0, 1)]))
    return torch.from_numpy(np.stack(rows)).to(picture.device)


@lru_cache(64)
def parsed_prompt(text: str) -> ParsedPrompt:
    """What a prompt means, with the colours that are given for it, if any."""
    words, _, colours = text.partition(COLOUR_SEPARATOR)
    meaning = understand(words)
    if not colours.strip():
        return meaning
    return replace(meaning, ramp=parse_ramp(colours), palette="given colours", recognised=True)
