"""What is installed, and what could not be: .venv/launch.json. Standard library only; launch.py and
`launch.py list` stand on it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vj.install_plan import ADD, InstallStep, Part, read

STAMP = "launch.json"
Stamp = dict[str, dict[str, Any]]
"""What is installed: {"ready": {goal: fingerprint}, "layers": {layer: key}, "failed": {part:
{"key", "when", "why"}}, "offered": {part: True}}."""
LEFT_OUT, OFFLINE = 14 * 86400.0, 3600.0
"""Seconds for which a part that did not install is left out: as a rule, and when only the network
did not answer."""


def read_stamp(venv: Path) -> Stamp:
    """What the last start noted; nothing when that cannot be read."""
    try:
        stamp = json.loads(read(venv / STAMP))
        found = {
            "ready": dict(stamp["ready"]),
            "layers": dict(stamp["layers"]),
            "failed": dict(stamp.get("failed", {})),
            "offered": dict(stamp.get("offered", {})),
        }
        for failure in found["failed"].values():
            float(failure["when"]), str(failure["key"]), str(failure["why"])
        return found
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"ready": {}, "layers": {}, "failed": {}, "offered": {}}


def write_stamp(venv: Path, stamp: Stamp) -> None:
    draft = venv / f"{STAMP}.{os.getpid()}"
    draft.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    os.replace(draft, venv / STAMP)


def due(failure: dict[str, Any]) -> bool:
    """Whether a part that did not install is to be tried again. A clock that was set back does not
    count as a while."""
    return time.time() - float(failure["when"]) > (
        OFFLINE if "network" in failure["why"] else LEFT_OUT
    )


def note(venv: Path, stamp: Stamp, step: InstallStep, why: str = "") -> None:
    """Writes down that a layer is installed, or why it is not."""
    for kind in ("layers", "failed"):
        stamp[kind].pop(step.layer, None)
    if why:
        stamp["failed"][step.layer] = {"key": step.key, "when": time.time(), "why": why}
    else:
        stamp["layers"][step.layer] = step.key
    write_stamp(venv, stamp)


def wanted(step: InstallStep, stamp: Stamp, goal: str = "play") -> bool:
    """Not a part that nobody asked for, nor one that failed and is left out for a while. One that
    failed was asked for once. goal: "play" or "test"."""
    failure = stamp["failed"].get(step.layer)
    if failure is not None and failure["key"] == step.key and not due(failure):
        return False
    once = step.layer in stamp["layers"] or failure is not None
    part = step.part
    return part is None or not part.asked or once or (goal == "test" and part.tested)


def offer(steps: list[InstallStep], stamp: Stamp) -> list[str]:
    """A line about the parts that are worth having on every machine and are only installed when
    asked for; noted, so that nobody is asked twice. Empty where there is nothing to offer."""
    new = [
        step
        for step in steps
        if step.carrier and not any(step.layer in stamp[kind] for kind in stamp)
    ]
    stamp["offered"].update((step.layer, True) for step in new)
    if not new:
        return []
    names = " ".join(step.layer for step in new)
    titles = ", ".join(step.title for step in new)
    return [f"also to be had, and no graphics card needed: {titles}: {ADD} {names}"]


def state_of(
    part: Part, found: dict[str, InstallStep], stamp: Stamp, lost: Sequence[str] = ()
) -> str:
    """In a few words: installed, or why not. lost: its packages and files that
    are missing or altered."""
    if part.name not in found:
        return (
            "an NVIDIA card is needed"
            if part.name == "cupy"
            else "no build for this system and this Python"
        )
    if part.name in stamp["layers"]:
        files = ", ".join(lost)
        return f"installed, but without {files}: {ADD} {part.name}" if lost else "installed"
    failure = stamp["failed"].get(part.name)
    return (
        f"could not be installed: {failure['why']}"
        if failure
        else "only when asked for"
        if part.asked
        else "not installed"
    )
