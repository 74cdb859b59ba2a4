"""What is mistyped on the command line is answered with what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from vj.cli import main
from vj.commands.options import overrides, parser
from vj.core.errors import Fault


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        (["--modle", "pocket"], "--modle: no such option; did you mean --model?"),
        (["dream", "--ofline=1"], "--ofline: no such option; did you mean --offline?"),
        (["chekc", "mine.yaml"], "chekc: no such command; did you mean check?"),
        (["--source", "camera:HD", "Pro", "x"], "x: one word too many; what holds spaces"),
        (["--for", "long"], "argument --for: "),
    ],
)
def test_a_slip_of_the_fingers_is_answered_in_one_line(
    given: list[str], answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parser().parse_args(given)
    said = capsys.readouterr().err
    assert answer in said
    assert said.count("\n") == 1


def test_what_has_an_option_of_its_own_is_not_set() -> None:
    """The show's `start:` does not take it either, but nobody has written one."""
    with pytest.raises(Fault, match=r"--set model=none: write --model none"):
        overrides(parser().parse_args(["--set", "model=none"]))
    assert overrides(parser().parse_args(["--set", "/vj/strength=1"])) == {
        "start": {"strength": "1"}
    }


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        (["chek"], "chek: no such command; did you mean check?"),
        (["draem"], "draem: no such show file; did you mean dream?"),
        (["--json", "not/there.json"], "--json not/there.json: cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_plays(
    given: list[str],
    answer: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*given, "--for", "0.1", "--model", "none", "--osc", "127.0.0.1:0"]) == 1
    said = capsys.readouterr().err
    assert answer in said
    assert "starting" not in said
    assert list(tmp_path.iterdir()) == []
