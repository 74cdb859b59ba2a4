"""The memory of one stream of frames (`memory/*`): which frames a UNet's self-attentions keep, and
the UNet that looks back at them.

A frame takes along through the stream batch what it is told of its memory (`Remembered`), and there
is a bank for each step: what a row keeps and finds is of frames at the same step. Frames are
numbered, and a bank forgets where one does not follow the one before: after a cut, in the order in
which the frames come to each step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vj.core.free_memory import in_words
from vj.diffusion.attention_banks import (
    NUMBERS,
    Bank,
    install,
    looking_back,
    looks_back,
    self_attentions,
    uninstall,
)
from vj.diffusion.graphs import Given, GraphedPart
from vj.diffusion.guides import Hints
from vj.diffusion.model import Model
from vj.diffusion.prompts import Embedding
from vj.diffusion.protocols import DiffusionModel
from vj.diffusion.row_memory import Remembered, Row
from vj.diffusion.speed import FastForward
from vj.parameters.store import Snapshot

ASIDE = "a UNet that looks back is not compiled, it is computed as it is"


@dataclass(slots=True, eq=False)
class Recall:
    """The banks of a call's rows, in order; what was captured of it may be replayed as long as the
    memory gives this one."""

    banks: tuple[Bank, ...]
    part: GraphedPart | None = None
    whole: GraphedPart | None = None
    """Of a frame that is painted whole."""


@dataclass(eq=False)
class AttentionMemory:
    """Of one model at one size, latents of height x width. Belongs to the render thread."""

    model: Model
    height: int
    width: int
    on_message: Callable[[str], None] = lambda text: None
    _banks: dict[int, Bank] = field(default_factory=dict)
    _recalls: dict[tuple[int, ...], Recall] = field(default_factory=dict)
    _frames: int = 0
    _number: int = 0
    """Of the last frame."""
    _first: int = 1
    """The first since it forgot."""
    _kept: int = 0
    """Frames kept since then."""
    _fired: int | None = None
    _remembers: bool = False
    """The last frame did."""
    _given_up: bool = False
    _told: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._unet: Any = None
        self._installed = False
        self._look()

    def _look(self) -> None:
        """Tuning may have put a copy of the UNet in."""
        if self._unet is not self.model.pipe.unet:
            self._unet = self.model.pipe.unet
            self.attentions = self_attentions(self._unet, self.height, self.width)
            if isinstance(self._unet.forward, FastForward):
                self._unet.forward.aside = looks_back

    @property
    def bytes(self) -> int:
        """What the banks take."""
        return sum(bank.bytes for bank in self._banks.values())

    @property
    def changes(self) -> bool:
        """The same frame once more would find other frames kept."""
        return self._remembers

    @property
    def installed(self) -> bool:
        """The self-attentions have its processors."""
        return self._installed

    def of_frame(self, snapshot: Snapshot) -> Remembered | None:
        """What a new frame takes along; None where nothing is remembered. To be called once a
        frame."""
        fired = snapshot["memory/forget"]
        if fired != self._fired:
            if self._fired is not None:
                self.forget()
            self._fired = fired
        amount, frames = snapshot["memory/amount"], snapshot["memory/frames"]
        self._remembers = amount > 0 and not self._given_up
        if not self._remembers:
            self.forget()
            if self._given_up and self._banks:
                self._free()
            return None
        if frames != self._frames:
            self._free()
            self._frames = frames
        self._number += 1
        since, place = self._number - self._first, 0
        if since and since % snapshot["memory/every"] == 0:
            place = 1 + self._kept % frames
            self._kept += 1
        return Remembered(
            self._number, place, amount, snapshot["memory/match"], snapshot["memory/threshold"]
        )

    def expect(self, snapshot: Snapshot) -> bool:
        """Have what frames like this need; False where they remember nothing."""
        remembers = self.of_frame(snapshot) is not None
        for rows in range(snapshot["steps"] if remembers else 0):
            self.recall(range(rows + 1))
        self.forget()
        return remembers

    def forget(self) -> None:
        """The next frame, and those after it, know nothing of those before; these, where they are
        still under way, go on as they began."""
        self._number += 1
        self._first, self._kept = self._number + 1, 0

    def give_up(self) -> bool:
        """Remember nothing from the next frame on, since memory is full. False where that is so
        already, or would bring nothing. From any thread."""
        if self._given_up or not self._remembers:
            return False
        self._given_up = True
        return True

    def rest(self) -> None:
        """Forget, and give the memory of the banks back."""
        self.forget()
        self.leave()
        self._free()

    def _free(self) -> None:
        self.close()
        self._recalls.clear()
        self._banks.clear()

    def close(self) -> None:
        """It plays no more; the model may go on without it."""
        for recall in self._recalls.values():
            for part in (recall.part, recall.whole):
                if part is not None:
                    self.model.not_graphed(part)

    def leave(self) -> None:
        """Nothing is remembered in a call: the self-attentions get back what was in them, unless a
        graph that needs them is being captured beside."""
        parts = [part for one in self._recalls.values() for part in (one.part, one.whole)]
        if self._installed and not any(part is not None and part.capturing for part in parts):
            uninstall(self.attentions)
            self._installed = False

    def recall(self, places: Sequence[int]) -> Recall:
        """The banks of these steps, made where they are not there."""
        self._look()
        install(self.attentions)
        self._installed = True
        for place in places:
            if place not in self._banks:
                self._banks[place] = Bank(
                    self.attentions, self._frames, self.model.device, self.model.dtype
                )
                self._tell(self._banks[place].bytes)
        key = tuple(places)
        found = self._recalls.get(key)
        if found is None:
            found = self._recalls[key] = Recall(tuple(self._banks[place] for place in places))
        if found.part is None:
            found.part = self.model.graphed(
                "UNet with memory", partial(self._denoise, found.banks), None, still
            )
        return found

    def _tell(self, needed: int) -> None:
        if self._frames not in self._told:
            self._told.add(self._frames)
            aside = f"; {ASIDE}" if isinstance(self._unet.forward, FastForward) else ""
            frames = "1 earlier frame takes"
            if self._frames > 1:
                frames = f"{self._frames} earlier frames take"
            self.on_message(f"memory: {frames} about {in_words(needed)} for each step{aside}")

    def numbers(self, rows: Sequence[Row]) -> list[list[float]]:
        """See `vj.diffusion.row_memory.RowMemory`; (B, `NUMBERS`)."""
        self.recall([place for place, _ in rows])
        told = []
        for place, frame in rows:
            if frame is None:
                told.append([0.0] * NUMBERS)
                continue
            bank = self._banks[place]
            follows = bank.number == frame.number - 1
            bank.number = frame.number
            kept = frame.place if frame.place <= self._frames else 0
            told.append(
                [frame.amount, frame.match, frame.threshold, float(kept), float(not follows)]
            )
        return told

    def unet(
        self,
        rows: Sequence[Row],
        numbers: Tensor,
        x: Tensor,
        t: Tensor,
        text: Embedding,
        hints: Hints = (),
        amount: Tensor | None = None,
    ) -> Tensor:
        """See `vj.diffusion.row_memory.RowMemory`."""
        recall = self.recall([place for place, _ in rows])
        return self.look_back(recall, numbers, x, t, text, hints, amount)

    def look_back(
        self,
        recall: Recall,
        numbers: Tensor,
        x: Tensor,
        t: Tensor,
        text: Embedding,
        hints: Hints = (),
        amount: Tensor | None = None,
    ) -> Tensor:
        """The same with these banks."""
        tensors: tuple[Any, ...] = (numbers, x, t, text.tokens, text.pooled, text.image)
        tensors = (*tensors, amount, *hints)
        with torch.no_grad():
            if recall.part is None:
                return self._denoise(recall.banks, *tensors)
            out: Tensor = recall.part(*tensors, key=self.model.key)
            return out

    def _denoise(
        self,
        banks: Sequence[Bank],
        numbers: Tensor,
        x: Tensor,
        t: Tensor,
        tokens: Tensor,
        pooled: Tensor | None,
        image: Tensor | None,
        amount: Tensor | None,
        *hints: Tensor | None,
    ) -> Tensor:
        denoise = self.model.bare()[1]
        with looking_back(banks, numbers):
            out: Tensor = denoise(x, t, Embedding(tokens, pooled, image), hints, amount)
            return out


def memory_of(
    model: DiffusionModel, height: int, width: int, on_message: Callable[[str], None]
) -> AttentionMemory | None:
    """For latents of height x width; None for a model without self-attention."""
    if not isinstance(model, Model):
        return None
    memory = AttentionMemory(model, height, width, on_message)
    return memory if memory.attentions else None


def still(tensors: Given) -> Given:
    """The same call, the numbers first, but nothing is kept and nothing forgotten. What is written
    all the same is this frame's place alone, which a frame that plays meanwhile may see for once.
    """
    numbers, *others = tensors
    return [None if numbers is None else torch.zeros_like(numbers), *others]
