"""The built-in model behind the door that the diffusers models stand behind: loaded from one
safetensors file, without diffusers or transformers, whose import alone takes six seconds.

Its latents are the picture itself, 0..1, in which nothing drowns; the noise comes in as the texture
field, beside it, and travels with each row of the stream as its hint does in other models.
"""

from __future__ import annotations

import copy
import threading
import warnings
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from torch import Tensor

from vj.engine.adapters import Adapters
from vj.engine.checkpoints import ModelSpec
from vj.engine.prompts import Embedding
from vj.engine.stream import Level
from vj.errors import Fault
from vj.kernels.cv_field import Field
from vj.parameters.store import Snapshot
from vj.pocket import WEIGHTS
from vj.pocket.compose import MODIFIERS, STOPS, Wish, compose
from vj.pocket.network import MULTIPLE, Network, load_network
from vj.pocket.techniques import TECHNIQUES, Subject, draw
from vj.pocket.words import Meaning, parse_ramp, understand

FILE = "pocket.safetensors"
LAST = 999
BESIDE = "\x00"
"""Stands between a prompt and the colours given for it, in the text that is encoded."""


def pocket_file(name: str) -> Path | None:
    """The weights that a model's name means, where it means the built-in kind: pocket, a folder
    that `vj.pocket.train` wrote, or its file. None for every other."""
    if name == "pocket":
        return WEIGHTS / FILE
    path = Path(name).expanduser()
    if path.is_dir() and (path / FILE).is_file():
        return path / FILE
    return path if path.name == FILE and path.is_file() else None


def is_built_in(name: str) -> bool:
    """A model's name means one that comes inside, or one trained like it."""
    return name == "drawn" or pocket_file(name) is not None


class PocketSchedule:
    """Strength is how far the painting goes, not how much noise there is: nothing is scaled."""

    last = LAST

    def plan(self, strength: float, steps: int) -> list[Level]:
        """The levels a frame goes through, each painting over the one before, less and less."""
        return [Level(strength * LAST * (steps - i) / steps, 1.0, 1.0) for i in range(steps)]


class BuiltIn(ABC):
    """What the two built-in models share, as `Backend`s: words, palettes, strength. Latents:
    (B, 3, H, W), 0..1."""

    family = "pocket"
    prediction = "sample"
    latent_channels = 3
    scale = 1
    wants_lines = False

    def __init__(self, name: str, techniques: tuple[str, ...], device: torch.device) -> None:
        self.name, self.techniques, self.device = name, techniques, device
        self.dtype = torch.float32
        self.schedule = PocketSchedule()
        self.threads: int | None = None
        self.adapters = Adapters()
        self.ground: Tensor | None = None
        """What `lay` made of the patterns that are in play."""

    def take_threads(self) -> None:
        """To be called on the thread that computes: OpenMP counts threads for each."""
        if self.threads is not None and torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)

    def follow(self, snapshot: Snapshot) -> None:
        """Nothing of the model itself is played."""
        return

    def encode_image_prompt(self, picture: np.ndarray) -> Tensor:
        raise Fault(f"{self.name}: takes no pictures as prompts; Stable Diffusion models do")

    def encode_text(self, text: str) -> Embedding:
        """What a prompt asks for as one token: the techniques' weights, the ramp, whether there is
        one, the modifiers, and 1. The last is there so that a mixture that has been brought to
        another length can be brought back: everything is divided by it."""
        meaning = meaning_of(text)
        techniques = [float(name == meaning.technique) for name in self.techniques]
        ramp = [part for stop in meaning.ramp or ((0.0,) * 3,) * STOPS for part in stop]
        modifiers = [float(name in meaning.modifiers) for name in MODIFIERS]
        numbers = [*techniques, *ramp, float(meaning.ramp is not None), *modifiers, 1.0]
        return Embedding(torch.tensor(numbers, device=self.device).view(1, 1, -1))

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
        hint: Tensor | None = None,
        amount: float | Tensor = 1.0,
    ) -> Tensor:
        """The painted pictures, (B, 3, H, W) 0..1. x: what is painted over. t: (B,), 999 times the
        strength. text: tokens of `encode_text`; pooled, (B, 2), the log2 of the pixels in a unit
        and the relief - 1. hint: (B, 3, H, W), the texture field and its directions."""
        assert hint is not None
        assert text.pooled is not None
        count = len(self.techniques)
        token = text.tokens[:, 0] / text.tokens[:, 0, -1:]
        style = torch.cat([token[:, :count], text.pooled.to(token)], 1)
        ramp = token[:, count : count + 3 * STOPS].unflatten(1, (STOPS, 3))
        coloured = token[:, count + 3 * STOPS]
        modifiers = token[:, count + 3 * STOPS + 1 : -1]
        # Beside one in the picture's own colours a prompt's ramp counts by its share of the colours.
        ramp = ramp / coloured.clamp_min(1e-6)[:, None, None]
        picture = x.clamp(0, 1)
        wish = Wish(ramp, coloured, modifiers)
        return compose(self.paint(picture, hint, style), picture, t / LAST, wish)

    @abstractmethod
    def paint(self, picture: Tensor, form: Tensor, style: Tensor) -> Tensor:
        """Tone and colour, (B, 4, H, W) float32, see `Network.forward`, for pictures of any size."""

    @abstractmethod
    def lay(self, patterns: np.ndarray) -> Tensor:
        """Patterns (12, H, W) -> a `ground`, to be put there between two frames."""

    def describe(self) -> str:
        """`pocket (cpu float32)`."""
        return f"{self.name} ({self.device.type} {str(self.dtype).removeprefix('torch.')})"


