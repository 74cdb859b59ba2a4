"""The stream batch: n denoising steps of n frames in one UNet call (StreamDiffusion, arXiv
2312.12491).

Here everything travels with the frame. A frame enters with its timesteps, noises, embedding and
guidance, and keeps them until it leaves, whatever is played meanwhile; so strength and prompt
may change every frame and each frame still comes out as if it had been denoised alone
(`tests/diffusion/test_stream_batch.py` holds it to that).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import torch
from torch import Tensor

from vj.diffusion.devices import sent
from vj.diffusion.guides import Hints, stacked
from vj.diffusion.prompts import Embedding
from vj.diffusion.row_memory import AGAINST, Remembered, RowMemory


@dataclass(frozen=True, slots=True)
class Level:
    """A point of the noise schedule: x_t = a * x0 + b * noise, with a^2 + b^2 = 1."""

    t: float
    a: float
    b: float


LEAST_SIGNAL = 2.0**-24
"""The least of a^2 and b^2, diffusers' too. Schedules of zero terminal SNR (arXiv 2305.08891) end
at 0, whose log-SNR is infinite."""
LEAST_FOR_EPSILON = 1e-4
"""The least of a^2 for a UNet that predicts the noise, where a schedule that goes further ends:
in x0 = (x - b * noise) / a what it is wrong by comes 1/a times."""
LEAST_FOR_DELTA = 0.05
"""The a below which `played_delta` goes to 1. Stable Diffusion's own schedule ends at 0.068."""


class NoiseSchedule:
    """The model's noise schedule, continuous in t: log-SNR is interpolated linearly between integer
    timesteps. How a scheduler spaces its steps has no part in it: strength says where they
    begin."""

    def __init__(self, alphas_cumprod: Tensor, prediction: str = "epsilon") -> None:
        """alphas_cumprod: (T,), a^2 at every timestep, falling; 0 and 1 are taken too."""
        cumulative = alphas_cumprod.double().cpu()
        if prediction == "epsilon":
            kept = max(1, int((cumulative >= LEAST_FOR_EPSILON).sum()))
            cumulative = cumulative[:kept]
        cumulative = cumulative.clamp(LEAST_SIGNAL, 1 - LEAST_SIGNAL)
        self._log_snr = torch.log(cumulative / (1 - cumulative)).tolist()
        self.last = len(self._log_snr) - 1

    def level(self, t: float) -> Level:
        """The level at t, 0 .. `last`."""
        t = min(float(self.last), max(0.0, t))
        low = min(int(t), self.last - 1) if self.last else 0
        high = min(low + 1, self.last)
        log_snr = self._log_snr[low] + (t - low) * (self._log_snr[high] - self._log_snr[low])
        return Level(
            t, math.sqrt(1 / (1 + math.exp(-log_snr))), math.sqrt(1 / (1 + math.exp(log_snr)))
        )

    def plan(self, strength: float, steps: int) -> list[Level]:
        """The levels a frame goes through: from strength * last down in equal steps of t, the last
        one t0/steps above 0."""
        top = strength * self.last
        return [self.level(top * (steps - i) / steps) for i in range(steps)]


def played_delta(delta: float, level: Level) -> float:
    """How much of the residual noise guidance starts from. What is left out of it comes into the
    clean latents as (1 - delta) * (1 - guidance) * x / a, so there is no less of it where a goes
    to 0."""
    if level.a >= LEAST_FOR_DELTA:
        return delta
    return 1 - (1 - delta) * level.a / LEAST_FOR_DELTA


@dataclass(frozen=True, slots=True)
class Conditioning:
    """All that a frame takes with it. noise: (n, C, h, w), one for each level. negative: None when
    guidance is 1 or residual. hints: (1, 3, H, W) float 0..1 each, the pictures that lead it, None
    for one that does not. hint_amounts: how strongly, one for each. memory: of earlier frames."""

    levels: list[Level]
    noise: Tensor
    text: Embedding
    guidance: float = 1.0
    delta: float = 1.0
    negative: Embedding | None = None
    hints: Hints = ()
    hint_amounts: tuple[float, ...] = ()
    memory: Remembered | None = None


T = TypeVar("T")
"""What goes along with a frame and comes out with it."""


@dataclass(slots=True)
class BatchRow(Generic[T]):
    """A frame in flight. x: its noised latents (1, C, h, w) at level `step`. stock: residual noise
    of its guidance."""

    conditioning: Conditioning
    x: Tensor
    stock: Tensor
    payload: T
    step: int = 0


