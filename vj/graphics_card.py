"""Which CUDA the NVIDIA driver of this machine runs. Standard library only; launch.py stands on
it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from vj.install_plan import read

DRIVERS = (
    (580, (13, 0)),
    (525, (12, 0)),
    (450, (11, 0)),
)  # NVIDIA driver branch -> the CUDA it brings


def cuda_of_header(text: str) -> tuple[int, int] | None:
    """The newest CUDA the driver runs, from nvidia-smi's header ("CUDA Version: 12.8"; driver 610
    writes "CUDA UMD Version: 13.3")."""
    found = re.search(r"CUDA (?:UMD )?Version:\s*(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def cuda_of_driver(text: str) -> tuple[int, int] | None:
    """The CUDA that comes with the driver named in /proc/driver/nvidia/version."""
    found = re.search(r"Kernel Module(?: for \S+)?\s+(\d+)\.", text)
    return next((cuda for branch, cuda in DRIVERS if found and int(found[1]) >= branch), None)


def nvidia_smi() -> str:
    """Where nvidia-smi is, or an empty string."""
    return (
        shutil.which(
            "nvidia-smi",
            path=os.pathsep.join((os.environ.get("PATH", os.defpath), r"C:\Windows\System32")),
        )
        or ""
    )


def ask_for_card() -> tuple[int, int] | None:
    """The CUDA version of this machine's NVIDIA driver, or None without a card."""
    header = ""
    if tool := nvidia_smi():
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            header = subprocess.run([tool], capture_output=True, timeout=30).stdout.decode(
                "utf-8", "replace"
            )
    return cuda_of_header(header) or cuda_of_driver(read(Path("/proc/driver/nvidia/version")))
