"""Does the built-in model keep its promises? `python -m vj.pocket.evaluate [FOOTAGE ...]` measures it and prints a table.

Everything is measured on pictures it was not trained on: the test card, drawings of another seed, and frames of the footage that is
named. Exits 1 when a figure misses its gate.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vj.engine.checkpoints import ModelSpec
from vj.engine.models import Model, load_model
from vj.engine.prompts import Embedding
from vj.engine.stream import Noise, Recipe, StreamBatch
from vj.frame import Size
from vj.pocket.model import PICTURES
from vj.pocket.patterns import read_texture
from vj.pocket.pictures import draw_pictures
from vj.pocket.style import colour_weight, paint, texture_weight
from vj.pocket.vocabulary import PALETTES, PATTERNS, Caption
from vj.sources.testcard import Scene

STRENGTH = 0.6
HELD_OUT = 99_991
"""The seed of the drawings to measure with; training draws with small ones."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number and the gate it has to reach."""

    name: str
    value: float
    gate: float

    @property
    def reached(self) -> bool:
        return self.value >= self.gate


def held_out(count: int, side: int = 256) -> list[np.ndarray]:
    """Pictures (side, side, 3) uint8 that training never saw, the test card among them."""
    scene = Scene(Size(side, side), 30)
    cards = [scene.draw(number) for number in (3, 200)]
    return [*cards, *(draw_pictures(count - 2, HELD_OUT, side) if count > 2 else ())][:count]


def footage(paths: Iterable[Path], each: int = 6, side: int = 256) -> list[np.ndarray]:
    """Frames of video files, the middle square of each, evenly spread."""
    import av

    frames = []
    for path in paths:
        with av.open(str(path)) as container:
            whole = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        for index in np.linspace(0, len(whole) - 1, each).astype(int):
            height, width = whole[index].shape[:2]
            edge = min(height, width)
            top, left = (height - edge) // 2, (width - edge) // 2
            square = whole[index][top : top + edge, left : left + edge]
            frames.append(cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA))
    return frames


