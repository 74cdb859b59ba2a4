"""An effect as it is played: with its parameters of the frame and its amount, timed, left out while
it fails or takes too long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.metrics import Metrics
from vj.core.supervisor import StageMarker
from vj.effects.header import AMOUNT, BUDGET, PREFIX
from vj.effects.loaded import FrameTime, LoadedEffect
from vj.effects.stuck import LIMIT, EffectStuck, EffectThread
from vj.parameters.row import Parameter
from vj.parameters.store import Snapshot

PATIENCE = 30
"""Frames in a row that may take longer."""
RETRY = 10.0
"""Seconds on the show's clock after which one that has failed is tried again."""
AGAIN = f"and tried again every {RETRY:g} s"
TYPES: dict[str, tuple[type, ...]] = {
    "float": (float, int),
    "int": (int,),
    "switch": (bool,),
    "choice": (str,),
    "text": (str,),
}


class PlayedEffect:
    """One entry of a show's `effects:`. Belongs to the thread that calls `of`, but for `state`."""

    def __init__(
        self,
        effect: LoadedEffect,
        metrics: Metrics,
        log: Callable[[str], None],
        *,
        live: bool,
        period: Callable[[], float] = lambda: 1 / 30,
        share: float = BUDGET,
        settled: Callable[[], bool] = lambda: True,
        limit: float = LIMIT,
    ) -> None:
        """live: what it raises is logged, and its frame goes on without; else that is raised, and
        it may take as long as it wants. period: seconds of a frame. share: of these, which it may
        take. settled: asked whether the machine is not busy with something else, such as loading a
        model, so that its time counts. limit: seconds after which it is ended where it does not end
        by itself, live."""
        self._limit, self._thread = limit, EffectThread(f"effect {effect.name}")
        self.name, self.header = effect.name, effect.header
        self._effect, self._metrics, self._log = effect, metrics, log
        self._live, self._period, self._share, self._settled = live, period, share, settled
        self._amount = f"{PREFIX}{self.name}/{AMOUNT}"
        self._names = [(f"{PREFIX}{self.name}/{row.name}", row) for row in self.header.parameters]
        self._fired: dict[str, int] = {}
        self._memory: dict[str, Any] = {}
        self._over: list[float] = []
        self.left_out = ""
        """Why it is not played; empty while it is."""
        self._again = 0.0
        self._told = ""
        self._took = 0.0
        self._rests = False
        """Its amount is 0."""

    @property
    def state(self) -> str:
        """`trails 1.2 ms`, `trails off`, or why it is left out. From any thread."""
        if self.left_out:
            return f"{self.name} left out: {self.left_out}"
        return f"{self.name} off" if self._rests else f"{self.name} {self._took * 1e3:.1f} ms"

    def amount(self, snapshot: Snapshot) -> float:
        """How much of it is seen, 0..1."""
        return float(snapshot.values.get(self._amount, 1.0))

    def reset(self) -> None:
        """What it remembers goes."""
        self._memory = {}

    def passed(self, snapshot: Snapshot) -> None:
        """A frame goes by of which no picture is made."""
        for name, row in self._names:
            self._value(name, row, snapshot)
        self._rests = self.amount(snapshot) <= 0
        if self._rests:
            self._rest()

    def of(
        self, picture: np.ndarray, snapshot: Snapshot, moment: FrameTime, stage: StageMarker
    ) -> np.ndarray:
        """picture: (H, W, 3) uint8, not written to. Returns another, or the same where it is not
        run. Raises Fault for what the file does wrong, unless it plays live."""
        values = {row.name: self._value(name, row, snapshot) for name, row in self._names}
        amount = self.amount(snapshot)
        self._rests = amount <= 0
        if self._rests:
            self._rest()
            return picture
        if self.left_out:
            if moment < self._again:
                return picture
            self.left_out = ""
        begun, memory = time.perf_counter(), self._memory
        stage.enter(f"effect {self.name}")
        try:
            made = self._run(lambda: self._effect(picture, values, moment, memory))
        except (Fault, EffectStuck) as error:
            if not self._live:
                raise
            self._fails(str(error), moment)
            return picture
        self._took = self._metrics.lap(f"effect {self.name}", begun) - begun
        self._judge(self._took)
        return made if amount >= 1 else cv2.addWeighted(made, amount, picture, 1 - amount, 0)

    def _run(self, call: Callable[[], np.ndarray]) -> np.ndarray:
        """Live on a thread of its own, for which the picture waits no longer than it must."""
        if not self._live:
            return call()
        return self._thread.call(call, self._limit, file=self.header.file)

    def _value(self, name: str, row: Parameter, snapshot: Snapshot) -> Any:
        """Its value in this frame. What is of another kind is of the table before a save, or of an
        older take: then as it starts. A trigger is True in the frame in which it was fired."""
        value = snapshot.values.get(name, row.start)
        if row.kind == "trigger":
            before = self._fired.get(name, int(value))
            self._fired[name] = int(value)
            return int(value) > before
        fits = isinstance(value, TYPES[row.kind]) and (not row.choices or value in row.choices)
        return value if fits else row.start

    def _rest(self) -> None:
        """It is not run. What was wrong with it is forgotten: it is tried again when it comes
        back."""
        self._over.clear()
        if self.left_out and self._thread.waits:
            return
        if self._memory or self.left_out:
            self._memory, self.left_out, self._told = {}, "", ""

    def _fails(self, message: str, moment: float) -> None:
        self._metrics.faults += 1
        self._memory = {}
        stuck = self._thread.stuck
        self.left_out, self._again = message, float("inf") if stuck else moment + RETRY
        if message != self._told:
            self._told = message
            again = "or its amount goes to 0 and up again" if stuck else AGAIN
            self._log(
                f"{message}\nthe effect {self.name} is left out until the file is saved, {again}"
            )

    def _judge(self, took: float) -> None:
        """Leave it out once it has been too slow for long enough."""
        budget = self._share * self._period()
        if not self._live or took <= budget or not self._settled():
            self._over.clear()
            return
        self._over.append(took)
        if len(self._over) < PATIENCE:
            return
        mean = sum(self._over) / len(self._over)
        self._over.clear()
        self._memory = {}
        self.left_out = f"took {mean * 1e3:.0f} ms a frame, and may take {budget * 1e3:.0f}"
        self._again = float("inf")
        self._log(
            f"{self.header.file}: the effect {self.name} {self.left_out}; it is left out until "
            "the file is saved, or its amount goes to 0 and up again. budget: in the show gives it "
            "more"
        )
