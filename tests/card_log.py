"""What is noted of a pretended card."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import torch

import vj.core

PROGRAM = str(Path(vj.core.__path__[0]).parent)


class HostWaits(AssertionError):
    """The host would wait for the card."""


@dataclass(frozen=True)
class Moved:
    """A copy between host and card. where: the function of vj. line: `file:line`. later: nobody
    waits for it, which needs pinned memory, too."""

    where: str
    line: str
    bytes: int
    later: bool


@dataclass(frozen=True)
class Ran:
    """An operator, or a kernel of CuPy, on the card. part: that it was in; empty outside."""

    name: str
    part: str
    where: str
    line: str
    made: tuple[tuple[torch.dtype, tuple[int, ...]], ...]


@dataclass
class Log:
    up: list[Moved] = field(default_factory=list)
    down: list[Moved] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    ran: list[Ran] = field(default_factory=list)

    def outside(self) -> list[Ran]:
        """What ran in no part."""
        return [one for one in self.ran if not one.part]


CARRIERS = ("sent", "upload", "_upload", "below", "host_memory", "as_bits")
"""Functions that bring tensors there: who calls them is of interest."""


@cache
def _within(filename: str) -> str:
    return Path(filename).relative_to(PROGRAM).as_posix()


def place() -> tuple[str, str]:
    """The innermost function of the program that is running, and its `file:line`."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(PROGRAM) and code.co_name not in CARRIERS:
            where = code.co_qualname.removesuffix(".<locals>.<genexpr>")
            return where, f"vj/{_within(code.co_filename)}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return "", "outside vj"
