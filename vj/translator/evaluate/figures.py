"""The figures of a translator, and their gates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from vj.core.spread import spread
from vj.diffusion.translator_model import TranslatorModel
from vj.training import measures
from vj.training.measurement import Measurement
from vj.translator.conditions import TRACKED, unit_of
from vj.translator.evaluate.playing import Played, Playing, sheet, shown
from vj.translator.footage import Footage

FRAMES, RUN = 8, 12
"""Frames that are judged, spread over those that may be; successive ones for flicker."""
FEW = 60
"""Frames of another's film, every third, in the second half of which a tracker knows who that
is."""
STRENGTHS = tuple(step / 20 for step in range(21))
EDGES, SHARP, NEAR, SPREAD, SEED_APART, STEADY, BACK, JUMP = 0.8, (0.7, 1.3), 6.0, 0.5, 1, 2, 0, 4
"""Gates. NEAR: colours so far apart are the same. SEED_APART: of 255. STEADY: times as much change
from frame to frame as in the clip. BACK, JUMP: the least and the largest step of strength, in even
ones."""


def some(numbers: Sequence[int], count: int = FRAMES) -> list[int]:
    """Some of them, from the first to the last."""
    return [numbers[place] for place in spread(len(numbers), count)]


def likeness(frames: Sequence[Played], mean: np.ndarray) -> list[Measurement]:
    """How near paintings of held-out frames are to the truth, and how near the clip's mean picture
    and what was given are."""

    def figures(pictures: Sequence[np.ndarray]) -> tuple[float, float, float]:
        pairs = [(one, frame.truth) for one, frame in zip(pictures, frames, strict=True)]
        crisp = sum(measures.energy(truth) for _, truth in pairs)
        return (
            float(np.mean([measures.distance(*pair) for pair in pairs])),
            float(np.mean([measures.agreement(*pair) for pair in pairs])),
            sum(measures.energy(one) for one, _ in pairs) / max(1e-6, crisp),
        )

    l1, edges, sharp = figures([frame.painted[0] for frame in frames])
    of_mean, given = figures([mean] * len(frames)), figures([shown(one) for one in frames])
    return [
        Measurement("difference from the truth (L1, 0..1)", l1),
        Measurement("- the clip's mean picture's", of_mean[0]),
        Measurement("- that of what was given", given[0]),
        Measurement(
            "colours from the truth's (L*a*b*)",
            measures.colours_apart(
                [frame.painted[0] for frame in frames], [frame.truth for frame in frames]
            ),
            NEAR,
            at_most=True,
        ),
        Measurement("edges along the truth's", edges, EDGES),
        Measurement("- the clip's mean picture's", of_mean[1]),
        Measurement("- those of what was given", given[1]),
        Measurement("sharpness, in the truth's", sharp, SHARP[0]),
        Measurement("sharpness, not harsh", sharp, SHARP[1], True),
        Measurement("- the clip's mean picture's", of_mean[2]),
    ]


def on_others(
    name: str, frames: Sequence[Played], clip: Sequence[np.ndarray], kind: str
) -> list[Measurement]:
    """Whether another scene is painted in the clip's colours, and in its own form."""
    painted, seen = [one.painted[0] for one in frames], [one.seen for one in frames]
    of_input = measures.colours_apart(painted, seen)
    along = [measures.agreement(one.painted[0], shown(one)) for one in frames]
    return [
        Measurement(
            f"{name}: colours from the clip's, nearer than to its own (L*a*b*)",
            measures.colours_apart(painted, clip),
            max(NEAR, of_input),
            at_most=True,
        ),
        Measurement(f"{name}: - its own from the clip's", measures.colours_apart(seen, clip)),
        Measurement(
            f"{name}: spread of colours in a picture, in the clip's",
            measures.colour_spread(painted) / max(1e-6, measures.colour_spread(clip)),
            SPREAD,
        ),
        Measurement(
            f"{name}: edges along what was given",
            float(np.mean(along)),
            None if kind in TRACKED else EDGES,  # a fox has more than a face's points say
        ),
    ]


