"""Train the built-in model from nothing: `python -m vj.pocket.training.train` fetches and draws its
pictures, trains, and writes the weights.

Resumable: interrupt it and start it again with the same folder. The learning rate is constant and
falls over the last part of the steps (warm-up, stable, decay), so that a run can be shortened or
lengthened by starting it again with other --steps. Everything is seeded.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from vj.pocket import WEIGHTS
from vj.pocket.network import Network, save_network
from vj.pocket.techniques import LEARNED
from vj.pocket.training.dataset import Batch, ExampleGenerator, draw_noise_fields
from vj.pocket.training.photographs import photographs
from vj.pocket.training.pictures import draw_pictures

RATE, WARM, FALL = 8e-4, 150, 0.8
"""Learning rate, the steps in which it comes, and the share of the steps over which it falls."""
QUICKER = 2.5
"""How many times larger the learning rate of the style layers is, which tell techniques apart."""
AVERAGE = 0.998
TEXTURE = 1.5
"""Weight of the loss of local contrast of the fine marks, independent of their exact position."""
FINISH = 400
"""The last steps, in which that loss counts for more and the softest techniques are sampled more
often."""
FINISH_RATE, FINISH_TEXTURE, FINISH_AVERAGE = 0.15, 4.0, 0.99
"""The last steps' share of the learning rate, and their values in place of TEXTURE and AVERAGE."""


def finish_of(steps: int) -> int:
    """The step at which the last part begins; a run too short for one has none."""
    return steps - FINISH if steps > 4 * FINISH else steps


def rate_at(step: int, steps: int) -> float:
    finish = finish_of(steps)
    if step >= finish:
        return RATE * FINISH_RATE * (1 - 0.9 * (step - finish) / FINISH)
    steps = finish
    falling = max(0.0, (step - (1 - FALL) * steps) / (FALL * steps))
    return (
        RATE * min(1.0, (step + 1) / WARM) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * falling)))
    )


