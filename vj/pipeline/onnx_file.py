"""ONNX files that a show names, run by onnxruntime."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from vj.core.errors import Fault, Unavailable, nearest_file


def open_onnx(what: str, path: Path) -> Any:
    """A session of onnxruntime, on a card where it can be. what: the key of the show that names the
    file. Raises Unavailable without onnxruntime, Fault for a file that is missing or of another
    kind."""
    try:
        runtime: Any = importlib.import_module("onnxruntime")
    except ImportError:
        raise Unavailable(
            f"{what} {path}: needs onnxruntime: python3 launch.py add person"
        ) from None
    if not path.is_file():
        raise Fault(f"{what} {path}: there is no such file{nearest_file(path)}")
    wanted = [
        name
        for name in ("CUDAExecutionProvider", "CPUExecutionProvider")
        if name in runtime.get_available_providers()
    ]
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1  # the other cores are the model's
    try:
        return runtime.InferenceSession(str(path), options, providers=wanted)
    except Exception as error:  # onnxruntime's own exceptions have no common base
        raise Fault(
            f"{what} {path}: is not an ONNX model that can be run "
            f"({' '.join(str(error).split())[:160]})"
        ) from None
