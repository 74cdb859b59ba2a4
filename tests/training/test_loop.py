"""The loop that all trainings here share: it goes on exactly where it was killed, keeps what is
good when the disk is full or the loss breaks, and teaches the built-in model as before."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.disks import small_disk
from vj.core.errors import Fault
from vj.pocket.training.dataset import ExampleGenerator, draw_noise_fields
from vj.pocket.training.pictures import draw_pictures
from vj.pocket.training.train import train
from vj.training.checkpoint import Checkpoint
from vj.training.length import Length
from vj.training.loop import LossLog, Moment, Progress, Training, fit

POCKET_LOSSES = (0.48810691, 0.42979208, 0.40624544, 0.40261862, 0.39783257)
"""Of the built-in model's first steps, as its training had a loop of its own."""


class Sums(Training[nn.Linear, tuple[Tensor, Tensor]]):
    """Learns to add numbers up, and beside it a number of its own. broken: whether the loss of a
    step, learned at a rate, is no number."""

    def __init__(
        self, width: int = 8, broken: Callable[[int, float], bool] = lambda step, rate: False
    ) -> None:
        torch.manual_seed(3)
        self.network = nn.Linear(width, 1)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=0.1)
        self.counter = nn.Linear(1, 1)
        self.broken = broken
        self.steps: list[int] = []

    def batches(self, start: int) -> Iterable[tuple[Tensor, Tensor]]:
        for step in range(start, 1_000_000):
            chance = torch.Generator().manual_seed(step)
            numbers = torch.rand(16, self.network.in_features, generator=chance)
            yield numbers, numbers.sum(1, keepdim=True)

    def loss(self, batch: tuple[Tensor, Tensor], at: Moment) -> Tensor:
        self.steps.append(at.step)
        numbers, sums = batch
        loss = (self.network(numbers) - sums).abs().mean()
        rate = float(self.optimizer.param_groups[0]["lr"])
        return loss * math.nan if self.broken(at.step, rate) else loss

    def rate(self, at: Moment) -> float:
        return 0.05 * (1 - at.share)

    def averaging(self, at: Moment) -> float:
        return 0.9

    def after_step(self, at: Moment) -> None:
        with torch.no_grad():
            self.counter.weight += 1

    def others(self) -> dict[str, nn.Module]:
        return {"counter": self.counter}


def run(
    training: Sums,
    path: Path,
    length: Length,
    due: Callable[[Progress[Any]], bool] = lambda progress: progress.step % 10 == 0,
    after: Callable[[Progress[Any]], None] = lambda progress: None,
    **more: Any,
) -> nn.Linear:
    return fit(training, length, Checkpoint(path), due, after, **more)


class Killed(BaseException):
    """As if the process were gone: nobody catches it."""


def test_a_killed_run_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    whole = Sums()
    losses: list[float] = []
    expected = run(whole, tmp_path / "whole", Length(60), after=lambda p: losses.append(p.loss))

    def die(progress: Progress[Any]) -> None:
        if progress.step == 37:
            raise Killed

    with pytest.raises(Killed):
        run(Sums(), tmp_path / "killed", Length(60), after=die)
    again = Sums()
    rest: list[float] = []
    said: list[str] = []
    made = run(
        again,
        tmp_path / "killed",
        Length(60),
        after=lambda p: rest.append(p.loss),
        log=said.append,
    )
    assert said == ["going on from step 30"]
    assert again.steps == list(range(30, 60))
    assert torch.equal(made.weight, expected.weight)
    assert torch.equal(again.network.weight, whole.network.weight)
    assert rest == losses[30:]
    assert torch.equal(again.counter.weight, whole.counter.weight)
    assert losses[-1] < 0.2 * losses[0], "it learns"
    assert not list(tmp_path.glob("*.part"))


def test_a_run_of_minutes_counts_all_its_sessions(tmp_path: Path) -> None:
    now = iter(range(1000))
    shares: list[float] = []
    clock = {"now": lambda: float(next(now))}

    def watch(progress: Progress[Any]) -> None:
        shares.append(progress.share)

    stops = iter([False] * 9 + [True] * 10)
    run(Sums(), tmp_path / "it", Length(seconds=50), after=watch, stop=lambda: next(stops), **clock)
    stopped = shares[-1]
    assert 0 < stopped < 0.5
    run(Sums(), tmp_path / "it", Length(seconds=50), after=watch, log=lambda text: None, **clock)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    # The clock of this test moves on by a second whenever it is looked at: once a step, and twice
    # for every checkpoint.
    assert 35 < len(shares) < 50


def test_what_is_kept_survives_a_full_disk_and_it_is_said(tmp_path: Path) -> None:
    width = 60_000  # 0.24 MB of weights, four times that with the optimizer's and the average
    with small_disk(tmp_path, 2) as disk:
        path = disk / "state"
        run(Sums(width), path, Length(2))
        (disk / "film").write_bytes(b"x" * 900_000)
        said: list[str] = []
        with pytest.raises(Fault, match=r"step 5 cannot be kept.*stays"):
            run(Sums(width), path, Length(5), due=lambda progress: True, log=said.append)
        assert said[0] == "going on from step 2"
        assert [line.split(":")[0] for line in said[1:]] == ["step 3 cannot be kept"]
        (disk / "film").unlink()
        said.clear()
        run(Sums(width), path, Length(5), log=said.append)
        assert said == ["going on from step 2"]


