"""Says once that a parameter which a show plays changes nothing with the model that paints."""

from __future__ import annotations

from collections.abc import Callable

from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend


class WithoutEffect:
    """Of one parameter that is off at 0."""

    def __init__(self, name: str, on_message: Callable[[str], None]) -> None:
        self._name, self._log = name, on_message
        self._told: set[str] = set()
        """The models of which it was said."""

    def look(self, snapshot: Snapshot, backend: Backend) -> None:
        """To be called with every frame."""
        if snapshot[self._name] == 0 or self._name not in backend.unused:
            return
        if backend.name not in self._told:
            self._told.add(backend.name)
            why = backend.unused[self._name]
            self._log(f"{self._name} changes nothing with {backend.name}: {why}")
