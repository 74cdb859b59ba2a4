"""What every test has: a cache of its own, so that nothing is found that another run found out; and
which tests may run side by side (`-n 2 --dist loadgroup`, as `python3 launch.py test` does)."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

os.environ["VJ_CACHE"] = tempfile.mkdtemp(prefix="vj-tests-")
atexit.register(shutil.rmtree, os.environ["VJ_CACHE"], ignore_errors=True)
# As vj.cli sets it, before torch is imported: threads that spin take the other tests' core.
os.environ.setdefault("GOMP_SPINCOUNT", "5000")

# What this run was told to ignore (nohup, a job in the background) its children would ignore too.
for _name, _handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

DEVICES = (
    *("cli", "live_process", "status", "loop", "interpolation", "faults", "findings"),
    *("ndi_sink", "ndi_source", "midi", "rtmidi2", "capture_in_a_show"),
)
"""Tests of whole shows, or that need NDI or JACK: one after the other, on one worker, so that none
holds up another. They mostly wait; the other worker computes meanwhile."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = Path(str(item.path)).stem.removeprefix("test_")
        group = "devices" if name in DEVICES else name
        item.add_marker(pytest.mark.xdist_group(group))
