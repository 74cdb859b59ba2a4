"""Train the built-in model from nothing: `python -m vj.pocket.train` draws its data, trains, and writes the weights.

Two stages, each resumable (interrupt it and start it again): the autoencoder, then text encoder and UNet together on cached
latents. Everything is seeded. On two CPU cores with bf16 it takes about three quarters of an hour.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from torch import Tensor, nn

from vj.pocket import WEIGHTS
from vj.pocket.model import SCALE, TEXT_LENGTH, make_autoencoder, make_scheduler, make_text_encoder, make_tokenizer, make_unet, save_model
from vj.pocket.pictures import draw_pictures
from vj.pocket.style import paint, style_weight, texture_noise
from vj.pocket.vocabulary import Caption, draw_caption


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


def cosine(step: int, total: int, warm: int = 100) -> float:
    return float(min(1.0, (step + 1) / warm) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * min(1.0, step / total)))))


def train_autoencoder(work: Path, pictures: Tensor, steps: int, batch: int, device: torch.device, seed: int) -> AutoencoderTiny:
    """Half plain pictures, half styled ones. Latents are held to mean 0 and variance 1 per channel."""
    torch.manual_seed(seed)
    model = make_autoencoder().to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-4, betas=(0.9, 0.98))
    parts = {"model": model, "optimizer": optimizer}
    checkpoint = work / "autoencoder.pt"
    start = resume(checkpoint, parts)
    progress = Progress("autoencoder", steps, work / "losses.jsonl")
    for step in range(start, steps):
        rng = np.random.default_rng((seed, 1, step))
        images = crops(pictures, batch, 64, rng)
        half = batch // 2
        noise = texture_noise(torch.from_numpy(rng.standard_normal((half, 2, 8, 8), np.float32)), torch.ones(half), 64, 64)
        depth = torch.from_numpy(rng.uniform(0.3, 1, half).astype(np.float32))
        images[:half] = torch.lerp(
            images[:half], paint(images[:half], [draw_caption(rng) for _ in range(half)], noise, depth), depth.view(-1, 1, 1, 1)
        )
        x = (images * 2 - 1).to(device, memory_format=torch.channels_last)
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * cosine(step, steps)
        with torch.autocast(device.type, torch.bfloat16):
            z = model.encode(x).latents.float()
            y = model.decode(z + 0.03 * torch.randn_like(z)).sample.float()
        mean, std = z.mean((0, 2, 3)), z.std((0, 2, 3))
        loss = (y - x).abs().mean() + 0.6 * gradient_l1(y, x) + 1.5 * F.mse_loss(y, x) + 0.02 * (mean**2 + (std - 1) ** 2).mean()
        loss = loss + 0.5 * (F.avg_pool2d(y, 8) - F.avg_pool2d(x, 8)).abs().mean()  # whole areas keep their colour: no cast
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress.step(step, loss.item())
        if (step + 1) % 500 == 0 or step + 1 == steps:
            keep(checkpoint, step + 1, parts)
    print()
    return model.eval()


@torch.no_grad()
def cache_latents(
    work: Path, model: AutoencoderTiny, pictures: Tensor, count: int, device: torch.device, seed: int
) -> tuple[Tensor, Tensor]:
    """Crops (N, 3, 128, 128) uint8 and their latents (N, C, 16, 16) fp16, once per autoencoder."""
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
        images.append((batch * 255 + 0.5).to(torch.uint8))
        latents.append(model.encode(batch.to(device) * 2 - 1).latents.half().cpu())
        print(f"\rlatents {len(images) * 32}/{count}   ", end="", flush=True)
    print()
    out = torch.cat(images)[:count], torch.cat(latents)[:count]
    torch.save({"stamp": stamp, "images": out[0], "latents": out[1]}, path)
    return out


def mixed(captions: list[Caption], other: list[Caption], weight: Tensor, source: Tensor, noise: Tensor, depth: Tensor) -> Tensor:
    """The pictures of captions on the way to others: weight (B,) 0 is all `captions`."""
    first = paint(source, captions, noise, depth)
    rows = [i for i in range(len(captions)) if weight[i] > 0]
    if rows:
        second = paint(source[rows], [other[i] for i in rows], noise[rows], depth[rows])
        first[rows] = torch.lerp(first[rows], second, weight[rows].view(-1, 1, 1, 1))
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
    """Text encoder and UNet together: given noised latents, the caption and t, the latents of the painted picture."""
    images, latents = cache_latents(work, autoencoder, pictures, pool, device, seed)
    torch.manual_seed(seed + 1)
    tokenizer = make_tokenizer(out / "tokenizer")
    text_encoder = make_text_encoder(tokenizer).to(device)
    unet = make_unet().to(device, memory_format=torch.channels_last)
    both = nn.ModuleDict({"unet": unet, "text": text_encoder})
    average = copy.deepcopy(both)
    optimizer = torch.optim.AdamW(both.parameters(), lr=1.5e-3, weight_decay=1e-3, betas=(0.9, 0.98))
    parts = {"both": both, "average": average, "optimizer": optimizer}
    checkpoint = work / "unet.pt"
    start = resume(checkpoint, parts)
    alphas = make_scheduler().alphas_cumprod
    progress = Progress("unet", steps, work / "losses.jsonl")
    for step in range(start, steps):
        rng = np.random.default_rng((seed, 3, step))
        rows = torch.from_numpy(rng.integers(0, len(images), batch))
        source, z = images[rows].float() / 255, latents[rows].float()
        t = torch.from_numpy(rng.uniform(0, 999, batch).astype(np.float32))
        a = alphas[t.long()].sqrt().view(-1, 1, 1, 1)
        b = (1 - alphas[t.long()]).sqrt().view(-1, 1, 1, 1)
        x_t = a * SCALE * z + b * torch.from_numpy(rng.standard_normal(z.shape, np.float32))
        captions = [Caption("", -1, -1, 0) if rng.random() < 0.06 else draw_caption(rng) for _ in range(batch)]
        others = [draw_caption(rng) for _ in range(batch)]
        way = torch.from_numpy(np.where(rng.random(batch) < 0.3, rng.random(batch), 0).astype(np.float32))
        weight = style_weight(t)
        target = torch.lerp(
            source, mixed(captions, others, way, source, texture_noise(x_t, b.flatten(), 128, 128), weight), weight.view(-1, 1, 1, 1)
        )
        target = (target * 2 - 1).to(device, memory_format=torch.channels_last)

        def embed(texts: list[Caption]) -> Tensor:
            tokens = tokenizer([c.text for c in texts], padding="max_length", truncation=True, max_length=TEXT_LENGTH, return_tensors="pt")
            return text_encoder(tokens.input_ids.to(device)).last_hidden_state

        for group in optimizer.param_groups:
            group["lr"] = 1.5e-3 * cosine(step, steps)
        with torch.autocast(device.type, torch.bfloat16):
            with torch.no_grad():
                goal = autoencoder.encode(target).latents.float()
            text = torch.lerp(embed(captions), embed(others), way.to(device).view(-1, 1, 1))
            x0 = unet(x_t.to(device), t.to(device), text, return_dict=False)[0].float() / SCALE
            loss = F.smooth_l1_loss(x0, goal, beta=0.3)
            if step % 2:
                seen = autoencoder.decode(x0[:6]).sample.float()
                loss = loss + 0.5 * (seen - target[:6]).abs().mean() + 0.3 * gradient_l1(seen, target[:6])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(both.parameters(), 1.0)
        optimizer.step()
        decay = min(0.998, (step + 1) / (step + 10))
        with torch.no_grad():
            for kept, live in zip(average.parameters(), both.parameters(), strict=True):
                kept.lerp_(live, 1 - decay)
        progress.step(step, loss.item())
        if (step + 1) % 250 == 0 or step + 1 == steps:
            keep(checkpoint, step + 1, parts)
            save_model(out, autoencoder, average["unet"], average["text"])  # type: ignore[arg-type]
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where the model goes (default: into the package)")
    parser.add_argument("--work", type=Path, default=Path("pocket-training"), help="checkpoints, cached latents and losses")
    parser.add_argument("--pictures", type=int, default=1800, help="pictures to draw")
    parser.add_argument("--autoencoder-steps", type=int, default=9000)
    parser.add_argument("--unet-steps", type=int, default=6000)
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
