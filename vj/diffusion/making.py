"""A backend for a show's model. What loads models is imported only where there is one: PyTorch
takes a second or two."""

from __future__ import annotations

from collections.abc import Callable
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
    """Load a show's model and make a backend for it; `none` passes the input through. Raises Fault
    with one line that says what is wrong.

    quietly: entered while ways and sizes are timed; the rest of the program should do little
    meanwhile. sizes: live, the backend is made for the largest of these that this machine paints in
    time, instead of for `size`. choices: what was found out by timing before. supervisor: of the
    threads beside the render thread.

    Offline (`live` False) nothing is chosen by timing: an offline render must come out the same
    every time.
    """
    if spec.name == "none":
        return PassThrough(size, waits=False)
    check_engine(engine, spec.name)
    backend_at: Callable[[Size], Backend]
    timing: AbstractContextManager[object] = nullcontext()
    if is_painter(spec.name):  # needs no PyTorch
        from vj.painters.loading import load_painter

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
        timing = quietly or timing
    else:
        from vj.diffusion.loading import load_backends

        first = sizes[0] if sizes else size
        backend_at = load_backends(
            spec, engine, first, snapshot, live, on_message, quietly, choices, supervisor
        )
    if not (live and sizes):
        return backend_at(size)
    from vj.diffusion.size_fit import fitted

    with timing:
        return fitted(sizes, backend_at, fit, snapshot, on_message, choices, spec.name)[1]
