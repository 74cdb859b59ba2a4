"""The parameter `record`: while it is on, what is sent is recorded too."""

from __future__ import annotations

from vj.app.context import ShowContext
from vj.app.sink_group import SinkGroup
from vj.core.supervisor import TaskQueue
from vj.parameters.table import Value


class Recordings:
    """Begins and ends recordings on a thread of its own: the parameter may be set by the render
    thread, which does not wait for a disk."""

    def __init__(self, context: ShowContext, sinks: SinkGroup) -> None:
        self._store, self._sinks = context.store, sinks
        self._tasks = TaskQueue(context.supervisor, "recordings")
        context.store.listeners.append(self._on_change)

    def start(self) -> None:
        """A show may start with it on."""
        if self._store.get("record"):
            self._sinks.record(True)

    def check(self) -> None:
        """Move recordings away from a disk that does not answer, and switch the parameter off when
        its recording has failed. To be called regularly."""
        self._sinks.check_recordings()
        if self._sinks.failed_recording:
            self._store.set("record", False)

    def close(self) -> None:
        self._tasks.close(timeout=0.2)

    def _on_change(self, name: str, value: Value, origin: object) -> None:
        if name == "record":
            self._tasks.put(lambda: self._record(bool(value)))

    def _record(self, on: bool) -> None:
        try:
            self._sinks.record(on)
        except Exception:
            if on:
                self._store.set("record", False)
            raise
