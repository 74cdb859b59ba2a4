"""Train the built-in model from nothing: `python -m vj.pocket.training.train` fetches and draws its
pictures, trains, and writes the weights.

Resumable: interrupt it and start it again with the same folder. The learning rate is constant and
falls over the last part of the steps (warm-up, stable, decay), so that a run can be shortened or
lengthened by starting it again with other --steps. Everything is seeded.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from vj.pocket import FILE, WEIGHTS
from vj.pocket.network import Network, parameter_groups, save_network
from vj.pocket.techniques import LEARNED
from vj.pocket.training.dataset import Batch, ExampleGenerator, draw_noise_fields
from vj.pocket.training.photographs import photographs
from vj.pocket.training.pictures import draw_pictures
from vj.training.checkpoint import Checkpoint
from vj.training.length import Length
from vj.training.loop import LossLog, Moment, Progress, Training, fit
from vj.training.losses import picture_loss
from vj.training.schedule import fallen

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
    return RATE * min(1.0, (step + 1) / WARM) * fallen(step / steps, FALL)


def loss_of(made: Tensor, target: Tensor, texture: float = TEXTURE) -> Tensor:
    """Of the tone, which counts for more, and the three colours."""
    weights = made.new_tensor([1.5, 1.0, 1.0, 1.0]).view(1, 4, 1, 1)
    return picture_loss(made, target, 0.6, 0.7, texture, weights)


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


class PocketTraining(Training[Network, Batch]):
    """Everything about the built-in model's training that the loop does not know."""

    def __init__(
        self,
        generator: ExampleGenerator,
        steps: int,
        count: int,
        device: torch.device,
        workers: int,
    ) -> None:
        self.generator, self.steps, self.count = generator, steps, count
        self.device, self.workers = device, workers
        self.finish = generator.finish = finish_of(steps)
        self.network = Network(LEARNED).to(device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        groups = parameter_groups(self.network, QUICKER)
        self.optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.98))

    def batches(self, start: int) -> Iterable[Batch]:
        given = TrainingBatches(self.generator, start, self.steps, self.count)
        return (batch.to(self.device) for batch in drawn(given, self.workers))

    def loss(self, batch: Batch, at: Moment) -> Tensor:
        texture = FINISH_TEXTURE if at.step >= self.finish else TEXTURE
        ground = self.network.ground(batch.patterns)
        made = self.network(batch.picture, batch.form, ground, batch.style)
        return loss_of(made, batch.target, texture)

    def rate(self, at: Moment) -> float:
        return rate_at(at.step, self.steps)

    def averaging(self, at: Moment) -> float:
        return FINISH_AVERAGE if at.step >= self.finish else AVERAGE


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
    watch: Callable[[Progress[Network]], None] = lambda progress: None,
) -> Network:
    """Train to `steps`, from the checkpoint in `work` if there is one. Writes the averaged weights
    to `out` at the end, and to `work` beside every checkpoint. watch: called after every step."""
    torch.manual_seed(seed)
    training = PocketTraining(generator, steps, count, device, workers)
    losses = LossLog(work / "losses.jsonl", 50)

    def due(progress: Progress[Network]) -> bool:
        return progress.step % keep_every == 0

    def after(progress: Progress[Network]) -> None:
        watch(progress)
        if losses.note(progress):
            print(
                f"step {progress.step}/{steps}  loss {progress.mean.item():.4f}  "
                f"{progress.left / 60:.1f} min left",
                flush=True,
            )
        if due(progress) or progress.last:
            save_network(progress.average, work / FILE)

    average = fit(training, Length(steps), Checkpoint(work / "pocket.pt"), due, after)
    save_network(average, out / FILE)
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
