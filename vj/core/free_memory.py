"""How much memory of this machine can still be taken."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

MEMINFO = Path("/proc/meminfo")
LEAST_RESERVE, LARGEST_RESERVE = 300_000_000, 1_500_000_000
"""Bytes that are left for everything else on the machine, at least and at most; in between a tenth
of all."""


class MemoryRoom(NamedTuple):
    """Bytes of a machine's memory, or of a card's. free: can be had at once, what the system keeps
    of files included."""

    free: int
    total: int

    @property
    def usable(self) -> int:
        """What may be taken so that the machine does not begin to swap."""
        return max(0, self.free - self._reserve)

    def is_short(self, share: float) -> bool:
        """Less than a share of what is to be left is free."""
        return self.free < share * self._reserve

    @property
    def _reserve(self) -> int:
        return min(LARGEST_RESERVE, max(LEAST_RESERVE, self.total // 10))


def memory_room() -> MemoryRoom | None:
    """Of this machine; None where it cannot be found out. Takes some milliseconds."""
    try:
        if sys.platform.startswith("linux"):
            return from_meminfo(MEMINFO.read_text(encoding="ascii"))
        if sys.platform == "darwin":
            sizes = subprocess.check_output(["/usr/sbin/sysctl", "-n", "hw.memsize"], timeout=5)
            pages = subprocess.check_output(["/usr/bin/vm_stat"], timeout=5, text=True)
            return from_vm_stat(pages, int(sizes))
        return _of_windows()
    except (OSError, ValueError, AttributeError, subprocess.SubprocessError):
        return None


def from_meminfo(text: str) -> MemoryRoom | None:
    """What /proc/meminfo says."""
    found = dict(re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE))
    if "MemAvailable" not in found or "MemTotal" not in found:
        return None
    return MemoryRoom(int(found["MemAvailable"]) * 1024, int(found["MemTotal"]) * 1024)


def from_vm_stat(text: str, total: int) -> MemoryRoom | None:
    """What vm_stat of macOS says. total: bytes."""
    size = re.search(r"page size of (\d+) bytes", text)
    kinds = "free|inactive|speculative|purgeable"
    pages = re.findall(rf"^Pages (?:{kinds}):\s+(\d+)\.", text, re.MULTILINE)
    if size is None or not pages:
        return None
    return MemoryRoom(sum(map(int, pages)) * int(size[1]), total)


def _of_windows() -> MemoryRoom | None:
    class _MemoryStatus(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "a", "b", "c", "d", "e")),
        )

    status = _MemoryStatus()
    status.length = ctypes.sizeof(status)
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    if not kernel.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return MemoryRoom(int(status.free), int(status.total))


def in_words(count: float) -> str:
    """Bytes for a message: `12 MB`, `3.1 GB`."""
    return f"{count / 1e9:.1f} GB" if count >= 0.9995e9 else f"{max(1, round(count / 1e6))} MB"
