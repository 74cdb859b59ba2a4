"""A training that is killed, stopped, deleted, out of room or started twice: it goes on exactly,
and what is good survives."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.disks import small_disk
from tests.translator.plans import SIDE, plan, quiet
from tests.waiting import until
from vj.core.claim import claimed
from vj.core.errors import Fault
from vj.pocket.network import load_network
from vj.training.checkpoint import Checkpoint
from vj.training.length import Length
from vj.translator import best_model
from vj.translator.best_model import BestModel, Standing
from vj.translator.card import FILE
from vj.translator.history import History
from vj.translator.judge import Figures, Judge
from vj.translator.model_folder import load_translator
from vj.translator.training import train_translator

pytestmark = pytest.mark.usefixtures("one_thread")
ROOT = Path(__file__).parents[2]


class Killed(BaseException):
    """As if the process were gone: nobody catches it."""


@pytest.mark.long
def test_the_same_seed_loses_the_same_though_one_run_is_killed(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BestModel, "due", lambda self, progress: progress.step % 10 == 0)
    whole: list[float] = []
    parts: dict[int, float] = {}
    asked = plan(clip, tmp_path / "whole", 50, widths=(16, 16, 16, 16), count=1)
    train_translator(asked, quiet, lambda now: whole.append(now.loss))

    def die(now: Standing) -> None:
        parts[now.step] = now.loss
        if now.step == 31:
            raise Killed

    said: list[str] = []
    again = replace(asked, folder=tmp_path / "killed")
    with pytest.raises(Killed):
        train_translator(again, said.append, die)
    assert not said
    again_from: list[int] = []

    def go_on(now: Standing) -> None:
        again_from.append(now.step)
        parts[now.step] = now.loss

    train_translator(again, said.append, go_on)
    assert said == ["going on from step 30"], "with the discriminator, which comes at step 17"
    assert again_from == list(range(31, 51))
    assert [parts[step] for step in range(1, 51)] == pytest.approx(whole, abs=1e-6)
    other = replace(asked, folder=tmp_path / "other", seed=2, length=Length(3))
    losses: list[float] = []
    train_translator(other, quiet, lambda now: losses.append(now.loss))
    assert abs(losses[2] - whole[2]) > 1e-3


def test_who_stops_it_has_the_best_so_far_and_may_go_on(clip: Path, tmp_path: Path) -> None:
    asked = plan(clip, tmp_path / "head", 1000)
    told: list[Standing] = []
    best = train_translator(asked, quiet, told.append, stop=lambda: len(told) >= 4)
    assert best is not None
    assert load_translator(asked.folder)[1].steps == 5  # it ends with the step that is being made
    assert told[-1].figures == best
    assert History(asked.history).steps() == [5]
    said: list[str] = []
    train_translator(asked, said.append, told.append, stop=lambda: len(told) >= 7)
    assert said == ["going on from step 5"]
    assert told[-1].step == 8
    assert History(asked.history).steps() == [5, 8]


@pytest.mark.long
def test_a_full_disk_is_told_and_takes_nothing(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(best_model, "KEPT", 0.0)
    monkeypatch.setattr(best_model, "SHARE", 1e9)
    with small_disk(tmp_path, 14) as disk:  # a checkpoint takes 8.9 MB, and twice that while it is
        asked = plan(clip, disk / "head", 2)  # replaced
        said: list[str] = []
        with pytest.raises(Fault, match=r"step 2 cannot be kept: .*; what was kept before stays"):
            train_translator(asked, said.append, quiet)
        assert said == []
        assert load_translator(asked.folder)[1].steps == 2
        state = Checkpoint(asked.checkpoint).read(torch.device("cpu"))
        assert state is not None
        assert state["step"] == 1
        assert not list(disk.rglob("*.part"))
        (disk / "film").write_bytes(b"x" * (disk_free(disk) - 300_000))
        longer = replace(asked, length=Length(4))
        monkeypatch.setattr(Judge, "figures", lambda *_: Figures(0, 1, 1))  # the best there is
        with pytest.raises(
            Fault, match=r"model of step 4 cannot be written: .*the one before stays"
        ):
            train_translator(longer, said.append, quiet)
        assert load_translator(asked.folder)[1].steps == 2


def disk_free(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


def test_a_folder_that_is_deleted_meanwhile_is_made_anew(clip: Path, tmp_path: Path) -> None:
    asked = plan(clip, tmp_path / "head", 6)
    said: list[str] = []

    def delete(now: Standing) -> None:
        if now.step == 3:
            assert asked.checkpoint.exists()
            shutil.rmtree(asked.folder)

    best = train_translator(asked, said.append, delete)
    assert said == [f"{asked.work} is gone; it is made anew, and training goes on"]
    assert load_translator(asked.folder)[1].steps == 6
    train_translator(replace(asked, length=Length(7)), said.append, quiet)
    assert said[1:] == ["going on from step 6"]
    assert best is not None


def test_it_can_be_stopped_while_the_clip_is_read(clip: Path, tmp_path: Path) -> None:
    asked = plan(clip, tmp_path / "head", 2)
    looks = iter([False] * 20 + [True])
    assert train_translator(asked, quiet, quiet, stop=lambda: next(looks)) is None
    assert not asked.folder.exists()


def test_two_cannot_train_one_model_at_a_time(clip: Path, tmp_path: Path) -> None:
    asked = plan(clip, tmp_path / "head", 2)
    asked.make()
    nowhere = replace(asked, clips=(tmp_path / "a clip that would take minutes to read",))
    with (
        claimed(asked.work, "training"),
        pytest.raises(Fault, match="another process is training there"),
    ):
        train_translator(nowhere, quiet, quiet)
    assert train_translator(asked, quiet, quiet) is not None


KILLED_ANYWHERE = """
import sys
from pathlib import Path
import torch
from vj.training.length import Length
from vj.translator import best_model
from vj.translator.plan import TranslatorPlan
from vj.translator.training import train_translator

