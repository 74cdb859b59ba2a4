"""What the page of a training is told, and where it is served."""

from __future__ import annotations

import json
import math
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vj.core.errors import Fault
from vj.show.page_section import parse_address
from vj.web.training_page import ENDED, TrainingPage, serve_training

if TYPE_CHECKING:  # torch comes with them, and takes seconds
    from vj.translator.best_model import Standing
    from vj.translator.plan import TranslatorPlan

LISTEN = "127.0.0.1:9080"
OFF = "off"
MESSAGES = 60
"""Lines that are kept for the page."""
POINTS = 240
"""Of the curve of the loss, at most."""


def address_of(given: str) -> tuple[str, int] | None:
    """What `--page` says: a port, HOST:PORT, or off. Raises Fault."""
    if given == OFF:
        return None
    try:
        return parse_address(given)
    except ValueError:
        raise Fault(
            f"--page {given}: a port such as 9090, 0.0.0.0:9090 for a phone to look too, or off"
        ) from None


class TrainingState:
    """What is known of a training: told by its thread, asked by the page's."""

    def __init__(self, plan: TranslatorPlan, play: str, stop: threading.Event) -> None:
        """play: the command that plays the model. stop: set to end the training."""
        from vj.translator.history import History

        self._plan, self._play, self._stop = plan, play, stop
        self._history = History(plan.history)
        self._losses, self._judged = StepLines(plan.losses), StepLines(plan.judged)
        self._messages: deque[tuple[str, str]] = deque(maxlen=MESSAGES)
        self._standing: Standing | None = None
        self._outcome: str | None = None

    def say(self, text: str) -> None:
        """A line of the training's."""
        self._messages.append((time.strftime("%H:%M:%S"), text))

    def show(self, standing: Standing) -> None:
        """Of a step. Takes no time."""
        self._standing = standing

    def end(self, outcome: str) -> None:
        """It is over. outcome: what came of it."""
        self._outcome = outcome

    def state(self) -> Mapping[str, Any]:
        """For the page. Waits for the disk."""
        plan, now, outcome = self._plan, self._standing, self._outcome
        if outcome is not None:
            phase = ENDED
        elif self._stop.is_set():
            phase = "stopping"
        else:
            phase = "reading" if now is None else "training"
        losses = thinned(self._losses.read(), POINTS)
        return {
            "name": plan.folder.name,
            "folder": plan.folder.as_posix(),
            "kind": plan.kind,
            "clips": [clip.name for clip in plan.clips],
            "size": plan.size,
            "device": plan.device,
            "phase": phase,
            "outcome": outcome or "",
            "play": self._play,
            "playable": now is not None and now.best is not None,
            "step": now.step if now is not None else 0,
            "seconds": now.seconds if now is not None else 0.0,
            "left": now.left if now is not None else 0.0,
            "share": now.share if now is not None else 0.0,
            "losses": [[row["seconds"], row["loss"]] for row in losses],
            "judged": self._judgements(),
            "messages": [{"time": at, "text": text} for at, text in list(self._messages)],
        }

    def picture(self, name: str) -> bytes | None:
        return self._history.read(name)

    def stop(self) -> None:
        self._stop.set()

    def _judgements(self) -> list[dict[str, Any]]:
        """Each with its figures, whether it has a picture, and whether it is the best."""
        from vj.translator.judge import Figures

        rows, pictures = self._judged.read(), set(self._history.steps())
        names = ("l1", "edges", "sharpness")
        scores = [Figures(*(row[name] for name in names)).score for row in rows]
        return [
            {
                **{name: row[name] for name in ("step", "seconds", *names)},
                "picture": row["step"] in pictures,
                "best": score == min(scores),
            }
            for row, score in zip(rows, scores, strict=True)
        ]


class StepLines:
    """A file of JSON lines with a `step` each, which grows. Of steps that were made again after a
    process was killed the last ones count."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        """Bytes."""
        self._rows: list[dict[str, Any]] = []

    def read(self) -> list[dict[str, Any]]:
        """All rows whose numbers are numbers. Reads what has come since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                whole, _, _ = file.read().rpartition(b"\n")
        except OSError:
            return list(self._rows)
        if whole:
            self._read += len(whole) + 1
        for line in whole.splitlines():
            try:
                row = json.loads(line)
                good = all(math.isfinite(value) for value in row.values())
            except (ValueError, TypeError, AttributeError):  # the disk was full
                continue
            while self._rows and self._rows[-1]["step"] >= row["step"]:
                self._rows.pop()
            if good:
                self._rows.append(row)
        return list(self._rows)


def thinned(rows: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """At most so many, evenly, the last one among them."""
    stride = max(1, math.ceil(len(rows) / most))
    return list(rows[::-1][::stride])[::-1]


@contextmanager
def page_of(
    state: TrainingState, listen: tuple[str, int] | None, log: Callable[[str], None]
) -> Iterator[TrainingPage | None]:
    """Serve a training's page while it lasts. Where it cannot be served that is said, and the
    training goes on."""
    page: TrainingPage | None = None
    if listen is not None:
        try:
            page = serve_training(state, listen, log)
        except Fault as fault:
            log(f"{fault}; the training goes on without its page")
    if page is not None:
        if sys.stdout is not None and sys.stdout.isatty():
            for line in page.code_lines():
                log(line)
        log(f"watch it get better: {page.url}")
        for line in page.reach():
            log(line)
    try:
        yield page
    finally:
        if page is not None:
            page.stop()
