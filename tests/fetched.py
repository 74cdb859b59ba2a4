"""For tests that need a file which `python3 launch.py add NAME` fetches: they skip visibly where it
is not there."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from vj.core.fetched import fetched


def needs(*names: str) -> pytest.MarkDecorator:
    """A mark for a test, a class or a whole file (`pytestmark = needs("multistyle26.onnx")`).

    names: fetched files; with a .onnx among them onnxruntime has to be there, too. Skipped tests
    say what is missing and the command that brings it.
    """
    missing = [name for name in names if fetched(name) is None]
    if any(name.endswith(".onnx") for name in names) and not importlib.util.find_spec(
        "onnxruntime"
    ):
        missing.append("onnxruntime")
    part = "painters" if any(not name.endswith(".tflite") for name in missing) else "person"
    reason = f"{', '.join(missing)}: not there: python3 launch.py add {part}"
    return pytest.mark.skipif(bool(missing), reason=reason)


def nothing_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine on which nothing has been fetched."""
    monkeypatch.setattr("vj.core.fetched.models_folder", lambda prefix="": Path("nowhere"))
