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
from vj.training.length import Leg, Length, leg_of

N = TypeVar("N", bound=nn.Module)
B = TypeVar("B")
CLIP = 1.0
"""The largest norm of a step's gradients."""
MEMORY = 0.02
"""Weight of a step in the running mean of the loss."""
BROKEN = 10
"""Steps without a loss in a row, after which it is no single batch that is at fault."""
SLOWEST = 1 / 16
"""Of the learning rate, at which it is given up."""


class Stateful(Protocol):
    """What can be put into a checkpoint."""

    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a run is before a step: steps done, and the share of the run, 0..1."""

    step: int
    share: float
    since: int
    """Steps since it began, or was made longer."""


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

    A step whose loss or slopes are no numbers is left out. Where that happens to `BROKEN` of them
    in a row, training goes back to the last checkpoint, and on from there at half the learning
    rate. Raises Fault where that does not help either, and at the end for a disk that has no room;
    in between that is logged, and training goes on."""
    run = _Run(training, length)
    state = checkpoint.read(run.device)
    if state is not None:
        run.take(state)
        over = run.share >= 1
        log(
            f"trained to the end already: {run.step} steps"
            if over
            else f"going on from step {run.step}"
        )
    begun, before, made, keeping, refused = now(), run.seconds, 0, 0.0, False
    batches = iter(training.batches(run.step))
    run.network.train()
    last = run.share >= 1 or stop()
    while not last:
        loss = run.learn(next(batches))
        made += 1
        run.seconds = before + now() - begun
        if run.broken:
            if run.left_out & (run.left_out - 1) == 0:  # the 1st, the 2nd, the 4th, ...
                log(
                    f"step {run.step}: the loss is no number, and the step is left out; "
                    f"{run.left_out} so far"
                )
            if run.broken == BROKEN:
                batches = iter(training.batches(run.go_back(checkpoint, log)))
                last = stop()
                continue
        last = run.share >= 1 or stop()
        left = length.left(run.step, run.seconds, (run.seconds - before) / made)
        mean = loss if run.mean is None else run.mean
        progress = Progress(
            run.step, run.seconds, run.share, left, loss, mean, run.average, keeping, last
        )
        after(progress)
        if not (due(progress) or last):
            continue
        run.seconds = before + now() - begun
        started = now()
        try:
            checkpoint.write(run.state())
            refused = False
        except OSError as error:
            said = f"step {run.step} cannot be kept: {error}; what was kept before stays"
            if last:
                raise Fault(said) from error
            if not refused:
                log(said)
            refused = True
        keeping = now() - started
    return run.average


class _Run(Generic[N, B]):
    """What a checkpoint holds, and a step."""

    def __init__(self, training: Training[N, B], length: Length) -> None:
        self._training, self._length = training, length
        self.network, self._optimizer = training.network, training.optimizer
        self.device = next(self.network.parameters()).device
        self.average = copy.deepcopy(self.network)
        self.step, self.seconds = 0, 0.0
        self.mean: Tensor | None = None
        self._leg = Leg(length)
        self._slower = 1.0
        """By which the learning rate is multiplied, since steps broke."""
        self.broken, self.left_out = 0, 0
        """Steps without a loss: the last ones in a row, and all of this session."""

    @property
    def share(self) -> float:
        """Of the run done, 0..1."""
        return self._leg.share(self.step, self.seconds)

    def state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "seconds": self.seconds,
            "mean": self.mean,
            "leg": self._leg.state(),
            "slower": self._slower,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "others": {name: other.state_dict() for name, other in self._training.others().items()},
        }

    def take(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self._optimizer.load_state_dict(state["optimizer"])
        for name, other in self._training.others().items():
            other.load_state_dict(state["others"][name])
        self.step, self.seconds = int(state["step"]), float(state["seconds"])
        self.mean, self._slower = state["mean"], float(state.get("slower", 1))
        leg = leg_of(state["leg"]) if "leg" in state else self._leg
        self._leg = leg.towards(self._length, self.step, self.seconds)

    def learn(self, batch: B) -> Tensor:
        """A step. Returns its loss; one that is no number has changed nothing."""
        training, step = self._training, self.step
        at = Moment(step, self.share, step - self._leg.step)
        rate = self._slower * training.rate(at)
        for group in self._optimizer.param_groups:
            group["lr"] = group.get("share", 1.0) * rate
        loss = training.loss(batch, at)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        loss, self.step = loss.detach(), step + 1
        if not math.isfinite(float(loss + norm)):
            self.broken, self.left_out = self.broken + 1, self.left_out + 1
            return loss
        self.broken = 0
        self._optimizer.step()
        training.after_step(at)
        with torch.no_grad():
            pace = min(training.averaging(at), (1 + step) / (10 + step))
            for kept, new in zip(self.average.parameters(), self.network.parameters(), strict=True):
                kept.lerp_(new, 1 - pace)
            self.mean = loss if self.mean is None else torch.lerp(self.mean, loss, MEMORY)
        return loss

    def go_back(self, checkpoint: Checkpoint, log: Callable[[str], None]) -> int:
        """To the last checkpoint, and at half the rate. Returns its step. Raises Fault."""
        step, seconds, slower = self.step, self.seconds, self._slower / 2
        state = checkpoint.read(self.device)
        if state is None or slower < SLOWEST:
            raise Fault(
                f"step {step}: the loss is no number any more, however slowly it is learned; what "
                f"was kept before stays, and without {checkpoint.path} training begins anew"
            )
        self.take(state)
        # The time is spent all the same: a run of minutes comes to its end.
        self.seconds, self._slower, self.broken = seconds, slower, 0
        log(
            f"step {step}: the loss is no number any more; back to step {self.step}, and on at "
            f"{slower:.3g} of the learning rate"
        )
        return self.step


class LossLog:
    """A line of JSON for every so many steps: step, loss (the running mean), seconds."""

    def __init__(self, path: Path, every: int) -> None:
        self._path, self._every = path, every

    def note(self, progress: Progress[Any]) -> bool:
        """Write the step down if its turn has come. Returns whether it had. A full disk is no
        reason to stop: the line is then lost."""
        if progress.step % self._every and not progress.last:
            return False
        if not math.isfinite(float(progress.mean)):
            return True  # JSON has no such number, and a page that reads it would fail
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
