"""A show without a model does not import PyTorch, which takes a second or two; nor does one that a
painter paints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fetched import needs
from tests.shows import environment

SCRIPT = """
import runpy, sys
sys.modules["torch"] = None  # an import of it raises ImportError
sys.argv = ["vj", *sys.argv[1:]]
runpy.run_module("vj.cli", run_name="__main__")
"""


@pytest.mark.parametrize("how", [["--offline"], ["--page", "off", "--osc", "127.0.0.1:0"]])
def test_a_show_without_a_model_plays_without_torch(how: list[str], tmp_path: Path) -> None:
    show = ["--source", "testcard", "--model", "none", "--size", "64x64", "--for", "0.3"]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *show, "--sink", "record:out.mp4", *how],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "torch" not in done.stderr + done.stdout
    assert (tmp_path / "out.mp4").stat().st_size > 0


@needs("multistyle26.onnx", "arbitrary_predict.onnx", "arbitrary_transform.onnx")
@pytest.mark.parametrize(
    ("model", "how"),
    [("styles", ["--offline"]), ("picture", ["--page", "off", "--osc", "127.0.0.1:0"])],
)
def test_a_painter_paints_without_torch(model: str, how: list[str], tmp_path: Path) -> None:
    """At a size of the output's own, too: what enlarges it asks what there is to compute on."""
    show = ["--source", "testcard", "--model", model, "--size", "64x64", "--output", "96x96"]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *show, "--for", "0.3", "--sink", "record:out.mp4", *how],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "torch" not in done.stderr + done.stdout
    assert "ms a frame" in done.stderr + done.stdout
    assert "failed" not in done.stderr + done.stdout
    assert (tmp_path / "out.mp4").stat().st_size > 0
