"""Training examples for the network: crops of pictures, and the techniques' drawings of them.

An example is drawn anew each time from a pool of pictures; the same step of the same seed draws the
same examples, except for those that paint over earlier ones. Stroke sizes, scales, depths of relief
and mixtures of two techniques vary, and a part of the pictures has been painted already, as
feedback brings them, or is hardly a picture at all, as a show without an input starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from vj.kernels.cv_field import FieldMaker
from vj.pocket import patterns as lattice
from vj.pocket.techniques import LEARNED, Painted, Subject, draw, make_subject

SIDE = 128
UNIT_RANGE = (0.7, 2.3)
"""Pixels in a unit: from 256 rows with small strokes to 512 with large ones."""
SAMPLING_WEIGHTS = {
    "marble": 4.0,
    "ice": 5.0,
    "lava": 2.5,
    "crystal": 2.5,
    "halftone": 1.5,
    "circuit": 1.5,
    "scales": 1.5,
    "chrome": 1.5,
    "neon": 1.5,
    "engraving": 1.5,
}
"""Techniques whose fine marks are learned last, and how many times as often as the others they are
sampled."""


FINAL_SAMPLING_WEIGHTS = {
    "ice": 9.0,
    "circuit": 9.0,
    "chrome": 4.0,
    "marble": 4.0,
    "lava": 3.0,
    "mosaic": 2.0,
}
"""The same for the last part of a training."""


@dataclass(slots=True)
class NoiseField:
    """Noise, and the patterns drawn from it, for one stroke size."""

    white: np.ndarray
    patterns: np.ndarray
    unit: float
    size: float
    maker: FieldMaker


@dataclass(slots=True)
class Batch:
    """What the network is given and what it should give; see `Network.forward`."""

    picture: Tensor
    form: Tensor
    patterns: Tensor
    style: Tensor
    target: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on another device."""
        return Batch(*(getattr(self, name).to(device) for name in self.__slots__))


def draw_noise_fields(count: int, seed: int, side: int = SIDE) -> list[NoiseField]:
    """Noises and patterns, of sizes spread over `UNIT_RANGE`."""
    rng = np.random.default_rng((seed, 7))
    grounds = []
    for index in range(count):
        one = float(
            np.exp(
                np.log(UNIT_RANGE[0])
                + (index + rng.random()) / count * np.log(UNIT_RANGE[1] / UNIT_RANGE[0])
            )
        )
        size = 1.0 if rng.random() < 0.6 else float(np.exp(rng.uniform(np.log(0.6), np.log(1.7))))
        white = rng.standard_normal((side, side), np.float32)
        unit = one / size
        grounds.append(
            NoiseField(
                white,
                lattice.draw(white, unit, size).astype(np.float16),
                unit,
                size,
                FieldMaker(side, side, unit),
            )
        )
    return grounds


def crop(
    pictures: Sequence[np.ndarray], rng: np.random.Generator, one: float, side: int = SIDE
) -> np.ndarray:
    """A crop (side, side, 3) float32 0..1 of one of the pictures (H, W, 3) uint8, at a scale that
    fits the stroke size, some mirrored, with changed light and colour."""
    picture = pictures[int(rng.integers(len(pictures)))]
    low = min(picture.shape[:2])
    # How many rows of the picture a unit is: pictures are about 256 units high, nearer or farther.
    window = int(np.clip(side / one * low / 256 * np.exp(rng.uniform(-0.5, 0.6)), 48, low))
    y, x = (int(rng.integers(0, n - window + 1)) for n in picture.shape[:2])
    piece = picture[y : y + window, x : x + window]
    how = cv2.INTER_AREA if window > side else cv2.INTER_CUBIC
    out = cv2.resize(piece, (side, side), interpolation=how).astype(np.float32) / 255
    if rng.random() < 0.5:
        out = out[:, ::-1]
    if rng.random() < 0.5:
        out = out ** float(np.exp(rng.uniform(-0.5, 0.5)))
        out = out * rng.uniform(0.65, 1.2) + rng.normal(0, 0.04, 3)
    if rng.random() < 0.4:
        out = out + rng.normal(0, rng.uniform(0.002, 0.015), out.shape)
    return np.ascontiguousarray(np.clip(out, 0, 1), np.float32)


