"""The program with a time of day that jumps: an hour ahead at SIGUSR1, two hours back at SIGUSR2.

Only Python's own `time.time` is fooled."""

from __future__ import annotations

import signal
import time

right = time.time
off = 0.0


def wrong() -> float:
    return right() + off


def jump(number: int, _frame: object) -> None:
    global off
    off += 3600 if number == signal.SIGUSR1 else -7200


if __name__ == "__main__":
    time.time = wrong
    signal.signal(signal.SIGUSR1, jump)
    signal.signal(signal.SIGUSR2, jump)
    from vj.cli import leave, main

    leave(main())
