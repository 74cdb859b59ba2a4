"""A desktop for the tests of displays, one for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.display.xvfb import Desktop, desktop


@pytest.fixture(scope="package")
def shared_desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with desktop(tmp_path_factory.mktemp("xvfb")) as found:
        yield found


@pytest.fixture
def screen(shared_desktop: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    """The desktop, for whatever this process starts; setups are kept in a folder of the test's."""
    monkeypatch.setenv("DISPLAY", shared_desktop.name)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.chdir(tmp_path)
    return shared_desktop
