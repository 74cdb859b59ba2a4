"""Train the built-in model from nothing: `python -m vj.pocket.train` draws its data, trains, and writes the weights.

Two stages, each resumable (interrupt it and start it again): the autoencoder, then text encoder and UNet together on cached
latents. Everything is seeded. On two CPU cores with bf16 it takes about an hour and a half.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from torch import Tensor, nn

from vj.pocket import WEIGHTS
from vj.pocket.model import (
    PICTURES,
    SCALE,
    TEXT_LENGTH,
    keep_noise_apart,
    make_autoencoder,
    make_scheduler,
    make_text_encoder,
    make_tokenizer,
    make_unet,
    save_model,
)
from vj.pocket.patterns import NOISES, Texture, read_texture
from vj.pocket.pictures import draw_pictures
from vj.pocket.style import colour_weight, paint, texture_weight
from vj.pocket.vocabulary import PALETTES, PATTERNS, Caption, draw_caption

PHASES = ((0.0, 2e-3), (0.375, 1.2e-3), (0.625, 1.5e-3))
"""The autoencoder's steps, as shares, at which its learning rate starts anew, and from what."""
EARLY = 0.4
"""The share of the UNet's steps over which the palettes, modifiers and mixtures come in."""
AGAIN = 0.72
"""The share of the UNet's steps after which its learning rate starts anew, for the techniques that are learned last."""
LATE = ("contour lines", "marble")
HARD = ("halftone", "woodcut", "contour lines", "marble", "stained glass", "feathers", "crystal")
"""Techniques of fine high-contrast marks, which the autoencoder learns last."""


class Progress:
    """One line, rewritten in a terminal: step, loss, time left. Keeps the losses for the curves."""

    def __init__(self, stage: str, total: int, log: Path) -> None:
        self.stage, self.total, self.log = stage, total, log
        self.started, self.first = time.monotonic(), -1
        self.mean = 0.0

    def step(self, step: int, loss: float) -> None:
        if self.first < 0:
            self.first, self.mean = step, loss
        self.mean = 0.98 * self.mean + 0.02 * loss
        if step % 50 == 0 or step == self.total - 1:
            done = step - self.first + 1
            left = (time.monotonic() - self.started) / done * (self.total - 1 - step)
            print(f"\r{self.stage} {step + 1}/{self.total}  loss {self.mean:.4f}  {left / 60:.1f} min left   ", end="", flush=True)
            with self.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"stage": self.stage, "step": step + 1, "loss": round(self.mean, 5)}) + "\n")


