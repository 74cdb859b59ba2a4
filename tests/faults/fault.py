"""What one fault is, and how it is found out what becomes of it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.faults.eye import LONGEST, Verdict
from tests.faults.stage import Figures, Stage

SETTLES = 10.0
"""Seconds in which threads, files and memory have to be given back."""
CALM = 1.0
"""Seconds of good pictures that have to come after every fault."""
RECOVERS = 10.0
"""Seconds in which they have to."""
SAID = 10.0
"""Seconds in which it has to be said."""
GROWTH = 80.0
"""Megabytes by which one fault may make the process grow."""
MORE_THREADS, MORE_FILES = 10, 12
"""Beyond what there were, once it is over; pools grow to their size the first time."""
ALARMS = ("Traceback", " failed (", "please report", "Segmentation", "core dumped", "Fatal Python")
"""What may never be logged unless the fault allows it. ` failed (` is how the supervisor reports an
error that the code did not expect; a sink that fails for a known reason logs ` failed: `."""


class Skipped(Exception):
    """It cannot be tried here, and why."""


class Wrong(AssertionError):
    """What should not have happened."""


@dataclass(frozen=True, slots=True)
class Fault:
    """do: what goes wrong, to the stage; what it returns is told in the table. Raises Skipped, or
    an AssertionError for what is wrong. said: a pattern that one of the show's lines has to match,
    "" for none. may: what the picture may do meanwhile, of `gap`, `frozen`, `black` and `even`.
    undo: puts things right again. own: it gets a stage of its own, not begun yet, and judges it by
    itself. quick: is part of the suite's selection. watch: seconds for which is looked on after it
    was done. within: seconds in which it has to be said. grows: megabytes by which the process
    may."""

    name: str
    what: str
    do: Callable[[Stage], str | None]
    said: str = ""
    may: frozenset[str] = frozenset()
    undo: Callable[[Stage], object] | None = None
    own: bool = False
    quick: bool = False
    watch: float = 1.0
    within: float = SAID
    grows: float = GROWTH
    alarms: tuple[str, ...] = ()
    """Of `ALARMS`, those that are right here."""


@dataclass(slots=True)
class Outcome:
    """What became of it."""

    fault: Fault
    wrong: list[str] = field(default_factory=list)
    said: str = ""
    told: str = ""
    """By the fault itself."""
    picture: Verdict | None = None
    before: Figures | None = None
    after: Figures | None = None
    skipped: str = ""
    busy: bool = False
    """The machine was too busy to judge gaps by."""
    seconds: float = 0.0

    @property
    def right(self) -> bool:
        return not self.wrong

    def line(self) -> str:
        """For a terminal."""
        head = "skipped" if self.skipped else "right  " if self.right else "WRONG  "
        parts = [
            self.skipped or "; ".join(self.wrong),
            self.told,
            f"“{self.said}”" if self.said else "",
        ]
        parts += [str(self.picture) if self.picture is not None else "", self._grown()]
        parts += ["the machine was busy: longer gaps were let pass"] if self.busy else []
        return (
            f"{head} {self.fault.name:22} {self.seconds:4.1f} s  "
            f"{'; '.join(part for part in parts if part)}"
        )

    def _grown(self) -> str:
        if self.before is None or self.after is None:
            return ""
        return (
            f"{self.after.memory - self.before.memory:+.0f} MB, "
            f"{self.after.threads - self.before.threads:+d} threads, "
            f"{self.after.files - self.before.files:+d} files"
        )


def inject(fault: Fault, stage: Stage) -> Outcome:
    """Do it to a stage that plays, and look what happens."""
    outcome = Outcome(fault, before=stage.figures())
    eye, begun = stage.eye, time.monotonic()
    assert eye is not None
    calm = eye.verdict(begun - 1.5, begun)
    eye.held_up()
    try:
        outcome.told = fault.do(stage) or ""
        if fault.said:
            outcome.said = stage.waits_for(fault.said, fault.within, begun)
            if not outcome.said:
                outcome.wrong.append(f"nobody said {fault.said!r}: {stage.said(begun)[-3:]}")
        time.sleep(fault.watch)
    except Skipped as reason:
        outcome.skipped = str(reason)
    except AssertionError as error:
        outcome.wrong.append(f"{error}"[:400])
    done = time.monotonic()
    late = eye.held_up()
    outcome.picture = eye.verdict(begun, done)
    limit = max(LONGEST, 3 * calm.gap, 2 * late)
    outcome.busy = max(outcome.picture.gap, outcome.picture.stood) > LONGEST < limit
    outcome.wrong += unwanted(outcome.picture, fault.may, limit)
    if fault.undo is not None:
        fault.undo(stage)
    outcome.wrong += over(stage, begun)
    outcome.wrong += settled(outcome, stage)
    outcome.wrong += alarms(stage, begun, fault)
    outcome.seconds = time.monotonic() - begun
    return outcome


def unwanted(picture: Verdict, may: frozenset[str], limit: float) -> list[str]:
    """What the picture did and may not."""
    found = picture.wrong - may
    if picture.gap <= limit:
        found -= {"gap"}
    if picture.stood <= limit:
        found -= {"frozen"}
    return [f"the picture: {', '.join(sorted(found))} ({picture})"] if found else []


def over(stage: Stage, begun: float) -> list[str]:
    """Does it play again, without a gap, a black picture or one that stands?"""
    assert stage.eye is not None
    end = time.monotonic() + RECOVERS
    verdict: Verdict | None = None
    while time.monotonic() < end:
        if not stage.alive:
            assert stage.process is not None
            return [f"it has ended with {stage.process.poll()}: {stage.said(begun)[-5:]}"]
        time.sleep(0.1)
        now = time.monotonic()
        verdict = stage.eye.verdict(now - CALM, now)
        if not verdict.wrong and verdict.pictures > 1:
            return []
    return [f"it did not recover in {RECOVERS:g} s: {verdict}"]


def settled(outcome: Outcome, stage: Stage) -> list[str]:
    """What stays taken; what libraries take down in their own time is waited for."""
    end = time.monotonic() + SETTLES
    while True:
        outcome.after = stage.figures()
        found = costs(outcome)
        if not found or time.monotonic() > end or not stage.alive:
            return found
        time.sleep(0.25)


def costs(outcome: Outcome) -> list[str]:
    """What stays taken."""
    before, after = outcome.before, outcome.after
    if before is None or after is None:
        return []
    found = []
    if after.memory - before.memory > outcome.fault.grows:
        found.append(f"grew by {after.memory - before.memory:.0f} MB")
    if after.threads - before.threads > MORE_THREADS:
        found.append(f"{before.threads} threads became {after.threads}")
    if after.files - before.files > MORE_FILES:
        found.append(f"{before.files} open files became {after.files}")
    return found


def alarms(stage: Stage, since: float, fault: Fault) -> list[str]:
    """Lines that nobody should have to read."""
    never = [word for word in ALARMS if word not in fault.alarms]
    return [
        f"it said {line!r:.300}"
        for line in stage.said(since)
        if any(word in line for word in never)
    ][:3]


def alone(fault: Fault, stage: Stage) -> Outcome:
    """Give it a stage of its own."""
    outcome, begun = Outcome(fault), time.monotonic()
    try:
        outcome.told = fault.do(stage) or ""
        if fault.said:
            outcome.said = stage.waits_for(fault.said, fault.within)
            if not outcome.said:
                outcome.wrong.append(f"nobody said {fault.said!r}: {stage.said()[-3:]}")
    except Skipped as reason:
        outcome.skipped = str(reason)
    except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
        outcome.wrong.append(f"{type(error).__name__}: {error}"[:600])
    finally:
        stage.close()
    outcome.wrong += alarms(stage, 0.0, fault)
    outcome.seconds = time.monotonic() - begun
    return outcome


def during(stage: Stage, seconds: float, step: float = 0.0) -> Iterator[int]:
    """Again and again for so many seconds of the steady clock; pauses in between."""
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end and stage.alive:
        yield number
        number += 1
        if step:
            time.sleep(step)
