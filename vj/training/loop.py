"""The training loop: steps, an average of the weights, checkpoints with everything needed to go on,
and when to stop.

What is learned, from which batches and by which loss a `Training` says. A run that is killed and
started again continues from its last checkpoint as if nothing had happened: batches are drawn by
the number of the step, and every number that steps depend on is in the checkpoint.
"""

from __future__ import annotations

import copy
import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from vj.core.errors import Fault
from vj.training.checkpoint import Checkpoint

N = TypeVar("N", bound=nn.Module)
B = TypeVar("B")
CLIP = 1.0
"""The largest norm of a step's gradients."""
MEMORY = 0.02
"""Weight of a step in the running mean of the loss."""


class Stateful(Protocol):
    """What can be put into a checkpoint."""

    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Length:
    """How long a run is, over all its sessions: so many steps, or else so many seconds."""

    steps: int | None = None
    seconds: float = math.inf

    def share(self, step: int, seconds: float) -> float:
        """How much of it is done, 0..1."""
        done = seconds / self.seconds if self.steps is None else step / max(1, self.steps)
        return min(1.0, done)

    def left(self, step: int, seconds: float, pace: float) -> float:
        """Seconds to go, where a step takes `pace` seconds."""
        if self.steps is None:
            return max(0.0, self.seconds - seconds)
        return max(0, self.steps - step) * pace


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a run is before a step: steps done, and the share of the run, 0..1."""

    step: int
    share: float


@dataclass(slots=True)
class Progress(Generic[N]):
    """Where a run is after a step."""

    step: int
    """Steps done."""
    seconds: float
    """Spent, in all sessions."""
    share: float
    """Of the run done, 0..1."""
    left: float
    """Seconds to go."""
    loss: Tensor
    """This step's."""
    mean: Tensor
    """A running mean of the loss."""
    average: N
    """The network with the averaged weights, in training mode."""
    keeping: float
    """Seconds that the last checkpoint took."""
    last: bool
    """Whether the run is over, or was stopped."""


class Training(ABC, Generic[N, B]):
    """What is learned. The groups of the optimizer may have a `share`, by which the learning rate
    is multiplied for their parameters."""

    network: N
    optimizer: torch.optim.Optimizer

    @abstractmethod
    def batches(self, start: int) -> Iterable[B]:
        """The batches of the steps from `start` on, on the network's device. The same step draws
        the same batch."""

    @abstractmethod
    def loss(self, batch: B, at: Moment) -> Tensor:
        """The loss, to go back through."""

    @abstractmethod
    def rate(self, at: Moment) -> float:
        """The learning rate."""

    @abstractmethod
    def averaging(self, at: Moment) -> float:
        """What the average of the weights keeps of itself in a step."""

    def after_step(self, at: Moment) -> None:
        """What else is trained, on the batch of the step that was just made."""

    def others(self) -> Mapping[str, Stateful]:
        """What else belongs to the state of the run."""
        return {}


def fit(
    training: Training[N, B],
    length: Length,
    checkpoint: Checkpoint,
    due: Callable[[Progress[N]], bool],
    after: Callable[[Progress[N]], None],
    stop: Callable[[], bool] = lambda: False,
    log: Callable[[str], None] = print,
    now: Callable[[], float] = time.monotonic,
) -> N:
    """Train to the end of `length`, or until `stop()` holds between two steps; from the checkpoint
    on, if there is one. A checkpoint is written where `due` asks for it and at the end; `after` is
    called after each step and before the checkpoint. Returns the network with averaged weights.
    Raises Fault for a loss that is no number, and at the end for a disk that has no room; in
    between that is logged, and training goes on."""
    network, optimizer = training.network, training.optimizer
    device = next(network.parameters()).device
    average = copy.deepcopy(network)
    step, before, mean = 0, 0.0, None
    state = checkpoint.read(device)
    if state is not None:
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        for name, other in training.others().items():
            other.load_state_dict(state["others"][name])
        step, before, mean = int(state["step"]), float(state["seconds"]), state["mean"]
        log(f"going on from step {step}")
    begun, first = now(), step
    seconds, keeping, refused = before, 0.0, False
    batches = iter(training.batches(step))
    network.train()
    last = length.share(step, seconds) >= 1 or stop()
    while not last:
        batch = next(batches)
        at = Moment(step, length.share(step, seconds))
        for group in optimizer.param_groups:
            group["lr"] = group.get("share", 1.0) * training.rate(at)
        loss = training.loss(batch, at)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        optimizer.step()
        training.after_step(at)
        loss = loss.detach()
        with torch.no_grad():
            pace = min(training.averaging(at), (1 + step) / (10 + step))
            for kept, new in zip(average.parameters(), network.parameters(), strict=True):
                kept.lerp_(new, 1 - pace)
            mean = loss if mean is None else torch.lerp(mean, loss, MEMORY)
        step, seconds = step + 1, before + now() - begun
        share = length.share(step, seconds)
        left = length.left(step, seconds, (seconds - before) / (step - first))
        last = share >= 1 or stop()
        progress = Progress(step, seconds, share, left, loss, mean, average, keeping, last)
        after(progress)
        if not (due(progress) or last):
            continue
        if not math.isfinite(float(mean)):
            raise Fault(
                f"step {step}: the loss is no number any more; started again, the training goes on "
                f"from {checkpoint.path}, or from the start without that file"
            )
        others = {name: other.state_dict() for name, other in training.others().items()}
        whole = {
            "step": step,
            "seconds": before + now() - begun,
            "mean": mean,
            "network": network.state_dict(),
            "average": average.state_dict(),
            "optimizer": optimizer.state_dict(),
            "others": others,
        }
        started = now()
        try:
            checkpoint.write(whole)
            refused = False
        except OSError as error:
            said = f"step {step} cannot be kept: {error}; what was kept before stays"
            if last:
                raise Fault(said) from error
            if not refused:
                log(said)
            refused = True
        keeping = now() - started
    return average


class LossLog:
    """A line of JSON for every so many steps: step, loss (the running mean), seconds."""

    def __init__(self, path: Path, every: int) -> None:
        self._path, self._every = path, every

    def note(self, progress: Progress[Any]) -> bool:
        """Write the step down if its turn has come. Returns whether it had. A full disk is no
        reason to stop: the line is then lost."""
        if progress.step % self._every and not progress.last:
            return False
        line = {
            "step": progress.step,
            "loss": round(float(progress.mean), 5),
            "seconds": round(progress.seconds, 1),
        }
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError:
            pass
        return True