def gradient_l1(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute difference of horizontal and vertical differences: what keeps edges crisp."""
    across = (a[..., :, 1:] - a[..., :, :-1]) - (b[..., :, 1:] - b[..., :, :-1])
    down = (a[..., 1:, :] - a[..., :-1, :]) - (b[..., 1:, :] - b[..., :-1, :])
    return across.abs().mean() + down.abs().mean()


def crops(pictures: Tensor, count: int, size: int, rng: np.random.Generator) -> Tensor:
    """Random crops (count, 3, size, size) in 0..1 of pictures (N, H, W, 3) uint8, at one of three scales, some mirrored, with
    changed light and colour."""
    out = []
    full = pictures.shape[1]
    for _ in range(count):
        window = min(full, int(size * rng.choice([1, 1, 1.5, 2])))
        y, x = rng.integers(0, full - window + 1, 2)
        piece = pictures[int(rng.integers(len(pictures))), y : y + window, x : x + window].permute(2, 0, 1).float() / 255
        if window != size:
            piece = F.interpolate(piece[None], size=(size, size), mode="area")[0]
        if rng.random() < 0.5:
            piece = piece.flip(2)
        if rng.random() < 0.5:
            piece = piece * float(rng.uniform(0.6, 1.2)) + torch.from_numpy(rng.normal(0, 0.05, (3, 1, 1))).float()
        out.append(piece)
    return torch.stack(out).clamp(0, 1)


def resume(path: Path, modules: dict[str, Any]) -> int:
    """Load every state from `path` if it is there; the step to go on from."""
    if not path.exists():
        return 0
    state = torch.load(path, map_location="cpu", weights_only=True)
    for name, module in modules.items():
        module.load_state_dict(state[name])
    print(f"going on from step {state['step']} of {path.name}")
    return int(state["step"])


def keep(path: Path, step: int, modules: dict[str, Any]) -> None:
    """Write every state; a kill in between leaves the old file whole."""
    part = path.with_suffix(".part")
    torch.save({"step": step, **{name: module.state_dict() for name, module in modules.items()}}, part)
    part.replace(path)


def cosine(step: float, total: float, warm: int = 100) -> float:
    return float(min(1.0, (step + 1) / warm) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * min(1.0, step / total)))))


def train_autoencoder(work: Path, pictures: Tensor, steps: int, batch: int, device: torch.device, seed: int) -> AutoencoderTiny:
    """Plain pictures and painted ones. Latents are held to mean 0 and variance 1 per channel.

    The learning rate is warmed up again twice (SGDR, Loshchilov and Hutter 2017); from the second time on most pictures have a
    technique, from the third most of those a hard one.
    """
    torch.manual_seed(seed)
    model = make_autoencoder().to(device, memory_format=torch.channels_last)
    keep_noise_apart(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-4, betas=(0.9, 0.98))
    parts = {"model": model, "optimizer": optimizer}
    checkpoint = work / "autoencoder.pt"
    start = resume(checkpoint, parts)
    progress = Progress("autoencoder", steps, work / "losses.jsonl")
    for step in range(start, steps):
        rng = np.random.default_rng((seed, 1, step))
        images = crops(pictures, batch, 64, rng)
        phase = sum(step >= begin * steps for begin, _ in PHASES) - 1
        late = phase > 0
        half = batch * 11 // 16 if late else batch // 2
        texture = read_texture(torch.from_numpy(rng.standard_normal((half, NOISES, 8, 8), np.float32)))
        depth = torch.from_numpy(rng.uniform(0.3, 1, half).astype(np.float32))
        captions = [draw_caption(rng, 0.95 if late else 0.72) for _ in range(half)]
        if phase == 2:
            hard = [list(PATTERNS).index(name) for name in HARD]
            captions = [replace(c, pattern=int(rng.choice(hard))) if rng.random() < 0.6 else c for c in captions]
        images[:half] = paint(images[:half], captions, texture, depth.sqrt(), depth.sqrt() if late else depth)
        x = (images * 2 - 1).to(device, memory_format=torch.channels_last)
        begin, end = (steps * share for share, _ in (*PHASES, (1.0, 0.0))[phase : phase + 2])
        for group in optimizer.param_groups:
            group["lr"] = PHASES[phase][1] * cosine(step - begin, end - begin)
        with torch.autocast(device.type, torch.bfloat16):
            z = model.encode(x).latents.float()
            y = model.decode(z + 0.03 * torch.randn_like(z)).sample.float()
        mean, std = z[:, :PICTURES].mean((0, 2, 3)), z[:, :PICTURES].std((0, 2, 3))
        loss = (y - x).abs().mean() + 0.6 * gradient_l1(y, x) + 1.5 * F.mse_loss(y, x) + 0.02 * (mean**2 + (std - 1) ** 2).mean()
        loss = loss + 0.5 * (F.avg_pool2d(y, 8) - F.avg_pool2d(x, 8)).abs().mean()  # whole areas keep their colour: no cast
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        keep_noise_apart(model)
        progress.step(step, loss.item())
        if (step + 1) % 500 == 0 or step + 1 == steps:
            keep(checkpoint, step + 1, parts)
    print()
    return model.eval()


@torch.no_grad()
def cache_latents(
    work: Path, model: AutoencoderTiny, pictures: Tensor, count: int, device: torch.device, seed: int
) -> tuple[Tensor, Tensor]:
    """Crops (N, 3, 128, 128) uint8 and their latents (N, C, 16, 16) fp16, once per autoencoder. A fifth are painted already, as feedback
    and a second step of denoising bring them."""
    path = work / "latents.pt"
    stamp = float(sum(p.double().abs().sum() for p in model.parameters()))
    if path.exists():
        kept = torch.load(path, weights_only=True)
        if kept["stamp"] == stamp and len(kept["images"]) == count:
            return kept["images"], kept["latents"]
    images, latents = [], []
    rng = np.random.default_rng((seed, 2))
    for _ in range(0, count, 32):
        batch = crops(pictures, 32, 128, rng)
        texture = read_texture(torch.from_numpy(rng.standard_normal((6, NOISES, 16, 16), np.float32)))
        weight = torch.from_numpy(rng.uniform(0.3, 1, 6).astype(np.float32))
        batch[:6] = paint(batch[:6], [draw_caption(rng) for _ in range(6)], texture, weight, weight)
        images.append((batch * 255 + 0.5).to(torch.uint8))
        latents.append(model.encode(batch.to(device) * 2 - 1).latents.half().cpu())
        print(f"\rlatents {len(images) * 32}/{count}   ", end="", flush=True)
    print()
    out = torch.cat(images)[:count], torch.cat(latents)[:count]
    torch.save({"stamp": stamp, "images": out[0], "latents": out[1]}, path)
    return out


def draw_times(rng: np.random.Generator, count: int, early: float) -> np.ndarray:
    """Timesteps 0..999, (count,). early: 1 at the beginning, when they are those of a deep repainting; at 0 half of them are any."""
    deep = rng.uniform(350 + 150 * early, 900, count)
    return np.where(rng.random(count) < 0.5 * (1 - early), rng.uniform(0, 999, count), deep).astype(np.float32)


def draw_late(rng: np.random.Generator, caption: Caption) -> Caption:
    """A caption of a technique that is learned last, in place of another."""
    names = list(PATTERNS)
    pattern = names.index(str(rng.choice(LATE)))
    words = str(rng.choice(PATTERNS[names[pattern]]))
    if rng.random() < 0.5:
        return Caption(words, -1, pattern)
    palette = int(rng.integers(len(PALETTES)))
    return Caption(f"{rng.choice(list(PALETTES.values())[palette][0])}, {words}", palette, pattern)


def mixed(
    captions: list[Caption], other: list[Caption], way: Tensor, source: Tensor, texture: Texture, colour: Tensor, depth: Tensor
) -> Tensor:
    """The pictures of captions on the way to others: way (B,) 0 is all `captions`."""
    first = paint(source, captions, texture, colour, depth)
    rows = [i for i in range(len(captions)) if way[i] > 0]
    if rows:
        second = paint(source[rows], [other[i] for i in rows], texture.rows(rows), colour[rows], depth[rows])
        first[rows] = torch.lerp(first[rows], second, way[rows].view(-1, 1, 1, 1))
    return first


def train_unet(
    work: Path,
    out: Path,
    autoencoder: AutoencoderTiny,
    pictures: Tensor,
    steps: int,
    batch: int,
    device: torch.device,
    seed: int,
    pool: int,
) -> None:
    """Text encoder and UNet together: given noised latents, the caption and t, the latents of the painted picture.

    Techniques are learned first, in the picture's own colours and at high t; with all palettes from the start they were still not
    learned after 2,500 steps, though the palettes were after 500. The last two have a part of the steps mostly to themselves. The
    decoder learns on, slowly, from what the UNet gives it; the encoder, and with it the latents, stays.
    """
    images, latents = cache_latents(work, autoencoder, pictures, pool, device, seed)
    torch.manual_seed(seed + 1)
    tokenizer = make_tokenizer(out / "tokenizer")
    text_encoder = make_text_encoder(tokenizer).to(device)
    unet = make_unet().to(device, memory_format=torch.channels_last)
    autoencoder.encoder.requires_grad_(False)
    both = nn.ModuleDict({"unet": unet, "text": text_encoder, "decoder": autoencoder.decoder})
    average = copy.deepcopy(both)
    groups = [{"params": both[name].parameters(), "share": share} for name, share in (("unet", 1.0), ("text", 1.0), ("decoder", 0.2))]
    optimizer = torch.optim.AdamW(groups, lr=1.2e-3, weight_decay=1e-3, betas=(0.9, 0.98))
    hard = [list(PATTERNS).index(name) for name in HARD]
    parts = {"both": both, "average": average, "optimizer": optimizer}
    checkpoint = work / "unet.pt"
    start = resume(checkpoint, parts)
    alphas = make_scheduler().alphas_cumprod
    progress = Progress("unet", steps, work / "losses.jsonl")
    for step in range(start, steps):
        rng = np.random.default_rng((seed, 3, step))
        rows = torch.from_numpy(rng.integers(0, len(images), batch))
        source, z = images[rows].float() / 255, latents[rows].float()
        early = max(0.0, 1 - step / (EARLY * steps))
        t = torch.from_numpy(draw_times(rng, batch, early))
        a = alphas[t.long()].sqrt().view(-1, 1, 1, 1)
        b = (1 - alphas[t.long()]).sqrt().view(-1, 1, 1, 1)
        x_t = a * SCALE * z + b * torch.from_numpy(rng.standard_normal(z.shape, np.float32))
        some = (0.82 + 0.13 * early, 0.85 - 0.7 * early, early)
        captions = [Caption("") if rng.random() < 0.05 else draw_caption(rng, *some) for _ in range(batch)]
        if step >= AGAIN * steps:
            captions = [draw_late(rng, caption) if rng.random() < 0.4 else caption for caption in captions]
        captions.sort(key=lambda c: c.pattern not in hard)
        if batch > 8:
            captions = [*captions[:5], *captions[-3:], *captions[5:-3]]  # the first eight are looked at as pictures
        others = [draw_caption(rng) for _ in range(batch)]
        way = torch.from_numpy(np.where(rng.random(batch) < 0.2 * (1 - early), rng.random(batch), 0).astype(np.float32))
        texture = read_texture(x_t[:, PICTURES:] / b)
        target = mixed(captions, others, way, source, texture, colour_weight(t), texture_weight(t))
        target = (target * 2 - 1).to(device, memory_format=torch.channels_last)

        def embed(texts: list[Caption]) -> Tensor:
            tokens = tokenizer([c.text for c in texts], padding="max_length", truncation=True, max_length=TEXT_LENGTH, return_tensors="pt")
            return text_encoder(tokens.input_ids.to(device)).last_hidden_state

        since = step - AGAIN * steps
        rate = 1.2e-3 * cosine(step, steps) if since < 0 else 9e-4 * cosine(since, steps * (1 - AGAIN))
        for group in optimizer.param_groups:
            group["lr"] = group["share"] * rate
        with torch.autocast(device.type, torch.bfloat16):
            with torch.no_grad():
                goal = autoencoder.encode(target).latents.float()
            text = torch.lerp(embed(captions), embed(others), way.to(device).view(-1, 1, 1))
            x0 = unet(x_t.to(device), t.to(device), text, return_dict=False)[0].float() / SCALE
            loss = F.smooth_l1_loss(x0, goal, beta=0.3)
            seen = autoencoder.decode(x0[:8]).sample.float()
            loss = loss + 0.5 * (seen - target[:8]).abs().mean() + 0.4 * gradient_l1(seen, target[:8])
            plain = (source[:4] * 2 - 1).to(device)
            again = autoencoder.decode(z[:4].to(device) + 0.03 * torch.randn_like(z[:4]).to(device)).sample.float()
            loss = loss + 0.25 * (again - plain).abs().mean() + 0.15 * gradient_l1(again, plain)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(both.parameters(), 1.0)
        optimizer.step()
        keep_noise_apart(autoencoder)
        decay = min(0.998, (step + 1) / (step + 10))
        with torch.no_grad():
            for kept, live in zip(average.parameters(), both.parameters(), strict=True):
                kept.lerp_(live, 1 - decay)
        progress.step(step, loss.item())
        if (step + 1) % 250 == 0 or step + 1 == steps:
            keep(checkpoint, step + 1, parts)
            finished = copy.deepcopy(autoencoder)
            finished.decoder.load_state_dict(average["decoder"].state_dict())
            save_model(out, finished, average["unet"], average["text"])  # type: ignore[arg-type]
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where the model goes (default: into the package)")
    parser.add_argument("--work", type=Path, default=Path("pocket-training"), help="checkpoints, cached latents and losses")
    parser.add_argument("--pictures", type=int, default=1800, help="pictures to draw")
    parser.add_argument("--autoencoder-steps", type=int, default=24_000)
    parser.add_argument("--unet-steps", type=int, default=8000)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--pool", type=int, default=9000, help="cached crops")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    device = torch.device(options.device)
    print(f"drawing {options.pictures} pictures")
    pictures = torch.from_numpy(draw_pictures(options.pictures, options.seed))
    autoencoder = train_autoencoder(options.work, pictures, options.autoencoder_steps, 16, device, options.seed)
    train_unet(options.work, options.out, autoencoder, pictures, options.unet_steps, options.batch, device, options.seed, options.pool)
    print(f"written to {options.out}")


if __name__ == "__main__":
    main()
