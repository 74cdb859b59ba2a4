"""The take that a show writes while it plays."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

from vj.control.takes import TakeWriter
from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.parameters.store import Store

TAKES = Path("takes")


class TakeRecording:
    """Writes one take at a time. Waits for the disk; from any thread."""

    def __init__(
        self,
        store: Store,
        log: Callable[[str], None],
        render_size: Callable[[], Size],
        supervisor: Supervisor,
        waits: bool,
    ) -> None:
        """waits: takes begin when `begin` is called."""
        self._store, self._log, self._render_size = store, log, render_size
        self._supervisor, self._waits = supervisor, waits
        self._take: TakeWriter | None = None
        self._since = 0.0
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float | None:
        """How long the take has been written; None without one, and once it has ended early."""
        take = self._take
        return None if take is None or take.ended else time.monotonic() - self._since

    def start(self, show: str, path: Path | None = None) -> None:
        """Begin a take of a show, in `takes/` unless a path is given; nothing when one is being
        written. Raises Fault when it cannot be."""
        path = path or TAKES / time.strftime("%Y-%m-%d_%H-%M-%S.take")
        if self._take is not None and self._take.ended:
            self.end()
        with self._lock:
            if self._take is None:
                self._take = TakeWriter(
                    path, show, self._log, self._render_size, self._supervisor, self._fired()
                )
                self._since = time.monotonic()
                if not self._waits:
                    self._observe(self._take)
                path = self._take.path
                self._log(
                    f"the take is written into {path}; render it with --replay {path} --offline"
                )

    def _fired(self) -> dict[str, int]:
        """How often each sound was started and stopped so far: what has been heard is not heard
        again."""
        rows = self._store.table.rows.values()
        fired = [row.name for row in rows if row.kind == "trigger" and row.name[:6] == "sound/"]
        return {name: count for name in fired if (count := int(self._store.get(name)))}

    def begin(self) -> None:
        """The show begins, and a take that waits for it. Does not block."""
        self._waits = False
        if self._take is not None:
            self._observe(self._take)

    def _observe(self, take: TakeWriter) -> None:
        if take.record not in self._store.observers:
            self._store.observers.append(take.record)

    def end(self) -> None:
        """Close the take, if there is one."""
        with self._lock:
            if self._take is not None:
                with contextlib.suppress(ValueError):  # the show has not begun
                    self._store.observers.remove(self._take.record)
                self._take.close()
                self._log(f"the take is in {self._take.path} ({self._take.frames} frames)")
                self._take = None