@dataclass(slots=True)
class Done(Generic[T]):
    """A frame that has arrived: its clean latents (1, C, h, w) and what was sent along."""

    latents: Tensor
    payload: T


Unet = Callable[..., Tensor]
"""(x (B, C, h, w), t (B,) float32, embedding with batch B) -> prediction (B, C, h, w). When a row
has a hint, two more: the hints, (B, 3, H, W) or None each, and their amounts (B, hints), which
are 0 for rows without."""


@dataclass
class StreamBatch(Generic[T]):
    """Rows in flight. prediction: what the UNet returns: "epsilon", "v_prediction" or "sample"."""

    unet: Unet
    prediction: str = "epsilon"
    memory: RowMemory | None = None
    rows: list[BatchRow[T]] = field(default_factory=list)

    def clear(self) -> None:
        """Forget the frames in flight (another size, another model)."""
        self.rows.clear()

    @torch.no_grad()
    def step(
        self,
        entering: tuple[Tensor, Conditioning, T] | None = None,
    ) -> Done[T] | None:
        """Take a frame in (or none), move every row on by one level, and give the newest frame that
        has arrived. entering: its latents (1, C, h, w), its conditioning, and what goes along.

        None while the first frames are still under way; the caller holds the last picture. When
        steps shrink, several frames arrive at once: the newest is given, the older ones are
        overtaken and dropped.
        """
        if entering is not None:
            latents, conditioning, payload = entering
            first, noise = conditioning.levels[0], conditioning.noise[:1]
            self.rows.insert(
                0, BatchRow(conditioning, first.a * latents + first.b * noise, noise, payload)
            )
        for row, (x0, stock) in zip(self.rows, self._predict(), strict=True):
            row.step += 1
            if row.step < len(row.conditioning.levels):
                level = row.conditioning.levels[row.step]
                row.x = level.a * x0 + level.b * row.conditioning.noise[row.step : row.step + 1]
                row.stock = stock
            else:
                row.x = x0
        for index, row in enumerate(self.rows):
            if row.step == len(row.conditioning.levels):
                del self.rows[index:]
                return Done(row.x, row.payload)
        return None

    def _predict(self) -> list[tuple[Tensor, Tensor]]:
        """For every row its clean latents and the residual noise it takes on, from one UNet
        call."""
        rows = self.rows
        # A negative prompt costs a second row, but only where a frame enters: after that its
        # residual noise remembers it ("onetime-negative" in the paper, cfg_type "initialize" in the
        # package).
        fresh = [
            row
            for row in rows
            if row.conditioning.negative is not None
            and row.conditioning.guidance > 1
            and row.step == 0
        ]
        batch = [*rows, *fresh]
        x = torch.cat([row.x for row in batch])
        moments = [row.conditioning.levels[row.step].t for row in batch]
        texts = [row.conditioning.text for row in rows] + [
            row.conditioning.negative for row in fresh if row.conditioning.negative is not None
        ]
        text = Embedding.stack(texts)
        hints = stacked([(row.conditioning.hints, row.conditioning.hint_amounts) for row in batch])
        remembered = [(row.step, row.conditioning.memory) for row in rows]
        remembered += [(AGAINST, row.conditioning.memory) for row in fresh]
        memory = self.memory if any(one for _, one in remembered) else None
        if memory is not None:
            told = memory.numbers(remembered)
            there = sent(
                torch.tensor([(t, *n) for t, n in zip(moments, told, strict=True)]), x.device
            )
            t, numbers = there.select(1, 0), there.narrow(1, 1, there.shape[1] - 1)
            out = memory.unet(remembered, numbers, x, t, text, *hints)
        else:
            if self.memory is not None:
                self.memory.leave()
            t = sent(torch.tensor(moments, dtype=torch.float32), x.device)
            out = self.unet(x, t, text, *hints)
        for row, negative in zip(fresh, out[len(rows) :].split(1), strict=True) if fresh else ():
            row.stock = self._epsilon(negative, row.x, row.conditioning.levels[0])
        return [
            self._advance(row, prediction)
            for row, prediction in zip(rows, out[: len(rows)].split(1), strict=True)
        ]

    def _advance(self, row: BatchRow[T], prediction: Tensor) -> tuple[Tensor, Tensor]:
        conditioning, level = row.conditioning, row.conditioning.levels[row.step]
        if conditioning.guidance <= 1:
            return self._clean(prediction, row.x, level), row.stock
        base = played_delta(conditioning.delta, level) * row.stock
        epsilon = base + conditioning.guidance * (self._epsilon(prediction, row.x, level) - base)
        x0 = (row.x - level.b * epsilon) / level.a
        if row.step + 1 == len(conditioning.levels):
            return x0, row.stock
        after = conditioning.levels[row.step + 1]
        stock = (
            conditioning.noise[row.step + 1 : row.step + 2]
            + after.a * (level.b / level.a) * (row.stock - epsilon) / after.b
        )
        return x0, stock

    def _clean(self, prediction: Tensor, x: Tensor, level: Level) -> Tensor:
        if self.prediction == "sample":
            return prediction
        if self.prediction == "v_prediction":
            return level.a * x - level.b * prediction
        return (x - level.b * prediction) / level.a

    def _epsilon(self, prediction: Tensor, x: Tensor, level: Level) -> Tensor:
        if self.prediction == "sample":
            return (x - level.a * prediction) / max(level.b, 1e-4)
        if self.prediction == "v_prediction":
            return level.a * prediction + level.b * x
        return prediction


