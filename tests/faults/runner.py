"""Plays a show, does to it what is on the list, and tells what became of it."""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.faults.by_file import FILE_FAULTS
from tests.faults.by_hand import HAND_FAULTS
from tests.faults.by_ndi import NDI_FAULTS
from tests.faults.by_osc import OSC_FAULTS
from tests.faults.by_process import PROCESS_FAULTS
from tests.faults.by_web import WEB_FAULTS
from tests.faults.fault import Fault, Outcome, alone, inject
from tests.faults.stage import Figures, Stage

FAULTS = (*FILE_FAULTS, *OSC_FAULTS, *WEB_FAULTS, *NDI_FAULTS, *HAND_FAULTS, *PROCESS_FAULTS)
SETTLES = 0.2
"""Share of a soak after which the process has the size it is going to have."""
GROWTH_AN_HOUR = 60.0
"""Megabytes that a soak may add in an hour."""

Log = Callable[[str], None]


def named(name: str) -> list[Fault]:
    """Those whose names begin so. Raises SystemExit for none."""
    found = [fault for fault in FAULTS if fault.name.startswith(name)]
    if not found:
        raise SystemExit(f"{name}: no such fault; --list names them")
    return found


def run(faults: Sequence[Fault], say: Log = print) -> list[Outcome]:
    """One after the other: those that share a stage in one process, the others each in their
    own."""
    with tempfile.TemporaryDirectory(prefix="vj-faults-") as folder:
        outcomes = [
            *together([fault for fault in faults if not fault.own], Path(folder) / "shared", say)
        ]
        for fault in faults:
            if fault.own:
                outcomes.append(alone(fault, Stage(Path(folder) / fault.name)))
                say(outcomes[-1].line())
    return outcomes


def together(faults: Sequence[Fault], folder: Path, say: Log = print) -> list[Outcome]:
    """In one process, which is begun again when a fault ends it."""
    outcomes: list[Outcome] = []
    stage: Stage | None = None
    try:
        for fault in faults:
            if stage is None or not stage.alive:
                if stage is not None:
                    stage.close()
                stage = playing(folder)
            outcomes.append(inject(fault, stage))
            say(outcomes[-1].line())
        if stage is not None and stage.alive:
            code, took = stage.end()
            if code or took > 3:
                outcomes[-1].wrong.append(f"it ended with {code} in {took:.1f} s")
    finally:
        if stage is not None:
            stage.close()
    return outcomes


def playing(folder: Path) -> Stage:
    """A stage whose picture is there. Raises AssertionError."""
    stage = Stage(folder)
    try:
        stage.begin()
        assert stage.eye is not None
        assert stage.eye.wait(5, 20), f"no picture comes:\n{stage.text()}"
    except BaseException:
        stage.close()
        raise
    return stage


def soak(minutes: float, seed: int, say: Log = print) -> tuple[list[Outcome], str]:
    """One process, for so many minutes, with faults at random. Returns what became of each, and the
    figures in a line."""
    chosen = random.Random(seed)
    faults = [fault for fault in FAULTS if not fault.own]
    outcomes: list[Outcome] = []
    begun, settled = time.monotonic(), (0.0, None)
    with tempfile.TemporaryDirectory(prefix="vj-faults-") as folder:
        stage = playing(Path(folder))
        first = stage.figures()
        at_rest: tuple[float, Figures | None] = settled
        try:
            while (passed := time.monotonic() - begun) < 60 * minutes and stage.alive:
                outcomes.append(inject(chosen.choice(faults), stage))
                say(f"{passed / 60:5.1f} min  {outcomes[-1].line()}")
                if at_rest[1] is None and passed > SETTLES * 60 * minutes:
                    at_rest = passed, stage.figures()
            last = stage.figures()
            seconds = time.monotonic() - begun
            alive = stage.alive
            code, took = stage.end()
            picture = stage.eye.verdict(begun, begun + seconds) if stage.eye is not None else None
        finally:
            stage.close()
    wrong = [outcome for outcome in outcomes if not outcome.right]
    told = f"{seconds / 60:.0f} minutes, {len(outcomes)} faults, {len(wrong)} wrong, {picture}"
    if first is not None and last is not None:
        told += f"; {first.memory:.0f} MB became {last.memory:.0f}, {first.threads} threads "
        told += f"{last.threads}, {first.files} files {last.files}"
    if at_rest[1] is not None and last is not None and seconds > at_rest[0]:
        told += (
            f"; {(last.memory - at_rest[1].memory) / (seconds - at_rest[0]) * 3600:+.0f} MB "
            "an hour after the first fifth"
        )
    told += f"; ended with {code} in {took:.1f} s" if alive else f"; IT ENDED BY ITSELF with {code}"
    return outcomes, told


def markdown(outcomes: Sequence[Outcome]) -> str:
    """The table of docs/reliability.md."""
    lines = ["| fault | what is done | what happened | the picture |", "|---|---|---|---|"]
    for outcome in outcomes:
        parts = [f"not tried: {outcome.skipped}"] if outcome.skipped else []
        parts += [f"**wrong**: {'; '.join(outcome.wrong)}"] if outcome.wrong else []
        parts += [outcome.told] if outcome.told else []
        parts += [f"“{outcome.said}”"] if outcome.said else []
        picture = "" if outcome.picture is None or outcome.skipped else str(outcome.picture)
        cells = outcome.fault.name, outcome.fault.what, _plain("; ".join(parts)), picture
        row = " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
        lines.append(f"| {row} |")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Without the folder it played in and the names of its own, and not too long."""
    text = re.sub(r"/\S*?vj-faults-\w+/[\w-]+/", "", text)
    text = re.sub(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", "DATE", text)
    return re.sub(r"\w{60,}", lambda long: f"{long[0][:8]}...", text)[:400]
