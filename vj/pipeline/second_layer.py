"""A second layer of the model that plays, made beside the picture: for the place behind somebody,
and for the new edges of a journey."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vj.core.errors import told
from vj.core.mailbox import Mailbox
from vj.core.supervisor import Supervisor
from vj.core.worker import NewestWorker
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend, Layered, PassThrough


class SecondLayer:
    """One layer of the newest backend. Belongs to the render thread."""

    def __init__(
        self,
        thread: str,
        without: tuple[str, str],
        say: Callable[[str], None],
        supervisor: Supervisor,
        live: bool,
    ) -> None:
        """thread: the name of the one that makes it. without: that there is no layer, and what is
        seen then, for messages. live: it is made on that thread, and on the spot otherwise."""
        self._none, self._then = without
        self._say, self._live = say, live
        self._worker = NewestWorker(supervisor, thread, self._make)
        self._made: Mailbox[tuple[Backend, Backend]] = Mailbox()
        self._backend: Backend | None = None
        """Whose layer it is."""
        self._own: Snapshot | None = None
        self._layer: Backend | None = None

    def of(self, backend: Backend, own: Snapshot) -> Backend | None:
        """The layer that paints beside backend; None while it is being made, and where there is
        none. own: what it is going to paint by."""
        if backend is not self._backend:
            self.drop()
            self._backend = backend
            if type(backend) is PassThrough and backend.waits:
                pass  # the model that is to come may well paint one
            elif not isinstance(backend, Layered):
                self._say(f"{backend.name} paints no second layer: {self._then}")
            elif self._live:
                self._worker.put((backend, own))
            else:
                self._make((backend, own))
        made = self._made.get(0) if self._layer is None else None
        if made is not None:
            if made[0] is backend:
                self._layer = made[1]
            else:
                made[1].close()
        if self._layer is not None:
            self._layer.keep_up(own)
        self._own = own
        return self._layer

    def make_later(self, name: str, held: Mapping[str, Any]) -> Backend | None:
        """For a rendering that goes on, see `object_state.MadeLater`: the layer, before what it has
        painted is put back."""
        backend, own = held.get("_backend"), held.get("_own")
        if name != "_layer" or not isinstance(backend, Layered) or own is None:
            return None
        layer = backend.layer()
        layer.keep_up(own)
        return layer

    def belongs_to(self, backend: Backend) -> bool:
        """It was asked for beside this backend last."""
        return backend is self._backend

    def leave(self, backend: Backend) -> None:
        """This backend plays no more."""
        if self.belongs_to(backend):
            self.drop()

    def _make(self, item: tuple[Layered, Snapshot]) -> None:
        """With all that its first painting needs."""
        backend, own = item
        try:
            layer = backend.layer()
            layer.keep_up(own)
        except Exception as error:  # a card that is full: the picture goes on without
            self._say(f"{self._none} ({told(error)}): {self._then}")
            return
        passed_over = self._made.get(0)
        if passed_over is not None:
            passed_over[1].close()
        self._made.put((backend, layer))

    def drop(self) -> None:
        """Without a layer until it is asked for again."""
        layer, self._layer, self._backend = self._layer, None, None
        if layer is not None:
            layer.close()
        made = self._made.get(0)
        if made is not None:
            made[1].close()

    def close(self) -> None:
        """End its threads. May be called twice."""
        self._worker.close()
        self.drop()
