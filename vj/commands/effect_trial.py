"""Tries effects in a process of their own: what ends it, or holds it up, ends no command.

`outcomes` is the command's side. To the process, on its standard input: a line of JSON, a list of
effects. From it, on its standard output: `{}` once it can begin, and a line for each effect,
`{"fault": a text}`, empty where nothing is wrong.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from vj.core.errors import Fault
from vj.core.processes import how_it_ended
from vj.effects.header import EffectHeader, header_of
from vj.effects.stuck import GRACE, TRIAL
from vj.effects.trial import tried_effect

ROOT = Path(__file__).resolve().parents[2]
STARTS = 60.0
"""Seconds in which the process is there."""
LIMIT = 2 * (TRIAL + GRACE)
"""Seconds for one effect: what does not end is ended or left behind by then, unless it keeps all of
Python."""


def outcomes(effects: Sequence[tuple[str, EffectHeader]], device: str) -> list[str]:
    """What is wrong with each of them, (name, header); empty where nothing is. device: where
    tensors are."""
    found: list[str] = []
    while len(found) < len(effects):
        found += _by_one_process(effects[len(found) :], device)
    return found


def _by_one_process(effects: Sequence[tuple[str, EffectHeader]], device: str) -> list[str]:
    """The outcomes of the first ones, up to the one that ends the process; of one at least."""
    given = [
        {"name": name, "file": header.file, "text": header.text, "device": device}
        for name, header in effects
    ]
    paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "vj.commands.effect_trial"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
    except OSError as error:
        raise Fault(f"effects cannot be tried: no process can be started ({error})") from None
    assert process.stdin is not None
    assert process.stdout is not None
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    found: list[str] = []
    try:
        with contextlib.suppress(OSError):  # it has ended already, which is seen below
            process.stdin.write(json.dumps(given) + "\n")
        with contextlib.suppress(OSError):
            process.stdin.close()
        if not _next(lines, STARTS):
            raise Fault("effects cannot be tried: their process does not begin")
        for _, header in effects:
            line = _next(lines, LIMIT)
            if line is None:
                stands = "keeps all of Python for itself; a show that plays would stand still"
                return [*found, f"{header.file}: {stands}"]
            if not line:
                how = how_it_ended(process.wait())
                return [*found, f"{header.file}: the program {how}; so would a show that plays"]
            found.append(json.loads(line)["fault"])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    return found


def _next(lines: queue.SimpleQueue[str], seconds: float) -> str | None:
    """None where it has not come by then."""
    try:
        return lines.get(timeout=seconds)
    except queue.Empty:
        return None


def _read(stream: IO[str], lines: queue.SimpleQueue[str]) -> None:
    """The lines of a stream; an empty one at its end."""
    with contextlib.suppress(OSError, ValueError):
        for line in stream:
            lines.put(line)
    lines.put("")


def main() -> None:
    """The process. What an effect prints is no answer, and goes where errors go."""
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    given = json.loads(sys.stdin.readline())
    print(json.dumps({}), file=said, flush=True)
    for one in given:
        fault = ""
        try:
            tried_effect(one["name"], header_of(one["text"], one["file"]), one["device"])
        except Fault as wrong:
            fault = str(wrong)
        print(json.dumps({"fault": fault}), file=said, flush=True)
    os._exit(0)  # whatever an effect has left running


if __name__ == "__main__":
    main()
