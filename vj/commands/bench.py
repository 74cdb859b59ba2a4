"""`launch.py bench`: what this machine makes of vj, as a table beside what others state."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from vj.core.errors import Fault

FOLDER = Path("card")
SECONDS = 510.0
"""That one start takes at most, in round figures: something is always nearly done."""
EXAMPLES = """\
quick   the tests of the card, SD-Turbo's architecture as it is launched and as it plays, beside
        streamdiffusion's own call; a show from the test card to NDI; memory; the kernels of a
        frame. Without a card: the built-in model, in half a minute
matrix  four models, three sizes, each speed of `model: {speed: ...}`
soak    a show for minutes, something else played every ten seconds: what grows?

Each start ends within nine minutes; what is left, the same command does next time. Models have
random weights, which take exactly as long as trained ones; nothing is downloaded.
"""


def bench(arguments: Sequence[str], log: Callable[[str], None]) -> int:
    """The command. Returns its exit code: 0 with all rows there, 3 with some left. Raises Fault."""
    made = argparse.ArgumentParser(
        prog="launch.py bench",
        description="Measure this machine; writes card.json and card.md.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("mode", nargs="?", default="quick", choices=("quick", "matrix", "soak"))
    made.add_argument(
        "--out", type=Path, default=FOLDER, metavar="DIR", help="where to (default: ./card)"
    )
    made.add_argument("--again", action="store_true", help="measure rows that are there anew")
    made.add_argument(
        "--minutes", type=float, default=8.0, metavar="N", help="of a soak (default: 8)"
    )
    made.add_argument(
        "--only", default="", metavar="TEXT", help="rows whose names have this in them"
    )
    made.add_argument(
        "--pretend", action="store_true", help="try all of it without a card, on a tiny model"
    )
    made.add_argument("--row", action="append", default=[], help=argparse.SUPPRESS)
    options = made.parse_args(arguments)
    if not options.minutes > 0:
        raise Fault(f"--minutes {options.minutes:g}: more than 0 would be right, such as 8")

    # with PyTorch, which takes seconds
    from vj.bench.jobs import jobs_of
    from vj.bench.measures import Bench
    from vj.bench.record import FILE, TABLE, Record, machine
    from vj.bench.references import beside
    from vj.bench.run import in_process, run, tell

    here = machine(options.pretend)
    has_card = bool(here["card"]) or options.pretend
    if options.mode == "matrix" and not has_card:
        raise Fault("bench matrix: is for an NVIDIA card that PyTorch can use; quick is for all")
    jobs = [
        job
        for job in jobs_of(options.mode, has_card, options.minutes)
        if options.only.lower() in job.key.lower()
    ]
    if not jobs:
        raise Fault(f"--only {options.only}: no row of {options.mode} has this in its name")
    if options.row:
        lab = Bench(
            options.out.resolve(),
            options.pretend,
            seconds=0.2 if options.pretend else 3.0,
            show_seconds=1.0 if options.pretend else 10.0,
            minutes=options.minutes,
            every=0.3 if options.pretend else 10.0,
            log=lambda text: print(text, file=sys.stderr, flush=True),
        )
        for job in (job for job in jobs if job.key in options.row):
            tell(job.key, lab.measure(job, lambda row, key=job.key: tell(key, row)))  # type: ignore[misc]
        return 0
    log(f"{here['device']}{' (pretended)' * here['pretended']}, torch {here['torch']}")
    record = Record(options.out, here)
    more = ["--pretend"] * options.pretend
    command = [sys.executable, "-P", "-m", "vj.cli", "bench", options.mode, *more]
    command += ["--out", str(options.out.resolve()), "--minutes", str(options.minutes)]
    seconds = SECONDS if options.mode != "soak" else max(SECONDS, 60 * options.minutes + 180)
    left = run(jobs, record, options.again, seconds, in_process(command), log)
    for line in () if options.pretend else beside(record.rows):
        log(line)
    log(f"{options.out / FILE}, {options.out / TABLE}")
    return 3 if left else 0
