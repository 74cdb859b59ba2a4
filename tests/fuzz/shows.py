"""Edited show files, loaded, and played for a moment without a picture."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.failure import Failed, misfits
from tests.fuzz.show_edits import Edits
from vj.app.setup import start_values
from vj.control.build import make_engine
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.show.load import parse, show_of
from vj.show.schema import Show

SLOW = 5.0
"""Seconds of this process's own time for one file, at most."""
LONG = 600
"""Letters of a line that a person is told, at most."""
FRAMES = 4
UNEXPECTED = "cannot be used ("
"""How a fault begins that no check has expected."""


@dataclass(slots=True)
class Figures:
    """What became of a run."""

    edits: int = 0
    right: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    unexpected: Counter[str] = field(default_factory=Counter)
    """Faults that no check has expected, which are answered all the same, and how often."""

    def __str__(self) -> str:
        report = "".join(
            f"\n    {times} x {words}" for words, times in self.unexpected.most_common(20)
        )
        refused = self.edits - self.right
        return (
            f"{self.edits:,} edited shows in {self.seconds:.0f} s: {self.right:,} play, "
            f"{refused:,} are refused with a line, slowest "
            f"{self.slowest * 1e3:.0f} ms; nothing failed"
            + (
                f"; {self.unexpected.total()} were refused in words of Python:{report}"
                if report
                else ""
            )
        )


def fuzz(edits: int, seed: int, progress: Callable[[str], None] = lambda text: None) -> Figures:
    """Load so many edited shows. Raises Failed for whatever is neither a show nor a fault in lines
    that a person can read, for a show that cannot be played, and for one that takes too long."""
    made, figures, begun = Edits(seed), Figures(), time.monotonic()
    while figures.edits < edits:
        path, text = made.text()
        before = time.thread_time()
        report = ""
        try:
            play(load(path, text))
            figures.right += 1
        except Fault as fault:
            report = str(fault)
        except Exception as error:
            raise Failed(f"{path.name}: {type(error).__name__}: {error}", [text], seed) from error
        took = time.thread_time() - before
        figures.slowest = max(figures.slowest, took)
        if took > SLOW:
            raise Failed(f"{path.name}: took {took:.1f} s", [text], seed)
        if any(not line.strip() or len(line) > LONG for line in report.split("\n") if report):
            raise Failed(f"{path.name}: nobody can read {report[:300]!r}", [text], seed)
        if UNEXPECTED in report:
            figures.unexpected[
                re.sub(
                    r"^\S+ ", "", next(line for line in report.split("\n") if UNEXPECTED in line)
                )[:200]
            ] += 1
        figures.edits += 1
        if figures.edits % 500 == 0:
            progress(f"{figures.edits:,} edits")
    figures.seconds = time.monotonic() - begun
    return figures


def load(path: Path, text: str) -> Show:
    """As the program loads a file that stands where the show stands. Raises Fault."""
    return show_of(parse(text.encode("utf-8", "surrogatepass"), path), path)


def play(show: Show) -> None:
    """A few frames of all that moves by itself, each cue once. Raises Fault, as the program's start
    does, and AssertionError."""
    said: list[str] = []
    store = Store(start_values(show), show.table())
    engine, audio_inputs = make_engine(show, store, live=False, log=said.append)
    store.listeners.append(engine.changed)
    store.automation = engine
    cues = list(engine.cues.cues)[:FRAMES]
    for number in range(FRAMES):
        if number < len(cues):
            store.set("cue/fire", cues[number])
        snapshot = store.sample(number * 0.7)
        wrong = misfits(store, snapshot.values) + misfits(store, store.base())
        assert not wrong, wrong[0]
    audio_inputs.close()
    assert not [line for line in said if "failed" in line], said