AUDIBLE = 1e-3
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
            if weight > AUDIBLE
        }
        field = Field(*(np.ascontiguousarray(plane) for plane in lines.float().numpy()))
        pixels = np.ascontiguousarray(image.permute(1, 2, 0).float().numpy())
        subject = Subject(pixels, field, patterns, 2 ** numbers[-2], numbers[-1] + 1)
        made = draw(subject, weights)
        rows.append(np.concatenate([made.tone[None], made.colour.transpose(2, 0, 1)]))
    return torch.from_numpy(np.stack(rows)).to(picture.device)


FROZEN_KEPT = 16
"""Compiled networks that are kept, each as large as its weights."""
_frozen: OrderedDict[tuple[object, ...], Callable[..., Tensor]] = OrderedDict()
_frozen_lock = threading.Lock()
"""TorchScript never gives back what it has compiled: its compilation unit is the process's own. So what was compiled of the same weights
is taken again; otherwise a show that loads its model anew with every save would grow by 50 MB each time."""


class PocketModel(BuiltIn):
    """The loaded network."""

    def __init__(
        self, name: str, network: Network, device: torch.device, weights: object = None
    ) -> None:
        """weights: names exactly these weights, so that what was compiled of them is found again;
        None compiles anew."""
        others = tuple(one for one in TECHNIQUES if one not in network.techniques)
        super().__init__(name, (*network.techniques, *others), device)
        self._weights = weights
        self._draws = False
        """A prompt has asked for a technique that the network has not learned."""
        self._patterns: np.ndarray | None = None
        self.network = network
        self.frozen: dict[tuple[int, ...], Callable[..., Tensor]] = {}
        self.to(torch.float32)

    def to(self, dtype: torch.dtype) -> None:
        """Compute in another type from now on."""
        self.dtype = dtype
        self.frozen.clear()
        self.network.to(self.device, dtype)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.ground is not None:
            self.ground = self.ground.to(dtype)

    def encode_text(self, text: str) -> Embedding:
        self._draws |= meaning_of(text).technique not in self.network.techniques
        return super().encode_text(text)

    def paint(self, picture: Tensor, form: Tensor, style: Tensor) -> Tensor:
        """The network's techniques, and those that it has not learned, as drawn."""
        own, count = len(self.network.techniques), len(self.techniques)
        learned = torch.cat([style[:, :own], style[:, count:]], 1)
        patterns = self._patterns
        if not self._draws or patterns is None or patterns.shape[1:] != picture.shape[2:]:
            return self._painted(picture, form, learned)
        shares = style[:, :own].sum(1)
        if float(shares.max()) <= AUDIBLE:
            return drawn(self.techniques[own:], picture, form, style[:, own:], patterns)
        learned = torch.cat(
            [learned[:, :own] / shares.clamp_min(AUDIBLE)[:, None], style[:, count:]], 1
        )
        painted = shares[:, None, None, None] * self._painted(picture, form, learned)
        if float(style[:, own:count].max()) <= AUDIBLE:
            return painted
        return painted + drawn(self.techniques[own:], picture, form, style[:, own:], patterns)

    def _painted(self, picture: Tensor, form: Tensor, style: Tensor) -> Tensor:
        """The network for pictures of any size: (B, 4, H, W) float32, see `Network.forward`."""
        height, width = picture.shape[-2:]
        picture, form = (padded(part.to(self.dtype)) for part in (picture, form))
        shape = (
            len(picture),
            self.network.widths[0],
            picture.shape[-2] // 2,
            picture.shape[-1] // 2,
        )
        if self.ground is None or self.ground.shape[1:] != shape[1:]:
            self.ground = torch.zeros(1, *shape[1:], device=self.device, dtype=self.dtype)
        ground = self.ground.expand(shape)
        call = self.frozen.get(tuple(picture.shape), self.network)
        out: Tensor = call(picture, form, ground, style.to(self.dtype)).float()
        return out[..., :height, :width]

    @torch.no_grad()
    def lay(self, patterns: np.ndarray) -> Tensor:
        """Patterns (12, H, W) -> a `ground`, to be put there between two frames."""
        self._patterns = np.asarray(patterns, np.float32)
        there = padded(torch.from_numpy(patterns)[None].to(self.device, self.dtype))
        return self.network.ground(there)

    @property
    def is_frozen(self) -> bool:
        return bool(self.frozen)

    def thaw(self) -> None:
        """Forget what was compiled."""
        self.frozen.clear()

    # What `vj.engine.tuning` tries ways with.

    @property
    def size(self) -> int:
        """Numbers in it."""
        return sum(p.numel() for p in self.network.parameters())

    def keep(self) -> Any:
        """Its exact weights, for `restore`: what goes through bfloat16 loses bits."""
        return copy.deepcopy(self.network)

    def restore(self, kept: Any) -> None:
        self.network = kept

    def trial(self, width: int, height: int) -> Callable[[], object]:
        """Paints a frame of this size when called."""
        blank = torch.zeros(1, 3, height, width, device=self.device)
        style = torch.zeros(1, len(self.techniques) + 2, device=self.device)

        @torch.no_grad()
        def frame() -> Tensor:
            return self.paint(blank, blank, style)

        return frame

    @torch.no_grad()
    def freeze(self, width: int, height: int) -> None:
        """Compile the network for frames of one size, one row. Raises whatever cannot be traced."""
        picture = padded(torch.zeros(1, 3, height, width, dtype=self.dtype))
        ground = torch.zeros(
            1,
            self.network.widths[0],
            picture.shape[-2] // 2,
            picture.shape[-1] // 2,
            dtype=self.dtype,
        )
        style = torch.zeros(1, len(self.network.techniques) + 2, dtype=self.dtype)
        shape = tuple(picture.shape)
        key = (self._weights, self.dtype, shape)
        with _frozen_lock:
            kept = _frozen.get(key) if self._weights is not None else None
            if kept is None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    example = (picture, picture.clone(), ground, style)
                    traced = torch.jit.trace(self.network.eval(), example, check_trace=False)
                    kept = torch.jit.freeze(traced)
            if self._weights is not None:
                _frozen[key] = kept
                _frozen.move_to_end(key)
                while len(_frozen) > FROZEN_KEPT:
                    _frozen.popitem(last=False)
        self.frozen[shape] = kept


