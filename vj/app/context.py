"""What all parts of a live show share."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from vj.app.messages import Messages
from vj.core.canvas import Canvas
from vj.core.clock import Clock
from vj.core.metrics import Metrics
from vj.core.supervisor import Supervisor
from vj.parameters.store import Store
from vj.show.schema import Show


class RunState:
    """Which show plays, and how far it has come. Its attributes are replaced, never changed in
    place, so that any thread may read them."""

    def __init__(self, show: Show) -> None:
        self.show = show
        """As it was saved last."""
        self.text = "starting"
        """`starting`, what the model loader does, `playing`, `no model` or `stopping`."""
        self.playing_since: float | None = None
        """Seconds on the show's clock: when the first frame was generated, or when the model had
        failed to load. None before."""
        self.over = threading.Event()
        """Set when the show stops."""

    @property
    def stopping(self) -> bool:
        return self.over.is_set()


@dataclass(frozen=True, slots=True)
class ShowContext:
    """Given to every part of a live show. Whatever is in it may be used from any thread."""

    run: RunState
    clock: Clock
    store: Store
    metrics: Metrics
    messages: Messages
    supervisor: Supervisor
    canvas: Canvas
    """What people draw on the page."""
