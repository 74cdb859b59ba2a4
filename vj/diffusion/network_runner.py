"""A network of the built-in model's family as it is computed: number type, compiled or not, frames
of any size, and what a style does to it kept while it is the same."""

from __future__ import annotations

import copy
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vj.diffusion.graphs import CudaCapture, GraphedPart
from vj.pocket.network import FORM, MULTIPLE, Network


class TracedNetwork(nn.Module):
    """`Network.paint` as a module's forward, which is what can be traced."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, form: Tensor, ground: Tensor, films: list[Tensor]) -> Tensor:
        return self.network.paint(picture, form, ground, films)


FROZEN_KEPT = 16
"""Compiled networks that are kept, each as large as its weights."""
_frozen: OrderedDict[tuple[object, ...], Callable[..., Tensor]] = OrderedDict()
_frozen_lock = threading.Lock()
"""TorchScript never gives back what it has compiled: its compilation unit is the process's own. So
what was compiled of the same weights is taken again; otherwise a show that loads its model anew
with every save would grow by 50 MB each time."""


class NetworkRunner:
    """Belongs to the thread that computes, once it is handed over."""

    def __init__(self, network: Network, device: torch.device, weights: object = None) -> None:
        """weights: names exactly these weights, so that what was compiled of them is found again;
        None compiles anew."""
        self._weights = weights
        self.network, self.device = network, device
        self.frozen: dict[tuple[int, ...], Callable[..., Tensor]] = {}
        self.threads: int | None = None
        self.ground: Tensor | None = None
        """What `Network.ground` made of the patterns that are in play; None where there are
        none."""
        self._films: tuple[Tensor, list[Tensor]] | None = None
        """The last style, and what it does to the network."""
        self.log: Callable[[str], None] = lambda text: None
        """Told when there can be no CUDA graph of it."""
        self.graph = (
            GraphedPart(
                "the network", self._paint, CudaCapture(device), lambda text: self.log(text)
            )
            if device.type == "cuda"
            else None
        )
        self.to(torch.float32)

    def to(self, dtype: torch.dtype) -> None:
        """Compute in another type from now on."""
        self.dtype = dtype
        self.frozen.clear()
        self._films = None
        if self.graph is not None:
            self.graph.forget()
        self.network.to(self.device, dtype)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.ground is not None:
            self.ground = self.ground.to(dtype)

    def made_ready(self) -> AbstractContextManager[None]:
        """What it is asked for meanwhile, on this thread, becomes a graph at once, on a card."""
        return nullcontext() if self.graph is None else self.graph.made_ready()

    def capture_between_frames(self) -> None:
        if self.graph is not None:
            self.graph.beside = False

    def take_threads(self) -> None:
        """Set how many threads torch computes on. To be called on the thread that computes: with
        OpenMP the number belongs to the thread that sets it."""
        if self.threads is not None and torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)

    def run(self, picture: Tensor, form: Tensor, style: Tensor) -> Tensor:
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
        if self.graph is not None:
            return self.graph(picture, form, ground, style)[..., :height, :width]
        call = self.frozen.get(tuple(picture.shape), self.network.paint)
        out: Tensor = call(picture, form, ground, self._films_of(style)).float()
        return out[..., :height, :width]

    def _paint(self, picture: Tensor, form: Tensor, ground: Tensor, style: Tensor) -> Tensor:
        """What of it becomes a graph. Whether the style is the one before is known on the card
        only, and asking would wait."""
        films = self.network.films(style.to(self.dtype))
        return self.network.paint(picture, form, ground, films).float()

    def _films_of(self, style: Tensor) -> list[Tensor]:
        """Of the style before where it is the same."""
        before = self._films
        if before is None or not torch.equal(before[0], style):
            before = style, self.network.films(style.to(self.dtype))
            self._films = before
        return before[1]

    # What `vj.diffusion.autotune` tries ways with.

    @property
    def is_frozen(self) -> bool:
        return bool(self.frozen)

    def thaw(self) -> None:
        """Forget what was compiled."""
        self.frozen.clear()

    @property
    def size(self) -> int:
        """Numbers in it."""
        return sum(p.numel() for p in self.network.parameters())

    def keep(self) -> Any:
        """Its exact weights, for `restore`: what goes through bfloat16 loses bits."""
        return copy.deepcopy(self.network)

    def restore(self, kept: Any) -> None:
        self.network = kept
        self._films = None
        if self.graph is not None:
            self.graph.forget()

    def trial(self, width: int, height: int) -> Callable[[], object]:
        """Paints a frame of this size when called."""
        picture, form, style = self._blank(width, height, torch.float32)

        @torch.no_grad()
        def frame() -> Tensor:
            return self.run(picture, form, style)

        return frame

    def _blank(self, width: int, height: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        """What it is shown, the field and the style, all zeros."""
        numbers = len(self.network.techniques) + 2
        shapes = (
            (1, self.network.seen, height, width),
            (1, FORM, height, width),
            (1, numbers),
        )
        picture, form, style = (
            torch.zeros(shape, device=self.device, dtype=dtype) for shape in shapes
        )
        return picture, form, style

    @torch.no_grad()
    def freeze(self, width: int, height: int) -> None:
        """Compile the network for frames of one size, one row. Raises whatever cannot be traced."""
        picture, form, style = self._blank(width, height, self.dtype)
        picture, form = padded(picture), padded(form)
        half = picture.shape[-2] // 2, picture.shape[-1] // 2
        ground = torch.zeros(1, self.network.widths[0], *half, device=self.device, dtype=self.dtype)
        shape = tuple(picture.shape)
        key = (self._weights, self.dtype, shape)
        with _frozen_lock:
            kept = _frozen.get(key) if self._weights is not None else None
            if kept is None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    example = (picture, form, ground, self.network.films(style))
                    traced = torch.jit.trace(
                        TracedNetwork(self.network).eval(), example, check_trace=False
                    )
                    kept = torch.jit.freeze(traced)
            if self._weights is not None:
                _frozen[key] = kept
                _frozen.move_to_end(key)
                while len(_frozen) > FROZEN_KEPT:
                    _frozen.popitem(last=False)
        self.frozen[shape] = kept


def padded(planes: Tensor) -> Tensor:
    """(B, C, H, W) with sides of the network's multiple, the last rows and columns repeated, in the
    memory layout that convolutions are quickest in."""
    down, right = (-side % MULTIPLE for side in planes.shape[-2:])
    if down or right:
        planes = F.pad(planes, (0, right, 0, down), mode="replicate")
    return planes.contiguous(memory_format=torch.channels_last)
