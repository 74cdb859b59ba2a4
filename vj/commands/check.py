"""`check SHOW`: all that is wrong with a show, before it is played."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vj.commands.check_clips import check_clips
from vj.commands.check_controls import check_controls
from vj.commands.check_effects import described, run_effects
from vj.commands.check_files import check_files
from vj.commands.check_models import check_models
from vj.commands.check_result import CheckResult
from vj.commands.console_lines import print_error, print_line
from vj.show.load import Reading, find_show, read_show
from vj.show.room_file import is_room
from vj.show.schema import Show
from vj.sinks.rule import parse

Log = Callable[[str], object]


def check(arguments: Sequence[str], log: Log = print_line, log_error: Log = print_error) -> int:
    """The command. Returns 0 when the show is right, with warnings or without, else 1. log: gets
    what plays, and warnings. log_error: gets what is wrong. Raises Fault for a missing file."""
    made = argparse.ArgumentParser(
        prog="launch.py check",
        description="Check a show file without playing it: what it says, and whether the files, "
        "models, devices and ports that it names "
        "can be had here.",
    )
    made.add_argument("show", metavar="SHOW", help="a show file, or a name in mappings/")
    path = find_show(made.parse_args(arguments).show)
    if is_room(path):
        from vj.commands.check_room import check_room

        return check_room(path, log, log_error, check_show_file, summary)
    reading, result = check_show_file(path)
    for fault in result.errors:
        log_error(fault)
    for warning in result.warnings:
        log(f"warning: {warning}")
    if result.skipped:
        log(f"not checked: {', '.join(result.skipped)}")
    if result.errors:
        count = len(result.errors)
        log_error(f"{path}: {'one thing is' if count == 1 else f'{count} things are'} wrong")
        return 1
    assert reading.show is not None
    for rule in reading.show.effects:
        log(described(rule))
    log(f"{path}: right. {summary(reading.show)}")
    return 0


def check_show_file(
    path: Path, overrides: dict[str, Any] | None = None
) -> tuple[Reading, CheckResult]:
    """The show that was read, and the result. Nothing is played, fetched or loaded; the show's own
    effects are run. overrides: see `vj.show.load.read_show`. Raises Fault for a file that cannot be
    read."""
    reading = read_show(path, overrides)
    result = CheckResult(reading)
    if reading.show is not None and reading.origins is not None:
        for check_part in (check_files, check_clips, check_models, check_controls, run_effects):
            check_part(reading.show, result)
    return reading, result


def summary(show: Show) -> str:
    """`Two faces: camera -> pocket at 512x512 -> ndi:vj, preview`."""
    return (
        f"{show.show}: {', '.join(show.source)} -> {show.model.name} at {show.size} -> "
        f"{', '.join(_sink(text) for text in show.sinks) or 'nowhere'}"
    )


def _sink(text: str) -> str:
    """`ndi:key (mask, left third)`."""
    rule = parse(text)
    return f"{rule.to} ({rule.words})" if rule.words else rule.to
