"""`launch.py train`: what it refuses, what it tells, and that what it writes plays."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from vj.cli import main
from vj.commands.train import train
from vj.commands.train_progress import ProgressLine, bar_of, clock, line_of
from vj.core.errors import Fault
from vj.translator.best_model import Standing
from vj.translator.judge import Figures
from vj.translator.model_folder import load_translator


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--name", "a"], "train: which clip"),
        ([], "train: which clip"),
        (["me.mp4"], "train: what is it to be called.* --name kiss"),
        (["me.mp4", "--name", "a/b"], "--name a/b: a word for the folder"),
        (["me.mp4", "--name", r"a\b"], r"--name a\\b: a word for the folder"),
        (["me.mp4", "--name", "a: b"], "--name a: b: a word for the folder"),
        (["me.mp4", "--name", "a."], r"--name a\.: a word for the folder"),
        (["me.mp4", "--name", " "], "--name  : a word for the folder"),
        (["me.mp4", "--name", "Con"], "--name Con: a word for the folder"),
        (["me.mp4", "--name", 99 * "a"], "a: a word for the folder"),
        (["me.mp4", "--name", "it's me (2) ü", "--size", "250"], "--size 250: .*; 256 is one"),
        (["me.mp4", "--name", "a", "--from", "pair"], r"--from pair: .*mask, next\)$"),
        (["me.mp4", "--name", ".."], r"--name \.\.: a word for the folder"),
        (["me.mp4", "--name", "a", "--minutes", "0"], "--minutes 0: more than 0"),
        (["me.mp4", "--name", "a", "--minutes", "nan"], "--minutes nan: more than 0"),
        (["me.mp4", "--name", "a", "--steps", "0"], "--steps 0: 1 or more"),
        (["me.mp4", "--name", "a", "--seed", "-1"], "--seed -1: a whole number from 0"),
        (["me.mp4", "--name", "a", "--from", "line"], "--from line: .*did you mean lines"),
        (["me.mp4", "--name", "a", "--size", "250"], "--size 250: a multiple of 16"),
        (["me.mp4", "--name", "a", "--device", "tpu"], "--device tpu: auto, cpu or cuda"),
        (["me.mp4", "--name", "a"], "me.mp4: there is no such file"),
        (["me.mp4", "--pairs", "A", "B", "--name", "a"], "--pairs A B: takes the place of clips"),
        (["me.mp4", "--lora", "sd-turbo", "--name", "a"], "me.mp4: there is no such file"),
    ],
)
def test_bad_options_are_refused_and_nothing_is_made(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    with pytest.raises(Fault, match=message):
        train(arguments, said.append)
    assert list(tmp_path.iterdir()) == []
    assert said == [], "no page is served for nothing"


def test_options_that_do_not_exist_are_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for options in (["me.mp4", "--form", "face"], ["--pairs", "A"], ["me.mp4", "--minutes", "x"]):
        with pytest.raises(SystemExit, match="2"):
            train([*options, "--name", "a"], print)
        said = capsys.readouterr()
        assert said.out == ""
        assert len(said.err.splitlines()) == 1
        assert options[-2] in said.err


@pytest.mark.usefixtures("one_thread")
def test_what_is_trained_lies_in_models_and_is_told(
    dots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["train", str(dots), "--from", "edges", "--name", "dot", "--size", "64"]
    assert main([*command, "--steps", "2"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert any(line.startswith("dot: 0:0") and "step 2" in line for line in said)
    play = "python3 launch.py --model models/dot --source camera:0 --size 64x64 --set strength=1"
    assert f"to play it: {play}" in said
    _, card = load_translator(Path("models/dot"))
    assert (card.name, card.kind, card.size, card.steps) == ("dot", "edges", 64, 2)
    assert main([*command, "--steps", "3"]) == 0
    assert "going on from step 2" in capsys.readouterr().out.splitlines()
    assert main([*command[:3], "lines", *command[4:]]) == 1
    assert "was begun with kind edges" in capsys.readouterr().err


STANDING = Standing(
    800, 750.4, 1049.6, 0.417, 0.0712, Figures(0.0512, 0.82, 0.91), Figures(0.05, 0.8, 0.9), False
)


def test_a_terminal_has_a_bar_that_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdout", screen)
    lines: list[str] = []
    shown = ProgressLine("kiss", lines.append)
    shown.show(STANDING)
    assert screen.getvalue().startswith("\r[##########..............]  42% 12:30, step 800")
    shown.show(STANDING)  # at once again: not drawn
    assert screen.getvalue().count("step 800") == 1
    shown.say("a line that stays")
    assert screen.getvalue().endswith("\r\x1b[K")
    assert lines == ["a line that stays"]


def test_the_line_says_all() -> None:
    assert line_of(STANDING) == (
        "12:30, step 800, loss 0.071, L1 0.051, edges 0.82, sharpness 0.91, 17:30 left"
    )
    assert clock(3750) == "1:02:30"
    assert bar_of(0).startswith("[....")
    assert bar_of(1).endswith("#] 100%")