def of_seeds(frames: Sequence[Played], kind: str) -> list[Measurement]:
    """How far two seeds' paintings are apart, 0..255, and where."""
    apart = [cv2.absdiff(*frame.painted[:2]).mean(2) for frame in frames]
    gate = None if kind == "next" else SEED_APART  # a film has no grain that would stand still
    found = [Measurement("seeds apart (of 255)", float(np.mean(apart)), gate)]
    near = [_near_lines(frame.condition) for frame in frames]
    if frames[0].condition.shape[2] == 1 and 0 < np.mean(near) < 1:
        whole, lines = np.stack(apart), np.stack(near)
        found.append(Measurement("- near lines", float(whole[lines].mean())))
        found.append(Measurement("- on empty paper", float(whole[~lines].mean())))
    return found


def _near_lines(condition: np.ndarray) -> np.ndarray:
    """(H, W) bool: within 4 units of ink."""
    ink = (condition.min(2) < 0.5).astype(np.uint8)
    reach = 2 * round(4 * unit_of(len(ink))) + 1
    return np.asarray(cv2.dilate(ink, np.ones((reach, reach), np.uint8)) > 0)


def of_strength(playing: Playing, numbers: Sequence[int]) -> list[Measurement]:
    """Whether more strength always leads farther from the input, and never with a jump."""
    away = np.zeros(len(STRENGTHS))
    for number in numbers:
        for place, strength in enumerate(STRENGTHS):
            painted = playing.frame(number, strength)
            away[place] += measures.distance(painted, playing.seen[number])
    even = max(1e-9, float(away[-1])) / (len(away) - 1)
    steps = np.diff(away) / even
    return [
        Measurement("distance from the input at strength 0", float(away[0]), 1e-3, True),
        Measurement("smallest step of strength by a tenth (1 is even)", _tenths(steps), BACK),
        Measurement("largest step of strength by a twentieth", float(steps.max()), JUMP, True),
    ]


def _tenths(steps: np.ndarray) -> float:
    return float(steps.reshape(-1, 2).mean(1).min())


def flicker(playing: Playing, numbers: Sequence[int]) -> Measurement:
    """Change from frame to frame, in that of the truth."""
    painted = list(playing.run(numbers))
    truth = [playing.footage.frames[number] for number in numbers]
    return Measurement(
        "change from frame to frame, in the clip's", measures.flicker(painted, truth), STEADY, True
    )


def evaluate(
    model: TranslatorModel, footage: Footage, others: Sequence[tuple[str, Footage]] = ()
) -> tuple[list[Measurement], np.ndarray]:
    """All figures, and a sheet of pictures. footage: of the clips that it was trained on, as the
    training reads it. others: other scenes with their names; inputs and frames are the same."""
    plain = replace(model.settings, face=[], body=[])  # its own are where they are
    playing = Playing(model, footage, plain, footage.held_out(2 if model.kind == "next" else 0))
    held = playing.numbers
    frames = playing.played(some(held))
    clip = [*footage.frames[some(footage.trained(), 2 * FRAMES)]]
    trained = footage.frames[some(footage.trained(), 64)].mean(0)
    figures = likeness(frames, np.asarray(np.rint(trained), np.uint8))
    figures += of_strength(playing, some(held, 2))
    if len(held) > 1 and measures.change([*footage.frames[held[:RUN]]]):
        figures.append(flicker(playing, held[:RUN]))
    rows, everything = frames[:: max(1, len(frames) // 3)][:3], list(frames)
    for name, other in others:
        numbers = range(2, len(other))
        tracked = model.kind in TRACKED
        there = Playing(
            model, other, model.settings, numbers[: 3 * FEW : 3] if tracked else numbers
        )
        late = there.numbers[len(there.numbers) // 2 :] if tracked else there.numbers
        played = there.played(some(late))
        figures += on_others(name, played, clip, model.kind)
        everything += played
        rows += played[1 :: max(1, len(played) // 2)][:2]
    return [*figures, *of_seeds(everything, model.kind)], sheet(rows)
