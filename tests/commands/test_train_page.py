"""What the page of a training is told: files that grow while they are read, steps that were made
twice, and where it is served."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from vj.commands.train_page import StepLines, TrainingState, address_of, page_of, thinned
from vj.core.errors import Fault
from vj.training.loop import Length
from vj.translator.best_model import Standing
from vj.translator.history import History
from vj.translator.judge import Figures
from vj.translator.plan import TranslatorPlan


def add(path: Path, *rows: object) -> None:
    with path.open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def test_a_file_is_read_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "losses.jsonl"
    lines = StepLines(path)
    assert lines.read() == []
    add(path, {"step": 10, "loss": 0.3})
    with path.open("a") as file:
        file.write('{"step": 20, ')
    assert [row["step"] for row in lines.read()] == [10]
    with path.open("a") as file:
        file.write('"loss": 0.2}\n{"step": 30, "lo\n[1]\n')  # the disk was full
    add(path, {"step": 40, "loss": float("nan")}, {"step": 50, "loss": 0.1})
    assert [row["step"] for row in lines.read()] == [10, 20, 50]


def test_steps_that_were_made_again_count_once(tmp_path: Path) -> None:
    path = tmp_path / "losses.jsonl"
    lines = StepLines(path)
    add(path, *({"step": step, "loss": 1} for step in (10, 20, 30, 40)))
    lines.read()
    add(path, *({"step": step, "loss": 2} for step in (25, 35)))
    assert [(row["step"], row["loss"]) for row in lines.read()] == [
        *((10, 1), (20, 1), (25, 2), (35, 2))
    ]


def test_of_many_points_some_are_told_and_the_newest_is_among_them() -> None:
    rows = [{"step": step} for step in range(1001)]
    some = thinned(rows, 100)
    assert len(some) <= 100
    assert some[-1] == rows[-1]
    assert thinned(rows[:7], 100) == rows[:7]


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("off", None),
        ("9090", ("127.0.0.1", 9090)),
        ("0.0.0.0:9090", ("0.0.0.0", 9090)),
    ],
)
def test_where_the_page_is_served(given: str, address: tuple[str, int] | None) -> None:
    assert address_of(given) == address


@pytest.mark.parametrize("given", ["on", "localhost", "70000", ""])
def test_where_it_cannot_be_served(given: str) -> None:
    with pytest.raises(Fault, match=f"--page {given}: a port such as 9090"):
        address_of(given)


def test_a_page_that_cannot_be_served_does_not_stop_the_training(tmp_path: Path) -> None:
    said: list[str] = []
    state = TrainingState(plan(tmp_path), "play", threading.Event())
    with page_of(state, ("203.0.113.7", 9700), said.append) as page:
        assert page is None
    assert said[0].startswith("page 203.0.113.7:9700: cannot be served there")
    assert said[0].endswith("the training goes on without its page")


def plan(folder: Path) -> TranslatorPlan:
    return TranslatorPlan((Path("me.mp4"),), "lines", folder / "me", Length(seconds=60))


def test_the_page_is_told_how_it_goes(tmp_path: Path) -> None:
    asked, stop = plan(tmp_path), threading.Event()
    state = TrainingState(asked, "python3 launch.py --model models/me", stop)
    told = state.state()
    assert (told["phase"], told["step"], told["judged"], told["playable"]) == (
        *("reading", 0, []),
        False,
    )
    asked.work.mkdir(parents=True)
    history = History(asked.history)
    picture = np.zeros((16, 16, 3), np.uint8)
    history.begin([picture], [picture])
    history.add(20, [picture])
    better, worse = Figures(0.1, 0.8, 0.9), Figures(0.2, 0.5, 0.4)
    for step, one in ((10, worse), (20, better), (30, worse)):
        figures = {"l1": one.l1, "edges": one.edges, "sharpness": one.sharpness}
        add(asked.judged, {"step": step, "seconds": step / 2, **figures})
    state.show(Standing(30, 15, 45, 0.25, 0.1, worse, better, True))
    state.say("a line")
    told = json.loads(json.dumps(state.state(), allow_nan=False))
    assert (told["phase"], told["share"], told["left"]) == ("training", 0.25, 45)
    assert told["playable"]
    assert [(row["step"], row["picture"], row["best"]) for row in told["judged"]] == [
        *((10, False, False), (20, True, True), (30, False, False))
    ]
    assert told["messages"][0]["text"] == "a line"
    assert state.picture("20") is not None
    assert state.picture("30") is None
    state.stop()
    assert stop.is_set()
    assert state.state()["phase"] == "stopping"
    state.end("the same command goes on")
    assert state.state()["phase"] == "ended"
