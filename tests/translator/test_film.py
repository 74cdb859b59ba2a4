"""Training `next`: dreams that go on from what was painted, and what is asked of them. In the film
that the test draws a bar walks to the right, two pixels a frame."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from vj.pocket.network import Network
from vj.training.loop import Length, Moment
from vj.translator import film_pairs
from vj.translator.batch import TranslatorBatch
from vj.translator.conditions import ConditionSettings
from vj.translator.film_judge import FilmJudge, dreamed
from vj.translator.film_pairs import FilmPairs
from vj.translator.footage import Footage
from vj.translator.model_folder import TECHNIQUES
from vj.translator.plan import TranslatorPlan
from vj.translator.training import TranslatorTraining, train_translator

pytestmark = pytest.mark.usefixtures("one_thread")

SIDE, LENGTH, STEP = 64, 40, 2
WIDTHS = (8, 8, 8, 8)
SEED = 3
"""With which a dream begins early in the film."""


def bar(frame: int, lighter: int = 0) -> np.ndarray:
    picture = np.full((SIDE, SIDE, 3), (40, 60, 90), np.uint8)
    x = (STEP * frame) % 80 - 8
    cv2.rectangle(picture, (x, 10), (x + 7, 54), (220, 180, 120), -1)
    return picture + np.uint8(lighter)


def pairs(starts: tuple[int, ...] = (0,), seed: int = 1) -> FilmPairs:
    frames = np.stack([bar(number) for number in range(LENGTH)])
    names = tuple(str(start) for start in starts)
    return FilmPairs(Footage(frames, starts, names), ConditionSettings(), SIDE, seed)


def asked(batch: TranslatorBatch, index: int) -> int:
    """Which frame of the film a target is."""
    target = np.rint(batch.target[index].permute(1, 2, 0).numpy() * 255)
    return int(np.abs(np.stack([bar(n) for n in range(LENGTH)]) - target).mean((1, 2, 3)).argmin())


def planes(*pictures: np.ndarray) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


def lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dreams do not begin anew, are not mirrored, and see no source."""
    for name, value in {"ANEW": 0.0, "MOVED": 0.0, "ALONE": 1.0, "POOL": 1}.items():
        monkeypatch.setattr(film_pairs, name, value)


def follow(made: FilmPairs, paint: list[np.ndarray]) -> list[int]:
    """What is asked of the one dream, step by step, when this is painted in place of it."""
    wanted = []
    for step, picture in enumerate(paint):
        batch = made.batch(step, 1)
        wanted.append(asked(batch, 0))
        made.go_on(planes(picture))
    return wanted


def test_a_dream_that_stands_still_is_shown_how_it_moves_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However long it stands, it is asked for the frame after the one at which it stands."""
    lasting(monkeypatch)
    made = pairs()
    first = asked(made.batch(0, 1), 0)
    wanted = follow(made, [bar(first - 1)] * 12)
    assert set(wanted) == {first}
    moves = follow(made, [bar(first + n) for n in range(3)])
    assert moves == [first, first + 1, first + 2]


def test_a_dream_that_runs_ahead_is_not_called_back(monkeypatch: pytest.MonkeyPatch) -> None:
    lasting(monkeypatch)
    made = pairs(seed=SEED)
    first = asked(made.batch(0, 1), 0)
    assert first < 22, "else it would run over the end"
    wanted = follow(made, [bar(first + 2 * n) for n in range(5)])
    assert wanted[1:] == [first + 2 * n + 1 for n in range(4)]


def test_a_dream_is_found_again_in_another_light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tones that are off say nothing about how far it has come."""
    lasting(monkeypatch)
    made = pairs()
    first = asked(made.batch(0, 1), 0)
    assert set(follow(made, [bar(first - 1, lighter=12)] * 6)) == {first}


def test_after_the_end_comes_what_is_most_like_it() -> None:
    """The bar walks through twice and a half: the end is like a place in the middle."""
    frames = np.stack([bar(number) for number in range(100)])
    made = FilmPairs(Footage(frames, (0,), ("film",)), ConditionSettings(), SIDE, 1)
    after = made.successors
    assert after[10] == 11
    end = max(after)
    assert end == 84, "the last that is trained on"
    assert after[end] in (5, 45)


