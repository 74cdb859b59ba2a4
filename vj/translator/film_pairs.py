"""Training examples of `next`: frames that a network has painted itself, and what comes then.

A network that only ever sees true frames stands still when it goes on from its own: they are a
little soft and a little late, and the likeliest next frame of one that hardly moves is the same
again. So most examples go on from what the network itself has painted, over dozens of frames
(a pool of states, as Mordvintsev et al. 2020 keep one), and what is to come next is asked of the
clip anew each time (Ross et al. 2011): the frame after those of the clip that the two newest
painted ones are most like. A dream that has stopped is thereby shown how it moves on, and one that
has run ahead is not called back.

The clip has an end and a dream has none: after the last frame comes the one after that which is
most like it (video textures, Schödl et al. 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from vj.core.spread import spread
from vj.kernels.cv_field import FieldMaker
from vj.translator import augment
from vj.translator.batch import Example, TranslatorBatch, stacked
from vj.translator.conditions import (
    LEAST_STRENGTH,
    ConditionSettings,
    luma_of,
    softened,
    style_numbers,
)
from vj.translator.footage import Footage
from vj.translator.sized_footage import SizedFootage, at_sizes

POOL = 24
"""Dreams that go on, of each size."""
ANEW = 1 / 48
"""Chance that a dream begins anew with frames of the clip, whenever its turn comes: the inverse of
how many frames it lasts."""
STILL = 0.3
"""Share of beginnings from a standing picture: one frame, twice."""
MOVED = 0.5
"""Share of the dreams that are mirrored, or nearer."""
NEARER = 1.25
ALONE = 0.7
"""Share of the examples that do not see the source."""
ELSEWHERE = 0.3
"""Share of the others that are led to another moment of the clip."""
THUMB = 24
"""Side, in pixels, of the pictures by which painted frames are compared with the clip's."""
AHEAD = 3
"""Frames that a dream may be ahead, to be found again."""
EARLIER = 0.6
"""Weight of the earlier of the two frames in comparing them."""
BIAS = 0.98
"""By how much less the frame that was to come has to be like what was painted."""
OFF = 0.4
"""How far frames with which a dream begins are off, see `augment.painted`."""
LOOP = 0.1
"""Share of the clip, its end, that is no place to go on from the end."""
LATER = 10
"""Frames after which a dream is judged: one frame later the newest itself would do."""
SHOWN = 4
"""Frames to judge by."""


@dataclass(slots=True)
class _Dream:
    """number: of the clip's frame that `newest` is like. older, newest: (S, S, 3) uint8."""

    number: int
    geometry: augment.Geometry | None
    older: np.ndarray
    newest: np.ndarray


