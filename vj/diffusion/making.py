"""A backend for a show's model. What loads models is imported only where there is one: PyTorch
takes a second or two."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.diffusion.model_names import check_engine, is_painter
from vj.diffusion.model_spec import ModelSpec, reject_adapters
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
    if is_painter(spec.name):
        return _painter(
            spec, engine, size, snapshot, live, on_message, quietly, sizes, fit, choices, supervisor
        )
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


def _painter(
    spec: ModelSpec,
    engine: Engine,
    size: Size,
    snapshot: Snapshot,
    live: bool,
    on_message: OnMessage,
    quietly: AbstractContextManager[object] | None,
    sizes: tuple[Size, ...],
    fit: Fit,
    choices: Choices | None,
    supervisor: Supervisor | None,
) -> Backend:
    """The same for a painter, which needs no PyTorch."""
    from vj.diffusion.size_fit import fitted
    from vj.painters.loading import load_painter

    check_engine(engine, spec.name)
    reject_adapters(spec)
    on_message(f"loading {spec.name}")
    backend_at = load_painter(
        spec.name,
        spec.style_pictures,
        spec.pictures_folder,
        snapshot,
        live,
        on_message,
        supervisor,
        only_cpu=spec.device == "cpu",
    )
    if live and sizes:
        with quietly or nullcontext():
            return fitted(sizes, backend_at, fit, snapshot, on_message, choices, spec.name)[1]
    return backend_at(size)
