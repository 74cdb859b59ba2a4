"""What tests of whole shows have."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.model_stage import SHOW, START, Stage
from tests.conftest import PlayShow
from vj.core.threads import VARIABLE


@pytest.fixture
def stage(
    tmp_path: Path,
    play_show: PlayShow,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Stage]:
    """A show of several models, whose first one plays. Its parameter, if any: the lines of the show
    after `SHOW`."""
    for name in ("second", "third", "fourth"):
        (tmp_path / name).mkdir()
    path = tmp_path / "several.yaml"
    path.write_text(SHOW + getattr(request, "param", START))
    monkeypatch.chdir(tmp_path)
    stage = Stage(monkeypatch)
    yield stage.play(play_show, path)
    for gate in stage.gates.values():
        gate.set()


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    """A film fixes on how many threads this process computes: the next test has its own again."""
    kept = {name: os.environ.get(name) for name in (VARIABLE, "OMP_NUM_THREADS")}
    torch = sys.modules.get("torch")
    threads = None if torch is None else torch.get_num_threads()
    yield
    for name, value in kept.items():
        if value is not None:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)
    if torch is not None and torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
