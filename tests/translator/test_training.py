"""Training translators, on a film that the test draws: that they learn, and what they refuse."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from tests.translator.plans import SIDE, plan, quiet
from vj.core.errors import Fault
from vj.training.checkpoint import Checkpoint
from vj.training.length import Length
from vj.translator.best_model import Standing
from vj.translator.card import FILE
from vj.translator.conditions import ConditionSettings
from vj.translator.discriminator import PatchDiscriminator, deceit, hinge
from vj.translator.judge import Figures, Judge
from vj.translator.model_folder import load_translator
from vj.translator.pairs import Pairs, frames_of
from vj.translator.plan import LARGE, WIDTHS, TranslatorPlan
from vj.translator.training import TranslatorTraining, train_translator

pytestmark = pytest.mark.usefixtures("one_thread")


def beaten(plan: TranslatorPlan) -> tuple[Figures, Figures, Figures]:
    """Of the frames held out: as the trained model paints them, the mean of the film for each, and
    the condition as it is."""
    pairs = Pairs(frames_of(plan.clips, plan.size), plan.kind, ConditionSettings(), plan.size, 1)
    judge = Judge(pairs.held_out(), torch.device("cpu"))
    mean = pairs.footage.frames[pairs.footage.trained()].mean((0, 1, 2))
    constant = np.broadcast_to(mean.round().astype(np.uint8), (plan.size, plan.size, 3))
    made = judge.figures(judge.paintings(load_translator(plan.folder)[0]))
    return (
        made,
        judge.figures([constant] * len(judge.truth)),
        judge.figures(judge.conditions),
    )


@pytest.mark.long
def test_it_learns_the_colours_of_a_film(clip: Path, tmp_path: Path) -> None:
    asked = plan(clip, tmp_path / "head", 60)
    told: list[Standing] = []
    best = train_translator(asked, quiet, told.append)
    made, constant, copied = beaten(asked)
    assert best is not None
    assert made.l1 == pytest.approx(best.l1, abs=2e-3), "half precision, as it was judged"
    assert made.l1 < 0.6 * constant.l1
    assert made.l1 < 0.8 * copied.l1
    assert made.edges > 0.5
    network, card = load_translator(asked.folder)
    assert (card.kind, card.size, card.clips) == ("grey", SIDE, (clip.name,))
    assert card.steps <= 60 == told[-1].step, "of the best that was judged"
    assert network.seen == 4
    assert (told[-1].share, told[-1].left) == (1, 0)
    sheet = cv2.imread(str(asked.best_sheet))
    assert sheet.shape == (6 * SIDE, 3 * SIDE + 8, 3)
    files = [path.name for path in asked.folder.iterdir() if path.is_file()]
    assert sorted(files) == ["card.json", "card.md", FILE]


def test_pictures_become_those_they_are_paired_with(clip: Path, tmp_path: Path) -> None:
    inverse = tmp_path / "inverse"
    inverse.mkdir()
    for path in clip.iterdir():
        cv2.imwrite(str(inverse / path.name), 255 - cv2.imread(str(path)))
    asked = replace(plan(clip, tmp_path / "head", 3, kind="pairs"), clips=(clip, inverse))
    assert train_translator(asked, quiet, quiet) is not None
    network, card = load_translator(asked.folder)
    assert (card.kind, card.clips, network.seen) == ("pairs", ("inverse",), 6)
    sheet = cv2.imread(str(asked.best_sheet))
    seen, truth = sheet[:, :SIDE].astype(int), sheet[:, SIDE + 4 : 2 * SIDE + 4].astype(int)
    assert np.abs(255 - seen - truth).max() <= 2
    with pytest.raises(Fault, match="--pairs: two folders"):
        train_translator(replace(asked, clips=(clip,)), quiet, quiet)


@pytest.mark.long
def test_it_learns_to_paint_a_film_from_its_lines(clip: Path, tmp_path: Path) -> None:
    asked = plan(clip, tmp_path / "head", 250, kind="lines")
    train_translator(asked, quiet, quiet)
    made, constant, copied = beaten(asked)
    assert made.l1 < 0.5 * constant.l1
    assert made.l1 < 0.3 * copied.l1
    assert made.edges > 0.65
    assert made.sharpness > 0.15


def test_a_worse_network_does_not_replace_a_better_one(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = plan(clip, tmp_path / "head", 3)
    train_translator(asked, quiet, quiet)
    before = (asked.folder / FILE).read_bytes()
    worse = Figures(0.9, -0.5, 0.1)
    monkeypatch.setattr(Judge, "figures", lambda *_: worse)
    told: list[Standing] = []
    best = train_translator(replace(asked, length=Length(5)), quiet, told.append)
    assert told[-1].figures == worse
    assert best != worse
    assert (asked.folder / FILE).read_bytes() == before
    assert load_translator(asked.folder)[1].steps == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "lins"}, "--from lins: no such kind; did you mean lines"),
        ({"size": 100}, "--size 100: a multiple of 16, 64 to 512"),
        ({"size": 1024}, "--size 1024: a multiple of 16, 64 to 512"),
        (
            {"size": 128},
            r"begun with size 64, this asks for 128; python3 .* train .* --size 64 .* goes on",
        ),
        ({"seed": 7}, "was begun with seed 1, this asks for 7"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_the_clip_is_read(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    nowhere = tmp_path / "there is no such clip"
    asked = plan(nowhere, tmp_path / "head", 3)
    asked.make()
    asked.begin([])
    with pytest.raises(Fault, match=message):
        train_translator(replace(asked, **change), quiet, quiet)


def test_a_finished_model_is_not_painted_over(clip: Path, tmp_path: Path) -> None:
    asked = plan(clip, tmp_path / "head", 3)
    asked.folder.mkdir()
    (asked.folder / FILE).write_bytes(b"somebody's work")
    with pytest.raises(Fault, match="holds a finished model; give another --name"):
        train_translator(asked, quiet, quiet)
    assert (asked.folder / FILE).read_bytes() == b"somebody's work"


def test_a_clip_may_be_renamed_but_not_become_another(clip: Path, tmp_path: Path) -> None:
    asked = plan(clip, tmp_path / "head", 2)
    train_translator(asked, quiet, quiet)
    renamed = tmp_path / "renamed"
    shutil.copytree(clip, renamed)
    more = replace(asked, clips=(renamed,), length=Length(3))
    said: list[str] = []
    train_translator(more, said.append, quiet)
    assert said == ["going on from step 2"]
    for path in sorted(renamed.iterdir())[-8:]:  # the end was cut another way
        cv2.imwrite(str(path), np.full((SIDE, SIDE, 3), 90, np.uint8))
    before = Checkpoint(asked.checkpoint).path.read_bytes()
    with pytest.raises(
        Fault, match="begun with renamed, and renamed shows something else now; give another"
    ):
        train_translator(replace(more, length=Length(4)), quiet, quiet)
    assert asked.checkpoint.read_bytes() == before


def test_a_model_takes_at_most_8_megabytes_and_a_small_one_3(clip: Path, tmp_path: Path) -> None:
    pairs = Pairs(frames_of((clip,), SIDE), "next", ConditionSettings(), SIDE, 1)
    for widths, megabytes in ((LARGE, 8), (WIDTHS, 3)):
        asked = plan(clip, tmp_path, 1, kind="next", widths=widths)
        network = TranslatorTraining(pairs, asked).network
        assert 2 * sum(p.numel() for p in network.parameters()) < megabytes * 1e6


def test_the_judge_knows_good_from_bad(clip: Path) -> None:
    pairs = Pairs(frames_of((clip,), SIDE), "grey", ConditionSettings(), SIDE, 1)
    judge = Judge(pairs.held_out(), torch.device("cpu"))
    exact = judge.figures(judge.truth)
    assert (exact.l1, exact.edges) == (0, pytest.approx(1, abs=1e-4))
    assert exact.sharpness == pytest.approx(1)
    assert exact.score == pytest.approx(0, abs=1e-4)
    soft = judge.figures([cv2.GaussianBlur(one, (0, 0), 3) for one in judge.truth])
    rng = np.random.default_rng(1)
    noisy = judge.figures(
        [
            np.clip(one + rng.normal(0, 50, one.shape), 0, 255).astype(np.uint8)
            for one in judge.truth
        ]
    )
    other = judge.figures(judge.truth[::-1])
    assert soft.sharpness < 0.5 < 1.5 < noisy.sharpness
    assert all(one.score > 0.03 for one in (soft, noisy, other))


def test_a_discriminator_learns_to_tell_crisp_from_soft_and_how_to_deceive_it() -> None:
    torch.manual_seed(1)
    discriminator = PatchDiscriminator(1)
    optimizer = torch.optim.AdamW(discriminator.parameters(), lr=2e-3)
    condition = torch.zeros(4, 1, SIDE, SIDE)
    crisp = torch.rand(4, 3, SIDE, SIDE)
    soft = torch.nn.functional.avg_pool2d(crisp, 5, 1, 2)
    for _ in range(30):
        loss = hinge(discriminator(condition, crisp), discriminator(condition, soft))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.5
    painted = soft.clone().requires_grad_()
    deceit(discriminator(condition, painted)).backward()
    assert painted.grad is not None
    with torch.no_grad():
        better = soft - 0.05 * painted.grad.sign()
        assert discriminator(condition, better).mean() > discriminator(condition, soft).mean()
