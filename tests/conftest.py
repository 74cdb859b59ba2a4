"""What every test has: a cache of its own, so that nothing is found that another run found out; and
which tests may run side by side (`-n 2 --dist loadgroup`, as `python3 launch.py test` does)."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

os.environ["VJ_CACHE"] = tempfile.mkdtemp(prefix="vj-tests-")
atexit.register(shutil.rmtree, os.environ["VJ_CACHE"], ignore_errors=True)
# As vj.cli sets it, before torch is imported: threads that spin take the other tests' core.
os.environ.setdefault("GOMP_SPINCOUNT", "5000")

REAL_TIME = (
    *("cli", "played", "beginning", "adopting", "supervise", "loop", "inbetween", "report"),
    *("osc", "oscquery", "monitor", "outlets", "sinks", "sinks_ndi", "sinks_recorder"),
    *("sources_ndi", "feed", "feed_played", "feed_lists", "feed_missing", "feed_fade"),
    *("midi", "midi_rtmidi2", "faults", "findings", "clock", "prompts", "audio_handover"),
)
"""Tests that play at their own pace, or need NDI, JACK or a browser: one after the other, on one
worker, so that none holds up another. They mostly wait; the other worker computes meanwhile."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = Path(str(item.path)).stem.removeprefix("test_")
        group = "real time" if name in REAL_TIME else name
        item.add_marker(pytest.mark.xdist_group(group))