def tensor(picture: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 -> (1, 3, H, W) in 0..1."""
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255


class Easel:
    """The model as a show plays it, one frame at a time."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def noise(self, picture: np.ndarray, seed: int) -> Tensor:
        shape = (self.model.latent_channels, picture.shape[0] // 8, picture.shape[1] // 8)
        return Noise(shape, self.model.device, torch.float32).sample(seed, seed + 1, 0.0, 1.0, 1)

    def repaint(self, picture: np.ndarray, text: str | Embedding, strength: float = STRENGTH, seed: int = 2) -> np.ndarray:
        """(H, W, 3) uint8 -> the same size, float32 0..1."""
        embedding = self.model.encode_text(text) if isinstance(text, str) else text
        recipe = Recipe(self.model.schedule.plan(strength, 1), self.noise(picture, seed), embedding)
        done = StreamBatch(self.model.unet, self.model.prediction).step(self.model.encode(tensor(picture) * 2 - 1), recipe)
        assert done is not None
        out: np.ndarray = self.model.decode(done.latents)[0].float().permute(1, 2, 0).clamp(-1, 1).add(1).div(2).numpy()
        return out

    def taught(self, picture: np.ndarray, captions: Sequence[Caption], strength: float = STRENGTH, seed: int = 2) -> np.ndarray:
        """What these captions ask for on this picture with this seed, (N, H, W, 3)."""
        texture = read_texture(self.noise(picture, seed)[:, PICTURES:])
        many = [0] * len(captions)
        t = torch.full((len(captions),), 999 * strength)
        source = tensor(picture).repeat(len(captions), 1, 1, 1)
        out: np.ndarray = paint(source, captions, texture.rows(many), colour_weight(t), texture_weight(t)).permute(0, 2, 3, 1).numpy()
        return out


@torch.no_grad()
def psnr(model: Model, pictures: Sequence[np.ndarray]) -> float:
    """Median PSNR in dB of pictures through the autoencoder and back."""
    found = []
    for picture in pictures:
        x = tensor(picture) * 2 - 1
        y = model.decode(model.encode(x)).float().clamp(-1, 1)
        found.append(-10 * float(torch.log10(((y - x) / 2).square().mean())))
    return float(np.median(found))


def _nearest(seen: np.ndarray, targets: np.ndarray) -> int:
    return int(np.abs(targets - seen[None]).mean((1, 2, 3)).argmin())


def recognised(easel: Easel, pictures: Sequence[np.ndarray], pairs: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Shares of (palette, pattern) pairs whose painting lies nearest to the right palette's target, and to the right pattern's."""
    palettes, patterns = list(PALETTES), list(PATTERNS)
    right = np.zeros(2)
    for turn, (palette, pattern) in enumerate(pairs):
        picture = pictures[turn % len(pictures)]
        seen = easel.repaint(picture, f"{palettes[palette]}, {patterns[pattern]}")
        right[0] += _nearest(seen, easel.taught(picture, [Caption("", p, pattern) for p in range(len(palettes))])) == palette
        right[1] += _nearest(seen, easel.taught(picture, [Caption("", palette, p) for p in range(len(patterns))])) == pattern
    return float(right[0] / len(pairs)), float(right[1] / len(pairs))


def all_pairs() -> list[tuple[int, int]]:
    return [(palette, pattern) for palette in range(len(PALETTES)) for pattern in range(len(PATTERNS))]


def distances(easel: Easel, pictures: Sequence[np.ndarray], texts: Sequence[str]) -> np.ndarray:
    """Mean distance to the input at strengths .1 to .9, (9,)."""
    apart = [
        [np.abs(easel.repaint(picture, text, step / 10) - picture / 255).mean() for step in range(1, 10)]
        for picture in pictures
        for text in texts
    ]
    return np.asarray(apart).mean(0)


def edges(picture: np.ndarray) -> np.ndarray:
    """Edge strength of a float picture at a quarter of its size, flat."""
    small = F.avg_pool2d(torch.from_numpy(np.asarray(picture, np.float32)).mean(2)[None, None], 4)[0, 0].numpy()
    return np.hypot(*np.gradient(small)).ravel()


def seeds_agree(easel: Easel, pictures: Sequence[np.ndarray], texts: Sequence[str]) -> tuple[float, float]:
    """Mean correlation of the edges painted with two seeds, and how far the two paintings are apart (mean of 0..1)."""
    alike, apart = [], []
    for picture in pictures:
        for text in texts:
            first, second = (easel.repaint(picture, text, 0.5, seed) for seed in (2, 77))
            alike.append(np.corrcoef(edges(first), edges(second))[0, 1])
            apart.append(np.abs(first - second).mean())
    return float(np.mean(alike)), float(np.mean(apart))


def mix_steps(easel: Easel, pictures: Sequence[np.ndarray], ends: Sequence[tuple[str, str]], count: int = 9) -> float:
    """The smallest step of the mean colour towards the other prompt, as a share of an equal step, while prompt/mix goes from 0 to 1.

    Above 0 the way is monotonic.
    """
    smallest = np.inf
    for first, second in ends:
        a, b = easel.model.encode_text(first), easel.model.encode_text(second)
        colours = np.zeros((count, 3))
        for picture in pictures:
            for index, mix in enumerate(np.linspace(0, 1, count)):
                colours[index] += easel.repaint(picture, Embedding(torch.lerp(a.tokens, b.tokens, float(mix)), None)).mean((0, 1))
        way = colours[-1] - colours[0]
        along = (colours - colours[0]) @ way / (way @ way)
        smallest = min(smallest, float(np.diff(along).min()) * (count - 1))
    return smallest


def detail(easel: Easel, pictures: Sequence[np.ndarray], texts: Sequence[str]) -> float:
    """How much of the taught pictures' finest detail (what a blur of 5 pixels takes away) the paintings have, 1 is all."""
    shares = []
    for picture in pictures:
        for text, caption in ((text, Caption("", -1, list(PATTERNS).index(text))) for text in texts):
            pair = easel.repaint(picture, text), easel.taught(picture, [caption])[0]
            fine = [float(np.std(one.mean(2) - cv2.blur(one.mean(2), (5, 5)))) for one in pair]
            shares.append(fine[0] / fine[1])
    return float(np.mean(shares))


def evaluate(model: Model, frames: Sequence[np.ndarray] = (), quick: int = 1) -> list[Figure]:
    """All figures. frames: of real footage, if any. quick: measure only every so-manieth pair."""
    easel = Easel(model)
    drawn, few = held_out(24), held_out(5)
    texts = ("molten gold", "neon", "blueprint, woodcut")
    figures = [Figure("autoencoder, dB on held-out drawings", psnr(model, drawn), 27)]
    if frames:
        figures.append(Figure("autoencoder, dB on real footage", psnr(model, frames), 24))
    pairs = all_pairs()
    right = recognised(easel, held_out(8, 192), np.random.default_rng(0).permutation(pairs)[::quick].tolist())
    figures += [Figure("right palette of all pairs", right[0], 0.95), Figure("right pattern of all pairs", right[1], 0.8)]
    apart = distances(easel, few, texts)
    figures.append(Figure("smallest step of the distance to the input, strength .1 to .9", float(np.diff(apart).min()), 1e-6))
    alike, differ = seeds_agree(easel, few, texts)
    figures += [Figure("edges alike between seeds", alike, 0.8), Figure("paintings apart between seeds", differ, 0.005)]
    ends = (("molten gold", "deep ocean"), ("fire", "ice"), ("forest, woodcut", "candy, mosaic"))
    figures.append(Figure("smallest step of prompt/mix (1 is even)", mix_steps(easel, few[:2], ends), 1e-6))
    figures.append(Figure("fine detail of techniques, share of what is taught", detail(easel, few, list(PATTERNS)), 0.5))
    still = [np.array_equal(easel.repaint(picture, "ice"), easel.repaint(picture, "ice")) for picture in few]
    return [*figures, Figure("still input, held noise: share of identical pictures", float(np.mean(still)), 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("footage", nargs="*", type=Path, help="video files whose frames the autoencoder is tried on")
    parser.add_argument("--model", default="pocket", help="a folder that vj.pocket.train wrote")
    parser.add_argument("--quick", type=int, default=1, metavar="N", help="only every Nth pair of palette and pattern")
    options = parser.parse_args()
    model = load_model(ModelSpec(options.model, vae="full", lcm_lora="off", device="cpu", dtype="float32"))
    figures = evaluate(model, footage(options.footage), options.quick)
    print("| figure | measured | gate |\n|---|---|---|")
    for figure in figures:
        print(f"| {figure.name} | {figure.value:.3g}{'' if figure.reached else ' **missed**'} | {figure.gate:g} |")
    sys.exit(not all(figure.reached for figure in figures))


if __name__ == "__main__":
    main()
