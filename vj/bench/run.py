"""Rows measured one after the other until the time is up; what is left, the next start does.

Those of one group are measured in a process of their own: what hangs, runs out of memory or breaks
off costs its own row alone, and all memory of a card is given back.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import groupby

from vj.bench.jobs import Job
from vj.bench.record import ROOT, Record, Row

MARK = "vj-bench-row "
"""Before each row in what such a process writes."""
Said = Callable[[str], None]
Rows = Iterator[tuple[str, Row]]
LEAST = 20.0
"""Seconds that must be left for another process to be begun."""


def tell(key: str, row: Row) -> None:
    """Of a process of its own: hand a row to `in_process`."""
    print(MARK + json.dumps([key, row]), flush=True)


def run(
    jobs: list[Job],
    record: Record,
    again: bool,
    seconds: float,
    measure: Callable[[list[Job], float], Rows],
    log: Said,
) -> int:
    """Measure what the record has not; again: what it has, too. seconds: for all. measure: rows of
    jobs of one group, as they come. Returns how many rows are left for another time."""
    end = time.monotonic() + seconds
    todo = [job for job in jobs if again or not record.has(job.key)]
    if len(todo) < len(jobs):
        log(f"{len(jobs) - len(todo)} of {len(jobs)} rows are there; --again measures them anew")
    groups = [list(group) for _, group in groupby(todo, lambda job: job.group)]
    while groups and end - time.monotonic() > min(LEAST, seconds / 2):
        group = groups.pop(0)
        waiting = {job.key: job for job in group}
        for key, row in measure(group, end):
            record.put(key, row)
            if row.get("unfinished"):
                continue
            waiting.pop(key, None)
            log(in_words(key, row))
        if waiting and len(waiting) < len(group):
            groups.insert(0, list(waiting.values()))
        elif waiting:
            groups.append(list(waiting.values()))
            break
    left = sum(map(len, groups))
    if left:
        log(f"the time is up: {left} rows are left, the same command goes on with them")
    return left


def in_words(key: str, row: Row) -> str:
    """A row as one line."""
    figures = ", ".join(f"{name} {value}" for name, value in row.get("figures", {}).items())
    return f"{key}: " + "; ".join(filter(None, (figures, row.get("said", ""))))


def in_process(command: list[str]) -> Callable[[list[Job], float], Rows]:
    """A `measure` for `run`. command: of a process that measures the rows whose keys it gets as
    further arguments, each after `--row`, and tells them by `tell`."""

    def measure(jobs: list[Job], end: float) -> Rows:
        keys = [part for job in jobs for part in ("--row", job.key)]
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
            process = subprocess.Popen(
                [*command, *keys],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
            try:
                yield from _heard(process, jobs, end, errors)
            finally:
                process.kill()
                process.wait()

    return measure


def _heard(process: subprocess.Popen[str], jobs: list[Job], end: float, errors: object) -> Rows:
    lines: queue.Queue[str | None] = queue.Queue()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=listen, name="bench rows", daemon=True).start()
    for job in jobs:
        limit = min(time.monotonic() + job.limit, end)
        while True:
            try:
                line = lines.get(timeout=max(0.0, limit - time.monotonic()))
            except queue.Empty:
                if limit < end:
                    yield job.key, {"said": f"not done in {job.limit:.0f} s"}
                return
            if line is None:
                yield job.key, {"said": f"its process ended: {_last(errors)}"}
                return
            if line.startswith(MARK):
                key, row = json.loads(line.removeprefix(MARK))
                yield key, row
                if not row.get("unfinished"):
                    break


def _last(errors: object) -> str:
    errors.seek(0)  # type: ignore[attr-defined]
    lines = [line for line in errors.read().splitlines() if line.strip()]  # type: ignore[attr-defined]
    return str(lines[-1])[:300] if lines else "without a word"
