"""How many threads pictures are computed on, where that is to be the same on every machine: sums of
floats depend on it. It belongs to the whole process; importing vj changes nothing."""

from __future__ import annotations

import os
import sys

VARIABLE = "VJ_THREADS"


def fix_threads(count: int) -> None:
    """PyTorch, OpenMP and onnxruntime compute on so many from now on, at least 1. To be called on
    the thread that computes, before a model is loaded. OpenCV has its own, see `vj.core.opencv`."""
    os.environ[VARIABLE] = os.environ["OMP_NUM_THREADS"] = str(count)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(count)


def fixed_threads() -> int | None:
    """What was fixed, by this process or for it; None where every library does as it likes."""
    text = os.environ.get(VARIABLE, "")
    return int(text) if text.isdecimal() and int(text) else None
