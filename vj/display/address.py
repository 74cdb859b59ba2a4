"""What stands behind `display:`: which monitor, full screen or a window."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vj.core.errors import Fault
from vj.core.frame import Size
from vj.display.monitors import check_wanted

_REST = re.compile(r"(?P<monitor>.*?)(?:(?:^|[ ,]+)(?P<kind>window|full)(?: +(?P<size>\S+))?)?")


@dataclass(frozen=True, slots=True)
class DisplayOptions:
    """What a URI says. wanted, size: see `vj.display.placement.Placement`."""

    wanted: str = ""
    size: Size | bool | None = None


def parse_display(rest: str) -> DisplayOptions:
    """What stands behind `display:`: a monitor's number, name or part of its name, in quotes or
    without; `window`, `window 1280x720` or `full` behind it. Raises Fault."""
    text = rest.strip()
    quoted = re.fullmatch(r"""(["'])(?P<monitor>.*?)\1(?P<more>.*)""", text)
    found = _REST.fullmatch(f" {quoted['more'].strip()}" if quoted else text)
    where = f"display:{rest[:60]}"
    if found is None or (quoted and found["monitor"].strip()):
        raise Fault(f'{where}: display:2, display:"BenQ" or display:2 window 1280x720')
    wanted = (quoted or found)["monitor"].strip(" ,")
    try:
        check_wanted(wanted)
        size = Size.parse(found["size"]) if found["size"] else found["kind"] == "window"
    except (ValueError, Fault) as error:
        raise Fault(f"{where}: {error}") from None
    if found["size"] and found["kind"] == "full":
        raise Fault(f"{where}: full screen has the monitor's own size; window {found['size']}?")
    if size is False and (found["kind"] is None and not wanted):
        return DisplayOptions()
    return DisplayOptions(wanted, size)
