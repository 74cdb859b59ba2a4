"""Which tests run side by side: conftest.py says it, and xdist has to do it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import DEVICES, group_of

ROOT = Path(__file__).parents[1]
FILES = [str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")]
ONE = """
import os, pathlib, pytest
@pytest.mark.parametrize("number", range(6))
def test_one(number):
    assert os.environ["PYTEST_XDIST_WORKER"] in ("gw0", "gw1")
    with open(pathlib.Path(__file__).with_suffix(".by"), "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + chr(10))
"""


def test_a_file_stays_together_and_so_does_all_that_waits_for_devices() -> None:
    assert group_of("tests/app/test_cues.py::test_x[a::b]") == "tests/app/test_cues.py"
    assert group_of("tests/app/test_cli.py::test_x") == "devices"
    assert group_of("tests/sinks/test_ndi_sink.py::test_y[/]") == "devices"
    assert group_of("tests/web/test_page_browser.py::test_z") == "browser"
    groups = {
        Path(file).stem.removeprefix("test_") for file in FILES if group_of(file) == "devices"
    }
    assert groups == set(DEVICES), "every name is that of a file"


@pytest.mark.long
def test_xdist_keeps_them_together(tmp_path: Path) -> None:
    """For a while each test was a group of its own, and nothing said so: what a file makes once
    was made twice."""
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_xdist_make_scheduler")
    for number in range(4):
        (tmp_path / f"test_{number}.py").write_text(ONE)
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-q", "."]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "24 passed" in done.stdout, done.stdout + done.stderr
    by = [set(file.read_text().split()) for file in tmp_path.glob("*.by")]
    assert [len(workers) for workers in by] == [1, 1, 1, 1]
    assert len(set.union(*by)) == 2
