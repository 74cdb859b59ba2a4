"""From a show's model section to a backend that is ready to play. Takes seconds to minutes, so
beside the picture."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.diffusion.autotune import tune
from vj.diffusion.backends import StreamBackend
from vj.diffusion.built_in import BuiltIn
from vj.diffusion.checkpoints import ModelSpec
from vj.diffusion.choices import Choices
from vj.diffusion.drawn_model import DrawnModel, load_drawn
from vj.diffusion.model import Model, load_model, place_of
from vj.diffusion.pocket_backend import PocketBackend
from vj.diffusion.pocket_model import PocketModel, is_built_in, load_pocket, pocket_file
from vj.diffusion.size_fit import fitted
from vj.diffusion.streamdiffusion_backend import StreamDiffusionBackend
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend, PassThrough
from vj.pipeline.preprocess import Fit

Engine = Literal["stream", "streamdiffusion"]


def make_backend(
    spec: ModelSpec,
    engine: Engine,
    size: Size,
    snapshot: Snapshot,
    live: bool,
    on_message: Callable[[str], None],
    quietly: AbstractContextManager[object] | None = None,
    sizes: tuple[Size, ...] = (),
    fit: Fit = "crop",
    choices: Choices | None = None,
    supervisor: Supervisor | None = None,
) -> Backend:
    """Load, choose the quickest way to compute on a CPU, and run the first frames. Raises Fault
    with one line that says what is wrong.

    quietly: entered while ways are timed; the rest of the program should do little meanwhile.
    sizes: live, the backend is made for the largest of these that this machine paints in time,
    instead of for `size`. choices: what was found out by timing before. supervisor: of the threads
    beside the picture.

    Offline (`live` False) nothing is chosen by timing: an offline render must come out the same
    every time.
    """
    if spec.name == "none":
        return PassThrough(size)
    weights = pocket_file(spec.name)
    if is_built_in(spec.name) and engine == "streamdiffusion":
        raise Fault(
            f"engine streamdiffusion: the package plays no {spec.name}; leave engine out, and "
            "ours does"
        )
    model: Model | PocketModel | DrawnModel
    if spec.name == "drawn":
        model = load_drawn(spec)
    elif weights is not None:
        on_message(f"loading {spec.name}")
        model = load_pocket(spec, weights, *place_of(spec))
    else:
        model = load_model(spec, on_message)
    if live and spec.dtype != "float16" and not isinstance(model, DrawnModel):
        dtypes = (torch.float32, torch.bfloat16) if spec.dtype == "auto" else (model.dtype,)
        first = sizes[0] if sizes else size
        with quietly or nullcontext():
            chosen = tune(model, first.width, first.height, dtypes, choices)
        if chosen:
            on_message(f"{model.name} computes in {chosen}")

    def paint_at(size: Size) -> Backend:
        backend: StreamBackend | StreamDiffusionBackend
        if isinstance(model, BuiltIn):
            if isinstance(model, PocketModel) and model.is_frozen:
                model.freeze(size.width, size.height)
            backend = PocketBackend(model, size, not live, on_message, supervisor)
        elif engine == "streamdiffusion":
            backend = StreamDiffusionBackend(model, size, not live, on_message, supervisor)
        else:
            backend = StreamBackend(model, size, not live, on_message, supervisor)
        if live:
            backend.warm(snapshot)
        return backend

    if live and sizes:
        return fitted(sizes, paint_at, fit, snapshot, on_message, choices, spec.name)[1]
    return paint_at(size)
