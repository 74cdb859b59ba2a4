"""Says once that a parameter which a show plays changes nothing with the model that paints."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend


class WithoutEffect:
    """Of parameters that are off at 0."""

    def __init__(self, names: Sequence[str], on_message: Callable[[str], None]) -> None:
        self._names, self._log = names, on_message
        self._told: set[tuple[str, str]] = set()
        """The parameters and models of which it was said."""

    def look(self, snapshot: Snapshot, backend: Backend) -> None:
        """To be called with every frame."""
        for name in self._names:
            told = name, backend.name
            if snapshot[name] == 0 or name not in backend.unused or told in self._told:
                continue
            self._told.add(told)
            self._log(f"{name} changes nothing with {backend.name}: {backend.unused[name]}")
