"""Films played with a translator, frame by frame, by the backend of a show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.diffusion.translator_backend import TranslatorBackend
from vj.diffusion.translator_model import TranslatorModel
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline.frame_context import FrameContext
from vj.translator.conditions import TRACKED, Conditioner, ConditionSettings
from vj.translator.footage import Footage
from vj.translator.trackers import Found, somebody

SEEDS = (2, 3)
RATE = 30
"""Frames a second that films are taken to have."""


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """A frame as it was played, (H, W, 3) uint8 each but for the condition, (H, W, C) float32.
    painted: with each of `SEEDS`."""

    seen: np.ndarray
    truth: np.ndarray
    condition: np.ndarray
    painted: tuple[np.ndarray, ...]


class Playing:
    """Plays frames of films of one size with a translator."""

    def __init__(
        self,
        model: TranslatorModel,
        footage: Footage,
        settings: ConditionSettings,
        numbers: Sequence[int],
    ) -> None:
        """settings: of the conditions. numbers: of the frames that are played, in the order of
        time. Raises Fault where somebody has to be found in them, and nobody is."""
        side = footage.frames.shape[1]
        self.kind, self.footage = model.kind, footage
        self.seen = footage.frames if footage.inputs is None else footage.inputs
        self.numbers = list(numbers)
        self._found: dict[int, Found] = {}
        if self.kind in TRACKED:
            finder = Conditioner(self.kind, settings)
            for number in numbers:
                told = None if settings.face or self.kind != "face" else _told(footage, number)
                found = told or finder.find(self.seen[number], number / RATE)
                if found is not None and somebody(found):
                    self._found[number] = found
            self.numbers = list(self._found)
        if not self.numbers:
            who = f"no {self.kind} was found" if self.kind in TRACKED else "no frames"
            raise Fault(f"{', '.join(footage.names)[:120]}: {who}")
        known = self._known if self.kind in TRACKED else None
        self.backend = TranslatorBackend(model, Size(side, side), True, known=known)
        self._lead = 2 if self.kind == "next" else 0

    def _known(self, image: np.ndarray, time: float) -> Found | None:
        return self._found.get(round(time * RATE))

    def frame(self, number: int, strength: float = 1.0, seed: int = SEEDS[0]) -> np.ndarray:
        """One on its own; `next` goes on from the film's own frames."""
        return next(self.run([number], strength, seed))

    def run(
        self, numbers: Sequence[int], strength: float = 1.0, seed: int = SEEDS[0]
    ) -> Iterator[np.ndarray]:
        """Successive ones, as they come."""
        self.backend.clear()
        first = numbers[0]
        for before in range(max(0, first - self._lead), first):
            self._paint(before, {"strength": 0.0})
        for number in numbers:
            yield self._paint(number, {"strength": strength, "seed/a": seed})

    def _paint(self, number: int, values: dict[str, Value]) -> np.ndarray:
        picture = self.seen[number]
        planes = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
        time = number / RATE
        context = FrameContext(picture, number, time, picture)
        made = self.backend.paint(planes, Store(values).sample(time), context)
        assert made is not None
        assert isinstance(made.picture, torch.Tensor)
        pixels = made.picture[0].permute(1, 2, 0).numpy() * 127.5 + 127.5
        return np.asarray(np.clip(np.rint(pixels), 0, 255), np.uint8)

    def played(self, numbers: Sequence[int]) -> list[Played]:
        """Frames with what they became, each on its own."""
        found = []
        for number in numbers:
            painted = tuple(self.frame(number, seed=seed) for seed in SEEDS)
            condition = self.backend.condition
            assert condition is not None
            found.append(Played(self.seen[number], self.footage.frames[number], condition, painted))
        return found


def _told(footage: Footage, number: int) -> Found | None:
    """The face that a drawn scene says is there, as in training."""
    face = footage.drawn.face(number) if footage.drawn is not None else None
    return None if face is None else Found(face=face)


def shown(frame: Played) -> np.ndarray:
    """What was given, as a picture (H, W, 3) uint8: the condition, of several frames the newest."""
    condition = frame.condition
    newest = condition[..., -3:] if condition.shape[2] > 1 else np.repeat(condition, 3, 2)
    return np.ascontiguousarray(cv2.convertScaleAbs(newest, alpha=255))


def sheet(frames: Sequence[Played]) -> np.ndarray:
    """(H, W, 3) uint8: rows of input, condition, truth, painted with one seed and with another."""
    rows = []
    for frame in frames:
        parts = (frame.seen, shown(frame), frame.truth, *frame.painted)
        gap = np.full((len(frame.seen), 4, 3), 255, np.uint8)
        rows.append(np.hstack([piece for part in parts for piece in (part, gap)][:-1]))
    return np.vstack(rows)