def test_nothing_goes_on_over_a_cut() -> None:
    after = pairs(starts=(0, 20)).successors
    clips = {number: number // 20 for number in range(LENGTH)}
    assert all(clips[one] == clips[two] for one, two in after.items())
    assert {0, 20}.isdisjoint(after)


def test_a_dream_sees_what_was_painted_of_it_the_newest_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lasting(monkeypatch)
    made = pairs()
    for step, picture in enumerate((bar(3), bar(4))):
        made.batch(step, 1)
        made.go_on(planes(picture))
    batch = made.batch(2, 1)
    assert torch.allclose(batch.condition, torch.cat([planes(bar(3)), planes(bar(4))], 1))
    assert torch.allclose(batch.x, torch.full_like(batch.x, 0.5)), "and no source"


def test_dreams_go_on_from_a_checkpoint_as_if_nothing_had_happened(tmp_path: Path) -> None:
    one = pairs()
    for step in range(5):
        one.batch(step, 4)
        one.go_on(torch.rand(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(step)))
    torch.save(one.state_dict(), tmp_path / "dreams.pt")
    two = pairs()
    two.load_state_dict(torch.load(tmp_path / "dreams.pt", weights_only=True))
    for step in range(5, 9):
        first, second = one.batch(step, 4), two.batch(step, 4)
        assert torch.equal(first.condition, second.condition)
        assert torch.equal(first.target, second.target)
        for made, batch in ((one, first), (two, second)):
            made.go_on(batch.target)


def test_a_training_feeds_on_what_it_paints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasting(monkeypatch)
    monkeypatch.setattr(film_pairs, "POOL", 8)
    made = pairs()
    plan = TranslatorPlan(
        (tmp_path / "film",), "next", tmp_path / "x", Length(10), SIDE, widths=WIDTHS, count=4
    )
    training = TranslatorTraining(made, plan)
    painted = _painted_of(training, next(iter(training.batches(0))))
    seen = {
        bytes(newest.mul(255).round().byte().numpy())
        for step in range(1, 40)
        for newest in made.batch(step, 4).condition[:, 3:]
    }
    assert {bytes(one.clamp(0, 1).mul(255).round().byte().numpy()) for one in painted} <= seen


def _painted_of(training: TranslatorTraining, batch: TranslatorBatch) -> Tensor:
    at = Moment(0, 0.0, 0)
    training.loss(batch, at)
    training.after_step(at)
    assert training.made is not None
    return training.made


def test_a_film_is_judged_by_what_it_has_become_some_frames_later() -> None:
    """The newest frame of those that it began with is no good, however crisp it is."""
    frames = np.stack([bar(number) for number in range(100)])
    made = FilmPairs(Footage(frames, (0,), ("film",)), ConditionSettings(), SIDE, 1)
    judge = FilmJudge(made, torch.device("cpu"))
    begun = made.begun_held_out()
    still = judge.figures([two[-1] for two, _ in begun])
    assert still.l1 > 0.02
    assert judge.figures(judge.truth).score < 0.01 < still.score
    numbers = [number for _, number in begun]
    assert len(set(numbers)) > 1
    for truth, number, (two, _) in zip(judge.truth, numbers, begun, strict=True):
        assert number > 84, "not trained on"
        assert np.array_equal(truth, bar(number))
        assert np.array_equal(two, [bar(number - made.later - 1), bar(number - made.later)])
    torch.manual_seed(1)
    network = Network(TECHNIQUES, WIDTHS, 9).eval()
    torch.nn.init.normal_(network.head.conv.weight, std=0.05)
    painted = judge.paintings(network)
    film = dreamed(network, begun[-1][0], made.later, made.seed)
    assert np.array_equal(painted[-1], film[-1])
    longer = dreamed(network, film[-2:], 1, made.seed)
    assert np.array_equal(longer, dreamed(network, begun[-1][0], made.later + 1, made.seed)[-1:])


def train_until(plan: TranslatorPlan, step: int) -> None:
    done = [0]
    train_translator(
        plan,
        lambda text: None,
        lambda standing: done.append(standing.step),
        lambda: done[-1] >= step,
    )


@pytest.mark.long
def test_a_training_that_was_stopped_dreams_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    clip = tmp_path / "film"
    clip.mkdir()
    for number in range(60):
        picture = cv2.cvtColor(bar(number), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(clip / f"{number:03}.png"), picture)

    def trained(name: str, *stops: int) -> dict[str, Tensor]:
        plan = TranslatorPlan(
            (clip,), "next", tmp_path / name, Length(8), SIDE, widths=WIDTHS, count=2
        )
        for stop in (*stops, 8):
            train_until(plan, stop)
        state = torch.load(plan.checkpoint, weights_only=True)
        assert state["step"] == 8
        assert len(state["others"]["dreams"]["0"]) == film_pairs.POOL
        network: dict[str, Tensor] = state["network"]
        return network

    whole, stopped = trained("whole"), trained("stopped", 3, 5)
    assert all(torch.equal(part, stopped[name]) for name, part in whole.items())
