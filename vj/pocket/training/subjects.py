"""Paints the pictures that are measured, by the network or by the drawn targets it was trained
on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from vj.pocket.compose import MODIFIERS, STOPS, PaletteConditioning, compose
from vj.pocket.lexicon import PALETTES, TECHNIQUE_WORDS
from vj.pocket.network import Network
from vj.pocket.techniques import TECHNIQUES, Subject, make_subject
from vj.pocket.training.dataset import style_of
from vj.pocket.words import ParsedPrompt, understand

STRENGTH = 0.6


class PaintingModel(Protocol):
    """A model to be measured. Pictures are (H, W, 3) uint8, paintings (H, W, 3) float32 0..1."""

    def repaint(
        self, picture: np.ndarray, text: str, strength: float = STRENGTH, seed: int = 2
    ) -> np.ndarray:
        """The model's output."""

    def target(
        self, picture: np.ndarray, text: str, strength: float = STRENGTH, seed: int = 2
    ) -> np.ndarray:
        """The target it was trained on."""

    def mixed(self, picture: np.ndarray, first: str, second: str, share: float) -> np.ndarray:
        """The model's output for two prompts, the second with this share, 0..1."""


@dataclass(slots=True)
class _PreparedPicture:
    """A picture, prepared for a seed, and the techniques' drawings of it."""

    subject: Subject
    drawn: dict[str, Tensor] = field(default_factory=dict)


class TechniquePainter:
    """Paints with a network, or without one with the drawn targets themselves."""

    def __init__(self, network: Network | None = None, kept: int = 12) -> None:
        """kept: how many prepared pictures are cached."""
        self.network, self._kept = network, kept
        self._seen: dict[tuple[bytes, int], _PreparedPicture] = {}

    def _prepared(self, picture: np.ndarray, seed: int) -> _PreparedPicture:
        key = (picture.tobytes(), seed)
        if key not in self._seen:
            white = np.random.default_rng(seed).standard_normal(picture.shape[:2], np.float32)
            while len(self._seen) >= self._kept:
                del self._seen[next(iter(self._seen))]
            self._seen[key] = _PreparedPicture(make_subject(picture, white))
        return self._seen[key]

    def _drawn(self, seen: _PreparedPicture, technique: str) -> Tensor:
        if technique not in seen.drawn:
            made = TECHNIQUES[technique](seen.subject)
            planes = np.concatenate([made.tone[None], made.colour.transpose(2, 0, 1)])
            seen.drawn[technique] = torch.from_numpy(planes.astype(np.float32))[None]
        return seen.drawn[technique]

    @torch.no_grad()
    def _learned(self, seen: _PreparedPicture, weights: dict[str, float]) -> Tensor:
        """As in a show: the network's techniques by the network, the others drawn."""
        subject, network = seen.subject, self.network
        assert network is not None
        own = {name: weight for name, weight in weights.items() if name in network.techniques}
        others = [w * self._drawn(seen, name) for name, w in weights.items() if name not in own]
        drawn = torch.stack(others).sum(0) if others else torch.zeros(())
        share = sum(own.values())
        if not share:
            return drawn
        lines = [subject.form.texture, subject.form.along_x, subject.form.along_y]
        form = torch.from_numpy(np.stack(lines))[None]
        ground = network.ground(torch.from_numpy(subject.patterns)[None])
        evenly = {name: weight / share for name, weight in own.items()}
        style = torch.tensor([style_of(evenly, subject.one, subject.relief, network.techniques)])
        out: Tensor = share * network(planes(subject.image), form, ground, style) + drawn
        return out

    def _paint(
        self,
        seen: _PreparedPicture,
        meanings: Sequence[tuple[ParsedPrompt, float]],
        strength: float,
        learned: bool,
    ) -> np.ndarray:
        """meanings: each with its share."""
        weights: dict[str, float] = {}
        for meaning, share in meanings:
            weights[meaning.technique] = weights.get(meaning.technique, 0.0) + share
        if learned and self.network is not None:
            painted = self._learned(seen, weights)
        else:
            drawn = [weight * self._drawn(seen, name) for name, weight in weights.items()]
            painted = torch.stack(drawn).sum(0)
        done = compose(
            painted,
            planes(seen.subject.image),
            torch.tensor([strength]),
            _conditioning_of(meanings),
        )
        out: np.ndarray = done[0].permute(1, 2, 0).contiguous().numpy()
        return out

    def repaint(
        self, picture: np.ndarray, text: str, strength: float = STRENGTH, seed: int = 2
    ) -> np.ndarray:
        return self._paint(self._prepared(picture, seed), [(understand(text), 1.0)], strength, True)

    def target(
        self, picture: np.ndarray, text: str, strength: float = STRENGTH, seed: int = 2
    ) -> np.ndarray:
        return self._paint(
            self._prepared(picture, seed), [(understand(text), 1.0)], strength, False
        )

    def mixed(self, picture: np.ndarray, first: str, second: str, share: float) -> np.ndarray:
        both = [(understand(first), 1 - share), (understand(second), share)]
        return self._paint(self._prepared(picture, 2), both, STRENGTH, True)


def planes(image: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1), np.float32))[None]


def _conditioning_of(meanings: Sequence[tuple[ParsedPrompt, float]]) -> PaletteConditioning:
    """What prompts ask for together. The colours of those that have some are mixed by their
    share."""
    coloured = sum(share for meaning, share in meanings if meaning.ramp)
    ramp = np.zeros((STOPS, 3))
    touched = np.zeros(len(MODIFIERS))
    for meaning, share in meanings:
        if meaning.ramp:
            ramp += share / coloured * np.asarray(meaning.ramp) if coloured else 0
        touched += share * np.array([name in meaning.modifiers for name in MODIFIERS])
    return PaletteConditioning(
        torch.from_numpy(ramp.astype(np.float32))[None],
        torch.tensor([float(coloured)]),
        torch.from_numpy(touched.astype(np.float32))[None],
    )


@cache
def prompt_for(technique: str, palette: str = "") -> str:
    """A text that calls a technique in a palette, or, without one, in the picture's own colours:
    the first pair of words that is understood so. Raises LookupError when there is none."""
    colours = PALETTES[palette][0] if palette else ("own colours",)
    for word in TECHNIQUE_WORDS[technique]:
        for colour in colours:
            meaning = understand(f"{word}, {colour}")
            if (meaning.technique, meaning.palette) == (technique, palette):
                return f"{word}, {colour}"
    raise LookupError(f"no words call {technique} in {palette or 'own colours'}")


def can_prompt(technique: str, palette: str) -> bool:
    """Whether some words call both: beside "ice", "fire" is flames."""
    try:
        return bool(prompt_for(technique, palette))
    except LookupError:
        return False
