"""`python -m tests.faults [--minutes N] [--only NAME] [--list] [--markdown]`; see
docs/reliability.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.faults.runner import FAULTS, markdown, named, run, soak


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when everything went right, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, help="soak: faults at random for so long")
    parser.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        help="those whose names begin so; may be repeated",
    )
    parser.add_argument("--quick", action="store_true", help="the selection that runs in the suite")
    parser.add_argument("--list", action="store_true", help="name them all")
    parser.add_argument(
        "--markdown", action="store_true", help="the table of docs/reliability.md in the end"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the soak")
    given = parser.parse_args(arguments)
    faults = [fault for name in given.only for fault in named(name)] if given.only else list(FAULTS)
    if given.quick:
        faults = [fault for fault in faults if fault.quick]
    if given.list:
        for fault in faults:
            print(f"{fault.name:24} {fault.what}{' (a process of its own)' if fault.own else ''}")
        return 0
    if given.minutes is not None:
        outcomes, told = soak(given.minutes, given.seed, lambda line: print(line, flush=True))
        print(told)
    else:
        outcomes = run(faults, lambda line: print(line, flush=True))
        if given.markdown:
            print(markdown(outcomes))
    wrong = [outcome.fault.name for outcome in outcomes if not outcome.right]
    skipped = [outcome.fault.name for outcome in outcomes if outcome.skipped]
    print(
        f"{len(outcomes)} faults, {len(wrong)} wrong{': ' + ', '.join(wrong) if wrong else ''}",
        end="",
    )
    print(f", {len(skipped)} not tried: {', '.join(skipped)}" if skipped else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