def differences(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def loss_of(made: Tensor, target: Tensor, texture: float = TEXTURE) -> Tensor:
    """Mean absolute difference of the pictures, of their slopes, which keeps marks crisp, and of
    the band of 2 to 8 pixels, in which glints and strokes lie."""
    apart = made - target
    weights = apart.new_tensor([1.5, 1.0, 1.0, 1.0]).view(1, 4, 1, 1)
    slopes = sum((weights * d).abs().mean() for d in differences(apart))
    ours, theirs = fine(made), fine(target)
    band = (weights * (ours - theirs)).abs().mean()
    strength = (weights * (spread(ours) - spread(theirs))).abs().mean()
    return (weights * apart).abs().mean() + 0.6 * slopes + 0.7 * band + texture * strength


def fine(picture: Tensor) -> Tensor:
    """The band of 2 to 8 pixels."""
    across = F.avg_pool2d(picture, (1, 7), 1, (0, 3), count_include_pad=False)
    return picture - F.avg_pool2d(across, (7, 1), 1, (3, 0), count_include_pad=False)


def spread(band: Tensor) -> Tensor:
    """Its standard deviation in windows of 16 pixels, every 4."""
    return (F.avg_pool2d(F.avg_pool2d(band * band, 4), 4, 1) + 1e-4).sqrt()


class TrainingBatches(Dataset[Batch]):
    """The batches of the steps from `start` on, for a DataLoader's worker processes."""

    def __init__(self, generator: ExampleGenerator, start: int, steps: int, count: int) -> None:
        self.generator, self.start, self.steps, self.count = generator, start, steps, count

    def __len__(self) -> int:
        return self.steps - self.start

    def __getitem__(self, index: int) -> Batch:
        return self.generator.batch(self.start + index, self.count)


def drawn(batches: TrainingBatches, workers: int) -> Iterable[Batch]:
    """All batches in order; with 0 workers each is drawn in this process when it is needed."""
    if not workers:
        return (batches[index] for index in range(len(batches)))
    return DataLoader(batches, batch_size=None, num_workers=workers, prefetch_factor=4)


def run(network: Network, batch: Batch) -> Tensor:
    out: Tensor = network(batch.picture, batch.form, network.ground(batch.patterns), batch.style)
    return out


def train(
    work: Path,
    out: Path,
    generator: ExampleGenerator,
    steps: int,
    count: int,
    seed: int,
    keep_every: int = 250,
    device: torch.device = torch.device("cpu"),  # noqa: B008
    workers: int = 0,
) -> Network:
    """Train to `steps`, from the checkpoint in `work` if there is one. Writes the averaged weights
    to `out` at the end, and to `work` beside every checkpoint."""
    torch.manual_seed(seed)
    network = Network(LEARNED).to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(network)
    styles = [p for name, p in network.named_parameters() if "style" in name or "mix" in name]
    known = {id(p) for p in styles}
    rest = [p for p in network.parameters() if id(p) not in known]
    groups = [
        {"params": [p for p in rest if p.dim() >= 2], "weight_decay": 1e-3, "share": 1.0},
        {"params": [p for p in rest if p.dim() < 2], "weight_decay": 0.0, "share": 1.0},
        {"params": styles, "weight_decay": 0.0, "share": QUICKER},
    ]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.98))
    checkpoint, log = work / "pocket.pt", work / "losses.jsonl"
    start = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        start = int(state["step"])
        print(f"going on from step {start}")
    begun, mean = time.monotonic(), torch.zeros((), device=device)
    network.train()
    generator.finish = finish = finish_of(steps)
    batches = drawn(TrainingBatches(generator, start, steps, count), workers)
    for step, batch_on_cpu in enumerate(batches, start):
        batch = batch_on_cpu.to(device)
        for group in optimizer.param_groups:
            group["lr"] = group["share"] * rate_at(step, steps)
        ending = step >= finish
        texture = FINISH_TEXTURE if ending else TEXTURE
        loss = loss_of(run(network, batch), batch.target, texture)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            pace = min(FINISH_AVERAGE if ending else AVERAGE, (1 + step) / (10 + step))
            for kept, new in zip(average.parameters(), network.parameters(), strict=True):
                kept.lerp_(new, 1 - pace)
            mean = loss if step == start else torch.lerp(mean, loss, 0.02)
        done = step + 1
        if done % 50 == 0 or done == steps:
            seconds = (time.monotonic() - begun) / (done - start)
            left = seconds * (steps - done) / 60
            print(f"step {done}/{steps}  loss {mean.item():.4f}  {left:.1f} min left", flush=True)
            with log.open("a", encoding="utf-8") as file:
                line = {
                    "step": done,
                    "loss": round(mean.item(), 5),
                    "seconds": round(time.monotonic() - begun, 1),
                }
                file.write(json.dumps(line) + "\n")
        if done % keep_every == 0 or done == steps:
            part = checkpoint.with_suffix(".part")
            states = {
                "network": network.state_dict(),
                "average": average.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            torch.save({"step": done, **states}, part)
            part.replace(checkpoint)
            save_network(average, work / "pocket.safetensors")
    save_network(average, out / "pocket.safetensors")
    return average.eval()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where the weights go")
    parser.add_argument(
        "--work",
        type=Path,
        default=Path.home() / ".cache" / "vj" / "pocket",
        help="checkpoints and photographs",
    )
    parser.add_argument("--steps", type=int, default=6400)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--pictures", type=int, default=900, help="pictures to draw")
    parser.add_argument("--grounds", type=int, default=400, help="noises to draw")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--no-photographs", action="store_true", help="learn from drawn pictures alone"
    )
    parser.add_argument("--device", default="cpu", help="cpu, or cuda where there is a card")
    parser.add_argument(
        "--workers", type=int, default=0, help="processes that draw batches beside a card"
    )
    given = parser.parse_args()
    if given.workers:  # a process forked while OpenCV's threads run would wait for them for ever
        cv2.setNumThreads(1)
    given.work.mkdir(parents=True, exist_ok=True)
    pictures: list[np.ndarray] = list(draw_pictures(given.pictures, given.seed))
    photos = [] if given.no_photographs else photographs(given.work / "photographs")
    often = max(1, round(1.2 * len(pictures) / max(1, len(photos))))
    generator = ExampleGenerator(
        [*pictures, *(photos * often)], draw_noise_fields(given.grounds, given.seed), given.seed
    )
    print(
        f"{len(pictures)} drawn pictures, {len(photos)} photographs, "
        f"{len(generator.grounds)} noise fields"
    )
    train(
        given.work,
        given.out,
        generator,
        given.steps,
        given.batch,
        given.seed,
        device=torch.device(given.device),
        workers=given.workers,
    )


if __name__ == "__main__":
    main()
