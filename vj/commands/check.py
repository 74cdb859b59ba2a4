"""`check SHOW`: all that is wrong with a show, before it is played."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from vj.commands.check_controls import check_controls
from vj.commands.check_files import check_files
from vj.commands.check_models import check_models
from vj.commands.check_result import Findings
from vj.commands.console_lines import print_error, print_line
from vj.show.load import Reading, find_show, read_show
from vj.show.schema import Show

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
    reading, found = check_show_file(path)
    for fault in found.faults:
        log_error(fault)
    for warning in found.warnings:
        log(f"warning: {warning}")
    if found.unchecked:
        log(f"not checked: {', '.join(found.unchecked)}")
    if found.faults:
        count = len(found.faults)
        log_error(f"{path}: {'one thing is' if count == 1 else f'{count} things are'} wrong")
        return 1
    assert reading.show is not None
    log(f"{path}: right. {summary(reading.show)}")
    return 0


def check_show_file(path: Path) -> tuple[Reading, Findings]:
    """What was read, and what was found. Nothing is played, fetched or loaded. Raises Fault for a
    file that cannot be read."""
    reading = read_show(path)
    found = Findings(reading)
    if reading.show is not None and reading.origins is not None:
        for look in (check_files, check_models, check_controls):
            look(reading.show, found)
    return reading, found


def summary(show: Show) -> str:
    """`Two faces: camera -> pocket at 512x512 -> ndi:vj, preview`."""
    return (
        f"{show.show}: {', '.join(show.source)} -> {show.model.name} at {show.size} -> "
        f"{', '.join(show.sinks) or 'nowhere'}"
    )