def blank(rng: np.random.Generator, side: int = SIDE) -> np.ndarray:
    """Hardly a picture: grey, black, a soft gradient, clouds of colour."""
    colour = rng.random(3) if rng.random() < 0.5 else np.full(3, rng.random())
    out = np.broadcast_to(colour, (side, side, 3)).astype(np.float32)
    if rng.random() < 0.7:
        cells = int(rng.integers(2, 9))
        clouds = cv2.resize(
            rng.standard_normal((cells, cells, 3)).astype(np.float32),
            (side, side),
            interpolation=cv2.INTER_CUBIC,
        )
        out = out + rng.uniform(0.02, 0.35) * clouds
    return np.ascontiguousarray(np.clip(out, 0, 1), np.float32)


def style_of(
    weights: dict[str, float], one: float, relief: float, names: Sequence[str] = LEARNED
) -> list[float]:
    """The numbers of a style; see `Network.forward`. names: the network's techniques."""
    return [weights.get(name, 0.0) for name in names] + [float(np.log2(one)), relief - 1]


class ExampleGenerator:
    """Draws training examples. Keeps some earlier paintings, to be painted over."""

    def __init__(
        self, pictures: Sequence[np.ndarray], grounds: Sequence[NoiseField], seed: int
    ) -> None:
        self.pictures, self.grounds, self.seed = pictures, grounds, seed
        self._names = list(LEARNED)
        self._odds, self._last_odds = (
            np.array([odds.get(name, 1.0) for name in self._names])
            for odds in (SAMPLING_WEIGHTS, FINAL_SAMPLING_WEIGHTS)
        )
        self.finish: int | None = None
        """The step from which `FINAL_SAMPLING_WEIGHTS` counts."""
        self._before: list[np.ndarray] = []

    def _weights(self, rng: np.random.Generator, odds: np.ndarray) -> dict[str, float]:
        first = str(rng.choice(self._names, p=odds / odds.sum()))
        if rng.random() > 0.08:
            return {first: 1.0}
        second = str(rng.choice(self._names))
        share = float(rng.random())
        return {first: 1.0} if second == first else {first: share, second: 1 - share}

    def _image(self, rng: np.random.Generator, one: float) -> np.ndarray:
        kind = rng.random()
        if kind < 0.04:
            return blank(rng)
        if kind < 0.14 and self._before:
            before = self._before[int(rng.integers(len(self._before)))]
            return np.clip(before + rng.normal(0, 0.03, 3), 0, 1).astype(np.float32)
        return crop(self.pictures, rng, one)

    def example(
        self, rng: np.random.Generator, last: bool = False
    ) -> tuple[Subject, Painted, list[float]]:
        """One example: the subject, its target, its style. last: use the sampling weights of the
        last steps."""
        ground = self.grounds[int(rng.integers(len(self.grounds)))]
        relief = 1.0 if rng.random() < 0.7 else float(rng.uniform(0, 2))
        image = self._image(rng, ground.unit * ground.size)
        patterns = ground.patterns.astype(np.float32)
        subject = make_subject(
            image, ground.white, patterns, size=ground.size, relief=relief, maker=ground.maker
        )
        weights = self._weights(rng, self._last_odds if last else self._odds)
        made = draw(subject, weights)
        if rng.random() < 0.1:
            low, high = rng.random(3), rng.random(3)
            ramped = low + np.clip(made.tone, 0, 1)[..., None] * (high - low)
            shown = made.colour if rng.random() < 0.5 else ramped.astype(np.float32)
            share = float(rng.uniform(0.3, 1))
            self._before = [*self._before[-63:], image + share * (shown - image)]
        return subject, made, style_of(weights, subject.one, relief)

    def batch(self, step: int, count: int) -> Batch:
        rng = np.random.default_rng((self.seed, 3, step))
        last = self.finish is not None and step >= self.finish
        examples = [self.example(rng, last) for _ in range(count)]

        def planes(arrays: list[np.ndarray]) -> Tensor:
            stacked = torch.from_numpy(np.ascontiguousarray(np.stack(arrays), np.float32))
            return stacked.contiguous(memory_format=torch.channels_last)

        return Batch(
            planes([s.image.transpose(2, 0, 1) for s, _, _ in examples]),
            planes(
                [np.stack([s.form.texture, s.form.along_x, s.form.along_y]) for s, _, _ in examples]
            ),
            planes([s.patterns for s, _, _ in examples]),
            torch.tensor([style for _, _, style in examples], dtype=torch.float32),
            planes(
                [
                    np.concatenate([p.tone[None], p.colour.transpose(2, 0, 1)])
                    for _, p, _ in examples
                ]
            ),
        )