@lru_cache(64)
def meaning_of(text: str) -> Meaning:
    """What a prompt means, with the colours that are given for it, if any."""
    words, _, colours = text.partition(BESIDE)
    meaning = understand(words)
    if not colours.strip():
        return meaning
    return replace(meaning, ramp=parse_ramp(colours), palette="given colours", heard=True)


def padded(planes: Tensor) -> Tensor:
    """(B, C, H, W) with sides of the network's multiple, the last rows and columns repeated, in the
    memory layout that convolutions are quickest in."""
    down, right = (-side % MULTIPLE for side in planes.shape[-2:])
    if down or right:
        planes = F.pad(planes, (0, right, 0, down), mode="replicate")
    return planes.contiguous(memory_format=torch.channels_last)


NOT_FOR_IT = ("loras", "embeddings", "controlnet", "t2i_adapter", "ip_adapter")


def refuse_adapters(spec: ModelSpec) -> None:
    """Raises Fault for what only Stable Diffusion models take."""
    asked = [name for name in NOT_FOR_IT if getattr(spec, name, None)]
    if asked:
        these = ", ".join(asked)
        raise Fault(f"model {spec.name}: takes no {these}; those are for Stable Diffusion models")


def load_pocket(
    spec: ModelSpec, path: Path, device: torch.device, dtype: torch.dtype
) -> PocketModel:
    """Load the built-in model, or one trained like it. Raises Fault."""
    refuse_adapters(spec)
    try:
        status = path.stat()
        network = load_network(path)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        train = "python -m vj.pocket.train makes them"
        raise Fault(
            f"model {spec.name}: its weights {path.name} cannot be read ({error}); {train}"
        ) from None
    name = "pocket" if spec.name == "pocket" else path.parent.name
    weights = (str(path.resolve()), status.st_mtime_ns, status.st_size)
    model = PocketModel(name, network, device, weights)
    model.to(dtype)
    return model
