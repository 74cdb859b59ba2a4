"""Shows that are checked as the command checks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetched import nothing_fetched
from vj.commands.check import check

Looked = tuple[int, list[str], list[str]]
Check = Callable[..., Looked]


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Checks a text as a show. -> the exit code, what is wrong, what else is said; without the
    file's name. Nothing has been fetched."""
    monkeypatch.chdir(tmp_path)
    nothing_fetched(monkeypatch)

    def run(text: str) -> Looked:
        path = tmp_path / "my.yaml"
        ports = "" if "osc:" in text else "osc: 127.0.0.1:0\n"
        page = "" if "page:" in text else "page: off\n"
        sinks = "" if "sinks:" in text else "sinks: []\n"
        path.write_text(f"{text}{ports}{page}{sinks}", encoding="utf-8")
        messages: list[str] = []
        wrong: list[str] = []
        code = check(["my.yaml"], messages.append, wrong.append)
        return code, [one.removeprefix("my.yaml:") for one in wrong[:-1]], messages

    return run


def stands_at(wrong: Sequence[str], *faults: tuple[int, str]) -> None:
    """Each of the faults, (line, words), is told."""
    for line, words in faults:
        assert any(one.startswith(f"{line}: ") and words in one for one in wrong), (line, wrong)


def picture(path: Path) -> None:
    cv2.imwrite(str(path), np.full((16, 16, 3), 90, np.uint8))
