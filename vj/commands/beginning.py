"""`--from TIME`: where on its timeline a show begins."""

from __future__ import annotations

import argparse

from vj.core.errors import Fault
from vj.parameters.fit import fit
from vj.parameters.table import TABLE
from vj.show.durations import moment
from vj.show.schema import Show
from vj.show.timeline_section import has_timeline
from vj.show.validate import POSITION


def begin_at(show: Show, options: argparse.Namespace) -> Show:
    """The show, with its timeline beginning at --from; also when its file is loaded again. show: as
    it is played. Raises Fault."""
    where = f"command line: --from {options.begin}"
    try:
        at = moment(options.begin)
    except Fault as fault:
        raise Fault(f"{where}: {str(fault).partition(': ')[2]}") from None
    if options.resume and not options.offline:
        raise Fault(f"{where}: --resume goes on where the show stood; leave one of them out")
    if options.replay is not None:
        raise Fault(f"{where}: a take is played from its beginning; leave --from out")
    if not has_timeline(show.timeline, show.curves):
        raise Fault(
            f"{where}: {'--safe plays' if options.safe else f'{show.show} has'} no timeline and no "
            "curves; leave --from out"
        )
    bpm = float(show.start.get("tempo/bpm", show.tempo.bpm))
    seconds = at.in_seconds(bpm, show.tempo.beats_per_bar)
    remark = fit(TABLE.find(POSITION), seconds)[1]
    if remark:
        raise Fault(f"{where}: {remark}")
    options.overrides.setdefault("start", {})[POSITION] = seconds
    return show.model_copy(update={"start": {**show.start, POSITION: seconds}})
