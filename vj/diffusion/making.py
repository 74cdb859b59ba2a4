"""A backend for a show's model. What loads models is imported only where there is one: PyTorch
takes a second or two."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.diffusion.model_spec import ModelSpec
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend, PassThrough
from vj.pipeline.preprocess import Fit

if TYPE_CHECKING:
    from vj.diffusion.choices import Choices
    from vj.diffusion.loading import Engine, OnMessage


def make_backend(
    spec: ModelSpec,
    engine: Engine,
    size: Size,
    snapshot: Snapshot,
    live: bool,
    on_message: OnMessage,
    quietly: AbstractContextManager[object] | None = None,
    sizes: tuple[Size, ...] = (),
    fit: Fit = "crop",
    choices: Choices | None = None,
    supervisor: Supervisor | None = None,
) -> Backend:
    """See `vj.diffusion.loading.load_backend`; `none` passes the input through. Raises Fault."""
    if spec.name == "none":
        return PassThrough(size, waits=False)
    from vj.diffusion.loading import load_backend

    return load_backend(
        spec,
        engine,
        size,
        snapshot,
        live,
        on_message,
        quietly,
        sizes,
        fit,
        choices,
        supervisor,
    )
