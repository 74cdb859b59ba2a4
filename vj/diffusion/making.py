"""A backend for a show's model. What loads models is imported only where there is one: PyTorch
takes a second or two."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

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
    timing: AbstractContextManager[object] = nullcontext()
    if is_painter(spec.name):
        timing = quietly or timing
    first = sizes[0] if sizes else size
    backend_at = backends_of(
        spec, engine, first, snapshot, live, on_message, quietly, choices, supervisor
    )
    if not (live and sizes):
        return backend_at(size)
    from vj.diffusion.size_fit import fitted

    with timing:
        return fitted(sizes, backend_at, fit, snapshot, on_message, choices, spec.name)[1]


def backends_of(
    spec: ModelSpec,
    engine: Engine,
    first: Size,
    snapshot: Snapshot,
    live: bool,
    on_message: OnMessage,
    quietly: AbstractContextManager[object] | None = None,
    choices: Choices | None = None,
    supervisor: Supervisor | None = None,
) -> Callable[[Size], Backend]:
    """Load a show's model, which is not `none`; what is returned makes backends on it, of any size.
    The parameters: see `make_backend`; first: the size at which ways are timed. Raises Fault."""
    check_engine(engine, spec.name)
    if is_painter(spec.name):  # needs no PyTorch
        from vj.painters.loading import load_painter

        reject_adapters(spec)
        on_message(f"loading {spec.name}")
        return load_painter(
            spec.name,
            spec.style_pictures,
            spec.pictures_folder,
            snapshot,
            live,
            on_message,
            supervisor,
            only_cpu=spec.device == "cpu",
        )
    from vj.diffusion.loading import load_backends

    return load_backends(
        spec, engine, first, snapshot, live, on_message, quietly, choices, supervisor
    )


class MakesBackend(Protocol):
    """`make_backend`, of a rendering."""

    def __call__(
        self,
        spec: ModelSpec,
        engine: Engine,
        size: Size,
        snapshot: Snapshot,
        live: bool,
        on_message: OnMessage,
    ) -> Backend: ...


class KeptModels:
    """Makes backends, and keeps the models under them for the next that is made the same way: of a
    film that is rendered in pieces each is loaded once. For one thread; a backend is closed before
    the next is made on its model."""

    MOST = 4

    def __init__(self) -> None:
        self._made: dict[object, Callable[[Size], Backend]] = {}

    def __call__(
        self,
        spec: ModelSpec,
        engine: Engine,
        size: Size,
        snapshot: Snapshot,
        live: bool,
        on_message: OnMessage,
    ) -> Backend:
        """See `make_backend`."""
        if spec.name == "none":
            return make_backend(spec, engine, size, snapshot, live, on_message)
        key = repr(spec), engine, size, repr(sorted(snapshot.values.items()))
        at = self._made.pop(key, None)
        if at is None:
            at = backends_of(spec, engine, size, snapshot, live, on_message)
        while len(self._made) >= self.MOST:
            self._made.pop(next(iter(self._made)))
        self._made[key] = at
        return at(size)