best_model.KEPT, best_model.SHARE, best_model.JUDGED, best_model.FIRST = 0, 1e9, 0, 0
torch.set_num_threads(1)
clip, folder, side = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
plan = TranslatorPlan((clip,), "grey", folder, Length(24), side, widths=(8, 8, 8, 8), count=1)
train_translator(plan, print, lambda standing: None)
"""
"""A training that writes its state and its model after every step."""


@pytest.mark.long
@pytest.mark.timeout(600)  # it starts Python five times
def test_killed_at_any_moment_it_goes_on_as_if_it_had_not_been(clip: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    states = []
    for name, kills in (("whole", 0), ("killed", 3)):
        folder = tmp_path / name
        command = [sys.executable, "-u", "-c", KILLED_ANYWHERE, str(clip), str(folder), str(SIDE)]
        checkpoint = folder / "training" / "checkpoint.pt"
        for _ in range(kills):
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as run:
                assert run.stdout is not None
                if checkpoint.exists():
                    run.stdout.readline()  # it goes on
                else:
                    until(checkpoint.exists)
                time.sleep(rng.uniform(0, 0.4))  # a moment in the middle of something
                run.kill()
            assert Checkpoint(checkpoint).read(torch.device("cpu")) is not None
            if (folder / FILE).exists():
                load_network(folder / FILE)
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        states.append(Checkpoint(checkpoint).read(torch.device("cpu")))
        assert load_translator(folder)[1].kind == "grey"
    whole, killed = states
    assert whole is not None
    assert killed is not None
    assert whole["step"] == killed["step"] == 24
    for part in ("network", "average"):
        for name, weights in whole[part].items():
            assert torch.allclose(killed[part][name], weights, atol=1e-6), name
    assert float(killed["mean"]) == pytest.approx(float(whole["mean"]), abs=1e-6)


@pytest.mark.long
def test_the_command_is_killed_and_goes_on(clip: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vj.cli", "train", str(clip), "--from", "grey"]
    command += ["--name", "head", "--minutes", "0.5", "--size", str(SIDE)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    folder = tmp_path / "models" / "head"
    killed = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
    until((folder / "training" / "checkpoint.pt").exists)
    killed.kill()
    killed.wait()
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as going_on:
        assert going_on.stdout is not None
        lines = iter(going_on.stdout.readline, "")
        assert any(line.startswith("going on from step") for line in lines)
        assert any("step" in line for line in lines)
        going_on.send_signal(signal.SIGINT)
        rest = going_on.communicate()[0]
    assert going_on.returncode == 130
    assert "the same command goes on" in rest
    assert load_network(folder / FILE).seen == 4