FRAMES = 1 << 31
"""Numbers that frames have, for each seed of what boils."""


class Noise:
    """The noises of a stream: seeded, mixed between two seeds with their variance kept, held or
    boiling.

    A seed is drawn on the CPU, so that it looks the same on every device, and sent there once. What
    boils is drawn where it is used, from the seed and the number of the frame since it began.
    """

    def __init__(
        self, shape: tuple[int, int, int], device: torch.device, dtype: torch.dtype, rows: int = 4
    ) -> None:
        """rows: how many are drawn, one for each level; with 1 all levels share one."""
        self.shape, self.device, self.dtype, self._rows = shape, device, dtype, rows
        self._fixed: dict[int, Tensor] = {}
        self._there: tuple[object, Tensor] | None = None
        """The last held noise on the device, and what it is of."""
        self._boiling: Tensor | None = None
        self._fresh = torch.Generator(device if device.type == "cuda" else "cpu")
        self._seeds: tuple[int, int] = (-1, -1)
        self._frame = 0

    def _of_seed(self, seed: int) -> Tensor:
        """(rows, C, h, w): one noise for each possible row. The last few seeds are kept."""
        if seed not in self._fixed:
            if len(self._fixed) > 7:
                self._fixed.pop(next(iter(self._fixed)))
            self._fixed[seed] = torch.randn(
                (self._rows, *self.shape), generator=torch.Generator().manual_seed(seed)
            )
        return self._fixed[seed]

    def sample(self, seed_a: int, seed_b: int, mix: float, hold: float, steps: int) -> Tensor:
        """The noises of one frame's levels, (steps, C, h, w), not to be written to. hold 1 gives
        the seeds' own noise, less lets it boil: n <- hold * n + sqrt(1 - hold^2) * fresh."""
        if (seed_a, seed_b) != self._seeds:
            self._seeds, self._boiling, self._frame = (seed_a, seed_b), None, 0
            self._fresh.manual_seed(seed_a)
        key = seed_a, seed_b, mix
        if self._there is None or self._there[0] != key:
            held = self.held(seed_a, seed_b, mix).to(self.dtype)
            self._there = key, sent(held, self.device)
        noise = self._there[1]
        if hold >= 1:
            self._boiling = None
        else:
            before = noise if self._boiling is None else self._boiling
            self._boiling = hold * before + math.sqrt(1 - hold * hold) * self._drawn(seed_a)
            noise = self._boiling
        return noise[:steps]

    def _drawn(self, seed: int) -> Tensor:
        """New noise of every frame."""
        self._frame += 1
        if self.device.type == "cuda":  # by the frame: no state to be kept on the card
            self._fresh.manual_seed(seed * FRAMES + self._frame)
            return torch.randn(
                (self._rows, *self.shape),
                generator=self._fresh,
                device=self.device,
                dtype=self.dtype,
            )
        drawn = torch.randn((self._rows, *self.shape), generator=self._fresh)
        return drawn.to(self.device, self.dtype)

    def begin(self) -> None:
        """What boils begins anew with the next frame."""
        self._seeds, self._boiling = (-1, -1), None

    def held(self, seed_a: int, seed_b: int, mix: float) -> Tensor:
        """The noise between two seeds, (rows, C, h, w), its variance kept. On the CPU."""
        if mix <= 0 or seed_a == seed_b:
            return self._of_seed(seed_a)
        if mix >= 1:
            return self._of_seed(seed_b)
        return ((1 - mix) * self._of_seed(seed_a) + mix * self._of_seed(seed_b)) / math.sqrt(
            (1 - mix) ** 2 + mix**2
        )
