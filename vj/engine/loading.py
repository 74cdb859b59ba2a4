"""From a show's model section to a painter that is ready to play. Takes seconds to minutes, so beside the picture."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch

from vj.engine.checkpoints import ModelSpec
from vj.engine.models import load_model
from vj.engine.package import PackagePainter
from vj.engine.painters import Painter, Plain, StreamPainter
from vj.engine.tuning import tune
from vj.frame import Size
from vj.parameters.store import Snapshot

Engine = Literal["stream", "streamdiffusion"]


def make_painter(
    spec: ModelSpec,
    engine: Engine,
    size: Size,
    snapshot: Snapshot,
    live: bool,
    on_message: Callable[[str], None],
    quietly: AbstractContextManager[object] | None = None,
) -> Painter:
    """Load, choose the quickest way to compute on a CPU, and run the first frames. Raises Fault with one line that says what is wrong.

    quietly: entered while ways are timed; the rest of the program should do little meanwhile.

    Offline (`live` False) nothing is chosen by timing: an offline render must come out the same every time.
    """
    if spec.name == "none":
        return Plain(size)
    model = load_model(spec, on_message)
    if live and spec.dtype != "float16":
        dtypes = (torch.float32, torch.bfloat16) if spec.dtype == "auto" else (model.dtype,)
        with quietly or nullcontext():
            chosen = tune(model, size.width, size.height, dtypes)
        if chosen:
            on_message(f"{model.name} computes in {chosen}")
    kind = PackagePainter if engine == "streamdiffusion" else StreamPainter
    painter = kind(model, size, not live, on_message)
    if live:
        painter.warm(snapshot)
    return painter