def test_a_step_whose_loss_is_no_number_changes_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    network: list[Tensor] = []
    means: list[Tensor] = []
    training = Sums(broken=lambda step, rate: step in (0, 24))

    def after(progress: Progress[Any]) -> None:
        network.append(training.network.weight.clone())
        means.append(progress.mean)

    made = run(training, tmp_path / "it", Length(60), after=after, log=said.append)
    assert training.steps == list(range(60)), "and training goes on"
    assert torch.equal(network[24], network[23])
    assert not torch.equal(network[25], network[24])
    assert training.counter.weight.item() == pytest.approx(58, abs=2)
    assert torch.isfinite(made.weight).all()
    assert [math.isfinite(mean) for mean in means[:3]] == [False, True, True]
    assert said == [
        "step 1: the loss is no number, and the step is left out; 1 so far",
        "step 25: the loss is no number, and the step is left out; 2 so far",
    ]


def test_who_learns_too_fast_goes_back_and_learns_slower(tmp_path: Path) -> None:
    """The loss breaks after step 24 where the rate is above 0.015; it is 0.03 there, and falls."""
    said: list[str] = []
    path = tmp_path / "it"
    training = Sums(broken=lambda step, rate: step > 24 and rate > 0.015)
    run(training, path, Length(60), log=said.append)
    back = [line for line in said if "back to" in line]
    assert back == [
        "step 35: the loss is no number any more; back to step 30, and on at 0.5 of the learning "
        "rate"
    ]
    assert training.steps == [*range(35), *range(30, 60)]
    state = Checkpoint(path).read(torch.device("cpu"))
    assert state is not None
    assert state["slower"] == 0.5, "another session learns as slowly"


def test_a_loss_that_stays_broken_ends_the_training_and_what_was_kept_stays(tmp_path: Path) -> None:
    path = tmp_path / "it"
    training = Sums(broken=lambda step, rate: step > 24)
    for _ in range(2):  # started again it comes to the same end, in the same time
        said: list[str] = []
        with pytest.raises(Fault, match=r"the loss is no number any more.*without .* begins anew"):
            run(training, path, Length(1000), due=lambda p: p.step == 20, log=said.append)
        assert sum("back to step 20" in line for line in said) == 4
        assert len(training.steps) < 100
        training.steps.clear()
    sound = Sums()
    run(sound, path, Length(60), log=lambda text: None)
    assert sound.steps[0] == 20
    assert torch.isfinite(sound.network.weight).all()


@pytest.mark.parametrize(
    ("first", "stopped", "then", "share"),
    [
        (Length(40), 40, Length(80), 0.5),  # finished, and made longer: from the middle on
        (Length(40), 10, Length(80), 0.25),  # stopped early: it does not fall back
        (Length(40), 30, Length(35), 0.5),
        (Length(40), 20, Length(seconds=500), 0.5),
    ],
)
def test_a_run_that_is_made_longer_goes_on_from_where_it_was(
    first: Length, stopped: int, then: Length, share: float, tmp_path: Path
) -> None:
    path, shares = tmp_path / "it", list[float]()
    clock = iter(range(10_000))
    training = Sums()
    run(training, path, first, stop=lambda: len(training.steps) >= stopped, now=lambda: next(clock))
    assert len(training.steps) == stopped

    def die(progress: Progress[Any]) -> None:
        shares.append(progress.share)
        if len(shares) == 4:
            raise Killed

    with pytest.raises(Killed):
        run(Sums(), path, then, after=die, due=lambda progress: True, now=lambda: next(clock))
    assert shares[0] == pytest.approx(share, abs=0.13)
    assert shares[0] > share
    assert shares == sorted(shares)
    more: list[float] = []
    run(Sums(), path, then, after=lambda p: more.append(p.share), now=lambda: next(clock))
    if then.steps is not None:
        assert more[0] == pytest.approx(shares[2] + (shares[2] - shares[1])), "as if not killed"
    assert [*shares[:3], *more] == sorted([*shares[:3], *more])
    assert more[-1] == 1


def test_a_file_that_is_no_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(b"half a file")
    with pytest.raises(Fault, match=r"it: this is no state of a training.*delete it"):
        run(Sums(), tmp_path / "it", Length(60))


@pytest.mark.long
def test_the_built_in_model_learns_as_it_did(tmp_path: Path) -> None:
    """Its loop is this one; the numbers are those of its own loop before."""
    pictures = draw_pictures(3, 1, 96)
    losses: list[float] = []

    def teach(steps: int) -> None:
        generator = ExampleGenerator(pictures, draw_noise_fields(2, 1), 1)
        train(tmp_path, tmp_path, generator, steps, 1, 1, watch=lambda p: losses.append(p.loss))

    teach(5)
    assert [float(loss) for loss in losses] == pytest.approx(POCKET_LOSSES, abs=1e-5)
    lines = (tmp_path / "losses.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["step"] for line in lines] == [5]


def test_a_full_disk_does_not_stop_the_log(tmp_path: Path) -> None:
    log = LossLog(tmp_path / "nowhere" / "losses.jsonl", 10)
    network = nn.Linear(1, 1)
    loss = torch.tensor(1.0)
    assert log.note(Progress(10, 1.0, 0.5, 1.0, loss, loss, network, 0.0, False))
    assert not log.note(Progress(11, 1.0, 0.5, 1.0, loss, loss, network, 0.0, False))