class FilmPairs:
    """Takes the place of `Pairs`. Belongs to one thread. Its state is what `state_dict` says."""

    subjects = "none"

    def __init__(self, footage: Footage, settings: ConditionSettings, size: int, seed: int) -> None:
        """footage: of frames of `size`, without gaps."""
        self.footage, self.kind, self.settings = footage, "next", settings
        self.size, self.seed = size, seed
        self._sizes = at_sizes(footage)
        self._thumbs = np.stack([_thumb(frame) for frame in footage.frames])
        self._train, self._held = footage.trained(2), footage.held_out(2)
        if not self._held:
            self._train, self._held = self._train[:-1], self._train[-1:]
        self.later = min(LATER, max(1, len(self._held) // 2))
        """Frames after which a dream is judged."""
        self.successors = self._followed()
        self._pools: list[list[_Dream]] = []
        for which, of in enumerate(self._sizes):
            rng = np.random.default_rng((seed, 23, which))
            self._pools.append([self._begun(rng, of) for _ in range(POOL)])
        self._drawn: tuple[int, list[int], list[int]] = (0, [], [])
        """Of the last batch: which size, which dreams, and the frames that they were to paint."""

    def _followed(self) -> dict[int, int]:
        """What comes after each frame that is trained on."""
        after = {number - 1: number for number in self._train}
        ends = sorted(set(self._train) - set(after))
        numbers = np.array(sorted(after))
        for clip in self.footage.clips:
            for end in (end for end in ends if end in clip):
                here = numbers[(numbers > clip.start) & (numbers < clip.stop)]
                here = here[: max(1, round(len(here) * (1 - LOOP)))]
                apart = self._apart(self._thumbs[end], self._thumbs[end - 1], here)
                after[end] = after[int(here[apart.argmin()])]
        return after

    def _apart(self, newest: np.ndarray, older: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """How unlike two frames each of the clip's is with the one before it."""
        one = np.abs(self._thumbs[numbers] - newest).mean((1, 2, 3))
        two = np.abs(self._thumbs[numbers - 1] - older).mean((1, 2, 3))
        both: np.ndarray = one + EARLIER * two
        return both

    def _begun(self, rng: np.random.Generator, of: SizedFootage) -> _Dream:
        """A dream that begins with frames of the clip, or with one that stands."""
        number = self._train[int(rng.integers(len(self._train)))] - 1
        geometry = augment.nearer(rng, of.side, NEARER) if rng.random() < MOVED else None
        still = rng.random() < STILL
        two = [
            _seen(of.targets[one], geometry) for one in (number if still else number - 1, number)
        ]
        older, newest = augment.painted(two, rng, OFF)
        return _Dream(number, geometry, older, newest)

    def batch(self, step: int, count: int) -> TranslatorBatch:
        """The examples of a step of the training. It depends on what was painted before, see
        `go_on`."""
        rng = np.random.default_rng((self.seed, 24, step))
        which = step % len(self._sizes)
        of, pool = self._sizes[which], self._pools[which]
        chosen = [int(one) for one in rng.choice(len(pool), count, replace=False)]
        examples, ahead = [], []
        for place in chosen:
            if rng.random() < ANEW:
                pool[place] = self._begun(rng, of)
            dream = pool[place]
            number = self.successors[dream.number]
            alone = rng.random() < ALONE
            strength = 1.0 if alone else float(rng.uniform(LEAST_STRENGTH, 1))
            if not alone and rng.random() < ELSEWHERE:
                number = self._train[int(rng.integers(len(self._train)))]
            target = _seen(of.targets[number], dream.geometry).astype(np.float32) / 255
            two = [dream.older, dream.newest]
            white = rng.standard_normal((of.side, of.side), np.float32)
            examples.append(example_of(of.field, two, target, strength, white))
            ahead.append(number)
        self._drawn = which, chosen, ahead
        return stacked(examples)

    def go_on(self, painted: Tensor) -> None:
        """The dreams of the last batch go on with what was painted of them, (B, 3, H, W), about
        0..1."""
        which, chosen, ahead = self._drawn
        pool = self._pools[which]
        pictures = (
            painted.detach()
            .nan_to_num(0.5)
            .clamp(0, 1)
            .mul(255)
            .round()
            .byte()
            .permute(0, 2, 3, 1)
            .cpu()
        )
        for place, number, picture in zip(chosen, ahead, pictures.numpy(), strict=True):
            dream = pool[place]
            newest = np.ascontiguousarray(picture)
            dream.older, dream.newest = dream.newest, newest
            dream.number = self._like(dream, number, self._sizes[which])

    def _like(self, dream: _Dream, asked: int, of: SizedFootage) -> int:
        """The frame of the clip that a dream is at, where `asked` was to be painted."""
        near = [dream.number, asked]
        while len(near) < AHEAD + 2:
            near.append(self.successors[near[-1]])
        older, newest = _thumb(dream.older), _thumb(dream.newest)
        if dream.geometry is None:
            apart = self._apart(newest, older, np.array(near))
        else:
            kept: dict[int, np.ndarray] = {}
            for number in {one - back for one in near for back in (0, 1)}:
                kept[number] = _thumb(_seen(of.targets[number], dream.geometry))
            apart = np.array(
                [
                    np.abs(kept[n] - newest).mean() + EARLIER * np.abs(kept[n - 1] - older).mean()
                    for n in near
                ]
            )
        apart[1] *= BIAS
        return near[int(apart.argmin())]

    def held_out(self, most: int = SHOWN) -> list[TranslatorBatch]:
        """Of frames that are not trained on, spread over them, one example each: the two frames
        with which a dream begins, and what is to come `later`."""
        white = np.random.default_rng((self.seed, 21)).standard_normal(
            (self.size, self.size), np.float32
        )
        field, frames, out = self._sizes[0].field, self.footage.frames, []
        for two, number in self.begun_held_out(most):
            target = frames[number].astype(np.float32) / 255
            out.append(stacked([example_of(field, two, target, 1.0, white)]))
        return out

    def begun_held_out(self, most: int = SHOWN) -> list[tuple[list[np.ndarray], int]]:
        """The two frames of each, and the number of the one that is to come `later`."""
        numbers = self._held[self.later - 1 :]
        frames, before = self.footage.frames, self.later
        return [
            ([frames[numbers[place] - before - back] for back in (1, 0)], numbers[place])
            for place in spread(len(numbers), most)
        ]

    def state_dict(self) -> dict[str, Any]:
        """All dreams."""
        return {
            str(which): [
                {
                    "number": dream.number,
                    "geometry": None
                    if dream.geometry is None
                    else [dream.geometry.matrix.tolist(), dream.geometry.mirrors],
                    "frames": torch.from_numpy(np.stack([dream.older, dream.newest])),
                }
                for dream in pool
            ]
            for which, pool in enumerate(self._pools)
        }

    def load_state_dict(self, state_dict: dict[str, Any], /) -> None:
        """Go on with them."""
        for which, of in enumerate(self._sizes):
            self._pools[which] = [
                _Dream(
                    int(one["number"]),
                    None
                    if one["geometry"] is None
                    else augment.Geometry(
                        np.array(one["geometry"][0]), one["geometry"][1], of.side
                    ),
                    *one["frames"].cpu().numpy(),
                )
                for one in state_dict[str(which)]
            ]


def _seen(frame: np.ndarray, geometry: augment.Geometry | None) -> np.ndarray:
    return frame if geometry is None else geometry.picture(frame)


def _thumb(frame: np.ndarray) -> np.ndarray:
    """Small, 0..1, and without its mean colour, which may be off."""
    small = cv2.resize(frame, (THUMB, THUMB), interpolation=cv2.INTER_AREA).astype(np.float32)
    thumb: np.ndarray = (small - small.mean((0, 1))) / 255
    return thumb


def example_of(
    field: FieldMaker,
    two: Sequence[np.ndarray],
    source: np.ndarray,
    strength: float,
    white: np.ndarray,
) -> Example:
    """What a network is shown of a film. two: the frames before, (S, S, 3) uint8. source: what its
    source shows, and it is to paint, (S, S, 3) float32, 0..1. white: (S, S) float32, N(0, 1)."""
    condition = np.dstack(list(two)).astype(np.float32) / 255
    form = field.make(luma_of(condition), white)
    return Example(
        softened(source, strength),
        condition,
        np.stack([form.texture, form.along_x, form.along_y], -1),
        style_numbers(strength, 0.0, field.unit),
        source,
    )
