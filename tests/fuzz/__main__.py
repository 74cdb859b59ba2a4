"""`python -m tests.fuzz osc --packets 1000000 --seed 1`, and so on; see docs/reliability.md."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence

KINDS = {
    "osc": ("packets", 1_000_000),
    "http": ("requests", 20_000),
    "shows": ("edits", 20_000),
    "extremes": ("frames", 5_000),
}
"""A module of this package each, what it counts, and how many a long run has."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when nothing failed, else 1, with the input that shows it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, (what, count) in KINDS.items():
        made = kinds.add_parser(kind)
        made.add_argument(f"--{what}", dest="count", type=int, default=count)
        made.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    fuzz: Callable[[int, int, Callable[[str], None]], object] = importlib.import_module(
        f"tests.fuzz.{given.kind}"
    ).fuzz
    try:
        print(fuzz(given.count, given.seed, lambda text: print(text, flush=True)))
    except AssertionError as failed:
        print(failed, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
