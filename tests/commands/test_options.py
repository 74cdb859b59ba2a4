"""What is mistyped on the command line is answered with what would be right."""

from __future__ import annotations

import pytest

from vj.commands.options import parser


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
