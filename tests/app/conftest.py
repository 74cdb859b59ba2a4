"""What tests of whole shows have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.model_stage import SHOW, START, Stage
from tests.conftest import PlayShow


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
